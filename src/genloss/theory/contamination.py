"""Floors that more data do not lower: a fixed foreign law among the rows, or a cut tail.

Static contamination: n rows, of which n_1 = n - n_2 follow p_0 and n_2 a fixed shifted law, with
p_2 = n_2/n. The shift's share of the error stays when n grows at fixed p_2.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError
from genloss.theory import arguments


def mean_floor(
    n: ArrayLike, p_synthetic: ArrayLike, *, shift2: float, trace: float = 1.0
) -> NDArray[np.float64]:
    """Gaussian mean: E||mu - mu_0||^2 = tr Sigma/n + p_2^2 ||delta||^2, exactly.

    The pooled mean errs by its noise and, always in the same direction, by p_2 delta.

    Args:
        n: rows in all, > 0, any shape.
        p_synthetic: p_2 in [0, 1], any shape that broadcasts (p_2 n whole to be exact).
        shift2: squared distance ||delta||^2 between the two means, squared units of x.
        trace: tr Sigma, the same in both groups, squared units of x.

    Returns:
        Squared units of x, broadcast shape; the floor is its limit p_2^2 ||delta||^2.
    """
    share = arguments.fraction("p_synthetic", p_synthetic)
    return np.asarray(trace / arguments.numbers("n", n, 1) + share**2 * shift2)


def spread_inflation(
    n: ArrayLike, p_synthetic: ArrayLike, *, shift2: float, trace: float = 1.0, ddof: int
) -> NDArray[np.float64]:
    """Gaussian spread: E tr Sigma-hat / tr Sigma, exactly; the gap of the means is read as spread.

    ((n - 1) tr Sigma + n p_1 p_2 ||delta||^2) / ((n - ddof) tr Sigma).

    Args:
        n: rows in all, > ddof, any shape.
        p_synthetic: p_2 in [0, 1], any shape that broadcasts.
        shift2: ||delta||^2, squared units of x.
        trace: tr Sigma, > 0, squared units of x.
        ddof: 0 or 1.

    Returns:
        Dimensionless, broadcast shape; 1 is no distortion (unbiased estimator).
    """
    share = arguments.fraction("p_synthetic", p_synthetic)
    rows = arguments.numbers("n", n, arguments.estimator(ddof) + 1)
    gap = rows * share * (1 - share) * shift2 / trace
    return np.asarray((rows - 1 + gap) / (rows - ddof))


def regression_error(
    n: float, d: float, p_synthetic: float, *, shift2: float, sigma2: float = 1.0
) -> float:
    """Least squares on n rows, n_2 of them labelled by a foreign w* + delta: exact error.

    w - w* = X^+ e + (A + B)^{-1} B delta with A, B the Wishart scatters of the two groups. The
    first term is sigma^2 d/(n - d - 1). For the second write B = S^(1/2) U S^(1/2), S = A + B: U is
    matrix beta, independent of S and orthogonally invariant, so E[U M U] = (alpha + beta) M +
    beta tr(M) I, and matching E[B x B] gives
        alpha = n_2 (n_2 (n + 1) - 2) / (n (n + 2)(n - 1)),    beta = n_1 n_2 / (n (n + 2)(n - 1)).
    With E[tr S tr S^{-1}] = d (n d - 2)/(n - d - 1), the second term is
        ||delta||^2 (alpha + beta + beta (n d - 2)/(n - d - 1)).

    Args:
        n: rows in all, > d + 1.
        d: features.
        p_synthetic: p_2 in [0, 1].
        shift2: c^2 = ||delta||^2 in the norm of the features' covariance.
        sigma2: noise variance.

    Returns:
        E||w - w*||^2. Source: derived here; `regression_error_asymptotic` is its limit.
    """
    rows = arguments.number("n", n, arguments.number("d", d, 1) + 2)
    foreign = rows * float(arguments.fraction("p_synthetic", p_synthetic))
    below = rows * (rows + 2) * (rows - 1)
    alpha = foreign * (foreign * (rows + 1) - 2) / below
    beta = (rows - foreign) * foreign / below
    leak = alpha + beta + beta * (rows * d - 2) / (rows - d - 1)
    return float(sigma2 * d / (rows - d - 1) + shift2 * leak)


def regression_error_asymptotic(
    phi: ArrayLike, p_synthetic: ArrayLike, *, shift2: float, sigma2: float = 1.0
) -> NDArray[np.float64]:
    """Strong collapse: E ~ sigma^2 phi/(1-phi) + (p_2^2 + p_2 p_1 phi/(1-phi)) c^2, phi = d/n.

    For small phi: sigma^2 d/n + p_2^2 c^2, a floor unless p_2 itself goes to 0.

    Args:
        phi: features per row d/n, in [0, 1), any shape.
        p_synthetic: p_2 in [0, 1], any shape that broadcasts.
        shift2: c^2 = ||delta||^2 in the norm of the features' covariance.
        sigma2: noise variance.

    Returns:
        Broadcast shape. Source: Dohmatob et al. 2025 (Strong model collapse).
    """
    share = arguments.fraction("p_synthetic", p_synthetic)
    per_row = arguments.numbers("phi", phi, 0)
    if not np.all(per_row < 1):
        raise SpecError(f"phi is {phi!r}; expected d/n below 1; take more rows than features")
    odds = per_row / (1 - per_row)
    return np.asarray(sigma2 * odds + (share**2 + share * (1 - share) * odds) * shift2)


def memorizer_error(n: ArrayLike, p: ArrayLike, *, keep: int | None = None) -> NDArray[np.float64]:
    """Error of a model that knows exactly the items it has seen: sum_i p_i P(i not among n rows).

    Rows come from q, p cut to its first `keep` items and renormalised; a cut item is never seen:

        E = sum_{i <= keep} p_i (1 - q_i)^n + sum_{i > keep} p_i.

    For p_i ~ i^-b the first sum falls as n^{-(b-1)/b}, and the floor is about keep^{-(b-1)}.

    Args:
        n: rows, >= 0, any shape.
        p: law of the items in falling order, shape (K,).
        keep: items that the source of the rows still knows; None is all.

    Returns:
        Shape of `n`; in [0, 1], lower is better. Source: Dohmatob et al. 2024 (Tale of tails).
    """
    from scipy.special import xlog1py

    law = arguments.law(p)
    known = law[:keep]
    rows = arguments.numbers("n", n, 0)[..., None]
    unseen = np.exp(xlog1py(rows, -known / known.sum()))
    return np.asarray(unseen @ known + law[len(known) :].sum(), dtype=np.float64)


def mixed_memorizer_error(
    n_real: ArrayLike, n_cut: ArrayLike, p: ArrayLike, *, keep: int
) -> NDArray[np.float64]:
    """Error of `memorizer_error`'s model on n_1 rows of p beside n_2 rows of p cut to `keep` items.

        E = sum_i p_i (1 - p_i)^{n_1} (1 - q_i)^{n_2},    q_i = 0 for i > keep.

    Few clean rows leave the plateau of the cut rows where they are; many of them end it.

    Args:
        n_real: n_1, >= 0, any shape.
        n_cut: n_2, >= 0, any shape that broadcasts.
        p: law of the items in falling order, shape (K,).
        keep: items that the source of the cut rows still knows.

    Returns:
        Broadcast shape; in [0, 1], lower is better. Source: Dohmatob et al. 2024 (Tale of tails)
        for the effect, derived here.
    """
    from scipy.special import xlog1py

    law = arguments.law(p)
    known = np.zeros_like(law)
    known[:keep] = law[:keep] / law[:keep].sum()
    clean = arguments.numbers("n_real", n_real, 0)[..., None]
    cut = arguments.numbers("n_cut", n_cut, 0)[..., None]
    unseen = np.exp(xlog1py(clean, -law) + xlog1py(cut, -known))
    return np.asarray(unseen @ law, dtype=np.float64)
