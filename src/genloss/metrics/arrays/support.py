"""Which of K symbols are left, and how much of the rare ones.

p (C, K) are the probabilities of C chains; the reference p_0 is (K,), (1, K) or (C, K).
"""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.numbers import open_fraction
from genloss.metrics.arrays.checks import law_pair, positive_counts, reference


def support_loss(p: Floats, p_0: Floats) -> Floats:
    """Real probability of the symbols a model can no longer produce, sum of p_0 where p = 0.

    Args:
        p: (C, K).
        p_0: reference (K,), (1, K) or (C, K).

    Returns:
        (C,), a probability, lower is closer, range [0, 1]. For counts of n real rows the
        expectation is sum_i p_0i (1 - p_0i)^n, not 0.

    Raises:
        DataError: not probabilities or shapes that do not fit.
    """
    p, p_0 = law_pair(p, p_0)
    lost: Floats = np.where(p == 0, p_0, 0.0).sum(axis=1)
    return lost


def surviving_symbols(p: Floats | Ints) -> Floats:
    """Number of symbols with positive probability (or count).

    Args:
        p: probabilities or counts (C, K).

    Returns:
        (C,), symbols, higher is more diverse, range [1, K]. From n rows it cannot exceed n and
        misses rare symbols. Source: Suresh et al. 2024.

    Raises:
        DataError: wrong shape or negative entries.
    """
    number: Floats = (positive_counts(p) > 0).sum(axis=1, dtype=np.float64)
    return number


def surviving_fraction(p: Floats | Ints, p_0: Floats | Ints) -> Floats:
    """Share of reality's symbols that still occur, #{p > 0 and p_0 > 0} / #{p_0 > 0}.

    Args:
        p: probabilities or counts (C, K).
        p_0: reference probabilities or counts (K,), (1, K) or (C, K).

    Returns:
        (C,), no unit, 1 is closest, range [0, 1]; rises with the number of rows.
        Source: Suresh et al. 2024.

    Raises:
        DataError: wrong shapes or negative entries.
    """
    alive = positive_counts(p)
    real = positive_counts(reference(p_0, alive, "p_0", "(C, K)")) > 0
    share: Floats = ((alive > 0) & real).sum(axis=1) / real.sum(axis=1)
    return share


def zero_proportion(p: Floats | Ints) -> Floats:
    """Share of the alphabet that never occurs, #{p = 0} / K.

    Args:
        p: probabilities or counts (C, K).

    Returns:
        (C,), no unit, compare with reality (lower is more diverse), range [0, 1 - 1/K]; falls with
        the number of rows. Source: Kazdan et al. 2024.

    Raises:
        DataError: wrong shape or negative entries.
    """
    share: Floats = 1 - surviving_symbols(p) / np.shape(p)[1]
    return share


def tail_mass_ratio(p: Floats, p_0: Floats, mass: float = 0.05) -> Floats:
    """Probability of the rare symbols relative to reality's, sum over the tail of p and of p_0.

    The tail is the shortest run of p_0's rarest symbols that holds at least `mass`; ties in p_0 are
    taken in order of index, and symbols reality never produces do not belong to it.

    Args:
        p: (C, K).
        p_0: reference (K,), (1, K) or (C, K).
        mass: probability in (0, 1) the tail must hold under p_0.

    Returns:
        (C,), no unit, 1 is closest, range [0, 1/mass]; below 1 means a lost tail.

    Raises:
        DataError: not probabilities or shapes that do not fit.
        SpecError: mass outside (0, 1).
    """
    p, p_0 = law_pair(p, p_0)
    tail = _rarest(p_0, mass)
    ratio: Floats = (p * tail).sum(axis=1) / (p_0 * tail).sum(axis=1)
    return ratio


def _rarest(p_0: Floats, mass: float) -> Floats:
    """Indicator (C or 1, K) of the tail."""
    mass = open_fraction(mass, "mass")
    order = np.argsort(p_0, axis=1, kind="stable")
    ranked = np.take_along_axis(p_0, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    # 1e-12: three symbols of 0.1 must reach 0.3 although their float sum may fall short of it.
    inside = (before < mass - 1e-12) & (ranked > 0)
    tail = np.zeros_like(p_0)
    np.put_along_axis(tail, order, inside.astype(np.float64), axis=1)
    return tail
