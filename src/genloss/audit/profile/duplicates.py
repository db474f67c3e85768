"""Exact duplicates by id, near duplicates by MinHash and bands."""

from array import array
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.dedup.minhash import BandKeys, Hashes, band_keys
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.profile.proportions import share
from genloss.compiled import compiled
from genloss.corpus.record.record import Record

NEAR = DedupOptions()
"""16 bands of 8 hashes: two texts of Jaccard similarity s meet with probability
1 - (1 - s^8)^16, which is .95 at .8 and .06 at .5."""

BANDS, HASHES = NEAR.bands, NEAR.bands * NEAR.rows

BEFORE = 64
"""Earlier texts with the same band that a text is compared with, at most."""


class Duplicates:
    """Counts exact duplicates of all, and near ones among the first `most` distinct texts.

    Memory: 8 bytes a record, and about 1.2 kB a distinct text up to `most`.
    """

    def __init__(self, most: int, similarity: float) -> None:
        self._most, self._similarity = most, similarity
        self._ids = array("Q")
        self._known: set[int] = set()
        self._looked = array("Q")
        self._hashes: list[Hashes] = []
        self._minhash = BandKeys(NEAR)

    def add(self, record: Record) -> None:
        """Take one record."""
        key = int(record.id[-16:], 16)
        self._ids.append(key)
        if record.text is None or len(self._looked) >= self._most or key in self._known:
            return
        self._known.add(key)
        self._looked.append(key)
        hashes = self._minhash.hashes(record.text)
        self._hashes.append(np.zeros(HASHES, np.uint32) if hashes is None else hashes)

    def state(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], Hashes]:
        """Return the ids of all records, those of the texts looked at, and their signatures."""
        hashes = np.array(self._hashes, np.uint32).reshape(len(self._hashes), HASHES)
        return np.array(self._ids, np.uint64), np.array(self._looked, np.uint64), hashes

    def merge(self, ids: NDArray[np.uint64], looked: NDArray[np.uint64], hashes: Hashes) -> None:
        """Take what another one counted in the records that follow."""
        self._ids.extend(ids.tolist())
        for key, row in zip(looked.tolist(), hashes, strict=True):
            if len(self._looked) < self._most and key not in self._known:
                self._known.add(key)
                self._looked.append(key)
                self._hashes.append(row)

    def result(self) -> dict[str, Any]:
        """Return how many texts repeat an earlier one, exactly or nearly, and of how many."""
        ids, looked, hashes = self.state()
        distinct = np.unique(ids).size
        largest = int(np.unique(ids, return_counts=True)[1].max()) if ids.size else 0
        near = _count_near(hashes, self._similarity)
        return {
            "exact": share(int(ids.size - distinct), int(ids.size), whole=True),
            "largest": largest,
            "near": share(near, looked.size, whole=looked.size == distinct),
            "similarity": self._similarity,
            "method": f"MinHash of {HASHES} hashes over rows of {NEAR.words} words, {BANDS} bands",
            "not_looked_at": int(distinct - looked.size),
        }


def _count_near(hashes: Hashes, similarity: float) -> int:
    """Return the texts that share a band with an earlier one of this estimated similarity."""
    hashes = hashes[hashes.any(axis=1)]
    found = np.zeros(len(hashes), bool)
    for band in range(BANDS):
        keys = band_keys(hashes, band, NEAR.rows)
        order = np.argsort(keys, kind="stable")
        _mark_near(keys[order], order, hashes, ceil(similarity * HASHES), found)
    return int(found.sum())


@compiled()
def _mark_near(
    keys: NDArray[np.uint64],
    order: NDArray[np.int64],
    hashes: Hashes,
    least: int,
    found: NDArray[np.bool_],
) -> None:
    start = 0
    for i in range(keys.size):
        if keys[i] != keys[start]:
            start = i
        for j in range(max(start, i - BEFORE), i):
            if found[order[i]]:
                break
            equal = 0
            for k in range(hashes.shape[1]):
                equal += hashes[order[i], k] == hashes[order[j], k]
            found[order[i]] = equal >= least
