"""Diversity inside one sample: Vendi score and duplicates."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats
from genloss.core.numbers import positive
from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.checks import finite

_RESIDUAL = 1e-6


def vendi_score(
    x: Floats,
    kernel: Literal["cosine", "rbf"] = "cosine",
    *,
    bandwidth: float | None = None,
    q: float = 1.0,
    max_rank: int = 1024,
) -> Floats:
    """Vendi score, the effective number of different rows, of order q.

    With the eigenvalues l_i of K/n, K_ij = k(x_i, x_j) and k(x, x) = 1:
    q = 1: exp(-sum l ln l); q = inf: 1/max l; q = 0: the number of positive l; otherwise
    (sum l^q)^(1/(1-q)).

    "cosine": k(a, b) = a.b/(|a||b|), not centred; rows equal to 0 form a class of their own. The
    eigenvalues come from the smaller of the d x d and n x n Gram matrices, exactly.
    "rbf": k(a, b) = exp(-|a - b|^2/(2 h^2)). The spectrum comes from a pivoted Cholesky factor,
    grown until the trace it leaves out, relative to n, is at most 1e-6: no eigenvalue of K/n is
    more than 1e-6 too small, and the log of the score of order 1 errs by less than
    1e-6 (15 + ln n) (Fannes-Audenaert); orders below 1 count what is left out as 0. Chosen over
    random features, which at equal memory err by rank^(-1/2).

    Args:
        x: (C, n, d).
        kernel: "cosine" or "rbf".
        bandwidth: h for "rbf", units of the data; fix it over generations, for example to
            `median_bandwidth` of reality.
        q: order, 0 <= q <= inf; small q weighs rare rows, large q common ones.
        max_rank: largest rank kept for "rbf"; n <= max_rank always suffices.

    Returns:
        (C,), effective rows, compare with reality at equal n (higher is more diverse), range
        [1, n], for "cosine" at most d + 1. 1 for copies of one row. Grows with n: biased low for
        the law. O(n d min(n, d)) for "cosine", O(n r (d + r)) and memory O(n r) for "rbf" of
        rank r. Source: Friedman and Dieng 2023; orders: Pasarkar and Dieng 2024.

    Raises:
        DataError: wrong shape, or an "rbf" spectrum that needs a rank above max_rank.
        SpecError: negative q, unknown kernel, or a bandwidth missing, superfluous or not positive.
    """
    x = finite(x, "x", "(C, n, d)")
    if np.isnan(q) or q < 0:
        raise SpecError(f"q: got {q}, expected an order in [0, inf]")
    if kernel not in ("cosine", "rbf") or (kernel == "rbf") != (bandwidth is not None):
        raise SpecError(
            f"vendi_score: got kernel {kernel!r} with bandwidth {bandwidth}, expected 'cosine' "
            "without or 'rbf' with a bandwidth"
        )
    if bandwidth is None:
        return np.array([_effective_number(_cosine_spectrum(rows), q) for rows in x])
    h = positive(bandwidth, "bandwidth")
    return np.array([_effective_number(_rbf_spectrum(rows / h, max_rank), q) for rows in x])


def duplicate_rate(x: NDArray[Any]) -> Floats:
    """Share of rows equal to an earlier row of the same chain, 1 - (distinct rows) / n.

    Exact comparison of values, -0.0 equal to 0.0. Duplicates reveal copied samples, a memorised
    training set, or one seed used twice.

    Args:
        x: rows (C, n) or (C, n, ...), floats or integers.

    Returns:
        (C,), no unit, compare with reality: 0 for a continuous law; for a discrete one it rises
        with n. Range [0, 1 - 1/n]. O(n log n) row comparisons.

    Raises:
        DataError: fewer than two axes, an empty axis, NaN or infinite values.
    """
    x = np.asarray(x)
    if x.ndim < 2 or x.size == 0 or x.dtype.kind not in "fiub":
        raise DataError(
            f"x: got {x.dtype} of shape {x.shape}, expected numbers (C, n, ...); use x[None] for a "
            "single chain"
        )
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise DataError("x: got NaN or infinite values, expected finite rows")
    rate: Floats = np.array([_repeats(rows.reshape(len(rows), -1)) for rows in x]) / x.shape[1]
    return rate


def _repeats(rows: NDArray[Any]) -> int:
    """Number of rows equal to an earlier one."""
    flat = np.ascontiguousarray(rows + 0.0 if rows.dtype.kind == "f" else rows)
    if flat.shape[1] == 1:
        ordered = np.sort(flat[:, 0])
        return int((ordered[1:] == ordered[:-1]).sum())
    as_bytes = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1])))[:, 0]
    ordered = flat[np.argsort(as_bytes)]
    return int((ordered[1:] == ordered[:-1]).all(axis=1).sum())


def _cosine_spectrum(rows: Floats) -> Floats:
    n, d = rows.shape
    # Scale by the largest entry first: squares of 1e-200 would underflow to a zero row.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    blank = largest[:, 0] == 0
    unit = rows / np.where(largest > 0, largest, 1.0)
    unit /= np.where(blank[:, None], 1.0, np.linalg.norm(unit, axis=1, keepdims=True))
    gram = unit.T @ unit if d <= n else unit @ unit.T
    return np.append(_eigenvalues(gram / n), blank.mean())


def _rbf_spectrum(rows: Floats, max_rank: int) -> Floats:
    n, limit = len(rows), min(len(rows), max_rank)
    centred = rows - rows.mean(axis=0)
    residual = np.ones(n)
    factor = np.empty((0, n))
    while residual.sum() > _RESIDUAL * n and len(factor) < limit:
        rank = len(factor)
        room = np.empty((min(limit - rank, max(32, rank)), n))
        factor = np.concatenate([factor, room])
        factor = factor[: _extend(factor, rank, centred, residual)]
    if limit < n and residual.sum() > _RESIDUAL * n:
        raise DataError(
            f"vendi_score: a kernel matrix of {n} rows leaves {residual.mean():.2g} of its trace "
            f"at rank {limit}; use a larger bandwidth or max_rank, or at most {max_rank} rows"
        )
    return _eigenvalues(factor @ factor.T / n)


def _eigenvalues(gram: Floats) -> Floats:
    value: Floats = np.linalg.eigvalsh(gram).astype(np.float64, copy=False)
    return value


def _extend(factor: Floats, rank: int, rows: Floats, residual: Floats) -> int:
    """Add pivoted Cholesky rows to `factor` from `rank` on, in place; return the new rank."""
    for step in range(rank, len(factor)):
        if residual.sum() <= _RESIDUAL * len(rows):
            return step
        pivot = int(residual.argmax())
        gap = rows - rows[pivot]
        column = np.exp(-0.5 * np.einsum("ij,ij->i", gap, gap))
        column -= factor[:step, pivot] @ factor[:step]
        factor[step] = column / np.sqrt(residual[pivot])
        residual -= factor[step] ** 2
        np.maximum(residual, 0, out=residual)
        residual[pivot] = 0
    return len(factor)


def _effective_number(spectrum: Floats, q: float) -> float:
    floor = spectrum.max() * len(spectrum) * np.finfo(np.float64).eps
    share = spectrum[spectrum > floor]
    share = share / share.sum()
    if q == 1:
        return float(np.exp(-(share * np.log(share)).sum()))
    if np.isinf(q):
        return float(1 / share.max())
    # Relative to the largest: l^q of a large order underflows, (l/max l)^q keeps its leading term.
    top = share.max()
    log_sum = q * np.log(top) + np.log(((share / top) ** q).sum())
    return float(np.exp(log_sum / (1 - q)))
