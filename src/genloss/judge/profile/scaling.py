"""The fourth verdict: does the error fall more slowly with the size of the data than it should?

A matter of several runs: at least four sizes over 1.5 decades, each beside its control.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import NamedTuple

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.judge.profile.enough import enough
from genloss.judge.profile.intervals import ABOVE, Quotient, fieller
from genloss.judge.profile.verdicts import FEWEST_CHAINS, RULES, Answer, Verdict, few

SIZES, DECADES = 4, 1.5

SLOWER = 0.25
"""Loss of the exponent, as a share of the control's, that counts as another law."""

HIDDEN = "no sign of it, but the loss holds the entropy of reality, which can hide another law"


@dataclass(frozen=True, eq=False)
class Sized:
    """Risk of a run (C,) and of its control (B, K) at one size of data, lower is better."""

    size: int
    run: Floats
    control: Floats


def scaling(
    at: Sequence[Sized], metric: str = "", generation: int = 0, *, is_loss: bool = False
) -> Verdict:
    """Return the verdict on runs that differ in size alone.

    Statistic: the share of the control's exponent that is lost, (c - a) / c, where the mean risk
    falls as size^-a in the runs and as size^-c in their controls; least squares of log means, their
    errors over chains by the delta method, the quotient's interval Fieller's. Sizes weigh alike:
    weights from the spread of few chains follow their means, as errors are skewed, and said a false
    yes in 7 % of four chains instead of 3 %; run and control, weighed unlike, would also differ
    where their risk is no power. is_loss: the risk holds the entropy of reality,
    which makes both exponents smaller: of runs no better than their controls, a yes holds for the
    rest of it as well; a no would not, and is not said.

    Raises:
        DataError: a size that occurs twice.
    """
    rule, sizes = RULES[3], sorted(s.size for s in at)
    if len(set(sizes)) < len(sizes):
        raise DataError(f"sizes {sizes}: one occurs twice; expected one run of each")
    if len(sizes) < SIZES or log10(sizes[-1] / sizes[0]) < DECADES:
        return Verdict(rule, Answer.UNKNOWN, metric, why=one_size(sizes), generation=generation)
    chains = min(min(len(s.run), len(s.control)) for s in at)
    fits = sum(s.control.size for s in at)

    def said(answer: Answer, found: Quotient | None, why: str = "", more: str = "") -> Verdict:
        return Verdict(rule, answer, metric, found, chains, fits, generation, why, more)

    if chains < FEWEST_CHAINS:
        return said(Answer.UNKNOWN, None, few(chains))
    if not all(np.isfinite(s.run).all() for s in at):
        return said(Answer.UNKNOWN, None, "a risk that is not finite has no exponent")
    if min(float(v.mean()) for s in at for v in (s.run, s.control)) <= 0:
        return said(Answer.UNKNOWN, None, "a risk of 0 has no exponent")
    run, control = _exponent(at, control=False), _exponent(at, control=True)
    if control.value <= 3 * control.variance**0.5:
        return said(Answer.UNKNOWN, None, "the control does not improve with size")
    found = _lost(run, control)
    if is_loss and found.high < SLOWER:
        return said(Answer.UNKNOWN, found, HIDDEN)
    if found.low > SLOWER or found.high < SLOWER:
        return said(Answer.YES if found.low > SLOWER else Answer.NO, found)
    more = str(enough(found, SLOWER, chains))
    return said(Answer.UNKNOWN, found, "the interval holds the threshold", more)


def one_size(sizes: Sequence[int]) -> str:
    """Return why these sizes show no law."""
    have = "one size" if len(sizes) == 1 else f"{len(sizes)} sizes"
    return f"{have}; a law needs {SIZES} or more over {DECADES} decades (a sweep of n_real)"


class _Exponent(NamedTuple):
    """An exponent, what the error of each size (S,) adds to its variance, and chains (S,) - 1."""

    value: float
    parts: Floats
    degrees: Floats

    @property
    def variance(self) -> float:
        return float(self.parts.sum())


def _exponent(at: Sequence[Sized], control: bool) -> _Exponent:
    values = [s.control.mean(axis=1) if control else s.run for s in at]
    mean = np.array([v.mean() for v in values])
    var = np.array([v.var(ddof=1) / len(v) for v in values]) / mean**2
    x = np.log([s.size for s in at])
    lever = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    chains = np.array([float(len(v)) for v in values])
    return _Exponent(-float(lever @ np.log(mean)), lever**2 * var, chains - 1)


def _lost(run: _Exponent, control: _Exponent) -> Quotient:
    """Return (c - a) / c with its interval; runs and controls are independent fits.

    Satterthwaite's degrees of freedom of a - (1 - SLOWER) c, which the threshold asks about.
    """
    from scipy.special import stdtrit

    parts = np.concatenate([run.parts, (1 - SLOWER) ** 2 * control.parts])
    squares = float((parts**2 / np.concatenate([run.degrees, control.degrees])).sum())
    # Chains that agree to the bit have no error, whatever its degrees.
    degrees = float(parts.sum()) ** 2 / squares if squares else 1.0
    n, d = control.value - run.value, control.value
    var = (run.variance + control.variance, control.variance, control.variance)
    low, high = (fieller(n, d, *var, float(stdtrit(degrees, 1 - e))) for e in ABOVE)
    return Quotient(low.estimate, low.low, high.high)
