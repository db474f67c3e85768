"""Exact duplicates by id, near duplicates by MinHash and bands."""

import re
from array import array
from collections import Counter
from typing import Any

import numpy as np

from genloss.audit.profile.proportions import share
from genloss.core.extras import optional
from genloss.corpus.record.record import Record

WORDS = 5
"""Words of a shingle."""

HASHES, BANDS = 128, 16
"""Of a signature; 16 bands of 8: two texts of Jaccard similarity s meet with probability
1 - (1 - s^8)^16, which is .95 at .8 and .06 at .5."""

BATCH = 1024

SPLIT = re.compile(r"\W+")


class Duplicates:
    """Counts exact duplicates of all, and near ones among the first `most` distinct texts.

    Memory: 8 bytes a record, and about 1.2 kB a distinct text up to `most`.
    """

    def __init__(self, most: int, similarity: float) -> None:
        rensa = optional("rensa", "near duplicates")
        self._rensa, self._most, self._similarity = rensa, most, similarity
        self._ids = array("Q")
        self._known: set[int] = set()
        self._batch: list[list[str]] = []
        self._lsh = rensa.RMinHashLSH(similarity, HASHES, BANDS)
        self._signatures: list[Any] = []
        self._near = self._looked = 0
        self._copies: Counter[int] = Counter()

    def add(self, record: Record) -> None:
        """Take one record."""
        key = int(record.id[-16:], 16)
        self._ids.append(key)
        if record.text is None or self._looked >= self._most or key in self._known:
            return
        self._known.add(key)
        self._looked += 1
        words = SPLIT.split(record.text.lower())
        n = max(1, len(words) - WORDS + 1)
        self._batch.append([" ".join(words[i : i + WORDS]) for i in range(n)])
        if len(self._batch) == BATCH:
            self._hashed()

    def _hashed(self) -> None:
        # The signatures of a batch are made at once; each text is then looked up before it is kept.
        signatures = self._rensa.RMinHash.from_token_sets(self._batch, HASHES, 0)
        self._batch = []
        for signature in signatures:
            mine = len(self._signatures)
            for other in self._lsh.query(signature):
                if signature.jaccard(self._signatures[other]) >= self._similarity:
                    self._near += 1
                    self._copies[other] += 1
                    break
            self._lsh.insert(mine, signature)
            self._signatures.append(signature)

    def result(self) -> dict[str, Any]:
        """Return how many texts repeat an earlier one, exactly or nearly, and of how many."""
        if self._batch:
            self._hashed()
        ids = np.frombuffer(self._ids, dtype=np.uint64) if self._ids else np.zeros(0, np.uint64)
        distinct = np.unique(ids).size
        largest = int(np.unique(ids, return_counts=True)[1].max()) if ids.size else 0
        return {
            "exact": share(int(ids.size - distinct), int(ids.size), whole=True),
            "largest": largest,
            "near": share(self._near, self._looked, whole=self._looked == distinct),
            "similarity": self._similarity,
            "method": f"MinHash of {HASHES} hashes over rows of {WORDS} words, {BANDS} bands",
            "not_looked_at": int(distinct - self._looked),
        }
