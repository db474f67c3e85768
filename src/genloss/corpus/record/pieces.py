"""A corpus cut into pieces, which are read apart and give the records of the whole in order."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from genloss.corpus.readers.arrow_rows import row_groups
from genloss.corpus.readers.bounded import Span
from genloss.corpus.readers.byte_stream import endings
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.cuts import Cuts
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.hub_cards import Cards
from genloss.corpus.record.reading import LINES, Located, records_at
from genloss.corpus.record.record import Record
from genloss.errors import DataError

OWN = 16
"""A file of JSON lines of at least a shard's size divided by this has shards of its own, as it may
grow."""

LEAST = 1 << 14
"""Bytes that a file counts at least: opening it takes as long as reading so many."""


@dataclass(frozen=True)
class Piece:
    """A file or a span of one.

    root: the path that it was found below. size: bytes to read. digest: the SHA-256 of the bytes,
    where it is known.
    """

    file: Path
    root: Path
    size: int
    span: Span | None = None
    digest: str = ""


def shards_of(
    places: Iterable[Located], most: int, cuts: Cuts | None = None
) -> Iterator[tuple[Piece, ...]]:
    """Yield the pieces of files in order, together in shards of about `most` bytes.

    Where a shard of small files ends is decided by the files' names, so that further files change
    only the shards that they fall into. A piece of `most` bytes, and every one of a file of JSON
    lines of a 16th of that (not compressed), is a shard of its own. cuts: of earlier shards,
    for files that grew.
    """
    shard: list[Piece] = []
    size = 0
    for piece in _pieces(places, most, cuts or Cuts()):
        cost = most if piece.digest else max(piece.size, LEAST)
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
    cards = Cards()
    for piece in pieces:
        yield from records_at(Located(piece.file, piece.root), fields, aside, piece.span, cards)


def _pieces(places: Iterable[Located], most: int, cuts: Cuts) -> Iterator[Piece]:
    for place in places:
        file, root = place.file, place.root
        if file.is_dir():
            yield Piece(file, root, most)
            continue
        size = file.stat().st_size
        suffix, packed = endings(file)
        if suffix in LINES and not packed and size >= max(1, most // OWN):
            yield from _of_lines(place, size, most, cuts)
        elif suffix == ".parquet" and size > most:
            yield from (Piece(file, root, most, span) for span in _spans_of_table(file, most))
        else:
            yield Piece(file, root, size)


def _of_lines(place: Located, size: int, most: int, cuts: Cuts) -> list[Piece]:
    try:
        found = cuts.of(place.file, most)
    except OSError:
        # Whoever reads it says why it cannot be read.
        return [Piece(place.file, place.root, size)]
    return [Piece(place.file, place.root, most, cut.span, cut.digest) for cut in found]


def _spans_of_table(file: Path, most: int) -> Iterable[Span | None]:
    try:
        return list(_spans_of_groups(row_groups(file), most))
    except DataError:
        return (None,)


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
