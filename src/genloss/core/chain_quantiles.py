"""Quantiles over chains, the one copy: of many chains, of few, and of infinities.

Axis 0 is the chain. Values are (C,) or (C, ...) and may be +-inf, never NaN.
"""

from typing import Literal

import numpy as np

from genloss.core.arrays import Floats, checked_fraction
from genloss.core.numbers import open_fraction
from genloss.errors import DataError

TAIL = 0.05
"""Share of the chains beyond either end of what people are shown."""


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
    values = checked_chains(values)
    at = np.array([checked_fraction(level, "level") for level in levels])
    with np.errstate(invalid="ignore"):
        between = np.asarray(np.quantile(values, at, axis=0, method=method))
    if np.isfinite(values).all():
        return between
    n, ordered = len(values), np.sort(values, axis=0)
    position = (n - 1) * at if method == "linear" else np.clip((n + 1) * at - 1, 0, n - 1)
    low, high = (ordered[end(position.round(9)).astype(int)] for end in (np.floor, np.ceil))
    return np.where(np.isfinite(low) & np.isfinite(high) & (low != high), between, low)


def fewest_chains(level: float) -> int:
    """The fewest chains whose lowest and highest value hold a share `level` of all chains.

    Between the two of C chains a new one falls with probability (C - 1)/(C + 1), whatever their
    law: 19 chains carry 0.9, 3 carry 0.5; quantiles of fewer would only look like a band.

    Raises:
        SpecError: level outside (0, 1).
    """
    x = open_fraction(level, "level")
    return int(np.ceil(round((1 + x) / (1 - x), 9)))


def spread(values: Floats) -> tuple[float, float, float]:
    """Return low end, median and high end of chains (C,): the middle 90 %, of few chains all."""
    tail = TAIL if len(values) >= fewest_chains(1 - 2 * TAIL) else 0.0
    low, median, high = quantiles(values, (tail, 0.5, 1 - tail))
    return float(low), float(median), float(high)


def checked_chains(values: Floats) -> Floats:
    """Return values (C, ...) as float64; raises DataError for no chain, or NaN."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 1 or array.size == 0 or np.isnan(array).any():
        raise DataError(
            f"values: got shape {array.shape} with {int(np.isnan(array).sum())} NaN, expected "
            "(C, ...) without NaN; leave out metrics that do not apply"
        )
    return array
