"""Law of the spread of one Gaussian chain: determinants, typical sigma, its quantiles.

Setting and notation of `gaussian`. Why a file of its own: the expectation of sigma_t^2 stays at 1
(unbiased) while almost every chain dies, so figures need the typical chain beside it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError
from genloss.theory import arguments


def det_ratio(
    t: ArrayLike, n: ArrayLike, d: int, *, ddof: int, lam: float = 1.0
) -> NDArray[np.float64]:
    """E[det Sigma_t] / det Sigma_0, exactly.

    The determinant of a Wishart matrix is a product of independent chi2 with M - 1, ..., M - d
    degrees of freedom: prod_{j<=d} (M - j)/(M - ddof) per generation, and lam^d from the second on.
    The typical determinant lies far below this mean; see `log_det`.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, > ddof. Sizes <= d give a singular fit, hence 0.
        d: dimensions.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.

    Returns:
        Shape of `t`; in [0, 1]. Source: Wishart moments (Bartlett's decomposition).
    """
    steps, size = arguments.steps_and_sizes(t, n, ddof + 1, ddof)
    factors = np.maximum(size[:, None] - np.arange(1, d + 1), 0) / (size[:, None] - ddof)
    running = np.concatenate([[1.0], np.cumprod(factors.prod(axis=1))])
    return np.asarray(running[steps] * arguments.shrunk(steps, lam, d))


def log_det(
    t: ArrayLike, n: ArrayLike, *, d: int = 1, ddof: int, lam: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of ln(det Sigma_t / det Sigma_0), exactly.

    E ln chi2_k = psi(k/2) + ln 2 and Var ln chi2_k = psi'(k/2), summed over k = M - 1, ..., M - d
    and over generations. In one dimension this is the law of ln sigma_t^2: the drift per generation
    is about -1/(M-1) unbiased and -2/M for maximum likelihood, and it never stops.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, > d.
        d: dimensions.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler, > 0.

    Returns:
        Mean and variance, nats and nats^2, each with the shape of `t`. Source: derived here.
    """
    from scipy.special import digamma, polygamma

    if not lam > 0:
        raise SpecError(f"lam is {lam!r}; expected a shrinkage > 0, or ln sigma is minus infinity")
    steps, size = arguments.steps_and_sizes(t, n, d + 1, ddof)
    half = (size[:, None] - np.arange(1, d + 1)) / 2
    drift = np.sum(digamma(half) + np.log(2 / (size[:, None] - ddof)), axis=1)
    mean = arguments.running(drift)[steps] + np.log(arguments.shrunk(steps, lam, d))
    return np.asarray(mean), np.asarray(
        arguments.running(np.sum(polygamma(1, half), axis=1))[steps]
    )


def sigma_quantile(
    t: ArrayLike, n: ArrayLike, q: float = 0.5, *, ddof: int, lam: float = 1.0
) -> NDArray[np.float64]:
    """Quantile of sigma_t / sigma_0 over chains, in one dimension; q = 0.5 is the typical chain.

    ln sigma_t^2 is a sum of t independent ln chi2. Its normal approximation with the exact mean,
    variance and third cumulant (Cornish-Fisher; the cumulants add as psi'' does):

        ln sigma_t^2 ~ mean + z sd + (z^2 - 1) kappa_3/(6 sd^2),    z = Phi^-1(q).

    At the median the correction is about +1/(3 n) whatever t is. Error of the median below 1e-3
    relative for n >= 10; the mean of sigma_t^2 is the wrong picture, for it stays at 1 (unbiased)
    while almost every chain dies.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, >= 2 (accurate from about 10).
        q: probability in (0, 1).
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler, > 0.

    Returns:
        Shape of `t`; >= 0. Source: derived here; drift as in Shumailov et al. 2024.
    """
    from scipy.special import ndtri, polygamma

    if not 0 < q < 1:
        raise SpecError(f"q is {q!r}; expected a probability strictly between 0 and 1")
    mean, variance = log_det(t, n, ddof=ddof, lam=lam)
    steps, size = arguments.steps_and_sizes(t, n, 2, ddof)
    third = arguments.running(polygamma(2, (size - 1) / 2))[steps]
    z = float(ndtri(q))
    skew = np.divide(third, variance, out=np.zeros_like(variance), where=variance > 0)
    return np.asarray(np.exp((mean + z * np.sqrt(variance) + (z * z - 1) / 6 * skew) / 2))
