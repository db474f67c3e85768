"""Which runs to make next: the whole range first, then ever closer to the bound."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.plan.advise.curve import Fit, Scale, bracket, bracket_interval, fitted
from genloss.plan.advise.evidence import Cell, Evidence
from genloss.plan.advise.question import Question

FIRST = 7
"""Settings of the whole range that are tried first, beside none."""

NEAR = (1.35, 1.6, 2.0, 2.6, 3.5)
"""How many times larger or smaller settings may be than where the bound is crossed, to be in the
line through them: the first of these with enough settings decides."""

ENOUGH_CELLS = 3

SIDE = 1.25
"""A line may cross the bound at so many times its last setting."""

ENOUGH = 0.08
"""Half an interval's length, as a share of the answer, that needs no more runs."""

ROUNDS = 9
"""Times that runs are added, at most."""

MOST_CHAINS = 8
"""Runs of later rounds have up to so many times the chains of the first."""

POOR = 0.01
"""A p value of the test of a line below which cells far from the bound are left out."""


@dataclass(frozen=True)
class Found:
    """Where the search ended: the smallest dial that holds the bound, or None.

    low, high: its interval; fit: the line it rests on, None where neighbouring whole numbers
    decided. monotone: whether more rows never hurt, beyond noise. stopped: why it ended.
    """

    dial: float | None
    low: float
    high: float
    fit: Fit | None
    monotone: bool
    stopped: str


def search(question: Question, evidence: Evidence, most: int, seconds: float) -> Found:
    """Return the smallest dial in 0 .. most from which on the bound holds.

    Raises:
        FitError: a run failed.
    """
    begun, times = time.perf_counter(), 1
    fit: Fit | None = None
    evidence.add(_first(most))
    for number in range(ROUNDS + 1):
        cells = evidence.cells
        low, high = bracket(question, cells)
        if high is None:
            return Found(None, math.nan, math.nan, None, _monotone(question, cells), "whole range")
        if high == 0:
            return Found(0, 0, 0, None, _monotone(question, cells), "none are needed")
        centre = math.sqrt(max(low, 0.5) * high) if fit is None else fit.crossing
        fit = _line(question, cells, centre)
        ends = [len(c.values) for c in cells if c.dial in (low, high)]
        small = high - low <= 1 and high <= 1 / ENOUGH
        decided = small and min(ends) >= MOST_CHAINS * evidence.chains
        why = _enough(fit, decided)
        fit = None if decided and fit is not None and fit.width > ENOUGH else fit
        if not why and time.perf_counter() - begun > seconds:
            why = "the time is up"
        if why or number == ROUNDS:
            return _answer(question, cells, fit, most, high, why or f"{ROUNDS} rounds")
        # Where the place is known, more chains tell more than more settings.
        near = fit is not None or high - low <= 1
        times = min(2 * times, MOST_CHAINS) if near else 1
        evidence.add(_next(low, high, fit, most), times)
    raise AssertionError("the last round returns")


def _enough(fit: Fit | None, decided: bool) -> str:
    """Return why no more runs are needed; empty where they are."""
    if fit is not None and fit.width <= ENOUGH and _surrounded(fit):
        return "the interval is narrow enough"
    if decided:
        return "neighbouring whole numbers decide"
    return ""


def _answer(
    question: Question, cells: Sequence[Cell], fit: Fit | None, most: int, high: float, why: str
) -> Found:
    monotone = _monotone(question, cells)
    if fit is None:
        return Found(high, *bracket_interval(question, cells), None, monotone, why)
    # Rows are whole: those that hold begin at the next one above the crossing.
    ends = (fit.crossing, fit.low, fit.high)
    dial, low, top = (float(np.clip(np.ceil(end), 0, most)) for end in ends)
    return Found(dial, low, top if fit.high <= most else math.inf, fit, monotone, why)


def _first(most: int) -> list[float]:
    whole = np.unique(np.geomspace(1, most, FIRST).round()) if most > 1 else np.array([most])
    return [0.0, *map(float, whole)]


def _monotone(question: Question, cells: Sequence[Cell]) -> bool:
    """Whether no cell is better, by four standard errors, than one with more real rows."""
    scale = Scale(question, cells)
    u = [scale(c.values) for c in cells]
    means = [float(v.mean()) for v in u]
    errors = [float(v.std(ddof=1)) / math.sqrt(len(v)) for v in u]
    return not any(
        means[j] - means[i] > 4 * math.hypot(errors[i], errors[j])
        for i in range(len(u))
        for j in range(i + 1, len(u))
    )


def _line(question: Question, cells: Sequence[Cell], centre: float) -> Fit | None:
    """Return the line through the cells near a dial, no more of them than a line suffices for.

    None where it would cross the bound far from them.
    """
    best: Fit | None = None
    for near in NEAR:
        low, high = (1 + centre) / near - 1, (1 + centre) * near - 1
        inside = [c for c in cells if low <= c.dial <= high]
        fit = fitted(question, inside) if len(inside) > 1 else None
        if fit is None or not inside[0].dial / SIDE <= fit.crossing <= inside[-1].dial * SIDE:
            continue
        if best is None or (fit.lack >= POOR and fit.width < best.width):
            best = fit
        if best.lack >= POOR and len(best.cells) >= ENOUGH_CELLS:
            return best
    return best


def _surrounded(fit: Fit) -> bool:
    """Whether settings on both sides are near the crossing, so that no bend matters."""
    ratios = [(1 + dial) / (1 + fit.crossing) for dial in fit.cells]
    return any(1 / SIDE <= r <= 1 for r in ratios) and any(1 <= r <= SIDE for r in ratios)


def _next(low: float, high: float, fit: Fit | None, most: int) -> list[float]:
    """Return settings: inside a wide bracket, its ends where nothing is between, or about a line.

    The surer the crossing, the nearer to it: far settings tell the slope, near ones the place.
    """
    if fit is None:
        if high - low <= 1:
            return [low, high]
        inner = np.geomspace(max(low, 0.5), high, 5)[1:-1].round()
        return [float(d) for d in np.unique(np.clip(inner, low + 1, high))]
    reach = 1 + min(max(fit.width, 0.1), 2.0)
    around = np.array([1 / reach, 1.0, reach]) * (1 + fit.crossing) - 1
    return [float(d) for d in np.unique(np.clip(np.round(around), 0, most))]
