"""The setting at which the mean over chains is best, where the optimum is flat.

All settings share their random streams, so that a chain differs between settings by the setting
alone. The whole range is looked at first; a cubic through the means near the best setting tells
where it is, resampling of chains how sure that is, and chains are added until it is sure enough.
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
    fine = replace(evidence, paired=True, what=f"{evidence.what}-fine")
    grid, why = _between(low, high, FINE), ""
    for number in range(REPEATS):
        fine.add(grid, 2**number)
        found = _vertex(fine.cells, sign)
        ends = _interval(fine.cells, sign)
        narrow = ends[1] - ends[0] <= 2 * CLOSE * most
        late = time.perf_counter() - begun > seconds
        why = "the interval is narrow enough" if narrow else "the time is up" if late else ""
        if why:
            break
    evidence.seconds += coarse.seconds + fine.seconds
    evidence.rows += coarse.rows + fine.rows
    inside = low < found < high
    cells = (*(c for c in coarse.cells if not low <= c.dial <= high), *fine.cells)
    return Optimum(
        found,
        *ends,
        float(np.interp(found, grid, [c.values.mean() for c in fine.cells])),
        inside,
        _correlation(fine.cells),
        tuple(sorted(cells, key=lambda c: c.dial)),
        why or f"{REPEATS} doublings of the chains",
    )


def _between(low: float, high: float, n: int) -> list[float]:
    return [float(d) for d in np.unique(np.round(np.linspace(low, high, n)))]


def _vertex(cells: Sequence[Cell], sign: int) -> float:
    """Return the lowest point of a cubic through the means, within the settings."""
    x = np.array([c.dial for c in cells])
    return _lowest(x, sign * np.array([[c.values.mean() for c in cells]]))[0]


def _interval(cells: Sequence[Cell], sign: int) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    x = np.array([c.dial for c in cells])
    values = sign * np.array([c.values for c in cells])
    n = values.shape[1]
    means = np.array([values[:, rng.integers(n, size=n)].mean(axis=1) for _ in range(RESAMPLES)])
    tail = (1 - INTERVAL) / 2
    low, high = np.quantile(_lowest(x, means), [tail, 1 - tail], method="nearest")
    return float(low), float(high)


def _lowest(x: Floats, means: Floats) -> Floats:
    """Return where cubics through means (R, K) at x (K,) are lowest, on a fine grid of x: (R,)."""
    middle, reach = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    basis = np.vander((x - middle) / reach, min(4, len(x)))
    at = np.linspace(-1, 1, 401)
    curves = np.linalg.lstsq(basis, means.T, rcond=None)[0].T @ np.vander(at, basis.shape[1]).T
    return np.asarray(middle + reach * at[curves.argmin(axis=1)])


def _correlation(cells: Sequence[Cell]) -> float:
    pairs = pairwise(cells)
    each = [float(np.corrcoef(a.values, b.values)[0, 1]) for a, b in pairs]
    return float(np.mean(each)) if each else math.nan
