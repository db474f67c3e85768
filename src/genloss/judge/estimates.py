"""Estimates over chains: intervals and first-passage times; quantiles are in core.

Axis 0 is the chain, the only unit of replication: rows of one chain share its history and are not
independent, so no interval here is ever taken over rows. Values are (C,) or (C, ...), for
example (C, generations); every result drops axis 0. Values may be +-inf, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import checked_chains, fewest_chains, quantiles
from genloss.core.numbers import open_fraction
from genloss.core.over_chains import Statistic
from genloss.errors import DataError, SpecError


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
    values, fewest = checked_chains(values), fewest_chains(level)
    if len(values) < fewest:
        return NoInterval(len(values), fewest, level)
    low, median, high = quantiles(values, ((1 - level) / 2, 0.5, (1 + level) / 2))
    return Interval(median, low, high)


def mean_interval(values: Floats, confidence: float = 0.95) -> Interval:
    """Mean over chains with Student's interval, mean +- t_(C-1) sd(ddof = 1) / sqrt(C).

    Exact for normal values; of few chains with a heavy tail it covers less than it says.

    Args:
        values: (C, ...), C >= 2, finite.
        confidence: in (0, 1).

    Returns:
        Mean, low and high end (...), units of the values. Source: Student 1908.

    Raises:
        DataError: fewer than two chains, or values that are not finite.
        SpecError: confidence outside (0, 1).
    """
    from scipy.special import stdtrit

    values, level = checked_chains(values), open_fraction(confidence, "confidence")
    if len(values) < 2 or not np.isfinite(values).all():
        raise DataError(
            f"values: got {len(values)} chains, {int((~np.isfinite(values)).sum())} infinite "
            "values, expected 2 or more finite ones; use median_interval for infinite values"
        )
    mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))
    half = stdtrit(len(values) - 1, (1 + level) / 2) * error
    return Interval(mean, mean - half, mean + half)


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

    ordered = np.sort(checked_chains(values), axis=0)
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
    values, times = checked_chains(values), np.asarray(generations, dtype=np.float64)
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
