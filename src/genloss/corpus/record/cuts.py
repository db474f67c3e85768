"""Where files of JSON lines are cut, so that of a file that grew only what is new is read again."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from genloss.corpus.readers.bounded import CHUNK, Span

FEWEST = 64
"""A piece that another one follows has at least a piece's size divided by this: what is shorter is
read again with what comes behind it."""


@dataclass(frozen=True)
class Cut:
    """A piece of a file: whole lines, and the SHA-256 of their bytes."""

    span: Span
    digest: str


@dataclass
class Cuts:
    """The cuts of files, as they were and as they are found: size, time and cuts by path.

    digests: the SHA-256 of files, where it is known; it stands for their time. A file whose size
    and time are what they were is not opened. Any other is read once for its
    digests: where its bytes are what they were up to an earlier end, it is cut there again, so that
    the pieces before it are the same. Time: a read, without parsing. Memory: 120 bytes a piece.
    """

    before: Mapping[str, Any] = field(default_factory=dict)
    digests: Mapping[Path, str] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)

    def of(self, file: Path, most: int) -> list[Cut]:
        """Return the pieces of a file, of about `most` bytes; the last may be shorter."""
        about = file.stat()
        stamp = [about.st_size, self.digests.get(file, about.st_mtime_ns), most]
        known = self.before.get(str(file), {})
        cuts = [Cut(Span(*row[:3]), row[3]) for row in known.get("cuts", ())]
        if known.get("stamp") != stamp:
            cuts = list(_cut(file, about.st_size, most, [cut.span.stop for cut in cuts]))
        rows = [[c.span.start, c.span.stop, c.span.before, c.digest] for c in cuts]
        self.found[str(file)] = {"stamp": stamp, "cuts": rows}
        return cuts


def _cut(file: Path, size: int, most: int, ends: list[int]) -> Iterator[Cut]:
    """Cut at earlier ends where lines end there, else at the first line end after `most` bytes."""
    start = before = lines = read = 0
    digest = sha256()
    with file.open("rb") as stream:
        while read < size and (chunk := stream.read(min(CHUNK, size - read))):
            at = 0
            while (end := _next_end(chunk, read, start, most, at, ends)) is not None:
                digest.update(chunk[at:end])
                lines += chunk.count(b"\n", at, end)
                at = end
                yield Cut(Span(start, read + at, before), digest.hexdigest())
                start, before, digest = read + at, lines, sha256()
            digest.update(chunk[at:])
            lines += chunk.count(b"\n", at)
            read += len(chunk)
    if start < read:
        yield Cut(Span(start, read, before), digest.hexdigest())


def _next_end(
    chunk: bytes, read: int, start: int, most: int, at: int, ends: list[int]
) -> int | None:
    """Return where in a chunk the piece ends that begins at `start`, or None."""
    for i in range(bisect_left(ends, start + max(1, most // FEWEST)), len(ends)):
        early = ends[i] - read
        if ends[i] >= start + most or early > len(chunk):
            break
        if early > at and chunk[early - 1] == ord("\n"):
            return early
    end = chunk.find(b"\n", max(start + most - read - 1, at)) + 1
    return end if end and start + most - read <= len(chunk) else None
