"""What a verdict rests on: one metric at one generation, in a run and in its control."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from genloss.core.about import Aspect
from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.judge.profile.intervals import (
    ABOVE,
    BELOW,
    Errors,
    Means,
    Quotient,
    difference,
    means,
    ratio,
    share_of_gap,
)

ALL = 1.0
"""A chain with more than the control's spread has all of it: wide ones hide no narrow ones."""

MOST = 2.0
"""A chain with more than so many times the control's tail counts as this many.

Not 1, as counts of rare rows scatter widely about it.
"""


@dataclass(frozen=True, eq=False)
class Evidence:
    """The values of a metric over chains at the horizon.

    run (C,); control (B, K), K exchangeable fits of each of B chains on real rows, or K = 1.
    trivial: the metric of a predictor that has learnt nothing, None where unknown. better: 1 where
    higher values are closer to reality, else -1. paired: chain c of both shares its streams.
    log: judged by logarithms, as a perplexity is, whose mean is no expected loss.

    Raises:
        DataError: shapes that do not fit, NaN, or an infinite value of the control.
    """

    metric: str
    aspect: Aspect
    run: Floats
    control: Floats
    trivial: float | None = None
    better: int = -1
    paired: bool = False
    log: bool = False
    unit: str = "1"
    generation: int = field(default=0)

    def __post_init__(self) -> None:
        run, control = np.asarray(self.run, float), np.asarray(self.control, float)
        if run.ndim != 1 or control.ndim != 2 or not run.size or not control.size:
            raise DataError(
                f"{self.metric}: got {run.shape} of the run and {control.shape} of its control; "
                "expected (C,) and (B, K)"
            )
        if np.isnan(run).any() or not np.isfinite(control).all():
            raise DataError(
                f"{self.metric}: got {int(np.isnan(run).sum())} NaN in the run and "
                f"{int((~np.isfinite(control)).sum())} values of the control that are not finite; "
                "leave out metrics that do not apply"
            )
        if self.paired and len(run) != len(control):
            raise DataError(
                f"{self.metric}: {len(run)} chains cannot be paired with {len(control)}"
            )

    @property
    def chains(self) -> int:
        """The chains of the run or of the control, whichever has fewer."""
        return min(len(self.run), len(self.control))

    def excess(self, errors: Errors = ABOVE) -> Quotient:
        """Return the excess risk over the control as a share of the gap to the trivial predictor.

        A chain worse than the trivial predictor counts as that one: a share lies below 1, and one
        chain that ran away decides nothing.
        """
        assert self.trivial is not None
        run, control, trivial = (
            self._risk(np.asarray(v, float)) for v in (self.run, self.control, self.trivial)
        )
        top = float(trivial)
        return share_of_gap(
            self._means(np.minimum(run, top), np.minimum(control, top)), top, errors
        )

    def shares(self) -> Floats:
        """Return the excess of each chain (C,) as a share of that gap, at most 1."""
        assert self.trivial is not None
        run, control, trivial = (
            self._risk(np.asarray(v, float)) for v in (self.run, self.control, self.trivial)
        )
        known = float(np.minimum(control, trivial).mean())
        return np.asarray((np.minimum(run, trivial) - known) / (float(trivial) - known))

    def left(self, errors: Errors = BELOW) -> Quotient:
        """Return what the chains have of the control's mean, each at most `ALL` or `MOST` of it."""
        times = ALL if self.aspect is Aspect.SPREAD else MOST
        most = times * float(self.control.mean())
        return ratio(self._means(np.minimum(self.run, most), self.control), errors)

    def beyond(self, errors: Errors = ABOVE) -> Quotient:
        """Return the difference to the control, in units of the metric."""
        return difference(self._means(self.run, self.control), errors)

    def _means(self, run: Floats, control: Floats) -> Means:
        return means(run, control.mean(axis=1), self.paired)

    def _risk(self, values: Floats) -> Floats:
        return np.log(values) if self.log else -self.better * values
