"""One notebook for a fit of several chains: finished chains, and the page of the current one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from genloss.core.abilities import Notebook
from genloss.core.arrays import Array, Ints

KEY, CHAIN, NOW, DONE = "key", "chain", "now.", "done."


class Page(Protocol):
    """Where the loop notes how far it is."""

    def read(self) -> Mapping[str, Array] | None:
        """Return what was written last for this very fit and chain."""
        ...

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Replace it."""
        ...


@dataclass(eq=False)
class Pages:
    """The notebook of one fit; a note of another fit, recognised by its key, counts as none.

    key: the seeds (C,) of the chains, which no two fits share. done: what finished chains left.
    """

    notebook: Notebook
    key: Ints
    chain: int = 0
    done: dict[str, Array] = field(default_factory=dict)
    now: dict[str, Array] | None = None

    def __post_init__(self) -> None:
        note = self.notebook.read()
        if note is None or KEY not in note or not np.array_equal(note[KEY], self.key):
            return
        self.chain = int(note[CHAIN][0])
        self.done = below(note, DONE)
        self.now = below(note, NOW)

    def finished(self, chain: int) -> dict[str, Array] | None:
        """Return what a finished chain left, or None while it is to be trained."""
        return below(self.done, f"{chain}.") or None

    def finish(self, chain: int, arrays: Mapping[str, Array]) -> None:
        """Keep what a chain left; written with the next page."""
        self.done |= {f"{chain}.{name}": value for name, value in arrays.items()}
        self.chain, self.now = chain + 1, None

    def read(self) -> Mapping[str, Array] | None:
        """Return the page of the current chain."""
        return self.now

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Write the page of the current chain, with all finished ones."""
        note = {KEY: self.key, CHAIN: np.array([self.chain], dtype=np.int64)}
        note |= {DONE + name: value for name, value in self.done.items()}
        self.notebook.write(note | {NOW + name: value for name, value in arrays.items()})


def below(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the arrays whose names begin with the prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
