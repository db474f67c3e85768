"""What a run's chains say against its control's, with an interval over chains.

Everything that a verdict rests on is a quotient of two means, N / D: a share of a gap, (x - y) over
(trivial - y), or a ratio, x over y; a difference is N / 1. Fieller's set of the theta that
N - theta D = 0 does not contradict is its interval: exact for normal means, however near D is to 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

import numpy as np

from genloss.core.arrays import Floats

YES, NO = 0.02, 0.05
"""Chance that an end of an interval errs, by what it would let a verdict say.

Five statistics are judged: whatever their dependence, a false yes among them has at most 10 %.
"""


class Errors(NamedTuple):
    """Chances that the low and the high end of an interval err."""

    low: float = YES
    high: float = NO


ABOVE, BELOW = Errors(YES, NO), Errors(NO, YES)
"""Of a verdict that says yes above its threshold, and of one that says it below."""


class Quotient(NamedTuple):
    """An estimate with the ends of its interval, -inf or inf where the chains do not bound it."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Means:
    """Means of run and control, their squared standard errors, covariance, degrees of freedom."""

    x: float
    y: float
    xx: float
    yy: float
    xy: float
    x_chains: int
    y_chains: int

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
    if paired:
        (xx, xy), (_, yy) = np.cov(run, control) / c
    else:
        xx, yy, xy = run.var(ddof=1) / c, control.var(ddof=1) / b, 0.0
    return Means(float(run.mean()), float(control.mean()), float(xx), float(yy), float(xy), c, b)


def share_of_gap(m: Means, trivial: float, errors: Errors = ABOVE) -> Quotient:
    """(x - y) / (trivial - y): 0 as good as the control, 1 as bad as a trivial predictor."""
    n, d = m.x - m.y, trivial - m.y
    var = (m.xx + m.yy - 2 * m.xy, m.yy, m.yy - m.xy)
    share = n / d if d else inf
    return _quotient(n, d, var, m.degrees(1 - share) if d else 1, errors)


def ratio(m: Means, errors: Errors = BELOW) -> Quotient:
    """Ratio x / y: 1 where the run has as much as the control."""
    estimate = m.x / m.y if m.y else inf
    return _quotient(m.x, m.y, (m.xx, m.yy, m.xy), m.degrees(estimate) if m.y else 1, errors)


def difference(m: Means, errors: Errors = ABOVE) -> Quotient:
    """Difference x - y, in their units."""
    var = max(m.xx + m.yy - 2 * m.xy, 0.0)
    return _quotient(m.x - m.y, 1.0, (var, 0.0, 0.0), m.degrees(1.0), errors)


def _quotient(
    n: float, d: float, var: tuple[float, float, float], degrees: float, errors: Errors
) -> Quotient:
    from scipy.special import stdtrit

    low, high = (_fieller(n, d, *var, float(stdtrit(degrees, 1 - e))) for e in errors)
    return Quotient(low.estimate, low.low, high.high)


def _fieller(n: float, d: float, nn: float, dd: float, nd: float, t: float) -> Quotient:
    """Return the theta with (n - theta d)^2 <= t^2 Var(n - theta d). Source: Fieller 1954."""
    a, b, c = d**2 - t**2 * dd, n * d - t**2 * nd, n**2 - t**2 * nn
    estimate = n / d if d else inf
    if not (d > 0 and a > 0):
        # The control is no better than a trivial predictor, or as good as nothing is left of it.
        return Quotient(estimate, -inf, inf)
    half = sqrt(max(b**2 - a * c, 0.0)) / a
    return Quotient(estimate, b / a - half, b / a + half)
