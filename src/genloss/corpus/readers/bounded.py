"""Bytes, text and lines of a file in constant memory: none longer than a limit, and no bombs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader, StringIO
from itertools import chain, islice
from pathlib import Path
from typing import IO, cast

from genloss.corpus.readers.byte_stream import Place, decoded_part, endings, opened
from genloss.errors import DataError

LONGEST = 64 << 20
"""Bytes of the longest line (or whole file of one text) that is read; 64 MiB."""

CHUNK = 1 << 20

STEP = 1 << 16
"""Bytes that are unpacked at once."""

BOMB_RATIO, BOMB_SIZE = 250, 1 << 30
"""A compressed file that unpacks to more than this many times its size, and to more than this many
bytes, is not read on. Text packs 3 to 30 times."""


@dataclass(frozen=True)
class Span:
    """A part of a file: bytes of lines, or row groups of Parquet, from start to before stop.

    before: lines or rows that stand before it.
    """

    start: int
    stop: int
    before: int


def bounded_lines(file: Path, span: Span | None = None) -> Iterator[tuple[int, bytes | None]]:
    """Yield number and bytes of every line; None in place of a line that is longer than LONGEST.

    span: whole lines of a file that is not compressed.

    Raises:
        DataError: cannot be opened, damaged, or unpacks to more than `BOMB_RATIO` allows.
    """
    number, size, whole = 1 + (span.before if span else 0), 0, True
    kept: list[bytes] = []
    for chunk in chunks(file, span):
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            line = b"".join((*kept, part)) if whole and size + len(part) <= LONGEST else None
            yield number, line
            number, kept, size, whole = number + 1, [], 0, True
        size += len(rest)
        if size > LONGEST:
            kept, whole = [], False
        elif rest and whole:
            kept.append(rest)
    if size:
        yield number, b"".join(kept) if whole else None


def beginnings(file: Path, lines: int, content: bytes | None = None) -> Iterator[str]:
    """Yield how the first lines of a text begin, 300 bytes of each.

    content: all of it, where it is known, so that the file is not opened.
    """
    first: Iterable[bytes]
    if content is None:
        first = (line or b"" for _, line in islice(bounded_lines(file), lines))
    else:
        *ended, rest = content.split(b"\n", lines)
        first = [*ended, rest] if rest and len(ended) < lines else ended
    for line in first:
        yield line[:300].decode("utf-8", "replace")


def content_if_small(file: Path) -> bytes | None:
    """Return all bytes of a file, unpacked, None where it has 64 KiB or more.

    Raises:
        DataError: cannot be opened.
    """
    with opened(file) as stream:
        # Room for a MiB takes longer than a small file.
        content = stream.read(STEP)
    return content if len(content) < STEP else None


def chunks(file: Path, span: Span | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file (or of a span), unpacked, a MiB at a time.

    Raises:
        DataError: see `bounded_lines`.
    """
    most = largest_content(file)
    read = 0
    with opened(file) as stream:
        parts = _unpacked(stream) if endings(file)[1] else _read(stream, span)
        for chunk in parts:
            read += len(chunk)
            if read > most:
                raise DataError(
                    f"{file}: unpacks to more than {most / (1 << 20):,.0f} MiB, over {BOMB_RATIO} "
                    "times its size; no text packs so well; unpack it yourself if you trust it"
                )
            yield chunk


def _read(stream: IO[bytes], span: Span | None) -> Iterator[bytes]:
    if span is None:
        while chunk := stream.read(CHUNK):
            yield chunk
        return
    stream.seek(span.start)
    left = span.stop - span.start
    while chunk := stream.read(min(CHUNK, left)):
        left -= len(chunk)
        yield chunk


def _unpacked(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what can be unpacked; of a damaged stream, all that stands before the damage."""
    while True:
        parts, size = [], 0
        try:
            # One step of unpacking a call, so that an error takes nothing with it.
            while size < CHUNK and (part := cast(BufferedReader, stream).read1(STEP)):
                parts.append(part)
                size += len(part)
        except Exception:
            if parts:
                yield b"".join(parts)
            raise
        if not parts:
            return
        yield b"".join(parts)


def largest_content(file: Path) -> float:
    """Return the bytes that a file may unpack to; no limit where it is not compressed."""
    if not endings(file)[1]:
        return float("inf")
    return max(BOMB_SIZE, BOMB_RATIO * file.stat().st_size)


def text_chunks(file: Path) -> Iterator[str]:
    """Yield a file as text, about a MiB at a time, without a byte order mark.

    Raises:
        DataError: see `chunks`; another encoding or zero bytes, with line and byte.
    """
    place, cut, first = Place(), b"", True
    for chunk in chain(chunks(file), (b"",)):
        content = cut + chunk
        text, used = decoded_part(content, str(file), place, final=not chunk)
        place, cut = place.after(content[:used]), content[used:]
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        if text:
            yield text


def text_lines(file: Path) -> Iterator[str]:
    r"""Yield the lines of a text with their ends, \n, \r\n or \r.

    Raises:
        DataError: see `text_chunks`; a line of more than LONGEST characters.
    """
    kept: list[str] = []
    size, number, held = 0, 1, ""
    for chunk in text_chunks(file):
        # The two characters of one line end may lie on both sides.
        text = held + chunk
        held = "\r" if text.endswith("\r") else ""
        lines = StringIO(text.removesuffix("\r"), newline="").readlines()
        rest = lines.pop() if lines and not lines[-1].endswith(("\n", "\r")) else ""
        if lines:
            lines[0] = "".join((*kept, lines[0]))
            kept, size = [], 0
        if rest:
            kept.append(rest)
            size += len(rest)
        longest = max(map(len, lines), default=0)
        if max(size, longest) > LONGEST:
            at = next((i for i, line in enumerate(lines) if len(line) > LONGEST), len(lines))
            yield from lines[:at]
            raise too_long(f"{file}: line {number + at}", "a line")
        yield from lines
        number += len(lines)
    if kept or held:
        yield "".join((*kept, held))


def too_long(where: str, what: str) -> DataError:
    """Return the error of a line, row or cell of more than LONGEST characters."""
    return DataError(f"{where}: {what} of more than {LONGEST:,} characters; cut the text")


def read_text(file: Path, most: float = float("inf"), what: str = "a text") -> str:
    """Return a whole file as text, without a byte order mark.

    Raises:
        DataError: see `text_chunks`; more than `most` characters.
    """
    parts, size = [], 0
    for text in text_chunks(file):
        size += len(text)
        if size > most:
            raise DataError(
                f"{file}: {what} of more than {most:,} characters; write it as .jsonl or .parquet"
            )
        parts.append(text)
    return "".join(parts)


def whole_content(file: Path, most: int = 0, what: str = "one text") -> bytes:
    """Return all bytes of a file that holds one text, or has to be read as a whole.

    most: bytes; LONGEST unless it is given.

    Raises:
        DataError: more than that, damaged, or cannot be opened.
    """
    parts, size, most = [], 0, most or LONGEST
    for chunk in chunks(file):
        size += len(chunk)
        if size > most:
            raise DataError(
                f"{file}: {what} of more than {most >> 20:,} MiB; cut it, or write it as JSON lines"
            )
        parts.append(chunk)
    return b"".join(parts)
