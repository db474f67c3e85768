"""Exact first moments where real rows enter by chance, or count by weight or by depth.

Plug-in models, notation and units as in `moments`: m_t = E||mu_t - mu_0||^2 / tr Sigma_0 and r_t =
E tr Sigma_t / tr Sigma_0, with g_t = lam r_t + bandwidth2 the variance of what the model writes.
With maximum likelihood and lam = 1, m_t + r_t = 1 throughout. For symbols (one-hot rows)
E||p_t - p_0||^2 = m_t (1 - sum p_0^2), see `discrete`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments
from genloss.theory.moments import MomentPath

Step = Callable[[int, float, float], tuple[float, float]]


def fresh_share(
    t: ArrayLike,
    n_first: float,
    n: float,
    *,
    share: float,
    ddof: int,
    lam: float = 1.0,
    bandwidth2: float = 0.0,
) -> MomentPath:
    """Each of n rows is a new real one with probability a, else a row of the last model.

    Given p_t they are independent draws of pi = a p_0 + (1 - a) p_t, whose variance is v_t =
    a + (1 - a) g_t + a (1 - a) m_t, so that

        m_{t+1} = (1 - a)^2 m_t + v_t / n,    r_{t+1} = (n - 1)/(n - ddof) v_t.

    Under maximum likelihood m_{t+1} = 1/n + (1 - 1/n)(1 - a)^2 m_t.

    Args:
        t: generations, any shape.
        n_first: rows of S_0, > ddof.
        n: rows of every later generation, > ddof.
        share: a in [0, 1].
        ddof: 0 (maximum likelihood) or 1 (unbiased).
        lam: covariance multiplier of the sampler.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Exact expectations, shape of `t`. Cost O(max t). Source: derived here; for symbols Bakshi &
        Chakraborty 2026.
    """
    a = float(arguments.fraction("share", share))
    rows = arguments.number("n", n, arguments.estimator(ddof) + 1)

    def step(s: int, m: float, r: float) -> tuple[float, float]:
        v = a + (1 - a) * (lam * r + bandwidth2) + a * (1 - a) * m
        return (1 - a) ** 2 * m + v / rows, (rows - 1) / (rows - ddof) * v

    return _path(t, n_first, ddof, step)


def share_inflation(n: ArrayLike, share: ArrayLike) -> NDArray[np.float64]:
    """Limit of `fresh_share` over one honest fit: 1/(1 - (1 - 1/n)(1 - a)^2), maximum likelihood.

    Args:
        n: rows of every generation, >= 1, any shape.
        share: a in (0, 1], any shape that broadcasts.

    Returns:
        Dimensionless, >= 1: 5.3 at a = 0.1 and 10 at a = 0.05 for large n. Source: Bakshi &
        Chakraborty 2026.
    """
    rows, a = arguments.numbers("n", n, 1), arguments.fraction("share", share)
    return np.asarray(1 / (1 - (1 - 1 / rows) * (1 - a) ** 2))


def share_discount(t: ArrayLike, n: float, share: float) -> NDArray[np.float64]:
    """What is left at generation t of a difference at generation 1: ((1 - 1/n)(1 - a)^2)^(t-1).

    Args:
        t: generations >= 1, any shape.
        n: rows of every generation, >= 1.
        share: a in [0, 1].

    Returns:
        Shape of `t`; of mean errors under maximum likelihood, lam = 1. Source: the discount
        (1 - a)^(2 m) of Khelifa et al. 2026 for diffusion, here exactly for plug-in models.
    """
    left = (1 - 1 / arguments.number("n", n, 1)) * (1 - arguments.fraction("share", share)) ** 2
    return np.asarray(left ** np.maximum(arguments.generations(t) - 1, 0), dtype=np.float64)


def weighted_fresh(
    t: ArrayLike,
    n_first: float,
    n_real: float,
    n_synthetic: float,
    *,
    real_weight: float,
    ddof: int,
    lam: float = 1.0,
    bandwidth2: float = 0.0,
) -> MomentPath:
    """New real rows with the share w of the weight, rows of the last model with the rest.

    The variance is fitted, so that this is `weighting.weighted_mean_error` up to O(1/n):

        m_{t+1} = w^2/n_r + (1 - w)^2 (m_t + g_t/n_s),
        (1 - ddof/N) r_{t+1} = w (1 - 1/n_r) + (1 - w)(1 - 1/n_s) g_t
                               + w (1 - w)(1/n_r + m_t + g_t/n_s),       N = n_r + n_s.

    Args:
        t: generations, any shape.
        n_first: rows of S_0, > ddof.
        n_real: new real rows of every later generation, > 0.
        n_synthetic: rows of the previous model, > 0.
        real_weight: w in [0, 1].
        ddof: 0 or 1.
        lam: covariance multiplier of the sampler.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Exact expectations, shape of `t`. Cost O(max t). Source: derived here; loop of He, Xu &
        Cheng 2025.
    """
    w = float(arguments.fraction("real_weight", real_weight))
    real = arguments.number("n_real", n_real, 1)
    synthetic = arguments.number("n_synthetic", n_synthetic, 1)
    left = 1 - arguments.estimator(ddof) / (real + synthetic)

    def step(s: int, m: float, r: float) -> tuple[float, float]:
        g = lam * r + bandwidth2
        inside = w * (1 - 1 / real) + (1 - w) * (1 - 1 / synthetic) * g
        between = w * (1 - w) * (1 / real + m + g / synthetic)
        return w * w / real + (1 - w) ** 2 * (m + g / synthetic), (inside + between) / left

    return _path(t, n_first, ddof, step)


def discounted(t: ArrayLike, n: float, *, decay: float) -> MomentPath:
    """Accumulate with weight q^s on rows of generation s; maximum likelihood, lam = 1.

    mu_{t+1} - mu_t is the weight of S_t in the pool times the noise of its mean, so that

        m_{t+1} = m_t + (q^t / (1 + q + ... + q^t))^2 r_t/n,    m_1 = 1/n,    r_t = 1 - m_t.

    It converges, geometrically for q < 1, below 1/(1 - q^2) times the 1/n of the first fit.

    Args:
        t: generations, any shape.
        n: rows of every generation, S_0 included, > 0.
        decay: q in (0, 1].

    Returns:
        Exact expectations, shape of `t`. Cost O(max t). Source: derived here; q = 1 is
        `moments.accumulate`.
    """
    q = float(arguments.fraction("decay", decay))
    rows = arguments.number("n", n, 1)
    total = 1.0

    def step(s: int, m: float, r: float) -> tuple[float, float]:
        nonlocal total
        total += q**s
        moved = m + (q**s / total) ** 2 * r / rows
        return moved, 1 - moved

    return _path(t, n, 0, step)


def _path(t: ArrayLike, n_first: float, ddof: int, step: Step) -> MomentPath:
    """Follow (m, r) from reality (0, 1) and the fit to S_0; step(s, m_s, r_s) gives the next."""
    steps = arguments.generations(t)
    first = arguments.number("n_first", n_first, arguments.estimator(ddof) + 1)
    path = [(0.0, 1.0), (1 / first, (first - 1) / (first - ddof))]
    for s in range(1, int(steps.max(initial=0))):
        path.append(step(s, *path[-1]))
    error, spread = np.array(path).T
    return MomentPath(np.asarray(error[steps]), np.asarray(spread[steps]))
