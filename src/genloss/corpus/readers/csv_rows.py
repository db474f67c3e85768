"""Rows of .csv and .tsv: a header, then one record a row; cells may hold line ends."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from pathlib import Path

from genloss.corpus.readers import bounded
from genloss.corpus.readers.byte_stream import endings, printable
from genloss.corpus.readers.fields import DEFAULT, field_among
from genloss.corpus.readers.json_rows import Rows
from genloss.errors import DataError

SEPARATORS = {".csv": (",", ";", "\t", "|"), ".tsv": ("\t",)}
"""What may separate cells; the first one whose header names the text does."""

LONGEST = 2**31 - 1
"""Characters of a cell; Python's own limit is 131,072."""


def records(file: Path, text_field: str) -> Rows:
    """Yield the rows of a table of text, with where each ends; one is in memory at a time.

    Raises:
        DataError: no header with that field, a name that occurs twice, rows of other lengths than
            the header, quotes that are not closed, a row of more than bounded.LONGEST characters.
    """
    separator, header = _header(file, text_field)
    rows = cells(bounded.text_lines(file), separator, str(file), bounded.LONGEST)
    next(rows)
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(
                f"{file}: line {number} ends a row of {len(row)} cells; the header has "
                f"{len(header)}; put cells that hold a separator between quotes"
            )
        yield dict(zip(header, row, strict=True)), f"{file}: line {number}"


def cells(
    lines: Iterable[str], separator: str, where: str, most: int = LONGEST
) -> Iterator[tuple[int, list[str]]]:
    """Yield the last line and the cells of every record; blank lines are none.

    lines: with their ends. most: characters of a record.

    Raises:
        DataError: quotes that are not closed, or followed by something else, or a record that is
            longer, with the line.
    """
    bound = _Bound(where, most)
    reader = csv.reader(bound.over(lines), delimiter=separator, strict=True)
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
        bound.begun, bound.size = reader.line_num, 0


@dataclass
class _Bound:
    """The most characters of a record, since an open quote takes in all that follows.

    begun: lines before the record; size: characters of it.
    """

    where: str
    most: int
    begun: int = 0
    size: int = 0

    def over(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield lines as long as they are not too long together."""
        for line in lines:
            self.size += len(line)
            if self.size > self.most:
                raise DataError(
                    f"{self.where}: line {self.begun + 1} begins a row of more than "
                    f"{self.most:,} characters; close its quotes, or cut the text"
                )
            yield line


def _next(reader: Iterator[list[str]]) -> list[str] | None:
    # The limit is one for the whole process: others may count on it.
    before = csv.field_size_limit(LONGEST)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(before)


def _first_record(file: Path, separator: str) -> list[str]:
    lines = _Bound(str(file), bounded.LONGEST).over(bounded.text_lines(file))
    # Quoted names between other separators are an error to a strict reader.
    reader = csv.reader(lines, delimiter=separator)
    while (row := _next(reader)) is not None:
        if row:
            return row
    return []


def _is_numbers(file: Path, separator: str) -> bool:
    """Return whether the line below the names holds nothing but numbers."""
    lines = _Bound(str(file), bounded.LONGEST).over(bounded.text_lines(file))
    below = list(islice((row for row in csv.reader(lines, delimiter=separator) if row), 1, 2))
    try:
        return bool(below) and all(isfinite(float(cell)) for cell in below[0])
    except ValueError:
        return False


def _header(file: Path, text_field: str) -> tuple[str, list[str]]:
    """Return the separator and the names of the columns."""
    headers: dict[str, list[str]] = {}
    for separator in SEPARATORS[endings(file)[0]]:
        header = headers[separator] = _first_record(file, separator)
        if text_field in header:
            break
    else:
        # The one that gives most columns is the likeliest, for the message.
        separator = max(headers, key=lambda s: len(headers[s]))
        header = headers[separator]
        if text_field == DEFAULT and _is_numbers(file, separator):
            raise DataError(
                f"{file}: holds numbers and no text; learn from them by a spec that says reality = "
                f"{{ kind = 'table_file', path = '{file.name}' }}, "
                "or name a column of text by reality.text_field"
            )
        field = field_among(header, text_field, f"{file}: line 1")
        raise DataError(f"{file}: {field} is not a column of text; name one by reality.text_field")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DataError(
            f"{file}: line 1 names {printable(', '.join(twice))} twice; rename a column"
        )
    return separator, header
