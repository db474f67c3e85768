"""Rows that are there already."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Bools, Covers, Selection, check_passage
from genloss.core.samples import Samples


@dataclass(frozen=True)
class Deduplication:
    """Accepts the first of equal rows; what it accepts counts once, whatever it weighed.

    Rows are equal if all their numbers, or tokens, are. In a D_t real rows come first.

    Raises:
        SpecError, DataError: rounds below 1.
    """

    about = About("deduplication", "Deduplication", "Of equal rows one enters.")
    rounds: int = 2
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_passage("deduplication", self.rounds, self.covers)

    def candidates(self, n: int) -> int:
        """Return the rows of all rounds."""
        return self.rounds * n

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Compare the rows of each chain."""
        there = np.ones(rows.x.shape[:2], bool) if rows.weight is None else rows.weight > 0
        first = np.stack([_first(x, t) for x, t in zip(rows.x, there, strict=True)])
        weight = None if rows.weight is None else np.ones(first.shape)
        return Selection(first, np.zeros(first.shape, dtype=np.int64), ("duplicate",), weight)


def _first(x: Array, there: Bools) -> Bools:
    """Return which rows of x (n, ...) are the first of their kind, among those that are there."""
    index = np.flatnonzero(there)
    # -0.0 and 0.0 are equal numbers of unequal bytes.
    flat = np.ascontiguousarray(x[index].reshape(len(index), -1) + x.dtype.type(0))
    _, places = np.unique(
        flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))), return_index=True
    )
    first = np.zeros(len(x), dtype=bool)
    first[index[places]] = True
    return first
