"""Files of records: a line each, and beside them the digests that `verify` holds them to."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from genloss.core.extras import optional
from genloss.corpus.readers.byte_stream import endings
from genloss.corpus.record.line import line_of
from genloss.corpus.record.record import Record
from genloss.errors import SpecError

SUMS = ".sums"
"""Ending of the file of digests: id and SHA-256 of the line, in the order of the lines; then
"records" and their number."""


def sums_of(file: Path) -> Path:
    """Return where the digests of a file of records lie."""
    return file.with_name(file.name + SUMS)


def line_digest(line: bytes) -> str:
    """Return the SHA-256 of a line without its end, in hex."""
    return sha256(line).hexdigest()


def write_records(records: Iterable[Record], file: Path) -> int:
    """Write records to .jsonl, .jsonl.gz or .jsonl.zst, with their digests; return how many.

    Both files have their names only once all is written.

    Raises:
        SpecError: another suffix.
    """
    if endings(file)[0] != ".jsonl" or endings(file)[1] not in ("", ".gz", ".zst"):
        raise SpecError(f"{file}: records go to .jsonl, .jsonl.gz or .jsonl.zst; rename it")
    file.parent.mkdir(parents=True, exist_ok=True)
    part, sums_part = (path.with_name(path.name + ".part") for path in (file, sums_of(file)))
    number = 0
    try:
        with _packed(part, endings(file)[1]) as out, sums_part.open("w") as sums:
            for record in records:
                number += 1
                line = line_of(record).encode()
                out.write(line + b"\n")
                sums.write(f"{record.id} {line_digest(line)}\n")
            sums.write(f"records {number}\n")
        sums_part.replace(sums_of(file))
        part.replace(file)
    finally:
        for left in (part, sums_part):
            left.unlink(missing_ok=True)
    return number


@contextmanager
def _packed(file: Path, packing: str) -> Iterator[IO[bytes]]:
    if packing == ".zst":
        arrow = optional("pyarrow", "these records")
        with file.open("wb") as raw, arrow.CompressedOutputStream(raw, "zstd") as stream:
            yield stream
    elif packing == ".gz":
        # No name and no time inside: the same records are the same bytes.
        with file.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
            yield cast(IO[bytes], stream)
    else:
        with file.open("wb") as plain:
            yield plain
