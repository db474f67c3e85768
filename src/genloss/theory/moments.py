"""Exact first moments of the recursion, for every regime and any dimension.

A model is *plug-in* if its samples, given the model, have the training set's own mean `mu_t` and a
covariance proportional to the fitted one. Then the expectation of `||mu_t - mu_0||^2` and of
`Sigma_t` obeys a linear recursion that needs nothing else: neither normality nor a dimension.

    covariance of a sample of p_t  =  lam * Sigma_t + bandwidth2 * Sigma_0

| chain | ddof | lam | bandwidth2 |
|---|---|---|---|
| Gaussian, maximum likelihood or unbiased | 0 or 1 | shrinkage of the sampler | 0 |
| categorical, rows one-hot: tr Sigma = 1 - sum p^2 | 0 | 1 | 0 |
| kernel density of fixed bandwidth h | 0 | 1 | d h^2 / tr Sigma_0 |
| kernel density whose kernel covariance is f^2 Sigma_t | 0 | 1 + f^2 | 0 |

Every result is in units of `tr Sigma_0`. In these units the matrix E[Sigma_t] is `spread * Sigma_0`
(with a kernel, only if Sigma_0 is isotropic; the trace always).

The two elementary facts behind all of it: a mean of n rows errs by (sample covariance)/n, and the
scatter of two pooled groups is the scatter inside each plus n_a n_b/(n_a + n_b) times the squared
distance of their means. Derived here; the replace case is Shumailov et al. (2024) and Alemohammad
et al. (2023), the accumulate case Kazdan et al. (2024) and Dey & Donoho (2024).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments


class MomentPath(NamedTuple):
    """Expected moments at the generations asked for; both arrays have the shape of `t`.

    Attributes:
        mean_error: E||mu_t - mu_0||^2 / tr Sigma_0, >= 0; 0 at t = 0.
        spread: E tr Sigma_t / tr Sigma_0, >= 0; 1 at t = 0.
    """

    mean_error: NDArray[np.float64]
    spread: NDArray[np.float64]


def replace(
    t: ArrayLike, n: ArrayLike, *, ddof: int, lam: float = 1.0, bandwidth2: float = 0.0
) -> MomentPath:
    """Replace: generation t is fitted to n samples of generation t - 1 alone.

    With g_0 = 1 and g_s = lam r_s + bandwidth2 (the covariance of a sample of p_s):

        r_t = (n - 1)/(n - ddof) g_{t-1},     m_t = m_{t-1} + g_{t-1} / n.

    Without a kernel r_t = c^t lam^(t-1), c = (n-1)/(n-ddof): the mean walks, the spread shrinks.
    For maximum likelihood with lam = 1 the two add up to 1 at every t: a sample of p_t keeps the
    variance of p_0 exactly, what the chains lose inside they gain between each other.

    Args:
        t: generations, any shape.
        n: rows per generation (> ddof), or a schedule M_0, M_1, ... (see `arguments.sizes`);
            "replace multiple" is the schedule n, 2n, 3n, ...
        ddof: 0 (maximum likelihood) or 1 (unbiased).
        lam: covariance multiplier of the sampler; 1 is unbiased sampling.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Exact expectations. Cost O(max t). Source: Shumailov et al. 2024; Alemohammad et al. 2023.
    """
    steps, shrink, added = _common(t, ddof, lam, bandwidth2)
    error, spread = _start(steps)
    sample = 1.0
    for s, size in enumerate(arguments.sizes(n, steps, ddof + 1), start=1):
        error[s] = error[s - 1] + sample / size
        spread[s] = (size - 1) / (size - ddof) * sample
        sample = shrink * spread[s] + added
    return MomentPath(np.asarray(error[steps]), np.asarray(spread[steps]))


def accumulate(
    t: ArrayLike, n: float, *, ddof: int, lam: float = 1.0, bandwidth2: float = 0.0
) -> MomentPath:
    """Accumulate: generation t is fitted to S_0, ..., S_{t-1}, n rows each.

    The pool of t n rows has mean mu_t. A new batch has mean mu_t + noise of covariance g_t/n, so

        m_{t+1} = m_t + g_t / (n (t+1)^2),
        ((t+1) n - ddof) r_{t+1} = (t n - ddof) r_t + g_t (n - 1/(t+1)),    r_1 = (n-1)/(n-ddof).

    Maximum likelihood, lam = 1: r_t = prod_{s<=t} (1 - 1/(n s^2)) and m_t = 1 - r_t; see
    `accumulate_spread_limit` and `accumulate_mean_error_bound`.

    Args:
        t: generations, any shape.
        n: rows per generation, > ddof.
        ddof: 0 or 1.
        lam: covariance multiplier of the sampler.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Exact expectations. Cost O(max t). Source: derived here; cf. Kazdan et al. 2024.
    """
    steps, shrink, added = _common(t, ddof, lam, bandwidth2)
    size = arguments.number("n", n, ddof + 1)
    error, spread = _start(steps)
    error[1:2], spread[1:2] = 1 / size, (size - 1) / (size - ddof)
    for s in range(1, len(spread) - 1):
        sample = shrink * spread[s] + added
        error[s + 1] = error[s] + sample / (size * (s + 1) ** 2)
        scatter = (s * size - ddof) * spread[s] + sample * (size - 1 / (s + 1))
        spread[s + 1] = scatter / ((s + 1) * size - ddof)
    return MomentPath(np.asarray(error[steps]), np.asarray(spread[steps]))


def accumulate_subsample(
    t: ArrayLike, n: float, *, ddof: int, lam: float = 1.0, bandwidth2: float = 0.0
) -> MomentPath:
    """Accumulate-subsample: n rows drawn without replacement from the pool of S_0, ..., S_{t-1}.

    State: u_t, the squared error of the pool's mean, and s_t, the pool's unbiased variance. The
    subsample's mean errs from the pool's by s_t (1/n)(1 - 1/t), the finite-population variance:

        m_t = u_t + s_t (1 - 1/t)/n,     r_t = s_t (n-1)/(n-ddof),
        v_t = s_t (1 - 1/t)/n + g_t/n    (new batch mean round the pool's mean),
        u_{t+1} = u_t + v_t/(t+1)^2,
        ((t+1) n - 1) s_{t+1} = (t n - 1) s_t + (n - 1) g_t + n t/(t+1) v_t,    s_1 = 1, u_1 = 1/n.

    Args:
        t: generations, any shape.
        n: rows per batch and per subsample, > 1.
        ddof: 0 or 1.
        lam: covariance multiplier of the sampler.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Exact expectations. Cost O(max t). Source: derived here; regime of Kazdan et al. 2024.
    """
    steps, shrink, added = _common(t, ddof, lam, bandwidth2)
    size = arguments.number("n", n, 2)
    error, spread = _start(steps)
    pool_error, pool_spread = 1 / size, 1.0
    for s in range(1, len(spread)):
        subsample = pool_spread * (1 - 1 / s) / size
        error[s] = pool_error + subsample
        spread[s] = pool_spread * (size - 1) / (size - ddof)
        sample = shrink * spread[s] + added
        jump = subsample + sample / size
        pool_error += jump / (s + 1) ** 2
        scatter = (s * size - 1) * pool_spread + (size - 1) * sample + size * s / (s + 1) * jump
        pool_spread = scatter / ((s + 1) * size - 1)
    return MomentPath(np.asarray(error[steps]), np.asarray(spread[steps]))


def accumulate_spread_limit(n: float, *, ddof: int) -> float:
    """Spread that accumulation keeps for ever (lam = 1): lim_t E tr Sigma_t / tr Sigma_0.

    Maximum likelihood: prod_s (1 - 1/(n s^2)) = sin(x)/x with x = pi/sqrt(n), Euler's product.
    Unbiased: prod_{s>=2} (1 - 1/(s (s n - 1))); the numerator n s^2 - s - 1 has the roots a, b,
    whence Gamma(2 - 1/n) / (Gamma(2 - a) Gamma(2 - b)).

    Args:
        n: rows per generation, > ddof.
        ddof: 0 or 1.

    Returns:
        A number in [0, 1); higher means that more of the spread survives. Source: derived here.
    """
    size = arguments.number("n", n, arguments.estimator(ddof) + 1)
    if ddof == 0:
        return float(np.sinc(1 / math.sqrt(size)))
    root = math.sqrt(1 + 4 * size)
    low, high = (1 - root) / (2 * size), (1 + root) / (2 * size)
    return math.gamma(2 - 1 / size) / (math.gamma(2 - low) * math.gamma(2 - high))


def accumulate_mean_error_bound(t: ArrayLike, n: float) -> NDArray[np.float64]:
    """Bound on the mean error under accumulation: (1/n) sum_{s<=t} 1/s^2 <= pi^2/(6 n).

    `accumulate` with every r_s replaced by its upper bound 1 (lam <= 1, no kernel).

    Args:
        t: generations, any shape.
        n: rows per generation.

    Returns:
        Units of tr Sigma_0, shape of `t`. Source: Gerstgrasser et al. 2024; Dey & Donoho 2024.
    """
    steps = arguments.generations(t)
    squares = np.arange(1, steps.max(initial=0) + 1, dtype=np.float64) ** -2
    total = np.concatenate([[0.0], np.cumsum(squares)])
    return np.asarray(total[steps] / arguments.number("n", n, 1))


def _common(
    t: ArrayLike, ddof: int, lam: float, bandwidth2: float
) -> tuple[NDArray[np.int64], float, float]:
    arguments.estimator(ddof)
    shrink = arguments.number("lam", lam)
    added = arguments.number("bandwidth2", bandwidth2)
    return arguments.generations(t), shrink, added


def _start(steps: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    last = int(steps.max(initial=0))
    return np.zeros(last + 1), np.ones(last + 1)
