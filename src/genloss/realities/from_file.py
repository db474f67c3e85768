"""Your own rows from a .npy, .csv or .tsv file."""

import hashlib
import io
import tokenize
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.core.parsing import parsing_reason
from genloss.core.places import stamp_of
from genloss.errors import DataError, SpecError
from genloss.realities.csv_looks import Decimal, Header, Reading
from genloss.realities.csv_table import Table, array_table, read_table
from genloss.realities.finite import FiniteRows

SEPARATORS = {".csv": "", ".tsv": "\t"}
"""What separates cells where nothing is said; "": what `Reading` takes."""

SUFFIXES = (".npy", *SEPARATORS)
OUTSIDE = {"identity": False}
"""Fields of where the rows are and how they are read: the identity covers the content instead."""


@dataclass(frozen=True)
class TableFile:
    """The rows of one file as a finite reality: .npy, or a table with or without a header line.

    path: the file; not part of the identity, its content is (see `identity`). A .npy array may be
    (N,), (N, d) or (N, ...), which is flattened to d columns. A .csv or .tsv has numbers between
    commas or tabs; see `read_table` for its header and for columns that are none of the data.
    header: whether line 1 is one ('yes', 'no'; 'auto' decides by its looks). columns: those that
    are read, by name or place from 1 (a .npy has no names); () for all. separator, decimal: of a
    .csv ',' and '.', or ';' where decimal is ','.

    Raises:
        SpecError: another suffix, or an option of tables beside .npy.
        DataError: no such file, pickled objects, cells that are not finite numbers, uneven lines,
            looks that allow two readings.
    """

    about = About("table_file", "Table", "The rows of one file of numbers.", finite=True)
    path: str = field(metadata=OUTSIDE)
    header: Header = field(default="auto", metadata=OUTSIDE)
    columns: tuple[int | str, ...] = field(default=(), metadata=OUTSIDE)
    separator: str = field(default="", metadata=OUTSIDE)
    decimal: Decimal = field(default=".", metadata=OUTSIDE)

    def __post_init__(self) -> None:
        if self._suffix not in SUFFIXES:
            raise SpecError(
                f"table_file: {self.path!r} ends in {Path(self.path).suffix!r}; expected "
                ".npy, .csv or .tsv; save an array with numpy.save"
            )
        if not self._is_table and self._how != Reading(columns=self.columns):
            raise SpecError("table_file: header, separator and decimal are for .csv and .tsv alone")
        if self.header not in ("auto", "yes", "no"):
            raise SpecError(f"table_file: header is {self.header!r}; expected auto, yes or no")
        if self.decimal not in (".", ",") or self._how.between == self.decimal:
            raise SpecError(
                f"table_file: decimal is {self.decimal!r} and separator {self.separator!r}; "
                "expected '.' or ',', and a separator that is another sign"
            )
        if len(self._how.between) != 1 or self._how.between in '"\r\n':
            raise SpecError(f"table_file: separator is {self.separator!r}; expected one sign")

    def realise(self, n_chains: int, rng: np.random.Generator) -> FiniteRows:
        """Return the rows for n_chains chains; rng puts them in order."""
        content = self._content()
        return FiniteRows.of(self._table(content).rows, n_chains, rng)

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the bytes of the file, and how a table was read if not as usual."""
        content = self._content()
        out = {"sha256": hashlib.sha256(content).hexdigest()}
        table, how = self._table(content), self._how
        whole = table.places == tuple(range(1, table.width + 1))
        if whole and self.header != "yes" and (how.between, how.decimal) == (",", "."):
            return out
        places = ", ".join(map(str, table.places))
        if not self._is_table:
            return {**out, "read_as": f"columns {places}"}
        first = "header" if table.header else "row"
        marks = f"separator {how.between!r}, decimal {how.decimal!r}"
        return {**out, "read_as": f"line 1 is a {first}, columns {places}, {marks}"}

    def data_summary(self) -> str:
        """Return in one line what was read as what."""
        return self._table(self._content()).summary()

    @property
    def _suffix(self) -> str:
        return Path(self.path).suffix.lower()

    @property
    def _is_table(self) -> bool:
        return self._suffix in SEPARATORS

    @property
    def _how(self) -> Reading:
        separator = self.separator or SEPARATORS.get(self._suffix, "")
        return Reading(self.header, self.columns, separator, self.decimal)

    def _table(self, content: bytes) -> Table:
        if not self._is_table:
            return _array_of(content, self.columns, self.path)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path}: {parsing_reason(error)}; save it as UTF-8") from error
        return _table_of(text, self._how, self.path)

    def _content(self) -> bytes:
        try:
            return _read(self.path, stamp_of(Path(self.path)))
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror or error}; check the path") from error


@lru_cache(maxsize=1)
def _read(path: str, stamp: tuple[int, ...]) -> bytes:
    """Read once: the bytes that are parsed are the bytes that are hashed."""
    return Path(path).read_bytes()


@lru_cache(maxsize=2)
def _table_of(text: str, how: Reading, path: str) -> Table:
    """Read once per process and content: the identity, the account and the rows are asked apart."""
    return read_table(text, how, path)


@lru_cache(maxsize=1)
def _array_of(content: bytes, columns: tuple[int | str, ...], path: str) -> Table:
    return array_table(_npy_rows(content, path), columns, path)


def _npy_rows(content: bytes, path: str) -> Floats:
    try:
        with warnings.catch_warnings():
            # Files of Python 2 are read, if slowly.
            warnings.simplefilter("ignore")
            x: Any = np.load(io.BytesIO(content), allow_pickle=False)
    # A header that is not closed, or brackets too deep in it, are errors of their own kinds.
    except (
        ValueError,
        EOFError,
        OSError,
        SyntaxError,
        OverflowError,
        MemoryError,
        RecursionError,
        tokenize.TokenError,
        BadZipFile,
    ) as error:
        raise DataError(
            f"{path}: not a plain .npy array ({_first_line(error)}); save numbers with numpy.save"
        ) from error
    if not isinstance(x, np.ndarray) or x.ndim < 1 or x.size == 0 or x.dtype.kind not in "iuf":
        raise DataError(
            f"{path}: holds {getattr(x, 'shape', type(x).__name__)} of "
            f"{getattr(x, 'dtype', 'no array')}; expected one array of numbers (N, d)"
        )
    rows: Floats = x.reshape(len(x), -1).astype(np.float64)
    if not np.isfinite(rows).all():
        row, column = np.argwhere(~np.isfinite(rows))[0]
        raise DataError(
            f"{path}: row {row}, column {column} is {rows[row, column]}; expected finite numbers; "
            "drop or impute such rows first"
        )
    return rows


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
