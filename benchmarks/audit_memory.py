"""What an audit holds of each text while it counts: resident memory at its peak.

    python benchmarks/audit_memory.py [texts=300000]

Texts of 30 random words, made as they are counted. The peak is of the whole process, which also
holds a sample of 20,000 texts.
"""

import random
import resource
import sys

from genloss.audit.profile.audit import Counted
from genloss.audit.profile.options import AuditOptions
from genloss.corpus.record.record import Record


def main(texts: int) -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklm", k=5)) for _ in range(5000)]
    counted = Counted.begun(AuditOptions(), None)
    for _ in range(texts):
        counted.add(Record.of(" ".join(rng.choices(words, k=30))))
    near = counted.duplicates.result()["near"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{texts:,} texts, {near['count']} near duplicates of {near['of']:,}: {peak} MiB")


if __name__ == "__main__":
    main(int(dict(word.split("=") for word in sys.argv[1:]).get("texts", 300_000)))
