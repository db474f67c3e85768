"""Summaries over chains: bands, standard errors, intervals, first-passage times.

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
from genloss.errors import DataError
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


def quantile_band(
    values: Floats, levels: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
) -> Floats:
    """Quantiles over chains, linear between order statistics (position (C - 1) u).

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
    ordered = np.sort(_chains(values), axis=0)
    band = []
    for level in levels:
        position = checked_fraction(level, "level") * (len(ordered) - 1)
        low, high = ordered[int(np.floor(position))], ordered[int(np.ceil(position))]
        # Where both ends agree nothing is subtracted: inf - inf would be NaN.
        gap = np.subtract(high, low, out=np.zeros_like(low), where=high != low)
        part = position - np.floor(position)
        band.append(low + gap * part if part > 0 else low)
    return np.stack(band)


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
    median = quantile_band(ordered, (0.5,))[0]
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


def first_below(values: Floats, threshold: float, generations: NDArray[Any]) -> Floats:
    """First recorded generation at which a value lies below a threshold.

    Time to total collapse is this with an entropy and a threshold of 1e-8.

    Args:
        values: (C, T), one column for each recorded generation.
        threshold: units of the values.
        generations: (T,), ascending.

    Returns:
        (C,), generations, +inf for a chain that never got there (it is censored: summarise with
        `median_interval`, not with a mean). Late by up to the recording interval.
        Source: Kazdan et al. 2024.

    Raises:
        DataError: shapes that do not fit, NaN, or generations not ascending.
    """
    values, times = _chains(values), np.asarray(generations, dtype=np.float64)
    if values.ndim != 2 or times.shape != values.shape[1:] or (np.diff(times) <= 0).any():
        raise DataError(
            f"generations: got shape {times.shape} for values {values.shape}, expected (T,) "
            "ascending for (C, T)"
        )
    reached = values < threshold
    return np.where(reached.any(axis=1), times[reached.argmax(axis=1)], np.inf)


def _chains(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 1 or array.size == 0 or np.isnan(array).any():
        raise DataError(
            f"values: got shape {array.shape} with {int(np.isnan(array).sum())} NaN, expected "
            "(C, ...) without NaN; leave out metrics that do not apply"
        )
    return array
