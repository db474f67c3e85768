"""Looks of a table: names or numbers in line 1, row numbers, decimal commas; doubt is refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats
from genloss.corpus.origins import FIELDS
from genloss.corpus.readers.byte_stream import printable
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

COMPARABLE_ROWS = 3
"""Rows below the first line that it takes to compare its looks with theirs."""


MANY_ROWS = 10
"""Rows that it takes where line 1 has fractions: one of so many Gaussian rows is as far from the
others as they are wide once in 100,000 tables."""


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


def has_header(records: Sequence[Record], how: Reading, where: str) -> bool:
    """Return whether line 1 is a header: names and no number, unless `how` says.

    Raises:
        DataError: names and numbers, or numbers that are not like those below them.
    """
    first = records[0][1]
    numbers = [is_number(cell, how) for cell in first]
    words = [
        not n and c.strip().lower() not in MISSING for n, c in zip(numbers, first, strict=True)
    ]
    if how.header != "auto":
        return how.header == "yes"
    if not any(numbers):
        return any(words)
    if (
        any(words)
        and len(records) > COMPARABLE_ROWS
        and all(is_number(c, how) for c in records[1][1])
    ):
        raise _doubt(where, f"line 1 ({brief(first)}) mixes names and numbers", "header")
    rest = [record[1] for record in records[1:] if len(record[1]) == len(first)]
    if len(rest) >= COMPARABLE_ROWS and _looks_unlike(first, rest, how):
        raise _doubt(
            where, f"line 1 ({brief(first)}) is of numbers, but not like those below it", "header"
        )
    return False


def _looks_unlike(first: list[str], rest: Sequence[list[str]], how: Reading) -> bool:
    """Return whether a line of numbers looks like names such as years or places.

    Whole numbers above columns without any; three or more that count from 0 or 1 above rows that do
    not; or numbers farther from their columns than those are wide, of which fractions need more
    rows below them. A cell without a value before such numbers is the name of the row numbers.
    """
    if not first[0].strip() and len(first) > 1:
        first, rest = first[1:], [row[1:] for row in rest]
    columns = list(zip(*rest, strict=True))
    if not all(INTEGER.fullmatch(cell.strip()) for cell in first):
        return len(rest) >= MANY_ROWS and _is_far(first, rest, how)
    if not any(INTEGER.fullmatch(cell.strip()) for column in columns for cell in column):
        return True
    if len(first) >= COMPARABLE_ROWS and _counts(first) and not _counts(rest[0]):
        return True
    return _is_far(first, rest, how)


def _is_far(first: Sequence[str], rest: Sequence[Sequence[str]], how: Reading) -> bool:
    """Return whether every number is farther from those below it than they are from one another."""
    if not all(is_number(cell, how) for row in (first, *rest) for cell in row):
        return False
    x = np.array([[value_of(cell, how) for cell in row] for row in rest])
    low, high, y = x.min(axis=0), x.max(axis=0), np.array([value_of(c, how) for c in first])
    return bool((np.maximum(low - y, y - high) > high - low).all() and (high > low).any())


def _counts(cells: Sequence[str]) -> bool:
    """Return whether cells are k, k + 1, ... from 0 or 1."""
    whole = [int(c) if INTEGER.fullmatch(c.strip()) else -1 for c in cells]
    return whole[0] in (0, 1) and whole == list(range(whole[0], whole[0] + len(whole)))


def has_index(body: Sequence[Record], names: list[str], header: bool, where: str) -> bool:
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
    if len(body) >= COMPARABLE_ROWS and ((counts and not header) or (named and distinct)):
        what = f"column 1 ({names[0]})" if header else "column 1"
        raise _doubt(where, f"{what} looks like row numbers", "columns")
    return False


def check_steps(rows: Floats, columns: Sequence[tuple[int, str]], where: str) -> None:
    """Refuse a column that is no draw of anything: steps all one way, or numbers for rows.

    columns: place from 1 and name. Steps are all one way where they are equal, or rise or fall
    from whole number to whole number: times, and row numbers of which some are gone. Numbers for
    rows are whole ones without a name where other columns have one. A table of one column is what
    it is.

    Raises:
        DataError: with its place.
    """
    if len(columns) < 2:
        return
    named, enough = any(name for _, name in columns), len(rows) >= MANY_ROWS
    first = np.diff(rows[:MANY_ROWS], axis=0)
    # Of thousands of columns, pixels say, hardly one goes one way in its first rows already.
    one_way = np.abs(np.sign(first).sum(axis=0)) == len(first)
    for i, (place, name) in enumerate(columns):
        what = f"column {place} ({name})" if name else f"column {place}"
        if enough and one_way[i] and (how := _one_way(rows[:, i])):
            raise _doubt(where, f"{what} {how}, as row numbers and times do", "columns")
        if named and not name and _are_whole(rows[:, i]) and len(set(rows[:, i])) == len(rows):
            raise _doubt(where, f"{what} has no name and holds whole numbers", "columns")


def _one_way(x: Floats) -> str:
    """Return how x goes from row to row, where it is no draw of anything, or ''."""
    # Steps of decimals differ by what rounding leaves of the numbers themselves.
    steps, noise = np.diff(x), 4.0 * np.finfo(float).eps * np.abs(x).max()
    if abs(steps[0]) > noise and np.ptp(steps) <= noise:
        return "goes in equal steps"
    if _are_whole(x) and (steps > 0).all():
        return "only rises"
    return "only falls" if _are_whole(x) and (steps < 0).all() else ""


def _are_whole(x: Floats) -> bool:
    return np.array_equal(x, np.round(x))


def check_makers(names: Sequence[str], where: str) -> None:
    """Refuse a column that says who made the rows: it is not a measurement.

    Raises:
        DataError: with its name.
    """
    for place, name in enumerate(names, start=1):
        if name.lower() in FIELDS:
            raise _doubt(where, f"column {place} ({name}) looks like who made the rows", "columns")


def check_decimals(body: Sequence[Record], header: bool, where: str) -> None:
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
    tenths = (
        d == 2
        and not header
        and len(body) >= COMPARABLE_ROWS
        and all(len(cell) == 1 for cell in after)
    )
    if padded or "-0" in before or tenths:
        line, cells = body[0]
        raise DataError(
            f"{where}: line {line} ({brief(cells)}) may hold {d} whole numbers, or {d // 2} with "
            "a decimal comma; say which by reality.separator=',' or reality.decimal=','"
        )


def is_number(cell: str, how: Reading) -> bool:
    """Return whether a cell is a number in ASCII digits; 'nan' and 'inf' are."""
    return bool(NUMBER.fullmatch(_pointed(cell, how)))


def value_of(cell: str, how: Reading) -> float:
    """Return the number in a cell."""
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


def brief(cells: Sequence[str]) -> str:
    """Return the first cells of a line, as one short line."""
    text = printable(",".join(cells[:4])[:60])
    return text + (",..." if len(cells) > 4 or len(",".join(cells)) > 60 else "")
