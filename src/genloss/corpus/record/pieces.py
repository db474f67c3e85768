"""A corpus cut into pieces, which are read apart and give the records of the whole in order."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from genloss.corpus.readers.arrow_rows import row_groups
from genloss.corpus.readers.bounded import CHUNK, Span
from genloss.corpus.readers.byte_stream import endings
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import LINES, Located, located, records_at
from genloss.corpus.record.record import Record
from genloss.errors import DataError

LEAST = 1 << 14
"""Bytes that a file counts at least: opening it takes as long as reading so many."""


@dataclass(frozen=True)
class Piece:
    """A file or a span of one; root: the path that it was found below; size: bytes to read."""

    file: Path
    root: Path
    size: int
    span: Span | None = None


def shards_of(
    paths: Iterable[Path], most: int, aside: Aside, outputs: Iterable[Path] = ()
) -> Iterator[tuple[Piece, ...]]:
    """Yield the pieces of a corpus in order, together in shards of about `most` bytes.

    Where a shard of small files ends is decided by the files' names, so that further files change
    only the shards that they fall into. A piece of `most` bytes is a shard of its own. Files that
    are cut (JSON lines that are not compressed, Parquet) are read once for the numbers of their
    lines. outputs: see `read_records`.

    Raises:
        DataError, MissingExtra: see `located`.
    """
    shard: list[Piece] = []
    size = 0
    for piece in _pieces(located(paths, aside, outputs), most):
        cost = max(piece.size, LEAST)
        if shard and size + cost > most:
            yield tuple(shard)
            shard, size = [], 0
        shard.append(piece)
        size += cost
        # After a file with probability 2 cost / most: shards are half full on average.
        if crc32(os.fsencode(piece.file.name)) * most < cost << 33:
            yield tuple(shard)
            shard, size = [], 0
    if shard:
        yield tuple(shard)


def records_of_pieces(pieces: Iterable[Piece], fields: FieldMap, aside: Aside) -> Iterator[Record]:
    """Yield the records of pieces, as `read_records` does of whole files."""
    for piece in pieces:
        yield from records_at(Located(piece.file, piece.root), fields, aside, piece.span)


def _pieces(places: Iterable[Located], most: int) -> Iterator[Piece]:
    for place in places:
        if place.file.is_dir():
            yield Piece(place.file, place.root, most)
            continue
        size = place.file.stat().st_size
        for span in _spans(place.file, size, most):
            yield Piece(place.file, place.root, most if span else size, span)


def _spans(file: Path, size: int, most: int) -> Iterable[Span | None]:
    suffix, packed = endings(file)
    if size <= most or packed:
        return (None,)
    if suffix in LINES:
        return _spans_of_lines(file, size, most)
    if suffix == ".parquet":
        try:
            return list(_spans_of_groups(row_groups(file), most))
        except DataError:
            return (None,)
    return (None,)


def _spans_of_lines(file: Path, size: int, most: int) -> Iterator[Span]:
    """Yield spans that end behind the first line end at or after every multiple of `most`."""
    start = before = lines = read = 0
    due = most
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            at = 0
            while due < read + len(chunk):
                end = chunk.find(b"\n", max(due - read, at))
                if end < 0:
                    break
                lines += chunk.count(b"\n", at, end + 1)
                at = end + 1
                yield Span(start, read + at, before)
                start, before = read + at, lines
                due = max(due + most, start + 1)
            lines += chunk.count(b"\n", at)
            read += len(chunk)
    if start < size:
        yield Span(start, size, before)


def _spans_of_groups(groups: list[tuple[int, int]], most: int) -> Iterator[Span]:
    start = rows = before = size = 0
    for i, (bytes_of_group, rows_of_group) in enumerate(groups):
        if size and size + bytes_of_group > most:
            yield Span(start, i, before)
            start, before, size = i, rows, 0
        size += bytes_of_group
        rows += rows_of_group
    if start < len(groups):
        yield Span(start, len(groups), before)
