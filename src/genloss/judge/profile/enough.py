"""How many chains or generations would decide a verdict that cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite

from genloss.core.arrays import Floats, Ints
from genloss.judge.profile.intervals import Quotient

MOST = 100_000
"""More chains than this are not worth naming: the value lies at the threshold."""


@dataclass(frozen=True)
class Enough:
    """What would decide: so many chains of run and control, or so many generations in all."""

    chains: int | None = None
    generations: int | None = None

    def __str__(self) -> str:
        ways = []
        if self.chains is not None:
            ways.append(f"about {self.chains:,} chains of run and control")
        if self.generations is not None:
            ways.append(f"about {self.generations:,} generations at this pace")
        if not ways:
            return "the value lies at the threshold; more chains may not help"
        return f"{' or '.join(ways)} would tell"


def enough(
    found: Quotient, threshold: float, chains: int, path: tuple[Ints, Floats] | None = None
) -> Enough:
    """Return what would decide, if the estimate and the spread of chains stay what they are.

    An interval shrinks with the root of the chains. path: generations (T,) and the statistic (T,)
    on the way, which goes on as over its second half.
    """
    half, away = (found.high - found.low) / 2, abs(found.estimate - threshold)
    more = None
    if isfinite(half) and away > 0:
        # A fifth more than the estimate: it is as uncertain as what it decides.
        needed = ceil(max(1.2 * chains * (half / away) ** 2, chains + 1))
        more = needed if needed <= MOST else None
    return Enough(more, None if path is None else _reached(*path, threshold, half))


def _reached(t: Ints, path: Floats, threshold: float, half: float) -> int | None:
    """Return when a line through the second half of the path is `half` beyond the threshold."""
    late = t >= t[-1] / 2
    if late.sum() < 3 or not isfinite(half):
        return None
    x, y = t[late] - t[late].mean(), path[late]
    slope = float((x * y).sum() / (x**2).sum())
    gone = float(path[late].mean())
    side = 1 if slope > 0 else -1
    ahead = (threshold + side * half - float(path[-1])) * side
    # A slope that its own scatter explains is none.
    scatter = float((y - gone - slope * x).std()) / float((x**2).sum()) ** 0.5
    if ahead <= 0 or abs(slope) <= 2 * scatter:
        return None
    when = int(t[-1]) + ceil(ahead / abs(slope))
    return when if when <= 100 * int(t[-1]) else None
