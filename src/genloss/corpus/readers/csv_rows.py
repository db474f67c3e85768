"""Rows of .csv and .tsv: a header, then one record a row; cells may hold line ends."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from genloss.corpus.readers.byte_stream import endings, printable, read_text
from genloss.corpus.readers.fields import field_among
from genloss.corpus.readers.json_rows import Rows
from genloss.errors import DataError

SEPARATORS = {".csv": (",", ";", "\t", "|"), ".tsv": ("\t",)}
"""What may separate cells; the first one whose header names the text does."""

LONGEST = 2**31 - 1
"""Characters of a cell; Python's own limit is 131,072."""


def records(file: Path, text_field: str) -> Rows:
    """Yield the rows of a table of text, with where each ends.

    Raises:
        DataError: no header with that field, a name that occurs twice, rows of other lengths than
            the header, quotes that are not closed.
    """
    text = read_text(file)
    separator, header = _header(text, file, text_field)
    rows = cells(text, separator, str(file))
    next(rows)
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{file}: line {number} ends a row of {len(row)} cells; the header has "
                f"{len(header)}; put cells that hold a separator between quotes"
            )
        yield dict(zip(header, row, strict=True)), f"{file}: line {number}"


def cells(text: str, separator: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the last line and the cells of every record; blank lines are none.

    Raises:
        DataError: quotes that are not closed, or followed by something else, with the line.
    """
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        try:
            row = _next(reader)
        except csv.Error as error:
            raise DataError(
                f"{where}: line {reader.line_num}: no table ({error}); close its quotes, and "
                "double those inside a cell"
            ) from error
        if row is None:
            return
        if row:
            yield reader.line_num, row


def _next(reader: Iterator[list[str]]) -> list[str] | None:
    # The limit is one for the whole process: others may count on it.
    before = csv.field_size_limit(LONGEST)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(before)


def _first_record(text: str, separator: str) -> list[str]:
    # Quoted names between other separators are an error to a strict reader.
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    while (row := _next(reader)) is not None:
        if row:
            return row
    return []


def _header(text: str, file: Path, text_field: str) -> tuple[str, list[str]]:
    """Return the separator and the names of the columns."""
    headers: dict[str, list[str]] = {}
    for separator in SEPARATORS[endings(file)[0]]:
        header = headers[separator] = _first_record(text, separator)
        if text_field in header:
            break
    else:
        # The one that gives most columns is the likeliest, for the message.
        separator = max(headers, key=lambda s: len(headers[s]))
        header = headers[separator]
        field = field_among(header, text_field, f"{file}: line 1")
        raise DataError(f"{file}: {field} is not a column of text; name one by reality.text_field")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DataError(
            f"{file}: line 1 names {printable(', '.join(twice))} twice; rename a column"
        )
    return separator, header
