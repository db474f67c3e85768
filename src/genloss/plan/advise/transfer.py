"""Whether advice for one learner, or text, holds for another: the ratio of their real rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genloss.errors import SpecError
from genloss.plan.advise.advice import Answer
from genloss.plan.advise.supplies import RealRows

APART = 2.0
"""Advice that differs by more is not transferable."""


@dataclass(frozen=True)
class Transfer:
    """The other's real rows over this one's, with an interval at 95 %; None: one has none.

    Of shares of unlike N the shares are compared. The interval adds those of both, taken as
    independent, on a logarithmic scale. axis, weighted: how this one's rows are counted, and
    whether they have the best weight.
    """

    ratio: float | None
    low: float = math.nan
    high: float = math.nan
    axis: str = ""
    weighted: bool = False

    @property
    def is_transferable(self) -> bool:
        """Whether the ratio is at most two, either way."""
        return self.ratio is not None and 1 / APART <= self.ratio <= APART


def transfer(this: Answer, other: Answer) -> Transfer:
    """Return how the advice for another learner or text compares with that for this one.

    Raises:
        SpecError: answers that count in two ways.
    """
    if this.axis != other.axis:
        raise SpecError(f"a {this.axis} beside a {other.axis}; expected answers that count alike")
    none = Transfer(None, axis=this.axis, weighted=_is_weighted(this))
    if this.rows is None or other.rows is None:
        return none
    if this.rows == 0 or other.rows == 0:
        return replace(none, ratio=1.0, low=1.0, high=1.0) if this.rows == other.rows else none
    ratio = other.rows / this.rows
    if this.axis == "share" and this.total != other.total:
        ratio *= this.total / other.total
    below = math.hypot(_log(this.rows, this.high), _log(other.low, other.rows))
    above = math.hypot(_log(this.low, this.rows), _log(other.rows, other.high))
    low, high = ratio * math.exp(-below), ratio * math.exp(above)
    return replace(none, ratio=ratio, low=low, high=high)


def transfers(these: Sequence[Answer], others: Sequence[Answer]) -> tuple[Transfer, ...]:
    """Return how those answers compare that count alike, by the same rule and estimand."""
    by_sort = {_sort(answer): answer for answer in others}
    return tuple(transfer(a, by_sort[_sort(a)]) for a in these if _sort(a) in by_sort)


def _sort(answer: Answer) -> tuple[str, bool, str]:
    return answer.axis, _is_weighted(answer), answer.estimand


def _is_weighted(answer: Answer) -> bool:
    return isinstance(answer.dial, RealRows) and answer.dial.weighted


def _log(low: float, high: float) -> float:
    return math.log(max(high, 0.5) / max(low, 0.5))
