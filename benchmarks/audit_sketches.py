"""What counting the different texts of an audit takes and misses, on ids whose truth is known.

    python benchmarks/audit_sketches.py [BATCHES...]

Batches of 1,048,576 random ids, a tenth of each copied from the one before; for so many batches
(1, 4, 16): records, different ones, the estimate with its interval, how often the commonest occurs,
and the peak of resident memory. CPU seconds. 16 million texts of 1.25 kB are 20 GB.
"""

import resource
import sys
import time

import numpy as np

from genloss.audit.profile.duplicates import DISTINCT, WAITING
from genloss.audit.profile.sketches import Commonest, Distinct

COPIED = WAITING // 10


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main(*batches: int) -> None:
    rng = np.random.default_rng(0)
    distinct, commonest = Distinct(DISTINCT), Commonest()
    print(f"{peak()} MiB before")
    begun, before = time.process_time(), None
    for i in range(max(batches)):
        ids = rng.integers(2**64, size=WAITING, dtype=np.uint64)
        if before is not None:
            ids[:COPIED] = before
        before = ids[-COPIED:].copy()
        hashes, counts = np.unique(ids, return_counts=True)
        distinct.take(hashes, counts)
        commonest.take(hashes, counts)
        if i + 1 in batches:
            n, true = (i + 1) * WAITING, (i + 1) * WAITING - i * COPIED
            found, low, high = distinct.number()
            least = max(distinct.counts.max(), commonest.counts.max(initial=0))
            most = commonest.counts.max(initial=0) + commonest.missing
            print(
                f"{n:,} records, {true:,} different: {found:,} ({low:,} to {high:,}), "
                f"{100 * (found / true - 1):+.3f} %; commonest {least} to {max(least, most)}; "
                f"{peak()} MiB, {time.process_time() - begun:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:]) if sys.argv[1:] else (1, 4, 16)))
