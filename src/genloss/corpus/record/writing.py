"""Files of records: a line each, and beside them the digests that `verify` holds them to."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from genloss.core.extras import optional
from genloss.corpus.readers.byte_stream import endings
from genloss.corpus.record.line import line_of
from genloss.corpus.record.record import Record
from genloss.errors import SpecError, StoreError
from genloss.store.files import explained
from genloss.store.lock import locked_part

SUMS = ".sums"
"""Ending of the file of digests: id and SHA-256 of the line, in the order of the lines; then
"records" and their number."""


def sums_of(file: Path) -> Path:
    """Return where the digests of a file of records lie."""
    return file.with_name(file.name + SUMS)


def is_sums(path: Path) -> bool:
    """Return whether a file holds the digests of the records beside it."""
    return path.name.endswith(SUMS) and path.with_name(path.name.removesuffix(SUMS)).is_file()


def line_digest(line: bytes) -> str:
    """Return the SHA-256 of a line without its end, in hex."""
    return sha256(line).hexdigest()


@dataclass
class RecordLines:
    """A file of records that is being written, with its digests; number: records so far."""

    file: Path
    lines: IO[bytes]
    sums: IO[str]
    number: int = 0

    def put(self, record: Record) -> None:
        """Write one record; raises StoreError where the disk has no room."""
        line = line_of(record).encode()
        with explained("write", self.file):
            self.lines.write(line + b"\n")
            self.sums.write(f"{record.id} {line_digest(line)}\n")
        self.number += 1

    def take(self, file: Path) -> None:
        """Take over the lines and digests of a whole file of records that is not compressed.

        Raises:
            StoreError: lines and digests are not as many as the file says.
        """
        before = self.number
        with file.open("rb") as lines, sums_of(file).open() as sums:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                digest = sums.readline()
                with explained("write", self.file):
                    self.lines.write(line)
                    self.sums.write(digest)
                self.number += 1
            if sums.readline() != f"records {self.number - before}\n":
                raise StoreError(
                    f"{file} is not whole: lines are missing; remove {file.parent} and run again"
                )


def check_name(file: Path) -> None:
    """Raise SpecError unless records can be written under this name."""
    suffix, packing = endings(file)
    if suffix != ".jsonl" or packing not in ("", ".gz", ".zst"):
        raise SpecError(f"{file}: records go to .jsonl, .jsonl.gz or .jsonl.zst; rename it")


@contextmanager
def record_lines(file: Path) -> Iterator[RecordLines]:
    """Give a file to put records into: .jsonl, .jsonl.gz or .jsonl.zst, with their digests.

    Both files have their names only once all is written, and nothing remains on failure. Memory:
    one record.

    Raises:
        SpecError: another suffix. StoreError: another process writes the file, or a full disk.
    """
    check_name(file)
    with explained("write", file):
        file.parent.mkdir(parents=True, exist_ok=True)
    part, sums_part = (path.with_name(path.name + ".part") for path in (file, sums_of(file)))
    with locked_part(part, file) as stream, ExitStack() as left:
        left.callback(_given_up, part, sums_part)
        with explained("write", file):
            sums = sums_part.open("w")
        left.callback(_closed, sums)
        lines = _packed(stream, endings(file)[1])
        left.callback(_closed, lines)
        written = RecordLines(file, lines, sums)
        yield written
        with explained("write", file):
            sums.write(f"records {written.number}\n")
            for opened in (sums, lines, stream):
                opened.close()
            sums_part.replace(sums_of(file))
            part.replace(file)
        # The names may be somebody else's from here on.
        left.pop_all()


def write_records(records: Iterable[Record], file: Path) -> int:
    """Write records to a file and return how many; see `record_lines`."""
    with record_lines(file) as written:
        for record in records:
            written.put(record)
    return written.number


def _packed(stream: IO[bytes], packing: str) -> IO[bytes]:
    if packing == ".zst":
        arrow = optional("pyarrow", "these records")
        return cast(IO[bytes], arrow.CompressedOutputStream(stream, "zstd"))
    if packing == ".gz":
        # No name and no time inside: the same records are the same bytes.
        return cast(IO[bytes], gzip.GzipFile("", "wb", 6, stream, mtime=0))
    return stream


def _closed(stream: IO[bytes] | IO[str]) -> None:
    # What failed before fails again here, and was said.
    with suppress(OSError, ValueError):
        stream.close()


def _given_up(*parts: Path) -> None:
    for part in parts:
        part.unlink(missing_ok=True)
