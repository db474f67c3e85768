"""Tables of numbers in .csv: which line is the header, which columns are data, and what is said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats
from genloss.corpus.readers.csv_rows import cells as cells_of
from genloss.errors import DataError

Header = Literal["auto", "yes", "no"]
Decimal = Literal[".", ","]
Record = tuple[int, list[str]]
"""The line that a record ends on, and its cells."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf|infinity)", re.I | re.A)
INTEGER = re.compile(r"[+-]?\d+", re.A)
MISSING = ("", "na", "n/a", "null", "none", "-", "?", ".")
"""Cells that stand for no value: neither a number nor the name of a column."""

INDEX_NAMES = ("index", "id", "unnamed: 0", "level_0", "row", "rowname", "row_names", "#")
"""Names that a column of row numbers has where it has one."""

FEW = 3
"""Rows below the first line from which on its looks can be told from theirs."""


@dataclass(frozen=True)
class Reading:
    """How a table is read where its own looks leave doubt; see `TableFile`."""

    header: Header = "auto"
    columns: tuple[int | str, ...] = ()
    separator: str = ""
    decimal: Decimal = "."

    @property
    def between(self) -> str:
        """The separator: a comma, or a semicolon where commas are decimal points."""
        return self.separator or (";" if self.decimal == "," else ",")


@dataclass(frozen=True)
class Table:
    """The rows (N, d) of a table, the places (from 1) and names of its columns, and the header.

    index: whether the first column was left out as row numbers. width: columns of the file.
    """

    rows: Floats
    places: tuple[int, ...]
    names: tuple[str, ...]
    header: bool
    index: bool
    width: int

    def summary(self) -> str:
        """Return in one line what was read as what."""
        shown = [
            name or f"column {place}" for place, name in zip(self.places, self.names, strict=True)
        ]
        listed = ", ".join(shown[:6]) + (", ..." if len(shown) > 6 else "")
        n, d = self.rows.shape
        said = [f"{n:,} rows of {d:,} column{'s' if d > 1 else ''} ({listed})"]
        said.append(f"line 1 read as {'header' if self.header else 'a row'}")
        said += ["column 1, without a name, left out as row numbers"] if self.index else []
        left = self.width - d - self.index
        return "; ".join([*said, *([f"{left:,} columns not asked for"] if left else [])])


def read_table(text: str, how: Reading, where: str) -> Table:
    """Return the numbers of a table.

    Line 1 is a header if it holds names and no number. A first column without a name that counts
    from 0 or 1 is left out as row numbers. What may be read in two ways is refused.

    Raises:
        DataError: cells that are no finite numbers, uneven lines, or doubt, with the option that
            decides.
    """
    records = list(cells_of(text, how.between, where))
    header = bool(records) and _has_header(records, how, where)
    body = records[1:] if header else records
    if not body:
        raise DataError(f"{where}: holds no rows; expected lines of comma-separated numbers")
    _check_widths(records, body, header, where)
    if how.decimal == "." and not how.separator:
        _check_decimals(body, header, where)
    # numpy.savetxt puts '# ' before the names.
    names = [cell.strip("# ") for cell in records[0][1]] if header else [""] * len(body[0][1])
    index = not how.columns and _has_index(body, names, header, where)
    places = _chosen(how.columns, names, where) if how.columns else list(range(len(names)))
    places = places[1:] if index else places
    rows = np.array([_numbers(record, places, how, where) for record in body])
    return Table(
        rows,
        tuple(place + 1 for place in places),
        tuple(names[place] for place in places),
        header,
        index,
        len(names),
    )


def _has_header(records: Sequence[Record], how: Reading, where: str) -> bool:
    first = records[0][1]
    numbers = [_is_number(cell, how) for cell in first]
    words = [
        not n and c.strip().lower() not in MISSING for n, c in zip(numbers, first, strict=True)
    ]
    if how.header != "auto":
        return how.header == "yes"
    if not any(numbers):
        return any(words)
    if any(words) and len(records) > FEW and all(_is_number(c, how) for c in records[1][1]):
        raise _doubt(where, f"line 1 ({_brief(first)}) mixes names and numbers", "header")
    rest = [record[1] for record in records[1:] if len(record[1]) == len(first)]
    if len(rest) >= FEW and _looks_unlike(first, rest, how):
        raise _doubt(
            where, f"line 1 ({_brief(first)}) is of numbers, but not like those below it", "header"
        )
    return False


def _looks_unlike(first: list[str], rest: Sequence[list[str]], how: Reading) -> bool:
    """Return whether a line of numbers looks like names such as years or places.

    Whole numbers above columns without any; three or more that count from 0 or 1 above rows that do
    not; or whole numbers farther from their columns than those are wide. A cell without a value
    before such numbers is the name of the row numbers.
    """
    if not first[0].strip() and len(first) > 1:
        first, rest = first[1:], [row[1:] for row in rest]
    if not all(INTEGER.fullmatch(cell.strip()) for cell in first):
        return False
    columns = list(zip(*rest, strict=True))
    if not any(INTEGER.fullmatch(cell.strip()) for column in columns for cell in column):
        return True
    if len(first) >= FEW and _counts(first) and not _counts(rest[0]):
        return True
    if not all(_is_number(cell, how) for column in columns for cell in column):
        return False
    x = np.array([[_value(cell, how) for cell in row] for row in rest])
    low, high, y = x.min(axis=0), x.max(axis=0), np.array([float(c) for c in first])
    return bool((np.maximum(low - y, y - high) > high - low).all() and (high > low).any())


def _counts(cells: Sequence[str]) -> bool:
    """Return whether cells are k, k + 1, ... from 0 or 1."""
    whole = [int(c) if INTEGER.fullmatch(c.strip()) else -1 for c in cells]
    return whole[0] in (0, 1) and whole == list(range(whole[0], whole[0] + len(whole)))


def _has_index(body: Sequence[Record], names: list[str], header: bool, where: str) -> bool:
    """Return whether the first column, without a name, is of row numbers.

    Raises:
        DataError: it may be, but has a name, or there is no header.
    """
    first = [cells[0].strip() for _, cells in body]
    if len(names) < 2 or not all(INTEGER.fullmatch(cell) for cell in first):
        return False
    counts, distinct = _counts(first), len(set(first)) == len(first)
    if header and not names[0]:
        if counts:
            return True
        raise _doubt(where, "column 1 has no name and holds whole numbers", "columns")
    named = header and names[0].lower() in INDEX_NAMES
    if len(body) >= FEW and ((counts and not header) or (named and distinct)):
        what = f"column 1 ({names[0]})" if header else "column 1"
        raise _doubt(where, f"{what} looks like row numbers", "columns")
    return False


def _check_decimals(body: Sequence[Record], header: bool, where: str) -> None:
    """Refuse whole numbers whose commas may be decimal points: '50,05' or '-0,5' as two cells.

    Raises:
        DataError: with the option that decides.
    """
    d = len(body[0][1])
    if d % 2 or not all(INTEGER.fullmatch(c.strip()) for _, cells in body for c in cells):
        return
    before = [cell.strip() for _, cells in body for cell in cells[::2]]
    after = [cell.strip() for _, cells in body for cell in cells[1::2]]
    if not all(cell.isdigit() for cell in after):
        return
    padded = any(len(cell) > 1 and cell[0] == "0" for cell in after)
    tenths = d == 2 and not header and len(body) >= FEW and all(len(cell) == 1 for cell in after)
    if padded or "-0" in before or tenths:
        line, cells = body[0]
        raise DataError(
            f"{where}: line {line} ({_brief(cells)}) may hold {d} whole numbers, or {d // 2} with "
            "a decimal comma; say which by reality.separator=',' or reality.decimal=','"
        )


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
            f"{where}: line 1 names {names} columns ({_brief(records[0][1])}), but the rows have "
            f"{width}; every column needs one name{hint}"
        )


def _chosen(columns: Sequence[int | str], names: list[str], where: str) -> list[int]:
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
        value = _value(cell, how) if _is_number(cell, how) else np.nan
        if not np.isfinite(value):
            raise DataError(
                f"{where}: line {line}, column {place + 1} is {cell!r}; expected a finite number, "
                f"cells separated by {NAMES.get(how.between, repr(how.between))}"
                f"{_hint(cell, how)}; drop or impute such rows first"
            )
        values.append(value)
    return values


NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}


def _hint(cell: str, how: Reading) -> str:
    for mark in (";", "\t", "|"):
        if mark in cell and how.between != mark:
            return f" (or set reality.separator={mark!r})"
    if "," in cell and how.decimal == ".":
        return " and a decimal point (or set reality.decimal=',')"
    return ""


def _is_number(cell: str, how: Reading) -> bool:
    return bool(NUMBER.fullmatch(_pointed(cell, how)))


def _value(cell: str, how: Reading) -> float:
    return float(_pointed(cell, how))


def _pointed(cell: str, how: Reading) -> str:
    cell = cell.strip()
    return cell.replace(".", "_").replace(",", ".") if how.decimal == "," else cell


def _doubt(where: str, what: str, option: str) -> DataError:
    remedies = {
        "header": "say which by reality.header=yes or reality.header=no",
        "columns": "name those that are data by reality.columns, such as reality.columns=[2, 3], "
        "or all of them",
    }
    return DataError(f"{where}: {what}; {remedies[option]}")


def _brief(cells: Sequence[str]) -> str:
    shown = ",".join(cells[:4])[:60]
    return shown + (",..." if len(cells) > 4 or len(",".join(cells)) > 60 else "")
