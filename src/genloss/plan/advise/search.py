"""Which runs to make next: the whole range first, then ever closer to the bound."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.plan.advise.curve import (
    Fit,
    Scale,
    between,
    bracket,
    bracket_interval,
    fitted,
    lack_of_line,
    narrow_interval,
)
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

DECIDING = 160
"""Chains that suffice for neighbouring whole numbers to decide, where resampling them says so."""

GUIDES = 0.5
"""A line whose crossing is less sure, as `ENOUGH` counts, is none: its neighbours say more."""

WIDE = 2.0
"""Ends so many times apart call for settings between them, not yet for a line."""

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
        late = number == ROUNDS or time.perf_counter() - begun > seconds
        if high is None or high == 0:
            end = cells[0 if high == 0 else -1]
            last = late or len(end.values) >= MOST_CHAINS * evidence.chains
            if found := _at_an_end(question, cells, high == 0, last):
                return found
            times = min(2 * times, MOST_CHAINS)
            evidence.add([end.dial], times)
            continue
        if high - low <= 1 and (ends := _neighbours(question, cells, high, evidence.chains)):
            why = "neighbouring whole numbers decide"
            return Found(high, *ends, None, _monotone(question, cells), why)
        why = f"{ROUNDS} rounds" if number == ROUNDS else ""
        why = "the time is up" if time.perf_counter() - begun > seconds else why
        fit = _line(question, cells, low, high, fit) if why or high < WIDE * (1 + low) else None
        why = "the interval is narrow enough" if fit is not None and _is_narrow(fit) else why
        if why:
            return _answer(question, cells, fit, most, high, why)
        # Where the place is known, more chains tell more than more settings.
        near = fit is not None or high - low <= 1
        times = min(2 * times, MOST_CHAINS) if near else 1
        evidence.add(_next(question, cells, (low, high), fit, most), times)
    raise AssertionError("the last round returns")


def _at_an_end(question: Question, cells: Sequence[Cell], holds: bool, last: bool) -> Found | None:
    """Return that none are needed (holds), or that none suffices; None where chains may err in it.

    last: whether there will be no more of them; the interval of 0 then says how sure it is.
    """
    low, high = bracket_interval(question, cells)
    monotone = _monotone(question, cells)
    if holds and (last or high == 0):
        return Found(0, low, high, None, monotone, "none are needed")
    if not holds and (last or low == math.inf):
        doubt = "" if low == math.inf else ", though of other chains the last setting might hold"
        return Found(None, math.nan, math.nan, None, monotone, f"whole range{doubt}")
    return None


def _neighbours(
    question: Question, cells: Sequence[Cell], high: float, chains: int
) -> tuple[float, float] | None:
    """Return the interval of the first number that holds, if it and its neighbour below are sure.

    They are with `MOST_CHAINS` times the usual chains, where a line could be no finer; with fewer,
    where resampling seldom moves the answer by more than `ENOUGH`.
    """
    ends = min(len(c.values) for c in cells if high - 1 <= c.dial <= high)
    last = ends >= MOST_CHAINS * chains and high <= 1 / ENOUGH
    if not last and ends < min(MOST_CHAINS * chains, DECIDING):
        return None
    if last:
        return bracket_interval(question, cells)
    return narrow_interval(question, cells, 2 * ENOUGH * high)


def _is_narrow(fit: Fit) -> bool:
    """Whether a line is sure, and has settings on both sides near, so that no bend matters."""
    ratios = [(1 + dial) / (1 + fit.crossing) for dial in fit.cells]
    around = any(1 / SIDE <= r <= 1 for r in ratios) and any(1 <= r <= SIDE for r in ratios)
    return fit.width <= ENOUGH and around


def _answer(
    question: Question, cells: Sequence[Cell], fit: Fit | None, most: int, high: float, why: str
) -> Found:
    monotone = _monotone(question, cells)
    if fit is None:
        return Found(high, *bracket_interval(question, cells), None, monotone, why)
    # Rows are whole: those that hold begin at the next one above the crossing, and -0 is 0.
    ends = (fit.crossing, fit.low, fit.high)
    dial, low, top = (float(np.clip(np.ceil(end), 0, most)) + 0.0 for end in ends)
    top = top if fit.high <= most else math.inf
    return Found(dial, low, top, fit, monotone, why)


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


def _line(
    question: Question, cells: Sequence[Cell], low: float, high: float, last: Fit | None
) -> Fit | None:
    """Return the line through the cells near a dial, no more of them than a line suffices for.

    Near where the last line crossed, else between low and high. None where it would cross the bound
    far from them, or is not sure.
    """
    centre = math.sqrt(max(low, 0.5) * high) if last is None else last.crossing
    best: Fit | None = None
    inside: list[Cell] = []
    for near in NEAR:
        least, most = (1 + centre) / near - 1, (1 + centre) * near - 1
        before, inside = inside, [c for c in cells if least <= c.dial <= most]
        if len(inside) == len(before):
            # The same cells again say the same.
            continue
        if best is not None and lack_of_line(question, inside) < POOR:
            # It could not replace the best one, and its interval takes long.
            continue
        fit = fitted(question, inside) if len(inside) > 1 else None
        if fit is None or not inside[0].dial / SIDE <= fit.crossing <= inside[-1].dial * SIDE:
            continue
        if best is None or fit.width < best.width:
            best = fit
        if best.lack >= POOR and len(best.cells) >= ENOUGH_CELLS:
            break
    return best if best is not None and best.width <= GUIDES else None


def _next(
    question: Question,
    cells: Sequence[Cell],
    ends: tuple[float, float],
    fit: Fit | None,
    most: int,
) -> list[float]:
    """Return settings: inside a wide bracket, its ends where nothing is between, or about a line.

    The surer the crossing, the nearer to it: far settings tell the slope, near ones the place. The
    numbers beside the ends are those at which an interval may end.
    """
    low, high = ends
    if fit is None and high - low <= 1:
        tried = {c.dial for c in cells}
        beside = [d for d in (low - 1, high + 1) if 0 <= d <= most and d not in tried]
        return sorted({low, high, *beside})
    if fit is None:
        at = between(question, cells, low, high)
        around, least, last = np.array([1 / (1 + ENOUGH), 1 + ENOUGH]) * (1 + at), low + 1, high - 1
    else:
        reach = 1 + min(max(fit.width, 0.1), GUIDES)
        around = np.array([1 / reach, 1.0, reach]) * (1 + fit.crossing)
        least, last = 0.0, float(most)
    return [float(d) for d in np.unique(np.clip(np.round(around - 1), least, last))]
