"""Numbers and figures in plain language."""

import math
from collections.abc import Sequence, Set

import numpy as np

from genloss.core.view import Direction
from genloss.report.figures.bands import Curve

SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


SMALL = 1e-3
"""A share below this is said as a number, not as a percentage."""


ALIKE = 1.02
"""Runs whose first values differ by no more than this factor began alike."""


def number(x: float, digits: int = 3) -> str:
    """Return a number for reading: 0.0063, 20,000, 4.1×10⁻³⁰, ∞."""
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    power = math.floor(math.log10(abs(float(f"{x:.{digits - 1}e}"))))
    if power < -4 or power > 6:
        mantissa, _, exponent = f"{x:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{_minus(mantissa)}×10{str(int(exponent)).translate(SUPERSCRIPT)}"
    if power >= digits - 1:
        return _minus(f"{x:,.0f}")
    return _minus(f"{x:.{digits - 1 - power}f}".rstrip("0").rstrip(".") or "0")


def percent(x: float) -> str:
    """Return a share as a percentage: 0.061 is 6.1 %."""
    return f"{number(100 * x)} %"


def count(n: int, one: str, many: str = "") -> str:
    """Return '1 run' or '1,200 runs'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


DIRECTIONS = {
    Direction.LOWER: "lower is closer to reality",
    Direction.HIGHER: "higher is closer to reality",
    Direction.ONE: "1 is reality",
    Direction.ZERO: "0 is reality",
    Direction.START: "reality is at t = 0",
}
"""Which way is closer to reality, in words."""

ARROWS = {Direction.LOWER: "↓ ", Direction.HIGHER: "↑ "}


def axis_title(unit: str, direction: Direction) -> str:
    """Return unit and direction as a y axis says them."""
    what = "ratio or share" if unit == "1" else unit
    return f"{what} · {ARROWS.get(direction, '')}{DIRECTIONS[direction]}"


def reading(curves: Sequence[Curve], direction: Direction) -> str:
    """Return one or two sentences on what a figure shows, runs **marked** like this."""
    if len(curves) == 1:
        return _one(curves[0], direction)
    order = sorted(curves, key=lambda c: _distance(c, direction))
    best, worst = order[0], order[-1]
    when = _when({c.last() for c in curves})
    low, high = _end(best), _end(worst)
    if number(low, 2) == number(high, 2):
        text = f"{when} every run has a median near {number(low)}."
    else:
        text = (
            f"{when} **{best.label}** is closest to reality (median {number(low)}) and "
            f"**{worst.label}** farthest ({number(high)}{_began(curves)})."
        )
    told = worst if np.isfinite(worst.theory[-1]) else best
    return f"{text} {_theory(told, f' of **{told.label}**')}".strip()


def _when(last: Set[int]) -> str:
    if len(last) > 1:
        return "At the last generation"
    (t,) = last
    return f"After {count(t, 'generation')}" if t else "At generation 0"


def _began(curves: Sequence[Curve]) -> str:
    """Return where all curves began, for those that were not reality then and began alike."""
    first = {int(c.t[0]) for c in curves}
    starts = [float(c.median[0]) for c in curves]
    if first == {0} or len(first) > 1 or not 0 < max(starts) <= ALIKE * min(starts):
        return ""
    return f"; all began near {number(float(np.median(starts)))} at generation {first.pop():,}"


def _one(c: Curve, direction: Direction) -> str:
    first, last = float(c.median[0]), _end(c)
    if len(c.t) == 1:
        return f"Only generation {c.t[0]:,} has been measured: the median is {number(last)}."
    after = f"after {count(c.last(), 'generation')}"
    low, high = float(c.bands[0, -1]), float(c.bands[-1, -1])
    if direction is Direction.ONE and SMALL < last < 1:
        text = f"The median is down to {percent(last)} of reality's {after}"
        spread = f"{percent(low)} to {percent(high)}"
    else:
        when = f" at generation {c.t[0]:,}" if c.t[0] else ""
        text = f"The median goes from {number(first)}{when} to {number(last)} {after}"
        spread = f"{number(low)} to {number(high)}"
    if c.chains > 1:
        text += f" (nine chains in ten: {spread})"
    return f"{text}. {_theory(c, '')}".strip()


def _theory(c: Curve, whose: str) -> str:
    expected = float(c.theory[-1])
    if not math.isfinite(expected):
        return ""
    ours = _end(c) if c.statistic == "median" else float(c.mean[-1])
    text = f"Theory for the {c.statistic}{whose}: {number(expected)}; measured: {number(ours)}."
    if c.statistic == "mean" and ours > 2 * c.bands[-1, -1]:
        text += " Fewer than one chain in twenty lies above that mean: a few decide it."
    return text


def _distance(c: Curve, direction: Direction) -> float:
    end = _end(c)
    if direction is Direction.ONE:
        return abs(math.log(end)) if end > 0 else math.inf
    if direction is Direction.HIGHER:
        return -end
    if direction is Direction.LOWER:
        return end
    start = float(c.median[0]) if direction is Direction.START else 0.0
    gap = abs(end - start)
    return math.inf if math.isnan(gap) else gap


def _end(c: Curve) -> float:
    return float(np.asarray(c.median)[-1])


def _minus(text: str) -> str:
    return text.replace("-", "−")
