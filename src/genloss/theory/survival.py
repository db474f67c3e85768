"""How long a word, a symbol or a sigma survives (Suresh et al. 2024), in our count of generations.

The source's step k is our generation t: P(Lambda_1 != 0) = 1 - exp(-n lambda_0), the law of the
first fit to real data, so g_1 = 1. (Pinned in the tests by simulation and by exact Markov chain.)

Poisson: a count of n draws of intensity Lambda is Poisson(n Lambda), and E exp(-s Lambda_t) folds
through g(x) = 1 - exp(-x) once per generation. Symbols of a multinomial sample obey the same with
small corrections. Replacement throughout.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments


def g_iterate(t: ArrayLike) -> NDArray[np.float64]:
    """The t-th iterate of g(x) = 1 - exp(-x) from infinity: g_1 = 1, g_{t+1} = 1 - exp(-g_t).

    Lies in [1/t, 3/t], and tends to 2/t: the chance that a symbol seen once outlives t fits.

    Args:
        t: generations, any shape; g_0 = infinity.

    Returns:
        Shape of `t`; falls with t. Cost O(max t). Source: Suresh et al. 2024.
    """
    steps = arguments.generations(t)
    values = [np.inf]
    for _ in range(int(steps.max(initial=0))):
        values.append(-np.expm1(-values[-1]))
    return np.asarray(np.asarray(values)[steps])


def g_bounds(t: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The bounds 1/t <= g_t <= 3/t (both infinite at t = 0).

    Args:
        t: generations, any shape.

    Returns:
        Lower and upper bound, shape of `t`. Source: Suresh et al. 2024.
    """
    steps = arguments.generations(t)
    below = np.divide(1.0, steps, out=np.full(steps.shape, np.inf), where=steps > 0)
    return np.asarray(below), np.asarray(3 * below)


def poisson_survival(t: ArrayLike, expected_count: ArrayLike) -> NDArray[np.float64]:
    """P(Lambda_t != 0) = 1 - exp(-c g_t) for a Poisson source with c = n lambda_0, exactly.

    With survival of a symbol of expected count c read from this, a word seen c times lives about c
    generations. Given Lambda, the next count is Poisson: E exp(-x n Lambda_{t}) given Lambda_{t-1}
    is exp(-n Lambda_{t-1} g(x)), and "zero" is x -> infinity, folded t times.

    Args:
        t: generations, any shape; 1 at t = 0 if c > 0.
        expected_count: c = n lambda_0 (or n p of a rare symbol), >= 0, any shape.

    Returns:
        Shape of `t` followed by the shape of c; in [0, 1]. Source: Suresh et al. 2024.
    """
    return np.asarray(-np.expm1(-_exponent(t, expected_count)))


def bernoulli_survival_bounds(
    t: ArrayLike, p: ArrayLike, n: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds on the survival of a symbol of probability p among n draws a generation.

    1 - exp(-c g_t)  <=  P(p_t != 0)  <=  1 - (1 - 3 n p^2 - 3 t p) exp(-c g_t),   c = n p.

    The lower bound follows from (1 - x)^n <= exp(-n x) applied backward; the upper one says by how
    little a rare symbol differs from Poisson, and is empty once 3 n p^2 + 3 t p exceeds 1.
    `fixation.survival_probability` is exact.

    Args:
        t: generations, any shape.
        p: initial probability of the symbol, any shape.
        n: draws per generation, >= 1.

    Returns:
        Lower and upper bound, shape of `t` followed by the shape of `p`, the upper clipped to 1.
        Source: Suresh et al. 2024.
    """
    start = arguments.fraction("p", p)
    missing = np.exp(-_exponent(t, arguments.number("n", n, 1) * start))
    linear = 3 * n * start**2 + 3 * np.multiply.outer(arguments.generations(t), start)
    return np.asarray(1 - missing), np.asarray(np.minimum(1 - (1 - linear) * missing, 1.0))


def survivors_lower(t: ArrayLike, p: ArrayLike, n: float) -> NDArray[np.float64]:
    """Lower bound on the expected number of symbols left: sum_i (1 - exp(-n p_i g_t)).

    Args:
        t: generations, any shape; the number of symbols of p at t = 0.
        p: the initial law, shape (K,).
        n: draws per generation, >= 1.

    Returns:
        Shape of `t`; close to the truth when all n p_i^2 are small. Source: Suresh et al. 2024.
    """
    counts = arguments.number("n", n, 1) * arguments.law(p)
    return np.asarray(poisson_survival(t, counts).sum(axis=-1))


def gaussian_tail_bound(
    t: ArrayLike, n: float, epsilon: float, *, sigma: float = 1.0
) -> NDArray[np.float64]:
    """P(sigma_t > epsilon) <= (sigma_0/epsilon) exp(-t/(4 n - 1)), unbiased variance.

    Markov's inequality on E[sigma_t] = a(n)^t sigma_0 (`gaussian.expected_sigma`) and
    a(n) <= exp(-1/(4 n - 1)); the exact a(n) decays like exp(-1/(4 (n - 1))), a little faster.
    sigma is a standard deviation, although the source writes Sigma.

    Args:
        t: generations, any shape.
        n: rows per generation, >= 2.
        epsilon: threshold on sigma, > 0, units of x.
        sigma: standard deviation of p_0, units of x.

    Returns:
        Shape of `t`; a probability bound, clipped to 1. Source: Suresh et al. 2024.
    """
    return _markov(t, 4 * arguments.number("n", n, 2) - 1, epsilon, sigma)


def mixture_tail_bound(
    t: ArrayLike, n: float, epsilon: float, *, sigma: float = 1.0
) -> NDArray[np.float64]:
    """P(sigma_t > epsilon) <= (sigma_0/epsilon) exp(-t/(4 n)) for the +-mu Gaussian mixture.

    Holds for the source's approximate joint maximum likelihood fit of (mu, sigma), not for EM.

    Args:
        t: generations, any shape.
        n: rows per generation, >= 1.
        epsilon: threshold on sigma, > 0, units of x.
        sigma: standard deviation of a component at the start, units of x.

    Returns:
        Shape of `t`; a probability bound, clipped to 1. Source: Suresh et al. 2024.
    """
    return _markov(t, 4 * arguments.number("n", n, 1), epsilon, sigma)


def _exponent(t: ArrayLike, expected_count: ArrayLike) -> NDArray[np.float64]:
    """Product c g_t over all t and c, with 0 * infinity = 0: what never was cannot survive."""
    counts = arguments.numbers("expected_count", expected_count, 0)
    steps = g_iterate(t)
    counts_b = counts[(None,) * steps.ndim]
    steps_b = steps.reshape(steps.shape + (1,) * counts.ndim)
    shape = np.broadcast_shapes(steps_b.shape, counts_b.shape)
    return np.asarray(np.multiply(steps_b, counts_b, out=np.zeros(shape), where=counts_b > 0))


def _markov(t: ArrayLike, lifetime: float, epsilon: float, sigma: float) -> NDArray[np.float64]:
    threshold = arguments.number("epsilon", epsilon, np.finfo(float).tiny)
    decay = np.exp(-arguments.generations(t) / lifetime)
    return np.asarray(np.minimum(sigma / threshold * decay, 1.0))
