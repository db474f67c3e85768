"""What a figure shows, in a sentence or two; runs are **marked** like this.

Runs are ranked only where they differ by more than their chains do: noise and ties have no order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import quantiles
from genloss.core.view import Direction
from genloss.judge.estimates import location, mean_interval
from genloss.report.figures.bands import FEWEST, Curve
from genloss.report.formatting import count, number, percent, statistic_words

SMALL_SHARE = 1e-3
"""A share below this is said as a number, not as a percentage."""

ALIKE = 1.02
"""Runs whose first values differ by no more than this factor began alike."""

NAMED = 3
"""More runs than this are not named one by one."""

SURE = 0.99
"""Confidence of the interval that stands for the spread of few chains: at 19, about their half."""


@dataclass(frozen=True)
class Reading:
    """What a figure shows, and beside it what theory expects; empty without theory."""

    shown: str
    theory: str = ""

    @property
    def whole(self) -> str:
        """Both."""
        return f"{self.shown} {self.theory}".strip()


def reading(curves: Sequence[Curve], direction: Direction) -> Reading:
    """Return what the curves of a figure show at the last generation that all have."""
    if len(curves) == 1:
        return _one(curves[0], direction)
    at = _shared_end(curves)
    ends = [(c, _distances(c, at, direction)) for c in curves]
    ends.sort(key=lambda end: float(np.median(end[1])))
    best, worst = ends[0], ends[-1]
    when = _when(curves, at)
    low, high = (_typical(c, at) for c, _ in (best, worst))
    if number(low, 2) == number(high, 2):
        return Reading(f"{when} every run has a median near {number(low)}.", _law(worst[0]))
    if not _apart(best[1], worst[1]):
        return Reading(f"{when} {_tie(curves, at)}")
    near = [c for c, d in ends if not _apart(best[1], d) and _apart(d, worst[1])]
    far = [c for c, d in ends if not _apart(d, worst[1]) and _apart(best[1], d)]
    first, last = EXTREMES[direction] if any(c.t[0] for c in curves) else CLOSENESS
    text = (
        f"{when} {_group(near, at, first, True)} and "
        f"{_group(far, at, last, False, _began(curves))}."
    )
    decisive = worst[0] if np.isfinite(worst[0].theory[-1]) else best[0]
    return Reading(text, _law(decisive))


CLOSENESS = ("closest to reality", "farthest")

EXTREMES = {
    Direction.LOWER: ("lowest", "highest"),
    Direction.HIGHER: ("highest", "lowest"),
    Direction.ONE: ("closest to 1", "farthest"),
    Direction.ZERO: ("closest to 0", "farthest"),
    Direction.START: ("lowest", "highest"),
}
"""What is said instead where no reality was measured, at t = 0."""


def _shared_end(curves: Sequence[Curve]) -> int | None:
    """Return the last generation that all curves have; None where they share none."""
    shared = set.intersection(*(set(c.t.tolist()) for c in curves))
    return max(shared) if shared else None


def _values(c: Curve, at: int | None) -> Floats:
    return c.values[-1 if at is None else int(np.flatnonzero(c.t == at)[0])]


def _typical(c: Curve, at: int | None) -> float:
    return float(np.median(_values(c, at)))


def _distances(c: Curve, at: int | None, direction: Direction) -> Floats:
    """Return how far each chain is from reality (C,), by which runs are ranked."""
    ends = _values(c, at)
    if direction is Direction.ONE:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(ends > 0, np.abs(np.log(ends)), math.inf)
    if direction is Direction.HIGHER:
        return -ends
    if direction is Direction.ZERO:
        return np.abs(ends)
    if direction is Direction.LOWER or c.t[0]:
        return ends
    gap = np.abs(ends - c.median[0])
    return np.where(np.isnan(gap), math.inf, gap)


def _apart(one: Floats, other: Floats) -> bool:
    """Whether two runs (C,) differ by more than their spread: what `_middle` gives is disjoint."""
    if one.size == 1 or other.size == 1:
        return False
    (a, b), (c, d) = _middle(one), _middle(other)
    return b < c or d < a


def _middle(values: Floats) -> tuple[float, float]:
    """Return the middle half of the chains; of few chains, what Student's t gives instead."""
    if values.size >= FEWEST or not np.isfinite(values).all():
        low, high = quantiles(values, (0.25, 0.75))
        return float(low), float(high)
    _, low, high = mean_interval(values, SURE)
    return float(low), float(high)


def _tie(curves: Sequence[Curve], at: int | None) -> str:
    order = sorted(curves, key=lambda c: _typical(c, at))
    low, high = order[0], order[-1]
    if max(c.chains for c in curves) == 1:
        return (
            f"the runs lie between **{low.label}** ({number(_typical(low, at))}) and "
            f"**{high.label}** ({number(_typical(high, at))}); one chain each shows no spread, so "
            "they are not ranked."
        )
    span = f"medians {number(_typical(low, at))} to {number(_typical(high, at))}"
    return f"no run differs from another by more than its chains do ({span})."


def _group(group: Sequence[Curve], at: int | None, what: str, verb: bool, more: str = "") -> str:
    """Return '**a** and **b** are closest to reality (medians 0.8 to 0.9)'."""
    names = [f"**{c.label}**" for c in group]
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]
    listing = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    values = sorted(_typical(c, at) for c in group)
    low, high = number(values[0]), number(values[-1])
    span = f"median{'s' if low != high else ''} {low}" if verb else low
    span += f" to {high}" if low != high else ""
    is_ = (" is" if len(group) == 1 else " are") if verb else ""
    return f"{listing}{is_} {what} ({span}{more})"


def _when(curves: Sequence[Curve], at: int | None) -> str:
    if at is None:
        return "At the last generation of each"
    if len({c.last() for c in curves}) > 1:
        return f"At generation {at:,}, the last that all runs have,"
    return f"After {count(at, 'generation')}" if at else "At generation 0"


def _began(curves: Sequence[Curve]) -> str:
    """Return where all curves began, for those that were not reality then and began alike."""
    first = {int(c.t[0]) for c in curves}
    starts = [float(c.median[0]) for c in curves]
    if first == {0} or len(first) > 1 or not 0 < max(starts) <= ALIKE * min(starts):
        return ""
    return f"; all began near {number(float(np.median(starts)))} at generation {first.pop():,}"


def _one(c: Curve, direction: Direction) -> Reading:
    what = "median" if c.chains > 1 else "value"
    first, last = float(c.median[0]), _end(c)
    if len(c.t) == 1:
        return Reading(
            f"Only generation {c.t[0]:,} has been measured: the {what} is {number(last)}."
        )
    after = f"after {count(c.last(), 'generation')}"
    share = direction is Direction.ONE and SMALL_SHARE < last < 1
    in_words = percent if share else number
    if share:
        text = f"The {what} is down to {percent(last)} of reality's {after}"
    else:
        when = f" at generation {c.t[0]:,}" if c.t[0] else ""
        text = f"The {what} goes from {number(first)}{when} to {number(last)} {after}"
    if c.chains > 1:
        low, high = c.ends()
        who = "nine chains in ten" if c.has_bands else f"its {c.chains} chains"
        text += f" ({who}: {in_words(low)} to {in_words(high)})"
    return Reading(f"{text}.", _theory(c, ""))


def _law(c: Curve) -> str:
    return _theory(c, f" of **{c.label}**")


def _theory(c: Curve, whose: str) -> str:
    expected = float(c.theory[-1])
    if c.line is None or not math.isfinite(expected):
        return ""
    ours = float(location(c.values[-1], c.line.statistic))
    what = statistic_words(c.line.statistic)
    text = f"Theory for the {what}{whose}: {number(expected)}; measured: {number(ours)}."
    if c.has_bands and c.line.statistic.is_mean and ours > 2 * c.bands[-1, -1]:
        text += " Fewer than one chain in twenty lies above that mean: a few decide it."
    return text


def _end(c: Curve) -> float:
    return float(np.asarray(c.median)[-1])
