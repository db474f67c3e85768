"""What is known once all shards are read, and where results lie that depend on all of them.

WORK/whole.json     the shards in their order
WORK/KEY OF ALL/    groups, verdicts, outputs
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from genloss.audit.dedup.options import DedupOptions
from genloss.audit.shards.plan import Work, as_text, read_json
from genloss.store.files import sha256, write_bytes

FORMAT = 1


@dataclass(frozen=True)
class Whole:
    """All shards in order: their keys and numbers of records; bands: 0 for exact ones alone."""

    key: str
    keys: tuple[str, ...]
    sizes: tuple[int, ...]
    bands: int

    @property
    def total(self) -> int:
        """The number of records."""
        return sum(self.sizes)


@dataclass(frozen=True)
class DedupWork(Work):
    """The folder of a deduplication at work."""

    @cached_property
    def whole(self) -> Whole:
        """Return what is known once all shards are read."""
        row = read_json(self.folder / "whole.json")
        return Whole(row["key"], tuple(row["keys"]), tuple(row["sizes"]), row["bands"])

    def write_whole(self, whole: Whole) -> None:
        """Keep it for the jobs."""
        write_bytes(self.folder / "whole.json", as_text(asdict(whole)))

    def of_all(self, *names: str) -> Path:
        """Where a result lies that depends on all shards."""
        return self.folder.joinpath(self.whole.key, *names)


def whole_of(shards: Sequence[str], sizes: Sequence[int], options: DedupOptions) -> Whole:
    """Return what is known of all shards, by their keys."""
    key = sha256(as_text({"format": FORMAT, "shards": list(shards)}))[:32]
    return Whole(key, tuple(shards), tuple(sizes), options.bands if options.near else 0)
