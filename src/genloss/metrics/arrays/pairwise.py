"""Squared distances between rows in blocks, so that memory stays linear in the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from genloss.core.arrays import Floats, Ints

BLOCK_FLOATS = 2**20
"""Floats in one block of pairs (8 MiB)."""

_DIRECT_DIMENSIONS = 32
_CANCELLED = 1e-6
_CROWDED = 1 / 8


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Yield slices over rows such that a slice times `n_columns` holds about `BLOCK` floats."""
    size = max(1, BLOCK_FLOATS // max(1, n_columns))
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def squared_distances(a: Floats, b: Floats) -> Floats:
    """Return |a_i - b_j|^2 for rows a (r, d) and b (m, d); see `distances_to`."""
    return distances_to(b)(a)


def distances_to(b: Floats) -> Callable[..., Floats]:
    """Return a function from rows a (r, d) to |a_i - b_j|^2 (r, m), exactly 0 for equal rows.

    Up to 32 dimensions the differences are squared directly. Above, one matrix product gives
    |a|^2 + |b|^2 - 2 a.b, and every entry below 1e-6 of |a|^2 + |b|^2, where the subtraction has
    cancelled its digits, is replaced by the direct sum; so the relative error stays below about
    1e-9. Centre the data first: it makes the norms, hence the repairs, small.

    Args:
        b: rows (m, d).

    Returns:
        The function `of(a, start=0)`; with `start` it leaves out the first rows of b. Values in
        squared units of the data, never negative. O(r m d) time, O(r m) memory.
    """
    if b.shape[1] <= _DIRECT_DIMENSIONS:
        return lambda a, start=0: _direct(a, b[start:])
    right = np.hstack([b, np.ones((len(b), 1)), np.einsum("ij,ij->i", b, b)[:, None]])

    def of(a: Floats, start: int = 0) -> Floats:
        norm = np.einsum("ij,ij->i", a, a)[:, None]
        squared: Floats = np.hstack([-2 * a, norm, np.ones_like(norm)]) @ right[start:].T
        # Where |a - b|^2 < 1e-6 (|a|^2 + |b|^2) both norms agree to 0.2 %: one of them decides.
        cancelled = np.flatnonzero(squared <= 2.1 * _CANCELLED * norm)
        if len(cancelled) > _CROWDED * squared.size:
            return _direct(a, b[start:])
        _repair(squared, cancelled, a, b[start:])
        return squared

    return of


def _repair(squared: Floats, cancelled: Ints, a: Floats, b: Floats) -> None:
    step = max(1, BLOCK_FLOATS // a.shape[1])
    for start in range(0, len(cancelled), step):
        part = cancelled[start : start + step]
        gap = a[part // len(b)] - b[part % len(b)]
        squared.flat[part] = np.einsum("ij,ij->i", gap, gap)


def _direct(a: Floats, b: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    squared: Floats = cdist(a, b, "sqeuclidean")
    return squared


def cross_sum(a: Floats, b: Floats, of: Callable[[Floats], Floats]) -> float:
    """Return the sum of `of(|a_i - b_j|^2)` over all i, j; `of` may overwrite its argument."""
    squared = distances_to(b)
    return sum(float(of(squared(a[rows])).sum()) for rows in row_blocks(len(a), len(b)))


def within_sum(a: Floats, of: Callable[[Floats], Floats]) -> float:
    """Return the sum of `of(|a_i - a_j|^2)` over all ordered pairs i != j, each computed once."""
    total, squared = 0.0, distances_to(a)
    for rows in row_blocks(len(a), len(a)):
        value = of(squared(a[rows], rows.start))
        size = rows.stop - rows.start
        own = value[:, :size]
        total += float(own.sum() - np.trace(own) + 2 * value[:, size:].sum())
    return total
