"""Statistics over chains that targets name, each with its standard error.

A standard error is no interval: so many of them cover less for few chains than for many, see the
table in benchmarks/README.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import quantiles
from genloss.core.over_chains import Statistic
from genloss.errors import SpecError

FEWEST_FOR_SPREAD = 30
"""Fourth moments of fewer chains come out so small that four errors miss one truth in ten."""


class Estimate(NamedTuple):
    """A statistic over so many chains and its standard error."""

    value: float
    error: float
    chains: int


def statistic(of: Statistic, values: Floats) -> Estimate:
    """A statistic over chains (C,) with its standard error.

    Errors: of a median or quantile from the spacing of order statistics, of a variance or sd from
    the fourth moment, of a share binomial.

    Raises:
        SpecError: too few chains for a standard error.
    """
    n, fewest = values.size, _fewest_for_error(of)
    if n < fewest:
        counted = f"{n} chain has" if n == 1 else f"{n} chains have"
        raise SpecError(f"{of} of {counted} no standard error; run {fewest} chains or more")
    if of.is_mean:
        return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)), n)
    if of.level is not None:
        return _quantile(values, of.level)
    if of.option is not None:
        return _share(values < of.option if of.kind == "share_below" else values > of.option)
    variance = float(values.var(ddof=1))
    error = _variance_error(values, variance)
    if of.kind == "variance":
        return Estimate(variance, error, n)
    sd = variance**0.5
    return Estimate(sd, error / (2 * sd) if sd else 0.0, n)


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


def _share(inside: NDArray[np.bool_]) -> Estimate:
    n, share = inside.size, float(inside.mean())
    # Never zero: with no success in n, the rule of succession still leaves some doubt.
    smoothed = (share * n + 1) / (n + 2)
    return Estimate(share, float(np.sqrt(smoothed * (1 - smoothed) / n)), n)


def _fewest_for_error(of: Statistic) -> int:
    """Two chains; more for a spread, and for a quantile, which needs chains on both its sides."""
    if of.kind in ("variance", "sd"):
        return FEWEST_FOR_SPREAD
    if of.kind != "quantile" or of.level is None:
        return 2
    tail = min(of.level, 1 - of.level)
    # So many that n tail - sqrt(n tail (1 - tail)), the order statistic below, is half a chain in.
    root = (np.sqrt(1 - tail) + np.sqrt(3 - tail)) / 2
    return int(np.ceil(round(root**2 / tail, 9)))


def _variance_error(values: Floats, variance: float) -> float:
    """Return the root of (m_4 - s^4 (n - 3)/(n - 1))/n, 0 only where all values are equal."""
    n = values.size
    fourth = float(((values - values.mean()) ** 4).mean())
    return float(np.sqrt(max(fourth - variance**2 * (n - 3) / (n - 1), 0.0) / n))
