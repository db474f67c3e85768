"""Laws over K symbols: divergences and entropies.

p (C, K) are the probabilities of C chains; the reference p_0 is (K,), (1, K) or (C, K).
"""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.metrics.arrays.checks import law_pair, probabilities


def kl(p: Floats, q: Floats, smoothing: float = 0.0) -> Floats:
    """Kullback-Leibler divergence KL(p || q) = sum_i p_i ln(p_i / q_i) after additive smoothing.

    Both laws are smoothed, (p_i + a) / (1 + a K), before they are compared. `kl(p_0, p_t)` punishes
    lost symbols, `kl(p_t, p_0)` invented ones: name the direction with the number. With a = 0 the
    value is inf once q has lost a symbol of p; with a > 0 it is finite and hides how much was
    lost, so report `support_loss` beside it.

    Args:
        p: (C, K), (1, K) or (K,).
        q: (C, K), (1, K) or (K,).
        smoothing: a >= 0, a probability; 1/n adds one pseudo-count per symbol to n rows.

    Returns:
        (C,), nats, lower is closer, range [0, inf], 0 only for equal laws. From n rows of q the
        plug-in value is biased up by about (K - 1)/(2 n). Source: Kullback and Leibler 1951.

    Raises:
        DataError: not probabilities, shapes that do not fit, or a negative smoothing.
    """
    if not (np.isfinite(smoothing) and smoothing >= 0):
        raise DataError(f"smoothing: got {smoothing}, expected a finite number of at least 0")
    p, q = law_pair(np.atleast_2d(p), q)
    total = 1 + smoothing * p.shape[1]
    p, q = (p + smoothing) / total, (q + smoothing) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    divergence: Floats = np.maximum(terms.sum(axis=1), 0)
    return divergence


def entropy(p: Floats) -> Floats:
    """Shannon entropy, -sum_i p_i ln p_i.

    Args:
        p: (C, K).

    Returns:
        (C,), nats, compare with reality (higher is more diverse), range [0, ln K], 0 for total
        collapse. Plug-in: biased low by about (K - 1)/(2 n). Source: Shannon 1948.

    Raises:
        DataError: not probabilities.
    """
    p = probabilities(p, "p")
    nats: Floats = -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1)
    return np.maximum(nats, 0)


def entropy_ratio(p: Floats, p_0: Floats) -> Floats:
    """Share of the entropy that is left, H(p) / H(p_0); with uniform p_0 it is H / ln K.

    Args:
        p: (C, K).
        p_0: reference (K,), (1, K) or (C, K), not a point mass.

    Returns:
        (C,), no unit, 1 is closest, range [0, ln K / H(p_0)]; below 1 means lost diversity.
        Plug-in: biased low. Source: Kazdan et al. 2024; with ln K, Gambetta et al. 2024.

    Raises:
        DataError: not probabilities, shapes that do not fit, or a reference of entropy 0.
    """
    p, p_0 = law_pair(p, p_0)
    initial = entropy(p_0)
    if initial.min() <= 0:
        raise DataError("p_0: got a point mass of entropy 0, expected at least two symbols")
    return entropy(p) / initial


def collision_probability(p: Floats) -> Floats:
    """Probability that two draws agree, S = sum_i p_i^2.

    Args:
        p: (C, K).

    Returns:
        (C,), a probability, compare with reality (lower is more diverse), range [1/K, 1], 1 for
        total collapse. Under replacement with n rows, E[1 - S_t] = (1 - 1/n)^t (1 - S_0).
        Source: Seddik et al. 2024.

    Raises:
        DataError: not probabilities.
    """
    p = probabilities(p, "p")
    collision: Floats = np.einsum("ck,ck->c", p, p)
    return collision
