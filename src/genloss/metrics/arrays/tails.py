"""Tails and ranges of continuous data, one dimension at a time, averaged over dimensions."""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.numbers import open_fraction
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite, reference, weights


def tail_thresholds(y: Floats, q: float) -> Floats:
    """Lower and upper quantile of each dimension of real rows, at q/2 and 1 - q/2.

    Quantiles of Weibull's type, position (m + 1) u: a new row of the same continuous law falls
    outside with probability exactly q on average, where NumPy's default overshoots a small q.

    Args:
        y: real rows (m, d), or (C, m, d) where every chain has its own; m >= 2/q - 1 so that both
            quantiles exist.
        q: nominal two-sided tail probability in (0, 1).

    Returns:
        (2, d) or (2, C, d), units of the data: lower quantiles, upper quantiles.

    Raises:
        DataError: wrong shape or too few rows for q.
        SpecError: q outside (0, 1).
    """
    if np.ndim(y) == 3:
        return _interval(finite(y, "y", "(C, m, d)"), q)
    return _interval(finite(y, "y", "(m, d)")[None], q)[:, 0]


def tail_mass(
    x: Floats, thresholds: Floats, nominal: float, weight: Floats | None = None
) -> Floats:
    """Share of rows in reality's tails relative to nominal, P(x < l or x > u) / q.

    Two-sided in each dimension, averaged over dimensions: sum over j of that share / (d q).

    Args:
        x: rows (C, n, d), units of the data.
        thresholds: (2,), (2, d), or (2, C, d) where chains have realities of their own (or 1 for
            C), lower and upper quantiles of reality, exact or from `tail_thresholds`.
        nominal: q, the probability reality has outside the thresholds.
        weight: optional row weights (C, n).

    Returns:
        (C,), no unit, 1 is closest, range [0, 1/q]; below 1 means lost tails, above 1 heavier ones.
        A shifted law may show a normal value (one tail lost, one gained): read it beside the mean
        error. Unbiased given exact thresholds; standard error at most sqrt((1/q - 1)/n).
        Source: early collapse, Shumailov et al. 2024.

    Raises:
        DataError: shapes that do not fit, or lower thresholds above upper ones.
        SpecError: nominal outside (0, 1).
    """
    x = finite(x, "x", "(C, n, d)")
    lower, upper = _ends(thresholds, x)
    share = weights(weight, (x.shape[0], x.shape[1]))
    outside = ((x < lower) | (x > upper)).mean(axis=2)
    mass: Floats = (outside * share).sum(axis=1) / open_fraction(nominal, "nominal")
    return mass


def tail_coverage(x: Floats, thresholds: Floats, nominal: float) -> Floats:
    """What is left of the emptier of reality's two tails, min(P(x < l), P(x > u)) / (q/2).

    Averaged over dimensions.

    Args:
        x: rows (C, n, d), units of the data.
        thresholds: as for `tail_mass`.
        nominal: q, the probability reality has outside both thresholds.

    Returns:
        (C,), no unit, in [0, 1], lower means lost tails: too much in one tail makes up for nothing
        lost in the other, so that a law that has shrunk and wandered off into one of them shows it.
        Below 1 for real rows too, more so the fewer they are: compare with as many.

    Raises:
        DataError: shapes that do not fit, or lower thresholds above upper ones.
        SpecError: nominal outside (0, 1).
    """
    x = finite(x, "x", "(C, n, d)")
    lower, upper = _ends(thresholds, x)
    of_each = open_fraction(nominal, "nominal") / 2
    sides = np.stack([(x < lower).mean(axis=1), (x > upper).mean(axis=1)])
    left: Floats = np.minimum(sides.min(axis=0) / of_each, 1.0).mean(axis=1)
    return left


def _ends(thresholds: Floats, x: Floats) -> Floats:
    """Return lower and upper thresholds (2, C or 1, 1, d) for rows (C, n, d)."""
    thresholds = np.asarray(thresholds, dtype=np.float64)
    thresholds = thresholds[:, None] if thresholds.ndim == 1 else thresholds
    thresholds = thresholds[:, None] if thresholds.ndim == 2 else thresholds
    shapes = [(2, c, x.shape[2]) for c in (1, x.shape[0])]
    if thresholds.shape not in shapes or not (thresholds[0] <= thresholds[1]).all():
        raise DataError(
            f"thresholds: got shape {thresholds.shape}, expected (2, {x.shape[2]}) or "
            f"{shapes[1]}, lower ones not above upper ones; take them from tail_thresholds"
        )
    return thresholds[:, :, None]


def quantile_coverage(x: Floats, y: Floats, q: float) -> Floats:
    """Share of real held-out values inside the central 1 - q interval of the synthetic rows.

    In each dimension the interval runs from the q/2 to the 1 - q/2 quantile of x (Weibull's type,
    closed ends); the value is the mean over dimensions. A dimension too narrow and one too wide
    can offset each other: `quantile_coverage_by_dimension` shows them apart.

    Args:
        x: synthetic rows (C, n, d), n >= 2/q - 1.
        y: real held-out rows (m, d), (1, m, d) or (C, m, d).
        q: probability in (0, 1) left outside.

    Returns:
        (C,), no unit, 1 - q is closest (exact expectation for equal continuous laws), range
        [0, 1]; lower means synthetic data too narrow or shifted, higher too wide.
        O((n + m) d log n).

    Raises:
        DataError: shapes that do not fit, or too few synthetic rows for q.
        SpecError: q outside (0, 1).
    """
    share: Floats = quantile_coverage_by_dimension(x, y, q).mean(axis=1)
    return share


def quantile_coverage_by_dimension(x: Floats, y: Floats, q: float) -> Floats:
    """`quantile_coverage` before the mean over dimensions.

    Args:
        x: synthetic rows (C, n, d), n >= 2/q - 1.
        y: real held-out rows (m, d), (1, m, d) or (C, m, d).
        q: probability in (0, 1) left outside.

    Returns:
        (C, d), no unit, 1 - q is closest, range [0, 1].

    Raises:
        DataError: shapes that do not fit, or too few synthetic rows for q.
        SpecError: q outside (0, 1).
    """
    x = finite(x, "x", "(C, n, d)")
    y = reference(y, x, "y", "(C, m, d)", fixed=2)
    lower, upper = _interval(x, q)
    share = np.empty((x.shape[0], x.shape[2]))
    for chain in range(len(x)):
        rows = y[chain % len(y)]
        share[chain] = ((rows >= lower[chain]) & (rows <= upper[chain])).mean(axis=0)
    return share


def _interval(x: Floats, q: float) -> Floats:
    """Quantiles at q/2 and 1 - q/2 over axis 1: (2, C, d)."""
    q = open_fraction(q, "q")
    n = x.shape[1]
    if (n + 1) * q / 2 < 1 - 1e-9:
        raise DataError(
            f"q: got {n} rows for a tail of {q}, expected at least {int(np.ceil(2 / q - 1))}; "
            "raise q or use more rows"
        )
    ends: Floats = np.quantile(x, [q / 2, 1 - q / 2], axis=1, method="weibull")
    return ends
