"""Estimates over chains: quantiles, standard errors, intervals, first-passage times.

Axis 0 is the chain, the only unit of replication: rows of one chain share its history and are not
independent, so no interval here is ever taken over rows. Values are (C,) or (C, ...), for
example (C, generations); every result drops axis 0. Values may be +-inf, never NaN.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats, checked_fraction
from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.checks import open_fraction


class MeanError(NamedTuple):
    """A mean over chains and its standard error."""

    mean: Floats
    standard_error: Floats


class Interval(NamedTuple):
    """A point estimate with the ends of its confidence interval."""

    estimate: Floats
    low: Floats
    high: Floats


class Estimate(NamedTuple):
    """A statistic over so many chains and its standard error."""

    value: float
    error: float
    chains: int


class FirstPassage(NamedTuple):
    """When each chain was first seen somewhere (C,), +inf for never; up to `late` (C,) too late."""

    t: Floats
    late: Floats


def quantiles(values: Floats, levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> Floats:
    """Quantiles over chains, linear between order statistics (position (C - 1) u).

    Between a number and infinity it is the lower of the two: nothing lies half way.

    Args:
        values: (C, ...).
        levels: L numbers in [0, 1].

    Returns:
        (L, ...), units of the values. Describes the spread of chains, not the error of a mean; the
        outer levels are biased inwards for few chains.

    Raises:
        DataError: no chain, or NaN.
        SpecError: a level outside [0, 1].
    """
    values = _chains(values)
    at = [checked_fraction(level, "level") for level in levels]
    with np.errstate(invalid="ignore"):
        linear = np.asarray(np.quantile(values, at, axis=0))
    if np.isfinite(values).all():
        return linear
    low, high = (np.quantile(values, at, axis=0, method=m) for m in ("lower", "higher"))
    return np.where(np.isfinite(low) & np.isfinite(high) & (low != high), linear, low)


def fewest_chains(level: float) -> int:
    """The fewest chains whose lowest and highest value hold a share `level` of all chains.

    Between the two of C chains a new one falls with probability (C - 1)/(C + 1), whatever their
    law: 19 chains carry 0.9, 3 carry 0.5; quantiles of fewer would only look like a band.

    Raises:
        SpecError: level outside (0, 1).
    """
    x = open_fraction(level, "level")
    return int(np.ceil(round((1 + x) / (1 - x), 9)))


def statistic(name: str, values: Floats) -> Estimate:
    """A statistic over chains (C,) with its standard error.

    mean; median (error from the spacing of order statistics); variance (error from the fourth
    moment); sd; share_below:X and share_above:X (binomial); quantile:Q (order statistics).

    Raises:
        SpecError: another name, or fewer than two chains.
    """
    kind, _, option = name.partition(":")
    n = values.size
    if n < 2:
        raise SpecError(f"{name} of {n} chain has no standard error; run 2 chains or more")
    if kind == "mean":
        return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)), n)
    if kind in ("median", "quantile"):
        return _quantile(values, float(option or 0.5))
    if kind in ("variance", "sd"):
        variance = float(values.var(ddof=1))
        fourth = float(((values - values.mean()) ** 4).mean())
        error = float(np.sqrt(max(fourth - variance**2, 0.0) / n))
        if kind == "variance":
            return Estimate(variance, error, n)
        sd = variance**0.5
        return Estimate(sd, error / (2 * sd) if sd else 0.0, n)
    if kind in ("share_below", "share_above"):
        x = float(option)
        share = float((values < x if kind == "share_below" else values > x).mean())
        # Never zero: with no success in n, the rule of succession still leaves some doubt.
        smoothed = (share * n + 1) / (n + 2)
        return Estimate(share, float(np.sqrt(smoothed * (1 - smoothed) / n)), n)
    raise SpecError(f"unknown statistic {name!r}; expected {STATISTICS}")


STATISTICS = "mean, median, variance, sd, share_below:X, share_above:X or quantile:Q"


def difference(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two independent estimates; their errors add in quadrature."""
    error = float(np.hypot(one.error, other.error))
    return Estimate(one.value - other.value, error, one.chains)


def quantile_of(x: float, values: Floats) -> float:
    """The share of values (C,) below x, ties counted half, in [0, 1]."""
    return float((values < x).mean() + 0.5 * (values == x).mean())


def mean_with_error(values: Floats) -> MeanError:
    """Mean over chains and its standard error, sd(ddof = 1) / sqrt(C).

    Args:
        values: (C, ...), C >= 2, finite.

    Returns:
        mean and standard error (...), units of the values; both unbiased (the error in square).

    Raises:
        DataError: fewer than two chains, or values that are not finite.
    """
    values = _chains(values)
    if len(values) < 2 or not np.isfinite(values).all():
        raise DataError(
            f"values: got {len(values)} chains, {int((~np.isfinite(values)).sum())} infinite "
            "values, expected 2 or more finite ones; use median_interval for infinite values"
        )
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return MeanError(values.mean(axis=0), error)


def median_interval(values: Floats, confidence: float = 0.95) -> Interval:
    """Median over chains with an interval between two order statistics, free of assumptions.

    [x_(r), x_(C+1-r)] covers the true median with probability at least `confidence`, r being the
    largest rank with P(Binomial(C, 1/2) < r) <= (1 - confidence)/2.

    Args:
        values: (C, ...).
        confidence: in (0, 1).

    Returns:
        Median, low and high end (...), units of the values. With too few chains (C <= 5 at 0.95)
        no such rank exists and the interval is (-inf, inf). Source: David and Nagaraja 2003.

    Raises:
        DataError: no chain, or NaN.
        SpecError: confidence outside (0, 1).
    """
    from scipy.special import bdtr

    ordered = np.sort(_chains(values), axis=0)
    n = len(ordered)
    below = bdtr(np.arange(n), n, 0.5)
    rank = int((below <= (1 - open_fraction(confidence, "confidence")) / 2).sum())
    median = quantiles(ordered, (0.5,))[0]
    if rank == 0:
        return Interval(median, np.full_like(median, -np.inf), np.full_like(median, np.inf))
    return Interval(median, ordered[rank - 1], ordered[n - rank])


def fraction_interval(happened: NDArray[np.bool_], confidence: float = 0.95) -> Interval:
    """Share of chains in which something happened, with Wilson's score interval.

    Args:
        happened: booleans (C, ...).
        confidence: in (0, 1).

    Returns:
        Share, low and high end (...), in [0, 1]; the interval has positive length at shares of 0
        and 1 also. Source: Wilson 1927.

    Raises:
        DataError: no chain, or values that are not boolean.
        SpecError: confidence outside (0, 1).
    """
    happened = np.asarray(happened)
    if happened.dtype != np.bool_ or happened.ndim < 1 or happened.size == 0:
        raise DataError(
            f"happened: got {happened.dtype} of shape {happened.shape}, expected booleans (C, ...)"
        )
    n = len(happened)
    z = NormalDist().inv_cdf((1 + open_fraction(confidence, "confidence")) / 2)
    share: Floats = happened.mean(axis=0)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(share, np.maximum(middle - half, 0), np.minimum(middle + half, 1))


def first_below(values: Floats, threshold: float, generations: NDArray[Any]) -> FirstPassage:
    """First recorded generation at which a value lies below a threshold.

    Time to total collapse is this with an entropy and a threshold of 1e-8.

    Args:
        values: (C, T), one column for each recorded generation.
        threshold: units of the values.
        generations: (T,), ascending.

    Returns:
        t (C,), generations, +inf for a chain that never got there (it is censored: summarise with
        `median_interval`, not with a mean); late (C,), how many unrecorded generations lie before
        t (before the last one, for a chain that never got there). Source: Kazdan et al. 2024.

    Raises:
        DataError: shapes that do not fit, NaN, or generations not ascending.
    """
    values, times = _chains(values), np.asarray(generations, dtype=np.float64)
    if values.ndim != 2 or times.shape != values.shape[1:] or (np.diff(times) <= 0).any():
        raise DataError(
            f"generations: got shape {times.shape} for values {values.shape}, expected (T,) "
            "ascending for (C, T)"
        )
    below = values < threshold
    reached = below.any(axis=1)
    at = np.where(reached, below.argmax(axis=1), len(times) - 1)
    late = np.maximum(times[at] - times[np.maximum(at - 1, 0)] - 1, 0)
    return FirstPassage(np.where(reached, times[at], np.inf), late)


def _quantile(values: Floats, q: float) -> Estimate:
    n, q = values.size, checked_fraction(q, "level")
    ordered = np.sort(values)
    half = np.sqrt(n * q * (1 - q))
    low, high = (int(np.clip(n * q + s * half, 0, n - 1)) for s in (-1, 1))
    error = float(ordered[high] - ordered[low]) / 2
    return Estimate(float(quantiles(values, (q,))[0]), error, n)


def _chains(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 1 or array.size == 0 or np.isnan(array).any():
        raise DataError(
            f"values: got shape {array.shape} with {int(np.isnan(array).sum())} NaN, expected "
            "(C, ...) without NaN; leave out metrics that do not apply"
        )
    return array
