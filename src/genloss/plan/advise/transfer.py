"""Whether advice for one learner, or text, holds for another: the ratio of their real rows."""

import math
from dataclasses import dataclass

from genloss.errors import SpecError
from genloss.plan.advise.advice import Answer

APART = 2.0
"""Advice that differs by more is not transferable."""


@dataclass(frozen=True)
class Transfer:
    """The other's real rows over this one's, with an interval at 95 %; None: one has none.

    Of shares of unlike N the shares are compared. The interval adds those of both, taken as
    independent, on a logarithmic scale.
    """

    ratio: float | None
    low: float = math.nan
    high: float = math.nan

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
    if this.rows is None or other.rows is None:
        return Transfer(None)
    if this.rows == 0 or other.rows == 0:
        same = this.rows == other.rows
        return Transfer(1.0, 1.0, 1.0) if same else Transfer(None)
    ratio = other.rows / this.rows
    if this.axis == "share" and this.total != other.total:
        ratio *= this.total / other.total
    below = math.hypot(_log(this.rows, this.high), _log(other.low, other.rows))
    above = math.hypot(_log(this.low, this.rows), _log(other.rows, other.high))
    return Transfer(ratio, ratio * math.exp(-below), ratio * math.exp(above))


def _log(low: float, high: float) -> float:
    return math.log(max(high, 0.5) / max(low, 0.5))
