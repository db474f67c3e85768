"""A line through the runs near the bound, where it crosses the bound, and how sure that is.

With u = log of the metric (the metric itself where it is not positive), its sign turned so that
less is better, and x = log(1 + k) of k real rows,

    u = a + b x + e,    x* = (v - a - q) / b,

q = 0 for the mean over chains, and for a new chain the quantile of e that leaves 1 - level of new
chains out: of m residuals the one of rank ceil(level (m + 1)), studentised, so that the line's own
error is in it. No law of e is assumed, but the same one at all settings near the bound.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Floats
from genloss.plan.advise.evidence import Cell
from genloss.plan.advise.question import Question

RESAMPLES = 400
INTERVAL = 0.95


@dataclass(frozen=True)
class Fit:
    """A line through cells and where it crosses: the dial, its interval at 95 %.

    slope: of u over x, negative where more helps. lack: p value of the test that a line
    suffices. spreads: largest over smallest standard deviation of a cell.
    """

    crossing: float
    low: float
    high: float
    slope: float
    lack: float
    spreads: float
    cells: tuple[float, ...]
    chains: int
    scale: str

    @property
    def width(self) -> float:
        """Return half the interval's length as a share of the crossing."""
        return (self.high - self.low) / (2 * max(self.crossing, 1.0))


class Scale:
    """Whether a metric is taken by its logarithm: where all of it, and the bound, is positive."""

    def __init__(self, question: Question, cells: Sequence[Cell]) -> None:
        values = np.concatenate([c.values for c in cells])
        self.sign, self.value = question.target.sign, question.target.value
        self.log = bool((values > 0).all() and self.value > 0)
        self.bound = self(np.array([self.value]))[0]

    def __call__(self, values: Floats) -> Floats:
        """Return u (same shape): less is better."""
        out = self.sign * (np.log(values) if self.log else values)
        return np.asarray(out, dtype=np.float64)


def estimates(question: Question, cells: Sequence[Cell], scale: Scale) -> Floats:
    """Return the estimand of every cell (K,) on the scale, falling in the dial.

    A mean; or, for a new chain, mean + q sd of its cell, q being the quantile of the standardised
    values of all cells: a few chains alone show no outer quantile. Where a cell is worse than one
    with fewer real rows, both get their mean (isotonic regression, Barlow and others 1972).
    """
    sizes = np.array([len(c.values) for c in cells], dtype=np.float64)
    if question.estimand == "mean":
        each = np.concatenate([scale(np.array([c.values.mean()])) for c in cells])
        return falling(each, sizes)
    us = [scale(c.values) for c in cells]
    finite = [np.isfinite(u).all() for u in us]
    sds = [float(u.std(ddof=1)) if ok else math.inf for u, ok in zip(us, finite, strict=True)]
    varied = [(u - u.mean()) / s for u, s in zip(us, sds, strict=True) if 0 < s < math.inf]
    q = 0.0
    if varied:
        pooled = np.sort(np.concatenate(varied))
        q = float(pooled[min(math.ceil(question.level * (len(pooled) + 1)), len(pooled)) - 1])
    each = np.array(
        [u.mean() + q * s if s < math.inf else math.inf for u, s in zip(us, sds, strict=True)]
    )
    return falling(each, sizes)


def falling(values: Floats, weights: Floats) -> Floats:
    """Return the nearest values (K,) that never rise, by pooling neighbours; O(K^2) at worst."""
    groups: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        new = (value, weight, 1)
        while groups and groups[-1][0] < new[0]:
            v, w, n = groups.pop()
            total = w + new[1]
            new = ((v * w + new[0] * new[1]) / total, total, n + new[2])
        groups.append(new)
    return np.concatenate([np.full(n, value) for value, _, n in groups])


def fitted(question: Question, cells: Sequence[Cell], seed: int = 0) -> Fit | None:
    """Return the line through two cells or more; None where it does not fall."""
    scale = Scale(question, cells)
    x = np.log1p([c.dial for c in cells])
    groups = [c.values for c in cells]
    found = _crossing(question, x, groups, scale)
    if found is None:
        return None
    crossing, slope = found
    rng = np.random.default_rng(seed)
    again = []
    for _ in range(RESAMPLES):
        drawn = [g[rng.integers(len(g), size=len(g))] for g in groups]
        other = _crossing(question, x, drawn, scale)
        again.append(math.inf if other is None else other[0])
    tail = (1 - INTERVAL) / 2
    low, high = (float(np.quantile(again, p, method="nearest")) for p in (tail, 1 - tail))
    sds = [float(scale(g).std(ddof=1)) for g in groups]
    spreads = max(sds) / min(sds) if min(sds) > 0 else math.inf
    chains = sum(map(len, groups))
    lack = _lack_of_fit(x, [scale(g) for g in groups])
    name = "logarithm" if scale.log else "value"
    dials = tuple(c.dial for c in cells)
    return Fit(crossing, low, high, slope, lack, spreads, dials, chains, name)


def bracket(question: Question, cells: Sequence[Cell]) -> tuple[float, float | None]:
    """Return the last dial that fails and the first that holds; None where the last fails."""
    scale = Scale(question, cells)
    holds = (estimates(question, cells, scale) <= scale.bound).tolist()
    if True not in holds:
        return cells[-1].dial, None
    first = holds.index(True)
    return (cells[first - 1].dial if first else 0.0), cells[first].dial


def bracket_interval(
    question: Question, cells: Sequence[Cell], seed: int = 0
) -> tuple[float, float]:
    """Return the interval at 95 % of the first cell that holds, by resampling chains; else inf."""
    rng = np.random.default_rng(seed)
    again = []
    for _ in range(RESAMPLES):
        drawn = [Cell(c.dial, rng.choice(c.values, len(c.values))) for c in cells]
        first = bracket(question, drawn)[1]
        again.append(math.inf if first is None else first)
    tail = (1 - INTERVAL) / 2
    low, high = (float(np.quantile(again, p, method="nearest")) for p in (tail, 1 - tail))
    return low, high


def _crossing(
    question: Question, x: Floats, groups: Sequence[Floats], scale: Scale
) -> tuple[float, float] | None:
    if question.estimand == "mean":
        u = scale(np.array([g.mean() for g in groups]))
        at = x
    else:
        u = np.concatenate([scale(g) for g in groups])
        at = np.repeat(x, [len(g) for g in groups])
    centred = at - at.mean()
    square = float(centred @ centred)
    if square == 0 or not np.isfinite(u).all():
        return None
    slope = float(centred @ u) / square
    if slope >= 0:
        return None
    level = u.mean() - slope * at.mean()
    q = 0.0
    if question.estimand == "chain":
        leverage = 1 / len(u) + centred**2 / square
        residuals = np.sort((u - level - slope * at) / np.sqrt(1 - np.minimum(leverage, 0.99)))
        rank = min(math.ceil(question.level * (len(u) + 1)), len(u))
        q = float(residuals[rank - 1]) * math.sqrt(1 + 2 / len(u))
    log_dial = (scale.bound - level - q) / slope
    # A line that hardly falls crosses nowhere near.
    return (math.expm1(log_dial), slope) if abs(log_dial) < 50 else None


def _lack_of_fit(x: Floats, groups: Sequence[Floats]) -> float:
    """Return the p value of the F test of cell means against the line through them."""
    from scipy.special import fdtrc

    k, n = len(groups), sum(map(len, groups))
    if k < 3:
        return 1.0
    sizes = np.array([len(g) for g in groups])
    means = np.array([g.mean() for g in groups])
    middle = float(sizes @ x) / n
    slope = float((sizes * (x - middle)) @ means) / float(sizes @ (x - middle) ** 2)
    line = float(sizes @ means) / n + slope * (x - middle)
    between = float(sizes @ (means - line) ** 2) / (k - 2)
    within = float(sum(((g - g.mean()) ** 2).sum() for g in groups)) / (n - k)
    return float(fdtrc(k - 2, n - k, between / within)) if within > 0 else 1.0
