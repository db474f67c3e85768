"""Job: the records that share a key, for one part of the keys of one band."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genloss.audit.dedup.minhash import Keys
from genloss.audit.dedup.shard import EXACT, IDS, NEAR
from genloss.audit.dedup.whole import DedupWork
from genloss.audit.shards.arrays import Numbers, mapped_array, write_array

RECORDS_OF_A_PART = 4_000_000
"""Records whose keys are sorted at once; 28 bytes each."""


@dataclass(frozen=True)
class Group:
    """Pair the records that share a key in part `part` of `parts` of the keys of a band.

    band: -1 for ids, where pairs are held to the whole id. Memory: 28 bytes a record of the part,
    4,000,000 on average.
    """

    folder: str
    band: int
    part: int
    parts: int

    def as_text(self) -> tuple[str, int, int, int]:
        """Return the fields."""
        return self.folder, self.band, self.part, self.parts

    def perform(self) -> None:
        """Leave an (m, 2) array: the first record of each group beside every other one."""
        work = DedupWork(Path(self.folder))
        file = pairs_file(work, self.band, self.part)
        if file.exists():
            return
        keys, numbers = _slice(work, self)
        pairs = _pairs(keys, numbers)
        write_array(file, _same_ids(work, pairs) if self.band < 0 else pairs)


def pairs_file(work: DedupWork, band: int, part: int) -> Path:
    """Return where the pairs of a part lie."""
    return work.of_all("groups", f"{EXACT if band < 0 else f'{band:03d}'}-{part:05d}.npy")


def _slice(work: DedupWork, job: Group) -> tuple[Keys, Numbers]:
    """Return the keys of a part in order of the records that have them, and their numbers."""
    name, row = (EXACT, 0) if job.band < 0 else (NEAR, job.band)
    low, high = (i * 2**64 // job.parts for i in (job.part, job.part + 1))
    keys, numbers, offset = [], [], 0
    for key, size in zip(work.whole.keys, work.whole.sizes, strict=True):
        mine = mapped_array(work.read(key) / f"{name}.keys.npy")[row]
        start = int(np.searchsorted(mine, np.uint64(low)))
        stop = mine.size if high == 2**64 else int(np.searchsorted(mine, np.uint64(high)))
        rows = mapped_array(work.read(key) / f"{name}.rows.npy")[row, start:stop]
        keys.append(np.array(mine[start:stop]))
        numbers.append(rows + np.uint32(offset))
        offset += size
    none = np.zeros(0, np.uint64), np.zeros(0, np.uint32)
    return np.concatenate([none[0], *keys]), np.concatenate([none[1], *numbers])


def _pairs(keys: Keys, numbers: Numbers) -> Numbers:
    # Shards are in order and their keys sorted stably, so that the first of a group is the lowest.
    order = np.argsort(keys, kind="stable")
    keys, numbers = keys[order], numbers[order]
    same = np.zeros(keys.size, bool)
    same[1:] = keys[1:] == keys[:-1]
    begin = np.maximum.accumulate(np.where(same, 0, np.arange(keys.size)))
    return np.stack([numbers[begin[same]], numbers[same]], axis=1).astype("<u4")


def _same_ids(work: DedupWork, pairs: Numbers) -> Numbers:
    first, other = (ids_of(work, pairs[:, i]) for i in (0, 1))
    return pairs[(first == other).all(axis=1)]


def ids_of(work: DedupWork, numbers: Numbers) -> NDArray[np.uint8]:
    """Return the (n, 32) hashes of the ids of some records."""
    ends = np.cumsum(work.whole.sizes)
    shards = np.searchsorted(ends, numbers, side="right")
    ids = np.empty((numbers.size, 32), np.uint8)
    for shard in np.unique(shards):
        mine = np.flatnonzero(shards == shard)
        before = ends[shard] - work.whole.sizes[shard]
        rows = numbers[mine].astype(np.int64) - before
        ids[mine] = mapped_array(work.read(work.whole.keys[shard]) / IDS)[rows]
    return ids
