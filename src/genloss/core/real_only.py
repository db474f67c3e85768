"""The regime of controls: every generation trains on real rows that no other one trains on."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.core.roles import Data, History, Sizes
from genloss.errors import DataError


@dataclass(frozen=True)
class RealOnly:
    """D_t = new real rows alone; nothing that a model wrote is ever learned from.

    rows: how many of them D_2, D_3, ... hold; writes: how many rows S_1, S_2, ... hold; the last
    number stands for all later generations, and none for n_real and the study's n_synthetic. A
    finite reality that has handed out all its rows hands them out again, in the same order: no row
    comes twice into one D_t, unless that is larger than the reality.
    """

    about = About(
        "real_only",
        "Real rows only",
        "New real rows at every generation, and nothing that a model wrote: a control.",
    )
    rows: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("rows", "writes"):
            for n in getattr(self, name):
                checked_count(n, f"real_only: {name}")

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "new real rows alone"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return the rows of generation t, all of them new after S_0."""
        writes = _of(self.writes, t, n)
        if t == 1:
            return Sizes(n_real, writes)
        train = _of(self.rows, t - 1, n_real)
        return Sizes(train, writes, fresh=train, repeats=True)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the new real rows; raises DataError where there are none."""
        if fresh is None:
            raise DataError(f"real_only: D_{history.t} needs new real rows; got none")
        return fresh

    def remember(self, history: History) -> History:
        """Keep no samples."""
        return history.keeping_last(0)


def _of(numbers: tuple[int, ...], place: int, default: int) -> int:
    """Return the number at a place, counted from 1; the last one holds for all later places."""
    return numbers[min(place, len(numbers)) - 1] if numbers else default
