"""Distances between samples: Wasserstein in 1-D and sliced, energy distance, MMD.

x (C, n, d) are the rows of C chains. The reference y is (m, d), (1, m, d) or (C, m, d); a shared
reference is sorted, projected or compared with itself once. n and m may differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.numbers import positive
from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.checks import finite, reference
from genloss.metrics.arrays.pairwise import cross_sum, squared_distances, within_sum
from genloss.metrics.arrays.quantiles import sorted_cost

_HEURISTIC_ROWS = 1000


def sliced_wasserstein(
    x: Floats,
    y: Floats,
    directions: Floats | None = None,
    *,
    n_directions: int = 128,
    rng: np.random.Generator | None = None,
    p: float = 2.0,
) -> Floats:
    """Sliced p-Wasserstein distance, (mean over directions u of W_p(u.x, u.y)^p)^(1/p).

    The root is taken: for a shift by delta in d dimensions the value is |delta| / sqrt(d) at p = 2
    (mean over all directions).

    Args:
        x: (C, n, d), units of the data.
        y: reference (m, d), (1, m, d) or (C, m, d).
        directions: unit vectors (L, d); the same ones for every generation make values comparable.
        n_directions: how many to draw uniformly on the sphere when none are given.
        rng: generator for these draws.
        p: order, finite and at least 1.

    Returns:
        (C,), units of the data, lower is closer, range [0, inf). Biased up for finite n; unbiased
        over directions before the root, with relative error about L^(-1/2).
        O(L ((n + m) d + (n + m) log(n + m))). Source: Bonneel et al. 2015.

    Raises:
        DataError: wrong shapes or directions that are not unit vectors.
        SpecError: neither or both of directions and rng, or p below 1.
    """
    x = finite(x, "x", "(C, n, d)")
    y = reference(y, x, "y", "(C, m, d)", fixed=2)
    if (directions is None) == (rng is None):
        raise SpecError(
            "sliced_wasserstein: got both or neither of directions and rng; pass directions, or "
            "n_directions with rng"
        )
    if rng is not None:
        directions = random_directions(x.shape[2], n_directions, rng)
    lines = _unit_vectors(directions, x.shape[2])
    p = _order(p)
    total = np.zeros(x.shape[0])
    for line in lines:
        total += sorted_cost(np.sort(x @ line, axis=1), np.sort(y @ line, axis=1), p)
    return (total / len(lines)) ** (1 / p)


def random_directions(d: int, n_directions: int, rng: np.random.Generator) -> Floats:
    """Draw unit vectors uniformly on the sphere in d dimensions.

    Returns:
        Shape (n_directions, d).

    Raises:
        SpecError: d or n_directions below 1.
    """
    if d < 1 or n_directions < 1:
        raise SpecError(f"directions: got {n_directions} in {d} dimensions, expected at least 1")
    draw = rng.standard_normal((n_directions, d))
    lines: Floats = draw / np.linalg.norm(draw, axis=1, keepdims=True)
    return lines


def energy_distance(x: Floats, y: Floats) -> Floats:
    """Energy distance, 2 E|X - Y| - E|X - X'| - E|Y - Y'| (not its root).

    V-statistic: the means run over all pairs, a row with itself included, so the value is a
    distance between the two empirical laws and never negative. In one dimension it is twice the
    Cramer distance, 2 int (F - G)^2 dx.

    Args:
        x: (C, n, d), units of the data.
        y: reference (m, d), (1, m, d) or (C, m, d).

    Returns:
        (C,), units of the data, lower is closer, range [0, inf), 0 only for equal empirical laws.
        Biased up by E|X - X'| (1/n + 1/m) for equal laws. One dimension: exact in
        O((n + m) log(n + m)); otherwise O((n + m)^2 d) time in blocks, memory O(n + m).
        Source: Szekely and Rizzo 2013. SciPy's function of this name returns the root.

    Raises:
        DataError: wrong shapes, NaN or infinite values.
    """
    x = finite(x, "x", "(C, n, d)")
    y = reference(y, x, "y", "(C, m, d)", fixed=2)
    if x.shape[2] == 1:
        return _energy_on_the_line(x[:, :, 0], y[:, :, 0])
    x, y = _centred(x, y)
    within_y = _spread(y)
    value = np.empty(x.shape[0])
    for chain, rows in enumerate(x):
        other = y[chain % len(y)]
        cross = cross_sum(rows, other, _root) / (len(rows) * len(other))
        value[chain] = 2 * cross - _spread(rows[None])[0] - within_y[chain % len(y)]
    return np.maximum(value, 0)


def mmd_squared(
    x: Floats,
    y: Floats,
    bandwidth: float | Floats | None = None,
    *,
    estimator: Literal["unbiased", "biased"] = "unbiased",
) -> Floats:
    """Squared maximum mean discrepancy, E k(X, X') + E k(Y, Y') - 2 E k(X, Y).

    Gaussian kernel k(a, b) = exp(-|a - b|^2 / (2 h^2)).

    Args:
        x: (C, n, d).
        y: reference (m, d), (1, m, d) or (C, m, d).
        bandwidth: h in units of the data, one number or (C,). None takes `median_bandwidth(y)`:
            from reality alone, so that every generation is measured with the same kernel.
        estimator: "unbiased" (U-statistic, pairs i != j) has expectation exactly the squared MMD
            and may be negative; "biased" (V-statistic, all pairs) is never negative and exceeds it
            by about (1 - E k(X, X')) (1/n + 1/m) for equal laws.

    Returns:
        (C,), no unit, lower is closer, range [-2/(min(n, m) - 1), 2] unbiased, [0, 2] biased.
        O((n + m)^2 d) time in blocks, memory O(n + m). Source: Gretton et al. 2012.

    Raises:
        DataError: wrong shapes, or a single row where the unbiased estimator needs two.
        SpecError: a bandwidth that is not positive, or an unknown estimator.
    """
    x = finite(x, "x", "(C, n, d)")
    y = reference(y, x, "y", "(C, m, d)", fixed=2)
    if estimator not in ("unbiased", "biased"):
        raise SpecError(f"estimator: got {estimator!r}, expected 'unbiased' or 'biased'")
    if estimator == "unbiased" and min(x.shape[1], y.shape[1]) < 2:
        raise DataError("mmd_squared: got a single row, expected 2 or more; or use 'biased'")
    h = _bandwidths(median_bandwidth(y) if bandwidth is None else bandwidth, x.shape[0])
    x, y = _centred(x, y)
    value, reuse = np.empty(x.shape[0]), {}
    for chain, rows in enumerate(x):
        other, scale = chain % len(y), float(h[chain % len(h)])
        if (other, scale) not in reuse:
            reuse = {(other, scale): _mean_kernel(y[other], scale, estimator)}
        cross = cross_sum(rows, y[other], _gaussian(scale)) / (len(rows) * y.shape[1])
        value[chain] = _mean_kernel(rows, scale, estimator) + reuse[other, scale] - 2 * cross
    return np.maximum(value, 0) if estimator == "biased" else value


def median_bandwidth(y: Floats) -> Floats:
    """Median distance between distinct rows, the usual kernel bandwidth.

    At most 1000 evenly spaced rows are used, so the value needs no random numbers.

    Args:
        y: (C, m, d), at least two rows.

    Returns:
        (C,), units of the data.

    Raises:
        DataError: one row, or a median of 0 because most rows coincide.
    """
    y = finite(y, "y", "(C, m, d)")
    index = np.unique(np.linspace(0, y.shape[1] - 1, _HEURISTIC_ROWS).astype(np.int64))
    upper = np.triu_indices(len(index), 1)
    median: Floats = np.array(
        [np.median(np.sqrt(squared_distances(rows, rows)[upper])) for rows in y[:, index]]
        if len(index) > 1
        else [0.0]
    )
    if not median.min() > 0:
        raise DataError(
            "bandwidth: the median distance between reference rows is 0; pass a bandwidth"
        )
    return median


def _order(p: float) -> float:
    if not (np.isfinite(p) and p >= 1):
        raise SpecError(f"p: got {p}, expected a finite order of at least 1")
    return float(p)


def _unit_vectors(directions: Floats | None, d: int) -> Floats:
    lines = finite(np.asarray(directions), "directions", "(L, d)")
    if lines.shape[1] != d or np.abs(np.linalg.norm(lines, axis=1) - 1).max() > 1e-6:
        raise DataError(
            f"directions: got shape {lines.shape}, expected unit vectors (L, {d}); divide each by "
            "its norm"
        )
    return lines


def _energy_on_the_line(x: Floats, y: Floats) -> Floats:
    n, m = x.shape[1], y.shape[1]
    value = np.empty(x.shape[0])
    for chain, rows in enumerate(x):
        points = np.concatenate([rows, y[chain % len(y)]])
        order = np.argsort(points, kind="stable")
        gap = np.cumsum(np.where(order < n, 1 / n, -1 / m))[:-1]
        value[chain] = 2 * np.sum(gap**2 * np.diff(points[order]))
    return value


def _centred(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    centre = y.mean(axis=(0, 1))
    return x - centre, y - centre


def _root(squared: Floats) -> Floats:
    return np.sqrt(squared, out=squared)


def _spread(rows: Floats) -> Floats:
    """Mean distance over all pairs, own pairs included, of each (n, d) in (C, n, d)."""
    return np.array([within_sum(one, _root) / len(one) ** 2 for one in rows])


def _gaussian(h: float) -> Callable[[Floats], Floats]:
    def kernel(squared: Floats) -> Floats:
        squared /= -2 * h**2
        return np.exp(squared, out=squared)

    return kernel


def _mean_kernel(rows: Floats, h: float, estimator: str) -> float:
    n = len(rows)
    off_diagonal = within_sum(rows, _gaussian(h))
    if estimator == "biased":
        return (off_diagonal + n) / n**2
    return off_diagonal / (n * (n - 1))


def _bandwidths(bandwidth: float | Floats, n_chains: int) -> Floats:
    h = np.atleast_1d(np.asarray(bandwidth, dtype=np.float64))
    if h.ndim != 1 or len(h) not in (1, n_chains):
        raise DataError(f"bandwidth: got shape {h.shape}, expected one number or ({n_chains},)")
    for value in h:
        positive(float(value), "bandwidth")
    return h
