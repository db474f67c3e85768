"""The third verdict: does the risk grow without end? Yes or no by a closed form alone.

No run is long enough to show a limit: a rise may end, and what looks flat may grow with the
logarithm of t. Where no closed form is known, the run is said to rise, or to be flat so far.
"""

from __future__ import annotations

from typing import NamedTuple

from genloss.core.arrays import Floats, Ints
from genloss.judge.profile.intervals import YES
from genloss.judge.profile.verdicts import ANY, FEWEST_CHAINS, RULES, Answer, Verdict, few


class Limit(NamedTuple):
    """What a closed form says of the expected risk as t grows, and by which argument."""

    diverges: bool
    why: str


def divergence(limit: Limit | None, trend: str) -> Verdict:
    """Return the verdict: by the closed form where there is one, else the trend alone."""
    rule = RULES[2]
    if limit is None:
        return Verdict(rule, Answer.UNKNOWN, why=f"no closed form is known; {trend}")
    return Verdict(rule, Answer.YES if limit.diverges else Answer.NO, why=limit.why)


def trend(t: Ints, excess: Floats) -> str:
    """Return whether the excess risk rises, in words: 'rising', 'falling' or 'flat up to t'.

    By the slopes of the chains over the second half. Flat is a change over it of less than a
    margin of `ANY`, not a slope that cannot be told from 0.

    Args:
        t: generations (T,).
        excess: (T, C), shares of the gap to the trivial predictor.
    """
    from scipy.special import stdtrit

    late, chains = t >= t[-1] / 2, excess.shape[1]
    if late.sum() < 3:
        return "too few generations for a trend"
    if chains < FEWEST_CHAINS:
        return few(chains)
    x = t[late] - t[late].mean()
    slopes = (x[:, None] * excess[late]).sum(axis=0) / (x**2).sum()
    change = slopes * float(t[late][-1] - t[late][0])
    half = float(stdtrit(chains - 1, 1 - YES)) * float(change.std(ddof=1)) / chains**0.5
    middle, last = float(change.mean()), f"up to t = {t[-1]:,}"
    if abs(middle) + half < ANY:
        return f"flat {last}"
    if abs(middle) <= half:
        return f"neither rising nor flat {last}: too few chains or generations"
    return f"{'rising' if middle > 0 else 'falling'} {last}"
