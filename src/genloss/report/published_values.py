"""Published values by generation, from the targets of an experiment, as points beside our lines.

A verdict in targets.json carries what was asked under "asked": the target as targets.toml states
it, with run, metric, t, statistic and band. Verdicts without it have no points.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.over_chains import MEAN, MEDIAN, Statistic, statistic_from

Spread = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """A published value of one metric of one run at generation t, or at the last one (t None).

    low and high are the ends of the spread or error that the source gives, else value; a range
    without a value in it has its middle as value. statistic: mean or median; None for one chain.
    """

    t: int | None
    value: float
    low: float
    high: float
    statistic: Statistic | None

    @property
    def what(self) -> str:
        """What it is, in words."""
        return "one chain" if self.statistic is None else str(self.statistic)


Points = Mapping[tuple[str, str], tuple[Point, ...]]
"""(folder of a run, metric) to its points."""

DRAWN = (MEAN, MEDIAN)
"""What is drawn beside our means and medians; a variance or share would need its own axis."""


def points(targets: Mapping[str, Any] | None) -> Points:
    """Return the published points of an experiment, from the content of its targets.json."""
    found: dict[tuple[str, str], list[Point]] = {}
    for verdict in (targets or {"targets": []})["targets"]:
        asked = verdict.get("asked")
        if asked and (point := point_of(asked)) and targets:
            folder = targets["runs"].get(asked["run"], asked["run"])
            found.setdefault((folder, asked["metric"]), []).append(point)
    return {key: tuple(some) for key, some in found.items()}


def point_of(target: Mapping[str, Any]) -> Point | None:
    """Return the point that a target states; None for differences, times, laws and bounds."""
    band, t = target["band"], target["t"]
    spread = SPREADS.get(band["kind"])
    timed = t == "last" or (isinstance(t, int) and not isinstance(t, bool))
    if spread is None or not timed or target.get("minus"):
        return None
    alone = band["kind"] == "one_draw"
    statistic = None if alone else statistic_from(target["statistic"])
    if not alone and statistic not in DRAWN:
        return None
    value = target.get("published")
    if value is None and band["kind"] != "interval":
        return None
    low, high = spread(0.0 if value is None else float(value), band)
    middle = (low + high) / 2 if value is None else float(value)
    return Point(None if t == "last" else int(t), middle, low, high, statistic)


def columns(found: tuple[Point, ...], last: int) -> Floats:
    """Return t, value, low and high of points as (4, P), the last generation filled in."""
    rows = [(last if p.t is None else p.t, p.value, p.low, p.high) for p in found]
    return np.array(rows, dtype=np.float64).reshape(-1, 4).T


def _ensemble(value: float, band: Mapping[str, Any]) -> Spread:
    half = float(band.get("sd", band.get("error", 0.0)))
    return value - half, value + half


def _readoff(value: float, band: Mapping[str, Any]) -> Spread:
    return value - band["reading"], value + band["reading"]


def _interval(value: float, band: Mapping[str, Any]) -> Spread:
    return float(band["low"]), float(band["high"])


def _alone(value: float, band: Mapping[str, Any]) -> Spread:
    return value, value


SPREADS: Mapping[str, Callable[[float, Mapping[str, Any]], Spread]] = {
    "ensemble": _ensemble,
    "one_draw": _alone,
    "readoff": _readoff,
    "interval": _interval,
}
