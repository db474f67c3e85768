"""Linear regression y = x . w* + noise, relabelled by its own predictions, fit after fit.

T rows x ~ N(0, I_d), noise variance sigma^2, least squares. Errors are E||w_t - w*||^2, the test
error without the noise floor; with features of covariance Sigma, the Sigma-norm, the same law.

Generation 1 fits real labels: w_1 = w* + X^+ e_1, and E||X^+ e||^2 = sigma^2 E tr (X'X)^{-1} =
sigma^2 d/(T - d - 1), the mean of an inverse Wishart matrix: one *dose* of error.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments, moments


def dose(n: float, d: float, *, sigma2: float = 1.0) -> float:
    """Error of one fit: sigma^2 d/(T - d - 1).

    Args:
        n: rows T per generation, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        E||w_1 - w*||^2, >= 0. Source: inverse Wishart mean; Gerstgrasser et al. 2024.
    """
    rows = arguments.number("n", n, arguments.number("d", d, 1) + 2)
    return arguments.number("sigma2", sigma2) * d / (rows - d - 1)


def replace_error(t: ArrayLike, n: float, d: float, *, sigma2: float = 1.0) -> NDArray[np.float64]:
    """Replace: E = t sigma^2 d/(T - d - 1); every generation adds an independent dose.

    w_t = w_{t-1} + X^+ e_t, whether the features are kept or drawn anew.

    Args:
        t: generations, any shape.
        n: rows T per generation, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        Shape of `t`. Source: Dohmatob et al. 2024; Gerstgrasser et al. 2024.
    """
    return np.asarray(arguments.generations(t) * dose(n, d, sigma2=sigma2))


def accumulate_error(
    t: ArrayLike, n: float, d: float, *, sigma2: float = 1.0
) -> NDArray[np.float64]:
    """Accumulate, same features relabelled: E = dose * sum_{s<=t} 1/s^2 <= dose * pi^2/6.

    The fit to all labels of the same X is the mean of the fits, w_t = (1/t) sum_s (w_{s-1} +
    X^+ e_s) with w_0 = w*, so w_t - w_{t-1} = X^+ e_t / t.

    Args:
        t: generations, any shape.
        n: rows T per generation, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        Shape of `t`; bounded. Source: Gerstgrasser et al. 2024.
    """
    squares = moments.accumulate_mean_error_bound(t, 1)
    return np.asarray(dose(n, d, sigma2=sigma2) * squares)


def replace_multiple_error(
    t: ArrayLike, n: float, d: float, *, sigma2: float = 1.0
) -> NDArray[np.float64]:
    """Replace, with t T rows at generation t: E = sum_{s<=t} sigma^2 d/(s T - d - 1), about ln t.

    The features of generation s are s T new rows.

    Args:
        t: generations, any shape.
        n: rows T of generation 1, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        Shape of `t`. Source: derived here; O(log t) in Gerstgrasser et al. 2024.
    """
    steps = arguments.generations(t)
    first = dose(n, d, sigma2=sigma2)
    grown = n * np.arange(1, steps.max(initial=0) + 1) - d - 1
    return np.asarray(arguments.running(first * (n - d - 1) / grown)[steps])


def token_edit_bound(n: float, d: float, *, sigma2: float = 1.0) -> float:
    """Token-edited real labels: E <= 2 sigma^2 d/(T - d - 1) at every generation.

    Args:
        n: rows T, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        A bound that does not grow with t. Source: Zhu et al. 2025 (ToEdit).
    """
    return 2 * dose(n, d, sigma2=sigma2)
