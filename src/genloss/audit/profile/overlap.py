"""Runs of words that a corpus shares with evaluation sets."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.profile.proportions import share
from genloss.audit.profile.words import words_of
from genloss.corpus.record.record import Record

RUN = 13
"""Words of a run, as for GPT-3 (Brown et al. 2020); a shorter item counts by all of its words."""

SHORTEST = 8
"""Words of the shortest item that is sought inside of texts, as there; what is shorter stands in
many texts by chance, and is found only where it is a whole text."""

HELD = 0.8
"""Share of the runs of an item from which on the item is held by the corpus."""

SHOWN = 20

Hashes = NDArray[np.uint64]


class Overlap:
    """Which items of evaluation sets a corpus holds, by their runs of 13 words.

    Memory: 8 bytes a run of the evaluation sets. Exact up to collisions of 64-bit hashes.
    """

    def __init__(self, sets: Iterable[tuple[str, Iterable[Record]]]) -> None:
        self._items: list[tuple[str, str, Hashes]] = []
        self._short: Counter[str] = Counter()
        self._sizes = {RUN}
        for name, records in sets:
            for record in records:
                ids = _ids_of(words_of(record.text or ""))
                self._items.append((name, record.id, _runs(ids, min(RUN, ids.size))))
                if ids.size < SHORTEST:
                    self._short[name] += 1
                elif ids.size < RUN:
                    self._sizes.add(ids.size)
        every = [runs for _, _, runs in self._items]
        self._known = np.unique(np.concatenate(every)) if every else np.zeros(0, np.uint64)
        self._seen = np.zeros(self._known.size, dtype=bool)
        self._records: list[str] = []
        self._touched = 0

    def add(self, record: Record) -> None:
        """Look for the runs in one record."""
        ids = _ids_of(words_of(record.text or ""))
        sizes = {*self._sizes, min(RUN, ids.size)}
        runs = np.concatenate([_runs(ids, size) for size in sizes])
        if not self._known.size or not runs.size:
            return
        at = np.minimum(np.searchsorted(self._known, runs), self._known.size - 1)
        hit = at[self._known[at] == runs]
        if hit.size:
            self._seen[hit] = True
            self._touched += 1
            if len(self._records) < SHOWN:
                self._records.append(record.id)

    def state(self) -> dict[str, Any]:
        """Return what was found, as plain values."""
        seen = np.flatnonzero(self._seen).tolist()
        return {"seen": seen, "touched": self._touched, "records": self._records}

    def merge(self, state: Mapping[str, Any]) -> None:
        """Take what was found in the records that follow, with the same sets."""
        self._seen[np.array(state["seen"], np.int64)] = True
        self._touched += state["touched"]
        self._records = [*self._records, *state["records"]][:SHOWN]

    def result(self) -> dict[str, Any]:
        """Return by set how many items share a run, how many are held nearly whole, how many short.

        short: of fewer than SHORTEST words. Items without words are in no other count.
        """
        by_set: dict[str, list[float]] = {name: [] for name, _, _ in self._items}
        for name, _, runs in self._items:
            if runs.size:
                covered = float(self._seen[np.searchsorted(self._known, runs)].mean())
                by_set.setdefault(name, []).append(covered)
        return {
            "run": RUN,
            "shortest": SHORTEST,
            "records": self._touched,
            "examples": self._records,
            "sets": [
                {
                    "set": name,
                    "touched": share(sum(c > 0 for c in covered), len(covered), whole=True),
                    "held": share(sum(c >= HELD for c in covered), len(covered), whole=True),
                    "short": self._short[name],
                }
                for name, covered in by_set.items()
            ],
        }


def _ids_of(words: list[str]) -> Hashes:
    from hashlib import blake2b

    memo: dict[str, int] = {}
    for word in words:
        if word not in memo:
            memo[word] = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
    return np.fromiter(map(memo.__getitem__, words), np.uint64, len(words))


def _runs(ids: Hashes, size: int) -> Hashes:
    """Return the hashes of the runs of so many words; none of a text that has fewer."""
    n = ids.size - size + 1
    if not size or n < 1:
        return np.zeros(0, np.uint64)
    total = np.zeros(n, dtype=np.uint64)
    for i in range(size):
        total = (total * np.uint64(0x9E3779B97F4A7C15)) ^ (ids[i : i + n] >> np.uint64(1))
        total ^= total >> np.uint64(29)
    return np.unique(total)
