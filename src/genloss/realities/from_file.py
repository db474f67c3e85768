"""Your own rows from a .npy or .csv file."""

import csv
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Floats
from genloss.errors import DataError, SpecError
from genloss.realities.finite import FiniteRows

SUFFIXES = (".npy", ".csv")


@dataclass(frozen=True)
class TableFile:
    """The rows of one file as a finite reality: .npy, or .csv with or without a header line.

    path: the file; not part of the identity, its content is (see `identity`). A .npy array may be
    (N,), (N, d) or (N, ...), which is flattened to d columns. A .csv has comma-separated numbers;
    the first line is the header if no cell of it is a number.

    Raises:
        SpecError: a suffix other than .npy or .csv.
        DataError: no such file, pickled objects, cells that are no finite numbers, uneven lines.
    """

    about = About("table_file", "Table", "The rows of one file of numbers.")
    path: str = field(metadata={"identity": False})

    def __post_init__(self) -> None:
        if Path(self.path).suffix.lower() not in SUFFIXES:
            raise SpecError(
                f"table_file: {self.path!r} ends in {Path(self.path).suffix!r}; expected "
                ".npy or .csv; save an array with numpy.save"
            )

    def realise(self, n_chains: int, rng: np.random.Generator) -> FiniteRows:
        """Return the rows for n_chains chains; rng puts them in order."""
        content = self._content()
        is_csv = Path(self.path).suffix.lower() == ".csv"
        x = _csv_rows(content, self.path) if is_csv else _npy_rows(content, self.path)
        return FiniteRows.of(x, n_chains, rng)

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the bytes of the file."""
        return {"sha256": hashlib.sha256(self._content()).hexdigest()}

    def _content(self) -> bytes:
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror or error}; check the path") from error


def _npy_rows(content: bytes, path: str) -> Floats:
    try:
        x: Any = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, BadZipFile) as error:
        raise DataError(
            f"{path}: not a plain .npy array ({error}); save numbers with numpy.save"
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


def _csv_rows(content: bytes, path: str) -> Floats:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error}); save it as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[list[float]] = []
    for cells in reader:
        if not cells or (not rows and reader.line_num == 1 and _is_header(cells)):
            continue
        rows.append(_numbers(cells, f"{path}: line {reader.line_num}"))
        if len(rows[-1]) != len(rows[0]):
            raise DataError(
                f"{path}: line {reader.line_num} has {len(cells)} cells; the first row has "
                f"{len(rows[0])}; every row needs the same columns"
            )
    if not rows:
        raise DataError(f"{path}: holds no rows; expected lines of comma-separated numbers")
    return np.array(rows)


def _is_header(cells: list[str]) -> bool:
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            continue
        return False
    return True


def _numbers(cells: list[str], where: str) -> list[float]:
    numbers = []
    for column, cell in enumerate(cells, start=1):
        try:
            value = float(cell)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise DataError(
                f"{where}, column {column} is {cell!r}; expected a finite number, cells separated "
                "by commas; drop or impute such rows first"
            )
        numbers.append(value)
    return numbers
