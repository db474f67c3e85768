"""Split-conformal thresholds: which score is too high for a human text, and what is promised.

n calibration scores and a new one are exchangeable, a flag is a score above the k-th largest. Then
a new text is flagged with probability k / (n + 1) at most (Vovk et al. 2005), and the rate at which
one calibration flags new texts is Beta(k, n + 1 - k), at most (Vovk 2012).
"""

from dataclasses import dataclass
from math import ceil, floor, log
from typing import Literal

import numpy as np
from scipy.special import betainc

from genloss.core.arrays import Floats
from genloss.errors import SpecError

Guarantee = Literal["marginal", "confident"]
"""marginal: at most `level` of human texts are flagged, on average over calibrations. confident:
this calibration, and not only an average one, flags at most `level`, with probability
`confidence`."""

CONFIDENCE = 0.95

ROUNDING = 1e-9
"""Lets 0.01 x 100 be 1."""


@dataclass(frozen=True)
class Threshold:
    """A score above which a text is flagged.

    level: share of human texts that may be flagged. k: a flag is a score above the k-th largest of
    the calibration; 0: refused, value is nan. n, needs: scores of the calibration, and how many the
    promise takes at least.
    """

    level: float
    guarantee: Guarantee
    k: int
    value: float
    n: int
    needs: int

    @property
    def is_refused(self) -> bool:
        """Whether there are too few scores for this promise."""
        return self.k == 0

    @property
    def expected(self) -> float:
        """The share of human texts that is flagged on average over calibrations, k / (n + 1)."""
        return self.k / (self.n + 1)


def threshold(
    scores: Floats, level: float, guarantee: Guarantee, confidence: float = CONFIDENCE
) -> Threshold:
    """Return the lowest threshold with this promise, from calibration scores (n,).

    Raises:
        SpecError: a level or confidence outside (0, 1).
    """
    n, confident = len(scores), guarantee == "confident"
    k = rank_confident(n, level, confidence) if confident else rank_marginal(n, level)
    value = float(np.sort(scores)[-k]) if k else float("nan")
    return Threshold(level, guarantee, k, value, n, fewest(level, guarantee, confidence))


def rank_marginal(n: int, level: float) -> int:
    """Return the largest k with k / (n + 1) <= level."""
    _check(level, "level")
    return floor(level * (n + 1) + ROUNDING)


def rank_confident(n: int, level: float, confidence: float = CONFIDENCE) -> int:
    """Return the largest k with P(Beta(k, n + 1 - k) <= level) >= confidence, 0 without one."""
    _check(confidence, "confidence")
    most = rank_marginal(n, level)
    k = np.arange(1, most + 1)
    return int((betainc(k, n + 1 - k, level) >= confidence).sum())


def fewest(level: float, guarantee: Guarantee, confidence: float = CONFIDENCE) -> int:
    """Return how many scores a threshold needs: 99 and 299 for 1 %, 199 and 598 for 0.5 %."""
    _check(level, "level")
    if guarantee == "marginal":
        return ceil(1 / level - ROUNDING) - 1
    return ceil(log(1 - confidence) / log(1 - level) - ROUNDING)


def p_values(scores: Floats, calibration: Floats) -> Floats:
    """Return (1 + #{calibration >= score}) / (n + 1) of every score; nan for nan.

    Of a new exchangeable text, P(p <= u) <= u. O((n + m) log n).
    """
    ordered, n = np.sort(calibration), len(calibration)
    above = n - np.searchsorted(ordered, scores, side="left")
    return np.where(np.isnan(scores), np.nan, (1 + above) / (n + 1))


def _check(value: float, what: str) -> None:
    if not 0 < value < 1:
        raise SpecError(f"{what} is {value!r}; expected a share such as 0.01")
