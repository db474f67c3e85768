"""Counts whose memory is bounded: exact up to a limit, beyond it sketches of stated error.

Both sketches are of hashes or values alone, so that those of shards merge. docs/corpus.md says
what they promise; `datasketches` has more of the sort, at the price of another compiled package.
"""

from collections.abc import Mapping
from hashlib import blake2b
from heapq import nlargest
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.profile.proportions import Z

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]

Range = tuple[int, int, int]
"""An estimate, and the ends of its 95 % interval; three times the same where it is exact."""

MOST, KEPT = 100_000, 50_000
"""Different values of one key that are counted exactly; how many stay when there are more."""


class Distinct:
    """How many different hashes there are, and how often each occurs.

    All of them up to `most`; beyond it the `most` smallest (Bar-Yossef et al. 2002; made unbiased
    by Beyer et al. 2007): if the largest of k kept ones is 2^64 u, there are (k - 1) / u, with a
    relative standard error of at most 1 / sqrt(k - 2). Hashes that are kept, their counts and the
    estimate are the same in any order and after any merging. Hashes: uniform on 64 bits. Memory: 16
    bytes a kept hash, three times that for a moment.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.hashes: Hashes = np.zeros(0, np.uint64)
        self.counts: Counts = np.zeros(0, np.int64)
        self.exact = True

    def take(self, hashes: Hashes, counts: Counts, exact: bool = True) -> None:
        """Take hashes with their counts; exact: they are all that another one was given."""
        if self.hashes.size == self._most:
            near = hashes <= self.hashes[-1]
            exact = exact and bool(near.all())
            hashes, counts = hashes[near], counts[near]
        found, total = _added(self.hashes, self.counts, hashes, counts)
        self.exact = self.exact and exact and found.size <= self._most
        self.hashes, self.counts = found[: self._most].copy(), total[: self._most].copy()

    def number(self) -> Range:
        """Return how many there are, from and to (95 %)."""
        k = self.hashes.size
        if self.exact or k < 3:
            return k, k, k
        found = (k - 1) * 2.0**64 / float(self.hashes[-1])
        half = Z * found / sqrt(k - 2)
        return round(found), max(k, round(found - half)), round(found + half)


class Commonest:
    """The commonest hashes: `kept` of them, each with a count that is too low by `missing` at most.

    Where a batch makes them more, all counts lose that of the next one (Misra and Gries 1982, as
    merged by Agarwal et al. 2012). missing: at most the sum of all counts / (kept + 1).
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self.hashes: Hashes = np.zeros(0, np.uint64)
        self.counts: Counts = np.zeros(0, np.int64)
        self.missing = 0

    def take(self, hashes: Hashes, counts: Counts, missing: int = 0) -> None:
        """Take hashes with their counts, the larger the batch the better."""
        self.missing += missing
        found, total = _added(self.hashes, self.counts, hashes, counts)
        if found.size > self._kept:
            less = int(np.partition(total, -self._kept - 1)[-self._kept - 1])
            self.missing += less
            more = total > less
            found, total = found[more], total[more] - less
        self.hashes, self.counts = found, total


def _added(hashes: Hashes, counts: Counts, more: Hashes, counts2: Counts) -> tuple[Hashes, Counts]:
    """Return every hash once, sorted, with the sum of its counts."""
    found, where = np.unique(np.concatenate([hashes, more]), return_inverse=True)
    total = np.zeros(found.size, np.int64)
    np.add.at(total, where, np.concatenate([counts, counts2]))
    return found, total


class Values:
    """How often each value of a key occurs.

    Exact up to `most` different ones. When there are more, the `kept` commonest stay, each less the
    count of the next one (Misra and Gries 1982; merged as by Agarwal et al. 2012): a count is too
    low by `missing` at most, which is at most the sum of all counts / (kept + 1), and how many are
    different is estimated by `Distinct`. Memory: `most` values.
    """

    def __init__(self, most: int = MOST, kept: int = KEPT, spared: str = "") -> None:
        self._most, self._kept, self._spared = most, kept, spared
        self.counts: dict[str, int] = {}
        self.lost = self.missing = 0
        self._distinct: Distinct | None = None
        self._waiting: list[str] = []

    def add(self, value: str, n: int = 1) -> None:
        """Count a value n times."""
        before = self.counts.get(value)
        if before is not None:
            self.counts[value] = before + n
            return
        self.counts[value] = n
        if self._distinct is not None:
            self._waiting.append(value)
        if len(self.counts) > self._most:
            self._cut()

    def _cut(self) -> None:
        self._sketch()
        spared = self.counts.pop(self._spared, 0)
        kept = nlargest(self._kept + 1, self.counts.items(), key=lambda entry: entry[1])
        less = kept.pop()[1]
        before = sum(self.counts.values())
        self.counts = {value: n - less for value, n in kept if n > less}
        self.lost += before - sum(self.counts.values())
        self.missing += less
        if spared:
            self.counts[self._spared] = spared

    def _sketch(self) -> Distinct:
        if self._distinct is None:
            self._distinct = Distinct(self._kept)
            self._waiting = list(self.counts)
        hashes = {_hash_of(value) for value in self._waiting if value != self._spared}
        self._waiting = []
        every = np.fromiter(hashes, np.uint64, len(hashes))
        self._distinct.take(every, np.ones(every.size, np.int64))
        return self._distinct

    def different(self) -> Range:
        """Return how many values there are but for the spared one, from and to (95 %)."""
        if self._distinct is None:
            n = len(self.counts) - (self._spared in self.counts)
            return n, n, n
        return self._sketch().number()

    @property
    def exact(self) -> bool:
        """Whether every count is exact."""
        return self._distinct is None

    def state(self) -> dict[str, Any]:
        """Return it as plain values."""
        if self._distinct is None:
            return {"counts": self.counts}
        found = self._sketch()
        sketch = {"hashes": found.hashes.tolist(), "whole": found.exact}
        return {"counts": self.counts, "lost": self.lost, "missing": self.missing, **sketch}

    def merge(self, state: Mapping[str, Any]) -> None:
        """Take the counts of another one."""
        if "hashes" in state:
            hashes = np.array(state["hashes"], np.uint64)
            self._sketch().take(hashes, np.ones(hashes.size, np.int64), state["whole"])
            self.lost += state["lost"]
            self.missing += state["missing"]
        for value, n in state["counts"].items():
            self.add(value, n)


def _hash_of(value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big")
