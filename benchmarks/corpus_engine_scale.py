"""100 M documents on paper: what grouping and joining cost, on simulated shards.

    python benchmarks/corpus_engine_scale.py [RECORDS] [SHARDS]

Shards of random ids and keys of one band, a tenth of them copied from elsewhere, without texts: as
many shards as 100 GB make (1,600 of 64 MB), fewer records in each. Prints CPU seconds, memory and
bytes on disk of each job, and what follows for 100 M documents; jobs are linear in records.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from genloss.audit.dedup.components import Components
from genloss.audit.dedup.groups import RECORDS_OF_A_PART, Group
from genloss.audit.dedup.options import DedupOptions
from genloss.audit.dedup.shard import IDS
from genloss.audit.dedup.whole import DedupWork, whole_of
from genloss.audit.shards.arrays import write_array

GOAL = 100_000_000


def simulate(work: DedupWork, records: int, shards: int) -> None:
    """Write what reading leaves, but for the records."""
    rng = np.random.default_rng(0)
    size = records // shards
    pool = rng.integers(2**64, size=10_000, dtype=np.uint64)
    for i in range(shards):
        place = work.read(f"{i:05d}")
        place.mkdir(parents=True)
        ids = rng.integers(256, size=(size, 32), dtype=np.uint8)
        near = rng.integers(2**64, size=size, dtype=np.uint64)
        copied = rng.random(size) < 0.1
        near[copied] = rng.choice(pool, copied.sum())
        pool[rng.integers(pool.size, size=size // 10)] = near[: size // 10]
        first = np.ascontiguousarray(ids[:, :8]).view(">u8").astype("<u8").ravel()
        write_array(place / IDS, ids)
        for name, keys in (("exact", first), ("near", near)):
            order = np.argsort(keys, kind="stable")
            write_array(place / f"{name}.keys.npy", keys[order][None])
            write_array(place / f"{name}.rows.npy", order.astype("<u4")[None])
    keys = [f"{i:05d}" for i in range(shards)]
    work.write_whole(whole_of(keys, [size] * shards, DedupOptions(bands=1)))
    work.of_all("groups").mkdir(parents=True)


def timed(job: Group | Components) -> float:
    begin = time.process_time()
    job.perform()
    return time.process_time() - begin


def main(records: int = 10_000_000, shards: int = 1600) -> None:
    with tempfile.TemporaryDirectory() as folder:
        # Compiled once, outside the stopwatch.
        small = DedupWork(Path(folder) / "small")
        simulate(small, 1000, 2)
        for job in (Group(str(small.folder), -1, 0, 1), Group(str(small.folder), 0, 0, 1)):
            job.perform()
        Components(str(small.folder), 1).perform()
        work = DedupWork(Path(folder) / "work")
        simulate(work, records, shards)
        disk = sum(f.stat().st_size for f in work.folder.rglob("*.npy"))
        parts = 1 + records // RECORDS_OF_A_PART
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        jobs = [
            Group(str(work.folder), band, part, parts) for band in (-1, 0) for part in range(parts)
        ]
        group = sum(map(timed, jobs)) / 2
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        join = timed(Components(str(work.folder), parts))
        joined = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        pairs = sum(f.stat().st_size for f in work.of_all("groups").iterdir())
    times = GOAL / records
    measured = {
        "records": records,
        "shards": shards,
        "bytes a record (ids, exact, one band)": round(disk / records, 1),
        "seconds of grouping, a band": round(group, 2),
        "seconds of joining": round(join, 2),
        "MiB before, after grouping, after joining": [base, after, joined],
        "bytes of pairs": pairs,
    }
    paper = {
        "hours of grouping, 17 of ids and bands, one core": round(17 * group * times / 3600, 2),
        "hours of joining (pairs of 17)": round(join * times * 8.5 / 3600, 2),
        "GB of ids and keys": round((44 + 12 * 16) * GOAL / 1e9, 1),
        "GB of the array of joining": 4 * GOAL / 1e9,
    }
    print(json.dumps({"measured": measured, "for 100 M": paper}, indent=1))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
