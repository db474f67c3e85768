"""Statistics over chains that targets name, each with its standard error.

A standard error is no interval: so many of them cover less for few chains than for many, see the
table in benchmarks/README.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import SpecError
from genloss.judge.estimates import quantiles
from genloss.metrics.arrays.checks import open_fraction

KINDS = ("mean", "median", "variance", "sd", "share_below", "share_above", "quantile")
FEWEST_FOR_SPREAD = 30
"""Fourth moments of fewer chains come out so small that four errors miss one truth in ten."""

STATISTICS = "mean, median, variance, sd, share_below:X, share_above:X or quantile:Q"


class Estimate(NamedTuple):
    """A statistic over so many chains and its standard error."""

    value: float
    error: float
    chains: int


def statistic(name: str, values: Floats) -> Estimate:
    """A statistic over chains (C,) with its standard error.

    mean; median (error from the spacing of order statistics); variance (error from the fourth
    moment); sd; share_below:X and share_above:X (binomial); quantile:Q (order statistics).

    Raises:
        SpecError: another name, or too few chains for a standard error.
    """
    kind, option = checked_statistic(name)
    n, fewest = values.size, _fewest_for_error(kind, option)
    if n < fewest:
        counted = f"{n} chain has" if n == 1 else f"{n} chains have"
        raise SpecError(f"{name} of {counted} no standard error; run {fewest} chains or more")
    if kind == "mean":
        return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)), n)
    if kind in ("median", "quantile"):
        return _quantile(values, option)
    if kind in ("variance", "sd"):
        variance = float(values.var(ddof=1))
        error = _variance_error(values, variance)
        if kind == "variance":
            return Estimate(variance, error, n)
        sd = variance**0.5
        return Estimate(sd, error / (2 * sd) if sd else 0.0, n)
    share = float((values < option if kind == "share_below" else values > option).mean())
    # Never zero: with no success in n, the rule of succession still leaves some doubt.
    smoothed = (share * n + 1) / (n + 2)
    return Estimate(share, float(np.sqrt(smoothed * (1 - smoothed) / n)), n)


def checked_statistic(name: str) -> tuple[str, float]:
    """Return the kind of a statistic and its number, 0.5 where it has none.

    Raises:
        SpecError: an unknown statistic, or a level outside (0, 1).
        ValueError: an option that is no number.
    """
    kind, _, option = name.partition(":")
    if kind not in KINDS:
        raise SpecError(f"unknown statistic {name!r}; expected {STATISTICS}")
    if kind in ("share_below", "share_above"):
        return kind, float(option)
    level = float(option) if kind == "quantile" and option else 0.5
    return kind, open_fraction(level, "level of the quantile")


def difference(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two independent estimates; their errors add in quadrature."""
    error = float(np.hypot(one.error, other.error))
    return Estimate(one.value - other.value, error, one.chains)


def quantile_of(x: float, values: Floats) -> float:
    """The share of values (C,) below x, ties counted half, in [0, 1]."""
    return float((values < x).mean() + 0.5 * (values == x).mean())


def _quantile(values: Floats, q: float) -> Estimate:
    n = values.size
    ordered = np.sort(values)
    half = np.sqrt(n * q * (1 - q))
    low, high = (int(np.clip(n * q + s * half, 0, n - 1)) for s in (-1, 1))
    error = float(ordered[high] - ordered[low]) / 2
    return Estimate(float(quantiles(values, (q,), "linear")[0]), error, n)


def _fewest_for_error(kind: str, level: float) -> int:
    """Two chains; more for a spread, and for a quantile, which needs chains on both its sides."""
    if kind in ("variance", "sd"):
        return FEWEST_FOR_SPREAD
    if kind != "quantile":
        return 2
    tail = min(level, 1 - level)
    # So many that n tail - sqrt(n tail (1 - tail)), the order statistic below, is half a chain in.
    root = (np.sqrt(1 - tail) + np.sqrt(3 - tail)) / 2
    return int(np.ceil(round(root**2 / tail, 9)))


def _variance_error(values: Floats, variance: float) -> float:
    """Return the root of (m_4 - s^4 (n - 3)/(n - 1))/n, 0 only where all values are equal."""
    n = values.size
    fourth = float(((values - values.mean()) ** 4).mean())
    return float(np.sqrt(max(fourth - variance**2 * (n - 3) / (n - 1), 0.0) / n))
