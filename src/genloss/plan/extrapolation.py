"""From a few small timings to what all generations take, as a range."""

from collections.abc import Sequence
from dataclasses import dataclass

from genloss.core.arrays import Floats


@dataclass(frozen=True)
class Range:
    """From low to high; high is None where nothing bounds it."""

    low: float
    high: float | None

    def __add__(self, other: "Range") -> "Range":
        """Add both ends."""
        if self.high is None or other.high is None:
            return Range(self.low + other.low, None)
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> "Range":
        """Scale both ends by a factor of 0 or more."""
        return Range(self.low * factor, None if self.high is None else self.high * factor)


@dataclass(frozen=True)
class Point:
    """What a phase took: rows of all chains, seconds, and the share in [0, 1] that was done."""

    rows: float
    seconds: float
    share: float = 1.0


def extrapolated(points: Sequence[Point], rows: Floats) -> Range:
    """Return the seconds of a phase over generations of so many rows, from points of other sizes.

    points: the smallest first. Time is affine in rows: each point gives a line with the largest
    one, and one through it and the origin; both ends are the extremes of their sums. A single
    point bounds from below as if its time were fixed, from above as if it were proportional; one
    that was cut off before any of it was done says nothing, and nothing else no upper bound.
    """
    finished = [p for p in points if p.share > 0.0]
    if not finished:
        return Range(sum(p.seconds for p in points) * len(rows), None)
    *before, last = finished
    seconds = last.seconds / last.share
    estimates = [seconds / last.rows * float(rows.sum())]
    for point in before:
        if point.share < 1.0:
            continue
        if point.rows == last.rows:
            estimates.append(point.seconds / point.rows * float(rows.sum()))
            continue
        slope = max((seconds - point.seconds) / (last.rows - point.rows), 0.0)
        estimates.append(float((seconds + slope * (rows - last.rows)).clip(min=0.0).sum()))
    if len(estimates) == 1 and float(rows.max()) > last.rows:
        estimates.append(seconds * len(rows))
    return Range(min(estimates), max(estimates))
