"""Whether a promise holds on texts that are known to be human: counted, and with what surprise."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaln, gammaln, ndtr
from scipy.stats import beta

from genloss.audit.conformal.thresholds import Threshold
from genloss.core.arrays import Floats, Ints

SURPRISE = 0.01
"""Probability below which flags call the promise broken, and ranks call texts unlike."""


@dataclass(frozen=True)
class Held:
    """What came of a threshold on n texts that are known to be human.

    low, high: 95 % interval of the rate (Clopper-Pearson), of texts that are independent.
    surprise: the probability of so many flags or more, if they were exchangeable with the
    calibration. verdict: broken where that is below 1 %; cannot tell where even n flags would not
    be; else holds so far. rank_p: see `rank_p`; nan where there are no p-values.
    """

    flagged: int
    n: int
    low: float
    high: float
    surprise: float
    verdict: Literal["broken", "holds so far", "cannot tell"]
    rank_p: float = float("nan")

    @property
    def is_unlike(self) -> bool:
        """Whether these texts, known to be human, rank too high among those calibrated on."""
        return self.rank_p < SURPRISE

    @property
    def rate(self) -> float:
        """Share flagged, nan of none."""
        return self.flagged / self.n if self.n else float("nan")


def held(threshold: Threshold, flagged: int, n: int, p_values: float = float("nan")) -> Held:
    """Return what came of a threshold on n human texts; p_values: the sum of theirs, if known."""
    low, high = share_between(flagged, n)
    if threshold.is_refused or not n:
        return Held(flagged, n, low, high, float("nan"), "cannot tell")
    ranks = rank_p(p_values, n, threshold.n)
    law = flags_law(n, threshold)
    surprise = float(min(1.0, law[flagged:].sum()))
    if surprise < SURPRISE:
        return Held(flagged, n, low, high, surprise, "broken", ranks)
    blind = law[-1] >= SURPRISE
    verdict: Literal["cannot tell", "holds so far"] = "cannot tell" if blind else "holds so far"
    return Held(flagged, n, low, high, surprise, verdict, ranks)


def rank_p(p_values: float, m: int, n: int) -> float:
    """Probability that m human texts like the n calibrated on have p-values of this sum or less.

    U = sum of (n + 1) p_i - 1 counts the pairs in which a calibrated text scores as high: mean m n
    / 2, variance m n (m + n + 1) / 12, close to normal. All scores count, where flags are the few
    above one of them: a shift is seen long before flags show it. Ties lower it: a text that ties
    with calibrated ones counts as less machine-like. Source: Mann and Whitney 1947, Annals of
    Mathematical Statistics 18.
    """
    off = (n + 1) * p_values - m - m * n / 2
    return float(ndtr((off + 0.5) / np.sqrt(m * n * (m + n + 1) / 12)))


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
