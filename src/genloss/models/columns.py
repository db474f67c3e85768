"""Rows as the compiled loops want them: fresh, writable, one column after the other."""

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError


def columns(x: Floats) -> Floats:
    """Return rows (C, n, d) as a new array of columns (C, d, n), which the caller may change.

    Raises:
        DataError: x has another number of axes, or none of something.
    """
    if x.ndim != 3 or 0 in x.shape:
        raise DataError(
            f"x has shape {x.shape}; expected (chains, rows, dimensions) with at least one of each"
        )
    return np.array(x.transpose(0, 2, 1), dtype=np.float64, order="C")


def row_weight(weight: Floats, x: Floats) -> Floats:
    """Return a copy of weight (C, n), checked against rows x (C, n, d).

    Raises:
        DataError: another shape, a negative or infinite weight, or a chain without weight.
    """
    w = np.array(weight, dtype=np.float64, order="C")
    if w.shape != x.shape[:2] or not ((w >= 0) & (w < np.inf)).all() or not w.any(axis=1).all():
        raise DataError(
            f"weight of shape {w.shape}; expected {x.shape[:2]}, finite, 0 or more, and above 0 "
            "for some row of every chain"
        )
    return w
