"""Tables of numbers, in .csv, .tsv or an array: the rows, and what was read as what."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import numpy as np

from genloss.core.arrays import Floats, frozen
from genloss.corpus.readers.csv_rows import cells as cells_of
from genloss.errors import DataError
from genloss.realities.csv_looks import (
    INTEGER,
    Reading,
    Record,
    brief,
    check_decimals,
    check_makers,
    check_steps,
    has_header,
    has_index,
    is_number,
    value_of,
)

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
"""What separates cells, in messages."""


@dataclass(frozen=True)
class Table:
    """The rows (N, d) of a table, the places (from 1) and names of its columns, and the header.

    header: whether line 1 is one; None for an array, which has no lines. index: whether the first
    column was left out as row numbers. width: columns of the file.
    """

    rows: Floats
    places: tuple[int, ...]
    names: tuple[str, ...]
    header: bool | None
    index: bool
    width: int

    def summary(self) -> str:
        """Return in one line what was read as what."""
        n, d = self.rows.shape
        left = self.width - d - self.index
        rows, columns = f"{n:,} row{'s' if n > 1 else ''}", f"{d:,} column{'s' if d > 1 else ''}"
        if self.header is None:
            parts = [f"{rows} of {columns}"]
        else:
            parts = [f"{rows} of {columns} ({self._listed()})"]
            parts.append(f"line 1 read as {'header' if self.header else 'a row'}")
        parts += ["column 1, without a name, left out as row numbers"] if self.index else []
        asked = f"{left:,} column{'s' if left > 1 else ''} not asked for"
        return "; ".join([*parts, *([asked] if left else [])])

    def _listed(self) -> str:
        names = [
            name or f"column {place}" for place, name in zip(self.places, self.names, strict=True)
        ]
        return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def read_table(text: str, how: Reading, where: str) -> Table:
    """Return the numbers of a table.

    Line 1 is a header if it holds names and no number. A first column without a name that counts
    from 0 or 1 is left out as row numbers. What may be read in two ways is refused.

    Raises:
        DataError: cells that are not finite numbers, uneven lines, or doubt, with the option that
            decides.
    """
    records = list(cells_of(StringIO(text, newline=""), how.between, where))
    header = bool(records) and has_header(records, how, where)
    body = records[1:] if header else records
    if not body:
        raise DataError(f"{where}: holds no rows; expected lines of numbers")
    _check_widths(records, body, header, where)
    if how.decimal == "." and not how.separator:
        check_decimals(body, header, where)
    # numpy.savetxt puts '# ' before the names.
    names = [cell.strip("# ") for cell in records[0][1]] if header else [""] * len(body[0][1])
    if not how.columns:
        check_makers(names, where)
    index = not how.columns and has_index(body, names, header, where)
    places = _column_indices(how.columns, names, where) if how.columns else list(range(len(names)))
    places = places[1:] if index else places
    rows = np.array([_numbers(record, places, how, where) for record in body])
    if not how.columns:
        check_steps(rows, [(place + 1, names[place]) for place in places], where)
    return Table(
        frozen(rows),
        tuple(place + 1 for place in places),
        tuple(names[place] for place in places),
        header,
        index,
        len(names),
    )


def array_table(x: Floats, columns: Sequence[int | str], where: str) -> Table:
    """Return an array (N, d) as a table; `columns` are places from 1, none for all.

    Raises:
        DataError: columns that it does not have, or one that is no draw of anything.
    """
    names = [""] * x.shape[1]
    places = _column_indices(columns, names, where) if columns else list(range(len(names)))
    rows = x[:, places] if columns else x
    if not columns:
        check_steps(rows, [(place + 1, "") for place in places], where)
    shown = tuple(place + 1 for place in places)
    return Table(frozen(rows), shown, tuple(names[: len(places)]), None, False, len(names))


def _check_widths(
    records: Sequence[Record], body: Sequence[Record], header: bool, where: str
) -> None:
    width = len(body[0][1])
    for line, cells in body:
        if len(cells) != width:
            raise DataError(
                f"{where}: line {line} has {len(cells)} cells; the first row has {width}; "
                "every row needs the same columns"
            )
    if header and len(records[0][1]) != width:
        names = len(records[0][1])
        hint = ""
        if width == 2 * names and all(INTEGER.fullmatch(c.strip()) for c in body[0][1]):
            hint = "; if commas are decimal points, set reality.decimal=','"
        elif names == width - 1:
            hint = "; if the rows begin with their own names, give those a name in line 1 too"
        raise DataError(
            f"{where}: line 1 names {names} columns ({brief(records[0][1])}), but the rows have "
            f"{width}; every column needs one name{hint}"
        )


def _column_indices(columns: Sequence[int | str], names: list[str], where: str) -> list[int]:
    places = []
    for column in columns:
        by_name = [i for i, name in enumerate(names) if name == str(column)]
        if isinstance(column, str) and len(by_name) == 1:
            places.append(by_name[0])
        elif isinstance(column, int) and 1 <= column <= len(names):
            places.append(column - 1)
        else:
            known = ", ".join(name for name in names if name) or "none has a name"
            raise DataError(
                f"{where}: column {column!r} was asked for; it has {len(names)} ({known}); give "
                "reality.columns as names, each of one column, or places from 1"
            )
    if len(set(places)) < len(places):
        raise DataError(f"{where}: columns {list(columns)} name one twice; drop it")
    return places


def _numbers(record: Record, places: Sequence[int], how: Reading, where: str) -> list[float]:
    line, cells = record
    values = []
    for place in places:
        cell = cells[place]
        value = value_of(cell, how) if is_number(cell, how) else np.nan
        if not np.isfinite(value):
            raise DataError(
                f"{where}: line {line}, column {place + 1} is {cell!r}; expected a finite number, "
                f"cells separated by {NAMES.get(how.between, repr(how.between))}"
                f"{_hint(cell, how)}; drop or impute such rows first"
            )
        values.append(value)
    return values


def _hint(cell: str, how: Reading) -> str:
    for mark in (";", "\t", "|"):
        if mark in cell and how.between != mark:
            return f" (or set reality.separator={mark!r})"
    if "," in cell and how.decimal == ".":
        return " and a decimal point (or set reality.decimal=',')"
    return "" if how.columns else " (or name the columns of numbers by reality.columns)"
