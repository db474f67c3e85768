"""The Gaussian chain: variance of a sample, expected sigma, W2 risk.

Generation t fits mu_t and Sigma_t (divisor n - ddof) to n rows of N(mu_{t-1}, lam Sigma_{t-1});
generation 1 fits n rows of p_0 = N(mu_0, Sigma_0), unshrunk. Given the past, mu_t and Sigma_t are
independent, (n - ddof) Sigma_t is Wishart with n - 1 degrees of freedom, and in one dimension

    sigma_t^2 / sigma_0^2 = lam^(t-1) prod_{s<=t} chi2_{n-1} / (n - ddof),   independent factors,

from which everything below follows. `n` may be a schedule (see `arguments.sizes`). Expectations of
the mean and of Sigma_t under other regimes are in `moments` and `anchored`; the law of the spread
of one chain, which is nothing like its expectation, is in `spread_law`.

Source of the results named after it: Shumailov et al. (2024), Nature 631, and its supplement.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError
from genloss.theory import arguments, moments


def sample_variance(
    t: ArrayLike, n: ArrayLike, *, ddof: int, lam: float = 1.0
) -> NDArray[np.float64]:
    """Total variance of one sample of p_t over all chains, in units of Sigma_0.

    Var X^t = E||mu_t - mu_0||^2 + lam E[Sigma_t]. Unbiased, lam = 1: exactly 1 + sum_{i<t} 1/M_i,
    the paper's sigma^2 (1 + t/M). Maximum likelihood, lam = 1: exactly 1 at every t.

    Args:
        t: generations, any shape; a sample of p_0 is real.
        n: rows per generation or schedule, > ddof.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.

    Returns:
        Shape of `t`; dimensionless, >= 0. Source: Shumailov et al. 2024.
    """
    error, spread = moments.replace(t, n, ddof=ddof, lam=lam)
    return np.asarray(np.where(arguments.generations(t) == 0, 1.0, error + lam * spread))


def expected_sigma(
    t: ArrayLike, n: ArrayLike, *, ddof: int, lam: float = 1.0
) -> NDArray[np.float64]:
    """E[sigma_t] / sigma_0 in one dimension, exactly.

    A chi variable with k degrees of freedom has mean sqrt(2) Gamma((k+1)/2) / Gamma(k/2), so each
    generation multiplies by a(M) = sqrt(2/(M - ddof)) Gamma(M/2) / Gamma((M-1)/2) < 1, and from the
    second on by sqrt(lam).

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, >= 2.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.

    Returns:
        Shape of `t`; in (0, 1]. Source: Bertrand et al. 2024, as restated by
        Suresh et al. 2024 (unbiased, lam = 1).
    """
    steps, size = arguments.steps_and_sizes(t, n, 2, ddof)
    half = (size - 1) / 2
    log_a = 0.5 * np.log(2 / (size - ddof)) + _log_gamma_step(half)
    return np.asarray(np.exp(arguments.running(log_a)[steps]) * arguments.shrunk(steps, lam, 0.5))


def sigma_variance(
    t: ArrayLike, n: ArrayLike, *, ddof: int, lam: float = 1.0
) -> NDArray[np.float64]:
    """Var[sigma_t] / sigma_0^2 in one dimension, exactly: r_t - (E[sigma_t]/sigma_0)^2.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, >= 2.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.

    Returns:
        Shape of `t`; >= 0; about 1/(2 n) after one fit. Source: derived here.
    """
    spread = moments.replace(t, n, ddof=ddof, lam=lam).spread
    return np.asarray(spread - expected_sigma(t, n, ddof=ddof, lam=lam) ** 2)


def w2_squared(
    t: ArrayLike, n: ArrayLike, *, ddof: int, lam: float = 1.0, sigma2: float = 1.0
) -> NDArray[np.float64]:
    """E[W2^2(p_0, p_t)] in one dimension, exactly.

    W2^2 = (mu_t - mu_0)^2 + (sigma_t - sigma_0)^2, hence
    sigma_0^2 (m_t + r_t - 2 E[sigma_t]/sigma_0 + 1).

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, >= 2.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.
        sigma2: variance of p_0, squared units of x.

    Returns:
        Shape of `t`; squared units of x, >= 0, lower is closer. Source: derived here.
    """
    scale = arguments.number("sigma2", sigma2)
    error, spread = moments.replace(t, n, ddof=ddof, lam=lam)
    return np.asarray(scale * (error + spread - 2 * expected_sigma(t, n, ddof=ddof, lam=lam) + 1))


def w2_squared_first_order(
    t: ArrayLike, n: ArrayLike, *, sigma2: ArrayLike = 1.0
) -> NDArray[np.float64]:
    """E[W2^2(p_0, p_t)] to first order in sum_i 1/M_i: (3/2) sigma^2 sum 1/M_i in one dimension.

    One fit errs by covariance Sigma_0/M in the mean and, entry by entry in the eigenbasis of
    Sigma_0, by variance a_i a_j (1 + [i = j])/M in the covariance. To second order W2^2 weighs the
    latter with 1/(2 (a_i + a_j)); errors of successive fits add. In all

        (sum_i 5 a_i/4 + (1/2) sum_ij a_i a_j/(a_i + a_j)) sum_{i<t} 1/M_i,

    d (d + 5)/4 sigma^2 sum 1/M_i if isotropic. Either estimator; good while d sum 1/M_i << 1.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule.
        sigma2: variance of p_0, or the eigenvalues (d,) of Sigma_0; squared units of x.

    Returns:
        Shape of `t`; squared units of x. Source: Shumailov et al. 2024 (d = 1); d > 1 derived here.
    """
    steps, size = arguments.steps_and_sizes(t, n, 2, 0)
    return np.asarray(_risk_per_noise(sigma2) * arguments.running(1 / size)[steps])


def w2_squared_accumulate_first_order(
    t: ArrayLike, n: float, *, sigma2: ArrayLike = 1.0
) -> NDArray[np.float64]:
    """E[W2^2(p_0, p_t)] under accumulation, to first order in 1/n.

    A batch changes the pool by 1/(t+1) of its own error, so sum 1/M_i becomes
    (1/n) sum_{s<=t} 1/s^2: in one dimension the risk stays below (3/2) (pi^2/6) sigma^2/n.

    Args:
        t: generations, any shape.
        n: rows per generation, >= 2.
        sigma2: variance of p_0, or the eigenvalues (d,) of Sigma_0; squared units of x.

    Returns:
        Shape of `t`; squared units of x. Source: derived here; cf. Dey & Donoho 2024.
    """
    return np.asarray(_risk_per_noise(sigma2) * moments.accumulate_mean_error_bound(t, n))


def w2_squared_lower(path: moments.MomentPath, *, trace: float = 1.0) -> NDArray[np.float64]:
    """Lower bound on E[W2^2(p_0, p_t)] in any dimension, under any regime.

    The coupling term tr (S^(1/2) T S^(1/2))^(1/2) is a nuclear norm, at most sqrt(tr S tr T); with
    Jensen's inequality for sqrt(tr Sigma_t),

        E[W2^2] >= tr Sigma_0 (m_t + (1 - sqrt(r_t))^2).

    Replacement, unbiased, lam = 1: tr Sigma_0 sum_{i<t} 1/M_i, so the risk diverges unless sizes
    grow superlinearly. By Gelbrich's inequality it also bounds W2 between laws that are not
    Gaussian, if `path` holds the moments of the law itself.

    Args:
        path: moments from `moments` or `anchored`.
        trace: tr Sigma_0, squared units of x.

    Returns:
        Shape of the path; squared units of x. Source: derived here; cf. Shumailov et al. 2024.
    """
    scale = arguments.number("trace", trace)
    return np.asarray(scale * (path.mean_error + (1 - np.sqrt(path.spread)) ** 2))


def mean_abs_errors_first_order(
    t: ArrayLike, n: ArrayLike, *, sigma: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """E|mu_t - mu_0| and E|sigma_t - sigma_0| in one dimension, to first order.

    Both errors are nearly normal with variances sigma^2 sum 1/M_i and half of it; the mean of |z|
    is sqrt(2/pi). Either estimator; good while sum 1/M_i << 1.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, >= 2.
        sigma: standard deviation of p_0, units of x.

    Returns:
        Two arrays, shape of `t`, units of x, >= 0. Source: derived here.
    """
    steps, size = arguments.steps_and_sizes(t, n, 2, 0)
    of_mean = sigma * np.sqrt(2 / math.pi * arguments.running(1 / size)[steps])
    return np.asarray(of_mean), np.asarray(of_mean / math.sqrt(2))


def _risk_per_noise(sigma2: ArrayLike) -> float:
    """First-order E[W2^2] for a fit of sum 1/M_i = 1, from the eigenvalues of Sigma_0."""
    values = np.atleast_1d(np.asarray(sigma2, dtype=np.float64))
    if values.ndim != 1 or not np.all(values > 0):
        raise SpecError(f"sigma2 is {sigma2!r}; expected a variance, or a list of eigenvalues, > 0")
    pairs = values[:, None] * values / (values[:, None] + values)
    return float(1.25 * values.sum() + 0.5 * pairs.sum())


def _log_gamma_step(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of Gamma(x + 1/2)/Gamma(x).

    The difference of two log-gammas loses all digits of 1 - a(M) at large M, hence Stirling's
    series there; the next term is below 1e-17.
    """
    from scipy.special import gammaln

    near = gammaln(x + 0.5) - gammaln(x)
    far = 0.5 * np.log(x) - 1 / (8 * x) + 1 / (192 * x**3) - 1 / (640 * x**5) + 17 / (14336 * x**7)
    return np.where(x < 60, near, far)
