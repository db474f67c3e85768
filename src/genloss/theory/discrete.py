"""The categorical chain (Wright-Fisher): what n draws and a count-and-divide fit do to a law.

Generation t has p_t = counts/n of n draws from p_{t-1}. One-hot rows make this a plug-in chain of
`moments` with ddof 0, lam 1 and tr Sigma = 1 - sum p^2, so every regime there applies:

    E[1 - sum p_t^2]     = (1 - sum p_0^2) * spread,
    E||p_t - p_0||_2^2   = (1 - sum p_0^2) * mean_error,        mean_error = 1 - spread.

Diversity lost and squared distance travelled are one number, E||p_t||^2 - ||p_0||^2, for p_t is a
martingale. In population genetics n counts haploid individuals and a state is an allele. Exact laws
by Markov chain: `fixation`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments, moments


def collision_probability(t: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """E[sum_i p_t(i)^2] under replacement: S_t = 1 - (1 - 1/n)^t (1 - S_0), exactly.

    Two draws of p_t hit the same row of D_t with probability 1/n; if not, they are two draws of
    p_{t-1}.

    Args:
        t: generations, any shape.
        n: draws per generation or schedule, >= 1.
        p: the initial law, shape (K,).

    Returns:
        Shape of `t`; in [0, 1], rises to 1 = total collapse. Source: Seddik et al. 2024.
    """
    diversity = 1 - np.sum(arguments.law(p) ** 2)
    return np.asarray(1 - diversity * moments.replace(t, n, ddof=0).spread)


def accumulate_collision_probability(t: ArrayLike, n: float, p: ArrayLike) -> NDArray[np.float64]:
    """E[sum_i p_t(i)^2] under accumulation, exactly.

    Diversity falls by prod_{s<=t} (1 - 1/(n s^2)), in the limit by sin(x)/x with x = pi/sqrt(n):
    most of it is kept for ever.

    Args:
        t: generations, any shape.
        n: draws per generation, >= 1.
        p: the initial law, shape (K,).

    Returns:
        Shape of `t`; in [0, 1]. Source: derived here (`moments.accumulate`).
    """
    diversity = 1 - np.sum(arguments.law(p) ** 2)
    return np.asarray(1 - diversity * moments.accumulate(t, n, ddof=0).spread)


def proportion_variance(t: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """Var[p_t(i)] = p_i (1 - p_i) (1 - (1 - 1/n)^t) under replacement, exactly.

    Args:
        t: generations, any shape.
        n: draws per generation or schedule, >= 1.
        p: initial probability of each state, any shape.

    Returns:
        Shape of `t` followed by the shape of `p`; ends at p (1 - p), a coin toss between 0 and 1.
    """
    start = arguments.fraction("p", p)
    error = moments.replace(t, n, ddof=0).mean_error
    return np.asarray(np.multiply.outer(error, start * (1 - start)))


def absence_after_one(p: ArrayLike, n: float) -> NDArray[np.float64]:
    """Probability (1 - p)^n that a state of probability p is missing from one sample of n.

    Once missing it never returns under replacement. Computed as exp(n log1p(-p)).

    Args:
        p: probability of the state, any shape.
        n: draws, >= 1.

    Returns:
        Shape of `p`; in [0, 1]. E.g. p = 0.0005, n = 1000: 0.606. Source: Shumailov et al. 2024.
    """
    from scipy.special import xlog1py

    return np.asarray(
        np.exp(xlog1py(arguments.number("n", n, 1), -arguments.fraction("p", p))), dtype=np.float64
    )


def survivors_after_one(p: ArrayLike, n: float) -> float:
    """Expected number of states that one sample of n still shows: sum_i (1 - (1 - p_i)^n).

    Args:
        p: the law, shape (K,).
        n: draws, >= 1.

    Returns:
        In [1, K]; later generations: `fixation.expected_survivors`.
    """
    return float(np.sum(1 - absence_after_one(arguments.law(p), n)))


def fixation_probability(p: ArrayLike) -> NDArray[np.float64]:
    """Probability that the chain ends at each state under replacement: its initial probability.

    p_t(i) is a bounded martingale that ends at 0 or 1, and its expectation stays p_0(i).

    Args:
        p: the initial law, shape (K,).

    Returns:
        Shape (K,), sums to 1. Source: Shumailov et al. 2024.
    """
    return arguments.law(p).copy()


def collapse_time_diffusion(p: ArrayLike, n: float) -> float:
    """Expected generations to total collapse: -2 n sum_i (1 - p_i) ln(1 - p_i), for large n.

    The chain is over when some state holds everything, so E T = sum_i sum_t (p_i - P(i fixed by
    t)), and each term is a two-state question: i against the rest. The diffusion's answer to it is
    -2 n (1 - p_i) ln(1 - p_i) (Kimura & Ohta 1969). Two states give the familiar
    -2 n (p ln p + (1-p) ln(1-p)); K equal states 2 n (K - 1) ln(K/(K - 1)), at most 2 n.
    Overestimates small n (8 % at n = K = 10); `fixation.expected_collapse_time` is exact.

    Args:
        p: the initial law, shape (K,).
        n: draws per generation, >= 1.

    Returns:
        Generations (fits until p_t is a point mass), >= 0.
    """
    from scipy.special import xlogy

    rest = 1 - arguments.law(p)
    return float(-2 * arguments.number("n", n, 1) * np.sum(xlogy(rest, rest)))


def entropy_first_order(t: ArrayLike, n: ArrayLike, p: ArrayLike) -> NDArray[np.float64]:
    """E[entropy of p_t] under replacement, to first order: H_0 - (K - 1)/2 sum_{i<t} 1/M_i.

    Second-order Taylor term of -sum p ln p with Var p_i = p_i (1 - p_i) sum 1/M (the Miller-Madow
    bias, once per generation). Good while every n p_i stays well above t.

    Args:
        t: generations, any shape.
        n: draws per generation or schedule, >= 1.
        p: the initial law, shape (K,); K counts its non-zero states.

    Returns:
        Nats, shape of `t`. Source: Miller 1955 for one generation.
    """
    from scipy.special import entr

    steps, size = arguments.steps_and_sizes(t, n, 1, 0)
    start = arguments.law(p)
    states = np.count_nonzero(start)
    fall = (states - 1) / 2 * arguments.running(1 / size)[steps]
    return np.asarray(float(np.sum(entr(start))) - fall)
