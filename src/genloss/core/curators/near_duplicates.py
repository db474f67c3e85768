"""Texts that are nearly there already."""

from dataclasses import dataclass

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Ints, checked_count
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Bools, Covers, Selection, check_passage
from genloss.core.curators.share import check_share
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import DataError


@dataclass(frozen=True)
class NearDeduplication:
    """Accepts rows of tokens unless they are like one that was accepted before.

    Likeness of two rows: |A and B| / |A or B| of their sets of n-grams (Jaccard; Broder 1997); from
    `similarity` on they are near duplicates, equal rows have 1. A row of fewer than n tokens is one
    n-gram. What it accepts counts once, whatever it weighed; in a D_t real rows come first. Exact,
    by an index of n-grams: as many steps as pairs of rows share n-grams, O(m^2 T) at worst.

    Raises:
        SpecError, DataError: a similarity outside (0, 1], n or rounds below 1; rows of no tokens.
    """

    about = About(
        "near_deduplication",
        "Near deduplication",
        "Of texts that are nearly alike one enters.",
    )
    similarity: float = 0.8
    n: int = 5
    rounds: int = 2
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_share(self.similarity, "near_deduplication: similarity")
        checked_count(self.n, "near_deduplication: n")
        check_passage("near_deduplication", self.rounds, self.covers)

    def candidates(self, n: int) -> int:
        """Return the rows of all rounds."""
        return self.rounds * n

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Compare the rows of each chain."""
        if rows.x.dtype.kind not in "iu" or rows.x.ndim != 3:
            raise DataError(
                f"near_deduplication compares rows of tokens (C, n, T); got {rows.x.shape} of "
                f"{rows.x.dtype}; take deduplication, which knows equal rows, for others"
            )
        there = np.ones(rows.x.shape[:2], bool) if rows.weight is None else rows.weight > 0
        first = np.stack([self._first(x, t) for x, t in zip(rows.x, there, strict=True)])
        weight = None if rows.weight is None else np.ones(first.shape)
        return Selection(first, np.zeros(first.shape, dtype=np.int64), ("near duplicate",), weight)

    def _first(self, x: Array, there: Bools) -> Bools:
        """Return which rows of x (m, T) are like none that was accepted before, in their order."""
        accepted = np.zeros(len(x), dtype=bool)
        holders: dict[int, list[int]] = {}
        size = np.zeros(len(x))
        for i, grams in enumerate(_grams(x, self.n)):
            if not there[i]:
                continue
            size[i] = len(grams)
            shared = np.bincount([j for gram in grams for j in holders.get(gram, ())], minlength=1)
            likely = np.flatnonzero(shared)
            union = size[likely] + size[i] - shared[likely]
            if (shared[likely] >= self.similarity * union).any():
                continue
            accepted[i] = True
            for gram in grams:
                holders.setdefault(gram, []).append(i)
        return accepted


def _grams(x: Array, n: int) -> list[list[int]]:
    """Return the different n-grams of each row (m, T), by numbers that equal ones share."""
    m, length = x.shape
    n = min(n, length)
    windows = np.lib.stride_tricks.sliding_window_view(x, n, axis=1)
    whole = (windows != NO_TOKEN).all(axis=2)
    # A text shorter than n tokens is its first window, filled up.
    whole[:, 0] = True
    flat = np.ascontiguousarray(windows.reshape(-1, n))
    _, number = np.unique(flat, axis=0, return_inverse=True)
    numbers: Ints = number.reshape(m, -1)
    return [np.unique(row[there]).tolist() for row, there in zip(numbers, whole, strict=True)]
