"""What a run's chains say against its control's, with an interval over chains.

Everything that a verdict rests on is a quotient of two means, N / D: a share of a gap, (x - y) over
(trivial - y), or a ratio, x over y; a difference is N / 1. Fieller's set of the theta that
N - theta D = 0 does not contradict is its interval: exact for normal means, however near D is to 0.

Of skewed values t = (N - theta D) / se is skewed the other way, and an interval of t ends too near
on the side of their tail. An upper end that lets a verdict say no moves out, as Hall's
transformation of t says. One that lets it say yes errs seldom enough, and stays: few chains often
look skewed, and would hide what there is to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt
from typing import NamedTuple

import numpy as np

from genloss.core.arrays import Floats

YES, NO = 0.02, 0.04
"""Chance that an end of an interval errs, by what it would let a verdict say.

Five statistics are judged: whatever their dependence, a false yes among them has at most 10 %. A
false no is promised in at most 5 %: one in a hundred is left to skewness that few chains hide.
"""

FARTHEST = 2.0
"""An end moves out to so many times its distance at most."""

HIDDEN = 4
"""The skewness of C chains is taken 1 + HIDDEN / C times: eight values show two thirds of it."""


class Errors(NamedTuple):
    """Chances that the low and the high end of an interval err."""

    low: float = YES
    high: float = NO


ABOVE, BELOW = Errors(YES, NO), Errors(0.05, YES)
"""Of a verdict that says yes above its threshold, and of one that says it below.

What is left is not skewed as errors are: its ends are Fieller's, and a no errs in 5 %.
"""


class Quotient(NamedTuple):
    """An estimate with the ends of its interval, -inf or inf where the chains do not bound it."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Means:
    """Means of run and control, their squared standard errors, covariance, and chains.

    thirds: third cumulants of (x, x, x), (x, x, y), (x, y, y) and (y, y, y).
    """

    x: float
    y: float
    xx: float
    yy: float
    xy: float
    x_chains: int
    y_chains: int
    thirds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def skewness(self, slope: float) -> float:
        """Return the skewness of x - slope y, as far as so many chains can be believed to show."""
        variance = self.xx + slope**2 * self.yy - 2 * slope * self.xy
        if not variance > 0:
            return 0.0
        xxx, xxy, xyy, yyy = self.thirds
        third = xxx - 3 * slope * xxy + 3 * slope**2 * xyy - slope**3 * yyy
        return third / variance**1.5 * (1 + HIDDEN / min(self.x_chains, self.y_chains))

    def degrees(self, slope: float) -> float:
        """Return Welch's degrees of freedom of x - slope y; of paired chains C - 1."""
        a, b = self.xx, slope**2 * self.yy
        if self.xy or not a + b:
            return float(self.x_chains - 1)
        parts = a**2 / (self.x_chains - 1) + b**2 / (self.y_chains - 1)
        return (a + b) ** 2 / parts


def means(run: Floats, control: Floats, paired: bool = False) -> Means:
    """Return the means of run (C,) and control (B,) values, one for each chain.

    paired: chain c of both shares its random streams, so that their errors are correlated.
    """
    c, b = len(run), len(control)
    x, y = run - run.mean(), control - control.mean()
    xxy = xyy = 0.0
    if paired:
        (xx, xy), (_, yy) = np.cov(run, control) / c
        xxy, xyy = _third(x, x, y), _third(x, y, y)
    else:
        xx, yy, xy = run.var(ddof=1) / c, control.var(ddof=1) / b, 0.0
    thirds = _third(x, x, x), xxy, xyy, _third(y, y, y)
    at = float(run.mean()), float(control.mean())
    return Means(*at, float(xx), float(yy), float(xy), c, b, thirds)


def _third(a: Floats, b: Floats, c: Floats) -> float:
    """Return the third cumulant of means of centred values (C,), unbiased; 0 of fewer than 3."""
    n = len(a)
    return float((a * b * c).sum()) / (n * (n - 1) * (n - 2)) if n > 2 else 0.0


def share_of_gap(m: Means, trivial: float, errors: Errors = ABOVE) -> Quotient:
    """(x - y) / (trivial - y): 0 as good as the control, 1 as bad as a trivial predictor."""
    n, d = m.x - m.y, trivial - m.y
    var = (m.xx + m.yy - 2 * m.xy, m.yy, m.yy - m.xy)
    return _quotient(n, d, var, m, 1 - n / d if d else inf, errors)


def ratio(m: Means, errors: Errors = BELOW) -> Quotient:
    """Ratio x / y: 1 where the run has as much as the control."""
    return _quotient(m.x, m.y, (m.xx, m.yy, m.xy), m, m.x / m.y if m.y else inf, errors)


def difference(m: Means, errors: Errors = ABOVE) -> Quotient:
    """Difference x - y, in their units."""
    var = max(m.xx + m.yy - 2 * m.xy, 0.0)
    return _quotient(m.x - m.y, 1.0, (var, 0.0, 0.0), m, 1.0, errors)


def _quotient(
    n: float, d: float, var: tuple[float, float, float], m: Means, slope: float, errors: Errors
) -> Quotient:
    """Return the quotient; slope: N - theta D is x - slope y, but for a constant."""
    from scipy.special import stdtrit

    degrees, skewness = (m.degrees(slope), m.skewness(slope)) if isfinite(slope) else (1, 0.0)
    ts = [float(stdtrit(degrees, 1 - e)) for e in errors]
    if errors.high > errors.low:
        ts[1] = _moved_out(ts[1], skewness)
    low, high = (fieller(n, d, *var, t) for t in ts)
    return Quotient(low.estimate, low.low, high.high)


def _moved_out(t: float, skewness: float) -> float:
    """Return t for an end on the side of the tail of a skewed mean; on the other side as it is.

    (3 / a) (1 - cbrt(1 - a (t + a / 6))) at skewness a, between t and `FARTHEST` t. Source: Hall
    1992, "On the removal of skewness by transformation".
    """
    if skewness < 1e-6:
        return t
    moved = 3 / skewness * (1 - float(np.cbrt(1 - skewness * (t + skewness / 6))))
    return min(max(t, moved), FARTHEST * t)


def fieller(n: float, d: float, nn: float, dd: float, nd: float, t: float) -> Quotient:
    """Return the theta with (n - theta d)^2 <= t^2 Var(n - theta d). Source: Fieller 1954."""
    a, b, c = d**2 - t**2 * dd, n * d - t**2 * nd, n**2 - t**2 * nn
    estimate = n / d if d else inf
    if not (d > 0 and a > 0):
        # The control is no better than a trivial predictor, or as good as nothing is left of it.
        return Quotient(estimate, -inf, inf)
    half = sqrt(max(b**2 - a * c, 0.0)) / a
    return Quotient(estimate, b / a - half, b / a + half)
