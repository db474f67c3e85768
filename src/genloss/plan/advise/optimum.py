"""The setting at which the mean over chains is best, where the optimum is flat.

All settings share their random streams, so that a chain differs between settings by the setting
alone. The whole range is looked at first; a cubic through the means near the best setting tells
where it is, resampling of chains how sure that is. Chains are added until it is sure enough, and
the part that the cubic spans is halved while one of higher degree sees another place.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from genloss.core.arrays import Floats
from genloss.plan.advise.curve import INTERVAL, RESAMPLES
from genloss.plan.advise.evidence import Cell, Evidence

COARSE, FINE = 9, 7
"""Settings of the whole range, and of the part around the best of them."""

CLOSE = 0.04
"""Half an interval's length, as a share of the range, that needs no more chains."""

DEGREE = 3
"""Of the polynomial through the means."""

STAGES = 4
"""Times that the part of the range is halved, where the polynomial does not fit it."""

LATE = "the time is up"

REPEATS = 7
"""Times that the chains of the fine settings are doubled, at most."""


@dataclass(frozen=True)
class Optimum:
    """The best setting with its interval at 95 %, and what the mean over chains is there.

    inside: whether it lies inside the range, not at its end. correlation: between chains of
    neighbouring settings, which is what common random numbers gave.
    """

    setting: float
    low: float
    high: float
    mean: float
    inside: bool
    correlation: float
    cells: tuple[Cell, ...]
    stopped: str


def optimum(evidence: Evidence, sign: int, most: int, seconds: float) -> Optimum:
    """Return the setting in 0 .. most with the lowest (sign 1) or highest (-1) mean over chains.

    Raises:
        FitError: a run failed.
    """
    begun = time.perf_counter()
    coarse = replace(evidence, paired=True, what=f"{evidence.what}-coarse")
    coarse.add(_between(0, most, COARSE))
    means = [sign * c.values.mean() for c in coarse.cells]
    best, dials = int(np.argmin(means)), [c.dial for c in coarse.cells]
    low = dials[max(best - 2, 0)]
    high = dials[min(best + 2, len(dials) - 1)]
    cells = list(coarse.cells)
    for stage in range(STAGES):
        fine = replace(evidence, paired=True, what=f"{evidence.what}-fine{stage}")
        found, ends, why = _sure(fine, low, high, sign, most, begun + seconds)
        evidence.seconds, evidence.rows = evidence.seconds + fine.seconds, evidence.rows + fine.rows
        cells = [*(c for c in cells if not low <= c.dial <= high), *fine.cells]
        # Where a polynomial of higher degree sees another place, the part is too wide for this one.
        other = _vertex(fine.cells, sign, DEGREE + 1)
        if abs(other - found) <= max((ends[1] - ends[0]) / 4, most / 200) or why == LATE:
            break
        reach = (high - low) / 4
        low, high = max(found - reach, 0), min(found + reach, most)
    evidence.seconds += coarse.seconds
    evidence.rows += coarse.rows
    means_here = [c.values.mean() for c in fine.cells]
    return Optimum(
        found,
        *ends,
        float(np.interp(found, [c.dial for c in fine.cells], means_here)),
        0 < found < most,
        _correlation(fine.cells),
        tuple(sorted(cells, key=lambda c: c.dial)),
        why,
    )


def _sure(
    fine: Evidence, low: float, high: float, sign: int, most: int, end: float
) -> tuple[float, tuple[float, float], str]:
    """Return the best place in a part of the range, its interval, and why it is good enough."""
    grid = _between(low, high, FINE)
    for number in range(REPEATS):
        fine.add(grid, 2**number)
        ends = _interval(fine.cells, sign)
        if ends[1] - ends[0] <= 2 * CLOSE * most:
            return _vertex(fine.cells, sign), ends, "the interval is narrow enough"
        if time.perf_counter() > end:
            return _vertex(fine.cells, sign), ends, LATE
    return _vertex(fine.cells, sign), ends, f"{REPEATS} doublings of the chains"


def _between(low: float, high: float, n: int) -> list[float]:
    return [float(d) for d in np.unique(np.round(np.linspace(low, high, n)))]


def _vertex(cells: Sequence[Cell], sign: int, degree: int = DEGREE) -> float:
    """Return the lowest point of a polynomial through the means, within the settings."""
    x = np.array([c.dial for c in cells])
    return float(_lowest(x, sign * np.array([[c.values.mean() for c in cells]]), degree)[0])


def _interval(cells: Sequence[Cell], sign: int) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    x = np.array([c.dial for c in cells])
    values = sign * np.array([c.values for c in cells])
    n = values.shape[1]
    means = np.array([values[:, rng.integers(n, size=n)].mean(axis=1) for _ in range(RESAMPLES)])
    tail = (1 - INTERVAL) / 2
    low, high = np.quantile(_lowest(x, means), [tail, 1 - tail], method="nearest")
    return float(low), float(high)


def _lowest(x: Floats, means: Floats, degree: int = DEGREE) -> Floats:
    """Return where polynomials through means (R, K) at x (K,) are lowest: (R,), on a fine grid."""
    middle, reach = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    basis = np.vander((x - middle) / reach, min(degree + 1, len(x)))
    at = np.linspace(-1, 1, 401)
    curves = np.linalg.lstsq(basis, means.T, rcond=None)[0].T @ np.vander(at, basis.shape[1]).T
    return np.asarray(middle + reach * at[curves.argmin(axis=1)])


def _correlation(cells: Sequence[Cell]) -> float:
    pairs = pairwise(cells)
    each = [float(np.corrcoef(a.values, b.values)[0, 1]) for a, b in pairs]
    return float(np.mean(each)) if each else math.nan
