"""Job: who is kept and who is a duplicate of whom, from the pairs of all bands."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.audit.dedup.groups import ids_of, pairs_file
from genloss.audit.dedup.whole import DedupWork
from genloss.audit.shards.arrays import Numbers, mapped_array, write_array
from genloss.audit.shards.plan import leave
from genloss.compiled import compiled

VERDICT = np.dtype([("row", "<u4"), ("kept", "<u4"), ("exact", "u1")])
"""A removed row of a shard, the number of the record that is kept for it, and whether an earlier
record has the same id."""

VERDICTS = "verdicts"


@dataclass(frozen=True)
class Components:
    """Join records that share a key, directly or through others; keep the lowest id of each set.

    Among records of one id the first is kept. Time: nearly linear in pairs. Memory: 4 bytes a
    record of the corpus, and 60 a record that has a duplicate.
    """

    folder: str
    parts: int

    def as_text(self) -> tuple[str, int]:
        """Return the fields."""
        return self.folder, self.parts

    def perform(self) -> None:
        """Leave a file of verdicts for each shard."""
        work = DedupWork(Path(self.folder))
        leave(work.of_all(VERDICTS), partial(_joined, work, self.parts))


def _joined(work: DedupWork, parts: int, folder: Path) -> None:
    parent = np.arange(work.whole.total, dtype=np.uint32)
    for pairs in _every_pair(work, parts):
        _join(parent, np.array(pairs))
    _write(work, folder, *_verdicts(work, _sets(parent), parts))


def _every_pair(work: DedupWork, parts: int) -> Iterator[Numbers]:
    for band in range(-1, work.whole.bands):
        for part in range(parts):
            yield mapped_array(pairs_file(work, band, part))


def _sets(parent: Numbers) -> tuple[Numbers, Numbers]:
    """Return the records that have duplicates, and the root of the set of each."""
    others = _below(parent)
    members = np.concatenate([others, np.unique(parent[others])])
    return members, parent[members]


def _verdicts(
    work: DedupWork, sets: tuple[Numbers, Numbers], parts: int
) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
    """Return the removed records in order, who is kept for each, and whether each is exact."""
    members, roots = sets
    first = np.ascontiguousarray(ids_of(work, members)[:, :8]).view(">u8").ravel()
    order = np.lexsort((members, first, roots))
    members, roots = members[order], roots[order]
    begins = np.append(True, roots[1:] != roots[:-1])[: roots.size]
    kept = members[np.maximum.accumulate(np.where(begins, np.arange(roots.size), 0))]
    removed, kept = members[~begins], kept[~begins]
    order = np.argsort(removed)
    removed, kept = removed[order], kept[order]
    exact = np.zeros(removed.size, bool)
    for part in range(parts):
        later = mapped_array(pairs_file(work, -1, part))[:, 1]
        exact |= np.isin(removed, later)
    return removed, kept, exact


def _write(
    work: DedupWork, folder: Path, removed: Numbers, kept: Numbers, exact: NDArray[np.bool_]
) -> None:
    before = 0
    for number, size in enumerate(work.whole.sizes):
        start, stop = np.searchsorted(removed, (before, before + size))
        rows = np.zeros(stop - start, VERDICT)
        rows["row"] = removed[start:stop].astype(np.int64) - before
        rows["kept"], rows["exact"] = kept[start:stop], exact[start:stop]
        write_array(folder / f"{number:05d}.npy", rows)
        before += size


def verdicts_of(work: DedupWork, number: int) -> NDArray[Any]:
    """Return the removed rows of a shard, in their order."""
    return np.array(mapped_array(work.of_all(VERDICTS, f"{number:05d}.npy")))


@compiled()
def _root(parent: Numbers, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled()
def _join(parent: Numbers, pairs: Numbers) -> None:
    for k in range(pairs.shape[0]):
        a, b = _root(parent, pairs[k, 0]), _root(parent, pairs[k, 1])
        # The lowest number is the root, so that the order of the pairs does not matter.
        if a < b:
            parent[b] = a
        else:
            parent[a] = b


@compiled()
def _below(parent: Numbers) -> Numbers:
    """Let every record point at its root; return those that are not their own."""
    n = 0
    for i in range(parent.size):
        parent[i] = parent[parent[i]]
        n += parent[i] != i
    others = np.empty(n, np.uint32)
    n = 0
    for i in range(parent.size):
        if parent[i] != i:
            others[n] = i
            n += 1
    return others
