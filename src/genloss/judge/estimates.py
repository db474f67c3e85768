"""Estimates over chains: quantiles, standard errors, intervals, first-passage times.

Axis 0 is the chain, the only unit of replication: rows of one chain share its history and are not
independent, so no interval here is ever taken over rows. Values are (C,) or (C, ...), for
example (C, generations); every result drops axis 0. Values may be +-inf, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats, checked_fraction
from genloss.core.over_chains import Statistic
from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.checks import open_fraction


class MeanWithError(NamedTuple):
    """A mean over chains and its standard error."""

    mean: Floats
    standard_error: Floats


class Interval(NamedTuple):
    """A point estimate with the ends of its confidence interval."""

    estimate: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class NoInterval:
    """So few chains carry no interval of that level: why, in words, and how many would."""

    chains: int
    fewest: int
    level: float

    def __str__(self) -> str:
        return (
            f"{self.chains} {'chain carries' if self.chains == 1 else 'chains carry'} no interval "
            f"of {100 * self.level:g} %; run {self.fewest} or more"
        )


class FirstPassage(NamedTuple):
    """When each chain was first seen somewhere (C,), +inf for never; up to `late` (C,) too late."""

    t: Floats
    late: Floats


def quantiles(
    values: Floats,
    levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95),
    method: Literal["weibull", "linear"] = "weibull",
) -> Floats:
    """Quantiles over chains; Weibull's lie at position (C + 1) u between order statistics.

    A new chain of the same continuous law falls below Weibull's quantile u with probability u,
    whatever the law: between those of 0.05 and 0.95 lie nine chains in ten. Between a number and
    infinity it is the lower of the two: nothing lies half way.

    Args:
        values: (C, ...).
        levels: L numbers in [0, 1]; outside [1/(C + 1), C/(C + 1)] the lowest or highest chain
            stands for Weibull's quantile, see `fewest_chains`.
        method: 'linear' is numpy's, position (C - 1) u + 1, narrower for few chains.

    Returns:
        (L, ...), units of the values. Describes the spread of chains, not the error of a mean.

    Raises:
        DataError: no chain, or NaN.
        SpecError: a level outside [0, 1].
    """
    values = _chains(values)
    at = np.array([checked_fraction(level, "level") for level in levels])
    with np.errstate(invalid="ignore"):
        between = np.asarray(np.quantile(values, at, axis=0, method=method))
    if np.isfinite(values).all():
        return between
    n, ordered = len(values), np.sort(values, axis=0)
    position = (n - 1) * at if method == "linear" else np.clip((n + 1) * at - 1, 0, n - 1)
    low, high = (ordered[end(position.round(9)).astype(int)] for end in (np.floor, np.ceil))
    return np.where(np.isfinite(low) & np.isfinite(high) & (low != high), between, low)


def location(values: Floats, of: Statistic) -> Floats:
    """The mean over chains, or the quantile (Weibull's), of values (C, ...).

    Raises:
        SpecError: a statistic that is no value of the metric itself.
    """
    if of.level is not None:
        return np.asarray(quantiles(values, (of.level,))[0])
    if not of.is_mean:
        raise SpecError(f"{of} is no value of a metric; expected mean, median or quantile:Q")
    with np.errstate(invalid="ignore"):
        return np.asarray(values.mean(axis=0))


def fewest_chains(level: float) -> int:
    """The fewest chains whose lowest and highest value hold a share `level` of all chains.

    Between the two of C chains a new one falls with probability (C - 1)/(C + 1), whatever their
    law: 19 chains carry 0.9, 3 carry 0.5; quantiles of fewer would only look like a band.

    Raises:
        SpecError: level outside (0, 1).
    """
    x = open_fraction(level, "level")
    return int(np.ceil(round((1 + x) / (1 - x), 9)))


def chain_range(values: Floats, level: float = 0.9) -> Interval | NoInterval:
    """Median over chains and the range that holds a share `level` of all chains.

    A new chain falls between the Weibull quantiles at (1 -+ level)/2 with probability `level`,
    whatever the law. A range of chains, not a confidence interval: it doesn't shrink with C.

    Args:
        values: (C, ...).
        level: in (0, 1).

    Returns:
        Median, low and high end (...), units of the values; NoInterval for less than
        (1 + level)/(1 - level) chains.

    Raises:
        DataError: no chain, or NaN.
        SpecError: level outside (0, 1).
    """
    values, fewest = _chains(values), fewest_chains(level)
    if len(values) < fewest:
        return NoInterval(len(values), fewest, level)
    low, median, high = quantiles(values, ((1 - level) / 2, 0.5, (1 + level) / 2))
    return Interval(median, low, high)


def mean_with_error(values: Floats) -> MeanWithError:
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
    return MeanWithError(values.mean(axis=0), error)


def median_interval(values: Floats, confidence: float = 0.95) -> Interval | NoInterval:
    """Median over chains with an interval between two order statistics, free of assumptions.

    [x_(r), x_(C+1-r)] covers the true median with probability at least `confidence`, r being the
    largest rank with P(Binomial(C, 1/2) < r) <= (1 - confidence)/2.

    Args:
        values: (C, ...).
        confidence: in (0, 1).

    Returns:
        Median, low and high end (...), units of the values; NoInterval where no such rank exists
        (C <= 5 at 0.95). Source: David and Nagaraja 2003.

    Raises:
        DataError: no chain, or NaN.
        SpecError: confidence outside (0, 1).
    """
    from scipy.special import bdtr

    ordered = np.sort(_chains(values), axis=0)
    n, outside = len(ordered), (1 - open_fraction(confidence, "confidence")) / 2
    rank = int((bdtr(np.arange(n), n, 0.5) <= outside).sum())
    if rank == 0:
        return NoInterval(n, int(np.ceil(-np.log2(outside))), confidence)
    return Interval(quantiles(ordered, (0.5,))[0], ordered[rank - 1], ordered[n - rank])


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


def _chains(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 1 or array.size == 0 or np.isnan(array).any():
        raise DataError(
            f"values: got shape {array.shape} with {int(np.isnan(array).sum())} NaN, expected "
            "(C, ...) without NaN; leave out metrics that do not apply"
        )
    return array
