"""Integrals over the joint quantile steps of two samples of any two sizes."""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.metrics.arrays.pairwise import BLOCK_FLOATS


def sorted_cost(x: Floats, y: Floats, p: float) -> Floats:
    """Return int_0^1 |F^-1(u) - G^-1(u)|^p du for samples sorted along axis 1.

    Args:
        x: (C, n), ascending.
        y: (C, m) or (1, m), ascending.
        p: order, at least 1.

    Returns:
        (C,), units of the data to the power p. O(n + m) time and memory per chain.
    """
    n, m = x.shape[1], y.shape[1]
    if n == m:
        cost: Floats = (np.abs(x - y) ** p).mean(axis=1)
        return cost
    left, right, width = _steps(n, m)
    total = np.zeros(x.shape[0])
    step = max(1, BLOCK_FLOATS // x.shape[0])
    for start in range(0, len(width), step):
        part = slice(start, start + step)
        total += np.abs(x[:, left[part]] - y[:, right[part]]) ** p @ width[part]
    return total


def _steps(n: int, m: int) -> tuple[Ints, Ints, Floats]:
    """Index into each sorted sample, and width, of every step of the joint quantile function."""
    # Breakpoints i/n and j/m scaled by n m are integers: no rounding decides which rows meet.
    ends = np.union1d(
        np.arange(1, n + 1, dtype=np.int64) * m, np.arange(1, m + 1, dtype=np.int64) * n
    )
    return (ends - 1) // m, (ends - 1) // n, np.diff(ends, prepend=0) / (n * m)
