"""A line through the runs near the bound, where it crosses the bound, and how sure that is.

With u = log of the metric (the metric itself where it is not positive), its sign turned so that
less is better, and x = log(1 + k) of k real rows,

    u = a + b x + e,    x* = (v - a - q) / b,

q = 0 for the mean over chains, and for a new chain the quantile of e that leaves 1 - level of new
chains out: of m residuals the one of rank ceil(level (m + 1)), studentised, so that the line's own
error is in it. No law of e is assumed, but the same one at all settings near the bound.
"""

import math
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Floats
from genloss.plan.advise.evidence import Cell
from genloss.plan.advise.question import Question

RESAMPLES = 200
INTERVAL = 0.95

INSIDE = (
    round((RESAMPLES - 1) * (1 + INTERVAL) / 2) - round((RESAMPLES - 1) * (1 - INTERVAL) / 2) + 1
)
"""Resamples from one end of an interval to the other, both counted."""


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
    return _estimates(question, _on_scale(question, [c.values for c in cells], scale), scale)


def _on_scale(question: Question, groups: Sequence[Floats], scale: Scale) -> list[Floats]:
    """Return values of cells as their estimand takes them: for a mean as they are."""
    return [g if question.estimand == "mean" else scale(g) for g in groups]


def _estimates(question: Question, groups: Sequence[Floats], scale: Scale) -> Floats:
    sizes = np.array([len(g) for g in groups], dtype=np.float64)
    if question.estimand == "mean":
        return falling(scale(np.array([g.mean() for g in groups])), sizes)
    means, sds = np.full(len(groups), math.inf), np.full(len(groups), math.inf)
    varied, n = np.empty(sum(map(len, groups))), 0
    for i, u in enumerate(groups):
        means[i] = mean = float(u.mean())
        # The spread of one chain is not known, that of endless values is none.
        if len(u) > 1 and math.isfinite(mean):
            away = np.subtract(u, mean, out=varied[n : n + len(u)])
            sds[i] = sd = math.sqrt(float(away @ away) / (len(u) - 1))
            if sd > 0:
                away /= sd
                n += len(u)
    q = _ranked(varied[:n], question.level) if n else 0.0
    return falling(
        np.where(sds < math.inf, means + q * np.where(sds < math.inf, sds, 0), math.inf), sizes
    )


def _ranked(values: Floats, level: float) -> float:
    """Return the value of rank ceil(level (m + 1)) of m, the last at most; O(m), moves them."""
    rank = min(math.ceil(level * (len(values) + 1)), len(values)) - 1
    values.partition(rank)
    return float(values[rank])


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
    ready = _on_scale(question, groups, scale)
    crossing_of = _crossing_of(question, x, ready, scale)
    found = crossing_of(ready)
    if found is None:
        return None
    crossing, slope = found
    rng = np.random.default_rng(seed)
    again = []
    for _ in range(RESAMPLES):
        other = crossing_of([g.take(rng.integers(len(g), size=len(g))) for g in ready])
        again.append(math.inf if other is None else other[0])
    low, high = _ends(again)
    sds = [float(scale(g).std(ddof=1)) for g in groups]
    spreads = max(sds) / min(sds) if min(sds) > 0 else math.inf
    chains = sum(map(len, groups))
    lack = _lack_of_fit(x, [scale(g) for g in groups])
    name = "logarithm" if scale.log else "value"
    dials = tuple(c.dial for c in cells)
    return Fit(crossing, low, high, slope, lack, spreads, dials, chains, name)


def lack_of_line(question: Question, cells: Sequence[Cell]) -> float:
    """Return the p value of the test that a line through cells suffices; 1 below three cells."""
    if len(cells) < 3:
        return 1.0
    scale = Scale(question, cells)
    return _lack_of_fit(np.log1p([c.dial for c in cells]), [scale(c.values) for c in cells])


def bracket(question: Question, cells: Sequence[Cell]) -> tuple[float, float | None]:
    """Return the last dial that fails and the first that holds; None where the last fails."""
    scale = Scale(question, cells)
    first = _first_that_holds(estimates(question, cells, scale), scale)
    if first is None:
        return cells[-1].dial, None
    return (cells[first - 1].dial if first else 0.0), cells[first].dial


def between(question: Question, cells: Sequence[Cell], low: float, high: float) -> float:
    """Return where a straight line over log(1 + dial) from low to high crosses the bound.

    A tenth of the way from either end at least: the curve may be bent.
    """
    scale = Scale(question, cells)
    each = dict(zip([c.dial for c in cells], estimates(question, cells, scale), strict=True))
    x, u = np.log1p([low, high]), [each.get(end, math.inf) for end in (low, high)]
    share = (u[0] - scale.bound) / (u[0] - u[1]) if math.isfinite(u[0]) else 0.5
    return float(np.expm1(x[0] + (x[1] - x[0]) * np.clip(share, 0.1, 0.9)))


def bracket_interval(
    question: Question, cells: Sequence[Cell], seed: int = 0
) -> tuple[float, float]:
    """Return the interval at 95 % of the first cell that holds, by resampling chains; else inf."""
    return _ends(list(_resampled_brackets(question, cells, seed)))


def narrow_interval(
    question: Question, cells: Sequence[Cell], widest: float, seed: int = 0
) -> tuple[float, float] | None:
    """Return `bracket_interval` if it is no wider; None as soon as it has to be."""
    again: list[float] = []
    for one in _resampled_brackets(question, cells, seed):
        insort(again, one)
        # Of all resamples INSIDE lie between the ends: of these, no fewer than so many.
        inside = len(again) - (RESAMPLES - INSIDE)
        if inside > 0 and all(
            again[i + inside - 1] - again[i] > widest for i in range(RESAMPLES - INSIDE + 1)
        ):
            return None
    low, high = _ends(again)
    return (low, high) if high - low <= widest else None


def _resampled_brackets(question: Question, cells: Sequence[Cell], seed: int) -> Iterator[float]:
    """Yield the first cell that holds, by the dial, of chains drawn anew; inf where none does."""
    rng, scale = np.random.default_rng(seed), Scale(question, cells)
    groups = _on_scale(question, [c.values for c in cells], scale)
    for _ in range(RESAMPLES):
        drawn = [g.take(rng.integers(len(g), size=len(g))) for g in groups]
        first = _first_that_holds(_estimates(question, drawn, scale), scale)
        yield math.inf if first is None else cells[first].dial


def _first_that_holds(each: Floats, scale: Scale) -> int | None:
    holds = (each <= scale.bound).tolist()
    return holds.index(True) if True in holds else None


def _ends(again: Sequence[float]) -> tuple[float, float]:
    tail = (1 - INTERVAL) / 2
    low, high = (float(np.quantile(again, p, method="nearest")) for p in (tail, 1 - tail))
    return low, high


def _crossing_of(
    question: Question, x: Floats, groups: Sequence[Floats], scale: Scale
) -> Callable[[Sequence[Floats]], tuple[float, float] | None]:
    """Return what gives crossing and slope of the line through groups of these sizes at x."""
    of_mean = question.estimand == "mean"
    at = x if of_mean else np.repeat(x, [len(g) for g in groups])
    middle = float(at.mean())
    centred = at - middle
    square = float(centred @ centred)
    if square == 0:
        return lambda _: None
    studentised = np.sqrt(1 - np.minimum(1 / len(at) + centred**2 / square, 0.99))

    def crossing(groups: Sequence[Floats]) -> tuple[float, float] | None:
        u = scale(np.array([g.mean() for g in groups])) if of_mean else np.concatenate(groups)
        slope = float(centred @ u) / square
        if not slope < 0 or not math.isfinite(slope):
            return None
        level = float(u.mean()) - slope * middle
        q = 0.0
        if not of_mean:
            away = u - level
            away -= slope * at
            away /= studentised
            q = _ranked(away, question.level)
            q *= math.sqrt(1 + 2 / len(u))
        log_dial = (float(scale.bound) - level - q) / slope
        # A line that hardly falls crosses nowhere near.
        return (math.expm1(log_dial), slope) if abs(log_dial) < 50 else None

    return crossing


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
