"""Exact duplicates by id, near duplicates by MinHash and bands."""

from array import array
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.dedup.minhash import BandKeys, Hashes, band_keys
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.profile.proportions import share
from genloss.audit.profile.sketches import Commonest, Distinct
from genloss.compiled import compiled
from genloss.corpus.record.record import Record

NEAR = DedupOptions()
"""16 bands of 8 hashes: two texts of Jaccard similarity s meet with probability
1 - (1 - s^8)^16, which is .95 at .8 and .06 at .5."""

BANDS, HASHES = NEAR.bands, NEAR.bands * NEAR.rows

DISTINCT = 1 << 20
"""Different texts that are counted exactly; of more, 95 % of estimates are within 0.2 %."""

WAITING = 1 << 20
"""Ids that are sorted at once."""

BEFORE = 64
"""Earlier texts with the same band that a text is compared with, at most."""


class Duplicates:
    """Counts exact duplicates of all, and near ones among the first `most` distinct texts.

    Distinct texts are counted exactly up to `distinct`, beyond that estimated (`Distinct`). Memory:
    180 MB for them at most, and 0.75 kB a distinct text up to `most`.
    """

    def __init__(self, most: int, similarity: float, distinct: int = DISTINCT) -> None:
        self._most, self._similarity = most, similarity
        self._records = 0
        self._waiting = array("Q")
        self._distinct, self._commonest = Distinct(distinct), Commonest()
        self._known: set[int] = set()
        self._looked = array("Q")
        self._hashes = _Rows()
        self._minhash = BandKeys(NEAR)

    def add(self, record: Record) -> None:
        """Take one record."""
        key = int(record.id[-16:], 16)
        self._records += 1
        self._waiting.append(key)
        if len(self._waiting) >= WAITING:
            self._settle()
        if record.text is None or len(self._looked) >= self._most or key in self._known:
            return
        hashes = self._minhash.hashes(record.text)
        self._look(key, np.zeros(HASHES, np.uint32) if hashes is None else hashes)

    def _look(self, key: int, hashes: Hashes) -> None:
        self._known.add(key)
        self._looked.append(key)
        self._hashes.append(hashes)

    def _settle(self) -> None:
        ids, counts = np.unique(np.array(self._waiting, np.uint64), return_counts=True)
        self._waiting = array("Q")
        self._distinct.take(ids, counts)
        self._commonest.take(ids, counts)

    def state(self) -> tuple[NDArray[Any], ...]:
        """Return it as arrays: ids and counts, twice; single numbers; texts looked at, hashes."""
        self._settle()
        distinct, commonest = self._distinct, self._commonest
        # All of them are the commonest, too.
        few = slice(0, 0) if distinct.exact else slice(None)
        pairs = (distinct.hashes, distinct.counts, commonest.hashes[few], commonest.counts[few])
        numbers = np.array([self._records, distinct.exact, commonest.missing])
        return *pairs, numbers, np.array(self._looked, np.uint64), self._hashes.array()

    def merge(self, *state: NDArray[Any]) -> None:
        """Take the state of another one, which counted the records that follow."""
        self._settle()
        ids, counts, common, times, numbers, looked, hashes = state
        records, exact, missing = numbers.tolist()
        self._records += records
        self._distinct.take(ids, counts, bool(exact))
        if exact:
            self._commonest.take(ids, counts)
        else:
            self._commonest.take(common, times, missing)
        for key, row in zip(looked.tolist(), hashes, strict=True):
            if len(self._looked) < self._most and key not in self._known:
                self._look(key, row)

    def result(self) -> dict[str, Any]:
        """Return how many texts repeat an earlier one, exactly or nearly, and of how many.

        Where the different ones are estimated, repeats have an interval (95 %), and largest is a
        lower bound beside an upper one.
        """
        self._settle()
        n = self._records
        distinct, low, high = self._distinct.number()
        largest, most = self._largest()
        exact = share(n - distinct, n, whole=True)
        if not self._distinct.exact:
            exact |= {"low": max(0, n - high) / n, "high": (n - low) / n}
        hashes = self._hashes.array()
        near = _count_near(hashes, self._similarity)
        bounds = {} if largest == most else {"largest_at_most": most}
        return {
            "exact": exact,
            "largest": largest,
            **bounds,
            "near": share(near, len(hashes), whole=len(hashes) == distinct),
            "similarity": self._similarity,
            "method": f"MinHash of {HASHES} hashes over rows of {NEAR.words} words, {BANDS} bands",
            "not_looked_at": distinct - len(hashes),
        }

    def _largest(self) -> tuple[int, int]:
        """Return how often the commonest text occurs, at least and at most."""
        found = int(self._distinct.counts.max(initial=0))
        if self._distinct.exact:
            return found, found
        common = int(self._commonest.counts.max(initial=0))
        return max(found, common), max(found, common + self._commonest.missing)


class _Rows:
    """Rows of hashes, in an array that grows where it lies: no moment needs it twice."""

    def __init__(self) -> None:
        self._rows: Hashes = np.empty((64, HASHES), np.uint32)
        self._n = 0

    def append(self, row: Hashes) -> None:
        if self._n == len(self._rows):
            # Raises ValueError where anybody still looks at the array.
            self._rows.resize((self._n + max(64, self._n // 16), HASHES))
        self._rows[self._n] = row
        self._n += 1

    def array(self) -> Hashes:
        return self._rows[: self._n]


def _count_near(hashes: Hashes, similarity: float) -> int:
    """Return the texts that share a band with an earlier one of this estimated similarity.

    Memory: some 100 bytes a text beside the hashes.
    """
    # Texts without words have no hash.
    known = np.flatnonzero(hashes.any(axis=1))
    found = np.zeros(len(hashes), bool)
    for band in range(BANDS):
        keys = band_keys(hashes, band, NEAR.rows)[known]
        order = np.argsort(keys, kind="stable")
        _mark_near(keys[order], known[order], hashes, ceil(similarity * HASHES), found)
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
