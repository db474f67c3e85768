"""Axes: what a figure's x and y show, decided from the numbers, with ticks written out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats
from genloss.core.view import Direction
from genloss.report.figures.bands import Curve
from genloss.report.formatting import number

LOG_FROM = 200
"""From this many generations on the first ones would vanish on a linear axis."""

UNLIKE = 10
"""Runs of which one is so many times longer than another share an axis of log t."""

ROUNDOFF, SHARE = 1e-12, 1e-6
"""Values at generation 0 below both the first and this share of the largest value are rounding
error, and treated as zero; data in small units have small values that are not."""

DECADES = 2.0
"""A positive metric that spans more decades than this gets a log axis."""


@dataclass(frozen=True)
class YAxis:
    """Limits and ticks of a metric; `floor` is where a log axis draws zero, or None."""

    log: bool
    low: float
    high: float
    ticks: tuple[float, ...] = ()
    floor: float | None = None

    def channel(self, title: str) -> dict[str, Any]:
        """Return scale and axis of a Vega-Lite y channel; zero sits on the floor of a log axis."""
        axis: dict[str, Any] = {"title": title}
        scale: dict[str, Any] = {"domain": [self.low, self.high]}
        if not self.log:
            largest, width = max(abs(self.low), abs(self.high)), self.high - self.low
            if not 1e-3 < largest < 1e6:
                # As many digits as tell one tick from the next.
                axis["format"] = f".{max(2, math.ceil(math.log10(largest / width)) + 2)}~e"
            axis["tickCount"] = 5
            return {"scale": scale | {"nice": True, "zero": False}, "axis": axis}
        axis |= {"values": list(self.ticks), "labelExpr": self._labels()}
        return {"scale": scale | {"type": "log", "clamp": True}, "axis": axis}

    def _labels(self) -> str:
        expression = "''"
        for tick in reversed(self.ticks):
            plain = 1e-4 < tick < 1e6 or tick == self.floor
            label = number(0.0 if tick == self.floor else tick, 1) if plain else f"{tick:.0e}"
            label = label.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
            expression = f"datum.value < {tick * 1.5!r} ? '{label}' : {expression}"
        return expression


def y_axes(groups: Sequence[Sequence[Curve]], direction: Direction) -> list[YAxis]:
    """Return one axis per group of curves, all of them log or all linear: their panels compare."""
    own = [y_axis(curves, direction) for curves in groups]
    if len({axis.log for axis in own}) == 1:
        return own
    forced = [y_axis(curves, direction, log=True) for curves in groups]
    if all(axis.log for axis in forced):
        return forced
    return [y_axis(curves, direction, log=False) for curves in groups]


def turned(
    groups: Sequence[Sequence[Curve]], direction: Direction, axes: Sequence[YAxis]
) -> list[YAxis | None]:
    """Return the other axis of each group, linear for log; None for all where one has no other."""
    log = not axes[0].log
    others = [y_axis(curves, direction, log=log) for curves in groups]
    return [other if all(o.log == log for o in others) else None for other in others]


def y_axis(curves: Sequence[Curve], direction: Direction, log: bool | None = None) -> YAxis:
    """Return the axis that shows all that is drawn of the curves, and published values.

    log: whether it shall be a log axis, where there is a positive value for one.
    """
    ours = np.concatenate([_drawn(c) for c in curves])
    theirs = np.concatenate([c.points()[1:] for c in curves], axis=1)
    drawn = np.concatenate([ours, theirs.ravel()])
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(ours).any():
        return YAxis(False, 0.0, 1.0)
    low, high = float(drawn.min()), float(drawn.max())
    signed = bool((ours < 0).any())
    if not all(_told(c).all() for c in curves):
        low, high = min(low, 0.0), max(high, 0.0)
    middle = np.concatenate([c.bands[1:4, _told(c)].ravel() for c in curves])
    middle = middle[np.isfinite(middle) & (middle > 0)]
    wide = middle.size > 0 and np.log10(middle.max() / middle.min()) > DECADES
    if not signed and middle.size and (wide if log is None else log):
        # An error bar that reaches zero ends at the foot of a log axis.
        shown = np.concatenate([ours, theirs[0], theirs[1:][theirs[1:] > 0]])
        return log_axis(shown[np.isfinite(shown)], not all(_told(c).all() for c in curves))
    if direction is Direction.ONE:
        low, high = min(low, 1.0), max(high, 1.0)
    if low > 0 and low < high / 2:
        low = 0.0
    if low == high == 0.0:
        high = 1.0
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    return YAxis(False, low, high)


def steps(last: int, most: int = 10) -> list[int]:
    """Return whole ticks from 0 to at most last, `most` intervals of 1, 2 or 5 times a power of 10.

    Ticks that a drawing library chooses may lie between two generations, and then be said twice.
    """
    step = next(m * 10**k for k in range(40) for m in (1, 2, 5) if m * 10**k * most >= last)
    return list(range(0, last + 1, step))


def x_linear(last: int) -> dict[str, Any]:
    """Return the x channel of generations 0 .. last on a linear scale."""
    return x_channel(last, YAxis(True, 1.0, 1.0), Direction.START)


def x_channel(
    last: int, y: YAxis, direction: Direction, shortest: int | None = None
) -> dict[str, Any]:
    """Return the x channel of generations 0 .. last; a page may switch its scale.

    What decays does so exponentially, a straight line over linear t; distances grow as powers of
    t, and early generations matter: log t. So do runs much shorter than the others; shortest: the
    last generation of the shortest run.
    """
    log = last > LOG_FROM and (not y.log or direction is Direction.LOWER)
    log = log or last > UNLIKE * max(last if shortest is None else shortest, 1)
    values = log_ticks(last) if log else steps(last)
    axis: dict[str, Any] = {"title": "generation t", "format": ",d", "values": values}
    scale: dict[str, Any] = {"type": "symlog" if log else "linear", "domain": [0, last]}
    return {"field": "t", "type": "quantitative", "scale": scale | {"nice": False}, "axis": axis}


def log_ticks(last: int) -> list[int]:
    """Return 0, 1, 2, 5, 10, 20, ... up to last."""
    steps = [m * 10**k for k in range(len(str(last))) for m in (1, 2, 5)]
    return [0, *(s for s in steps if s <= last)]


def _drawn(c: Curve) -> Floats:
    shown = [c.bands, c.theory[None]]
    shown += [c.mean[None]] if c.has_theory else []
    shown += [c.values.T] if c.draws_chains else []
    ours = np.concatenate(shown)[:, _told(c)].ravel()
    controls = [b.spread.ravel() for b in c.controls]
    return np.concatenate([ours, _of_fan(c, ours), *controls])


def _of_fan(c: Curve, ours: Floats) -> Floats:
    """Return what of a fan sets the limits: not the far ends of a vague one."""
    ours = ours[np.isfinite(ours)]
    if not c.fan.size or not ours.size:
        return np.empty(0)
    low, high = float(ours.min()), float(ours.max())
    room = max(high - low, abs(float(np.ptp(c.fan[1]))))
    least = low / 10 if low > 0 else low - room
    return np.clip(c.fan[1:].ravel(), least, high + room)


def _told(c: Curve) -> NDArray[np.bool_]:
    """Which generations set the limits: not reality's distance from itself, 0 but for noise."""
    values = np.abs(c.bands)
    largest = values[np.isfinite(values)].max(initial=0.0)
    return (c.t > 0) | (values[-1] > min(ROUNDOFF, SHARE * largest))


def log_axis(drawn: Floats, zeros: bool = False) -> YAxis:
    """Return the log axis of finite values, some above 0; zeros: there are zeros to draw."""
    positive = drawn[drawn > 0]
    bottom, top = float(np.log10(positive.min())), float(np.log10(positive.max()))
    margin = 0.02 * (top - bottom)
    low, high = 10.0 ** (bottom - margin), 10.0 ** (top + margin)
    first, last = math.floor(bottom), math.ceil(top)
    # Multiples of the step, so that 1 (reality, for a ratio) is among the ticks.
    step = max(1, -(-(last - first) // 7))
    powers = [10.0**k for k in range(first, last + 1) if k % step == 0]
    ticks = tuple(p for p in powers if low <= p <= high)
    if len(ticks) < 3:
        finer = [m * 10.0**k for k in range(first, last + 1) for m in (1, 2, 5)]
        ticks = tuple(p for p in finer if low <= p <= high)
    if not zeros and (drawn > 0).all():
        return YAxis(True, low, high, ticks)
    # Zeros have no logarithm: they lie on a floor of their own, a little below all the rest.
    floor = 10.0 ** (bottom - max(0.4, 0.08 * (top - bottom)))
    return YAxis(True, floor, high, (floor, *ticks), floor)
