"""Job: part the records of a shard into those that are kept and those that are not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from genloss.audit.dedup.components import verdicts_of
from genloss.audit.dedup.groups import ids_of
from genloss.audit.dedup.shard import RECORDS
from genloss.audit.dedup.whole import DedupWork
from genloss.audit.shards.plan import leave
from genloss.corpus.record.line import line_of, record_from
from genloss.corpus.record.writing import line_digest, sums_of
from genloss.store.files import write_bytes

KEPT, REMOVED = "kept", "removed"
PARTS = "parts"
WHY, WHOSE = "duplicate", "duplicate_of"
"""Attributes of a removed record: exact or near, and the id of the record that is kept for it."""


@dataclass(frozen=True)
class Part:
    """Write the kept and the removed records of a shard. Memory: a line, and the verdicts."""

    folder: str
    number: int

    def as_text(self) -> tuple[str, int]:
        """Return the fields."""
        return self.folder, self.number

    def perform(self) -> None:
        """Leave a folder with the two files, their digests and an account."""
        work = DedupWork(Path(self.folder))
        leave(part_of(work, self.number), partial(_part, work, self.number))


def part_of(work: DedupWork, number: int) -> Path:
    """Return where the parted records of a shard lie."""
    return work.of_all(PARTS, f"{number:05d}")


def _part(work: DedupWork, number: int, folder: Path) -> None:
    verdicts = verdicts_of(work, number)
    whose = [f"sha256:{bytes(i).hex()}" for i in ids_of(work, verdicts["kept"])]
    why = ["exact" if exact else "near" for exact in verdicts["exact"]]
    removed = dict(zip(verdicts["row"].tolist(), zip(why, whose, strict=True), strict=True))
    kept_file, removed_file = _Lines(folder / f"{KEPT}.jsonl"), _Lines(folder / f"{REMOVED}.jsonl")
    with kept_file as kept, removed_file as others:
        for row, (line, digest) in enumerate(_lines(work.read(work.whole.keys[number]) / RECORDS)):
            if (verdict := removed.get(row)) is None:
                kept.put(line, digest)
                continue
            record = record_from(json.loads(line))
            beside = {WHY: verdict[0], WHOSE: verdict[1]}
            marked = replace(record, attributes={**record.attributes, **beside})
            again = line_of(marked).encode()
            others.put(again + b"\n", f"{record.id} {line_digest(again)}\n".encode())
    account = {
        KEPT: [kept_file.n, kept_file.digest.hexdigest()],
        REMOVED: [removed_file.n, removed_file.digest.hexdigest()],
        "exact": why.count("exact"),
    }
    write_bytes(folder / "account.json", json.dumps(account).encode() + b"\n")


def _lines(file: Path) -> Iterator[tuple[bytes, bytes]]:
    with file.open("rb") as lines, sums_of(file).open("rb") as sums:
        yield from zip(lines, sums, strict=False)


class _Lines:
    """A file of records that are lines already, with its digests."""

    def __init__(self, file: Path) -> None:
        self.file, self.n, self.digest = file, 0, sha256()

    def __enter__(self) -> "_Lines":
        self.lines, self.sums = self.file.open("wb"), sums_of(self.file).open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        with self.lines, self.sums:
            self.sums.write(f"records {self.n}\n".encode())

    def put(self, line: bytes, digest: bytes) -> None:
        self.lines.write(line)
        self.sums.write(digest)
        self.digest.update(line)
        self.n += 1
