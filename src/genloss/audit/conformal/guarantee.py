"""Whether a promise holds on texts that are known to be human: counted, and with what surprise."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaln, gammaln
from scipy.stats import beta

from genloss.audit.conformal.thresholds import Threshold
from genloss.core.arrays import Floats, Ints

SURPRISE = 0.01
"""Probability of as many flags below which the promise is called broken."""


@dataclass(frozen=True)
class Held:
    """What came of a threshold on n texts that are known to be human.

    low, high: 95 % interval of the rate (Clopper-Pearson), of texts that are independent.
    surprise: the probability of so many flags or more, if they were exchangeable with the
    calibration. verdict: broken where that is below 1 %; cannot tell where even n flags would not
    be; else holds so far.
    """

    flagged: int
    n: int
    low: float
    high: float
    surprise: float
    verdict: Literal["broken", "holds so far", "cannot tell"]

    @property
    def rate(self) -> float:
        """Share flagged, nan of none."""
        return self.flagged / self.n if self.n else float("nan")


def held(threshold: Threshold, flagged: int, n: int) -> Held:
    """Return what came of a threshold on n human texts, of which some were flagged."""
    low, high = share_between(flagged, n)
    if threshold.is_refused or not n:
        return Held(flagged, n, low, high, float("nan"), "cannot tell")
    law = flags_law(n, threshold)
    surprise = float(min(1.0, law[flagged:].sum()))
    if surprise < SURPRISE:
        return Held(flagged, n, low, high, surprise, "broken")
    blind = law[-1] >= SURPRISE
    return Held(flagged, n, low, high, surprise, "cannot tell" if blind else "holds so far")


def flags_law(m: int, threshold: Threshold) -> Floats:
    """Return P(j of m new human texts are flagged), j = 0 .. m: (m + 1,), BetaBinomial.

    C(m, j) B(k + j, n + 1 - k + m - j) / B(k, n + 1 - k), of scores without ties.
    """
    j, k, rest = np.arange(m + 1), threshold.k, threshold.n + 1 - threshold.k
    ways = gammaln(m + 1) - gammaln(j + 1) - gammaln(m - j + 1)
    return np.exp(ways + betaln(k + j, rest + m - j) - betaln(k, rest))


def share_between(k: int | Ints, n: int | Ints, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson for k of n, (0, 1) for n = 0."""
    if not n:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return low, high
