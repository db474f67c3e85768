"""Checks that every array passes once, at the door."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.errors import DataError, SpecError

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def frozen(x: Array) -> Array:
    """Return a read-only view of x; the caller's own array stays writable."""
    view = x.view()
    view.flags.writeable = False
    return view


def checked_rows(values: Any, what: str = "x") -> Array:
    """Return values as an array (C, n, ...) of finite float64 or of int64.

    Raises:
        DataError: fewer than two axes, an empty chain or row axis, a type that is
            neither real nor integer, or a value that is NaN or infinite.
    """
    x: Array = np.asarray(values)
    if x.ndim < 2 or 0 in x.shape:
        raise DataError(
            f"{what} has shape {x.shape}; expected (chains, rows, ...) with at least one of each; "
            f"a single chain is {what}[None]"
        )
    if x.dtype.kind in "iu":
        return x.astype(np.int64, copy=False)
    if x.dtype.kind != "f":
        raise DataError(
            f"{what} has dtype {x.dtype}; expected real numbers or integers; "
            f"convert with {what}.astype(float)"
        )
    x = x.astype(np.float64, copy=False)
    # A sum is finite unless a term is not (or it overflows): one pass, no temporary.
    with np.errstate(all="ignore"):
        total = x.sum()
    if not np.isfinite(total) and not np.isfinite(x).all():
        chain, row = np.argwhere(~np.isfinite(x))[0][:2]
        raise DataError(
            f"{what} holds {x[chain, row].ravel()[:3]} at chain {chain}, row {row}; "
            "expected finite numbers; drop or impute such rows first"
        )
    return x


def checked_count(n: Any, what: str, least: int = 1) -> int:
    """Return n if it is an integer of at least `least`; raises DataError otherwise."""
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < least:
        raise DataError(f"{what} is {n!r}; expected a whole number of at least {least}")
    return int(n)


def checked_fraction(value: Any, what: str) -> float:
    """Return value if it lies in [0, 1]; raises SpecError otherwise."""
    if not (isinstance(value, int | float | np.number) and 0.0 <= value <= 1.0):
        raise SpecError(
            f"{what} is {value!r}; must lie in [0, 1]; pass a fraction, not a percentage"
        )
    return float(value)
