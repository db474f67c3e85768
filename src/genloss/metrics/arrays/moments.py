"""Errors of fitted means and covariances, and the Wasserstein distance between Gaussians.

Every function compares C chains with one reference: mean (C, d), cov (C, d, d); the reference has
the same axes, or 1 in place of C, or no chain axis.
"""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite, reference, weights


def sample_moments(x: Floats, weight: Floats | None = None) -> tuple[Floats, Floats]:
    """Mean and covariance of the rows, both with divisor n (maximum likelihood, ddof = 0).

    m = sum_i w_i x_i and S = sum_i w_i (x_i - m)(x_i - m)^T with weights scaled to sum to 1.
    E[S] = (1 - sum_i w_i^2) Sigma, that is (1 - 1/n) Sigma without weights: biased low.

    Args:
        x: rows (C, n, d).
        weight: optional non-negative row weights (C, n), any scale.

    Returns:
        mean (C, d) in units of x and cov (C, d, d) in squared units; two passes, O(C n d^2).

    Raises:
        DataError: wrong shapes, NaN or infinite values, weights without positive sum.
    """
    x = finite(x, "x", "(C, n, d)")
    share = weights(weight, (x.shape[0], x.shape[1]))[:, :, None]
    mean = (x * share).sum(axis=1)
    centred = x - mean[:, None, :]
    cov: Floats = np.swapaxes(centred * share, 1, 2) @ centred
    return mean, (cov + np.swapaxes(cov, 1, 2)) / 2


def mean_error(mean: Floats, mean_0: Floats) -> Floats:
    """Euclidean error of the mean, |m - m_0|.

    Args:
        mean: (C, d), units of the data.
        mean_0: reference (d,), (1, d) or (C, d).

    Returns:
        (C,), units of the data, lower is closer, range [0, inf). For n rows of N(m_0, S) the
        expected square is tr(S)/n, not 0: compare with a chain of fresh real data.

    Raises:
        DataError: shapes that do not fit.
    """
    return np.sqrt(squared_mean_error(mean, mean_0))


def squared_mean_error(mean: Floats, mean_0: Floats) -> Floats:
    """Squared error of the mean, |m - m_0|^2.

    Args:
        mean: (C, d), units of the data.
        mean_0: reference (d,), (1, d) or (C, d).

    Returns:
        (C,), squared units of the data, lower is closer, range [0, inf); expectation tr(S)/n for
        n rows of the reference law. Source: Kazdan et al. 2024.

    Raises:
        DataError: shapes that do not fit.
    """
    mean = finite(mean, "mean", "(C, d)")
    gap = mean - reference(mean_0, mean, "mean_0", "(C, d)")
    squared: Floats = np.einsum("ci,ci->c", gap, gap)
    return squared


def covariance_error(cov: Floats, cov_0: Floats) -> Floats:
    """Frobenius error of the covariance, |S - S_0|_F.

    Args:
        cov: (C, d, d), squared units of the data.
        cov_0: reference (d, d), (1, d, d) or (C, d, d).

    Returns:
        (C,), squared units of the data, lower is closer, range [0, inf); positive for any finite
        sample.

    Raises:
        DataError: shapes that do not fit, or asymmetric matrices.
    """
    cov = _symmetric(finite(cov, "cov", "(C, d, d)"), "cov")
    gap = cov - _symmetric(reference(cov_0, cov, "cov_0", "(C, d, d)"), "cov_0")
    error: Floats = np.sqrt(np.einsum("cij,cij->c", gap, gap))
    return error


def sigma_error(cov: Floats, cov_0: Floats) -> Floats:
    """Absolute error of the standard deviation in one dimension, |s - s_0|.

    Args:
        cov: variances (C, 1, 1), squared units of the data.
        cov_0: reference (1, 1), (1, 1, 1) or (C, 1, 1).

    Returns:
        (C,), units of the data, lower is closer, range [0, inf). Source: Shumailov et al. 2024.

    Raises:
        DataError: more than one dimension, a negative variance, shapes that do not fit.
    """
    cov, cov_0 = _covariances(cov, cov_0)
    if cov.shape[1] != 1:
        raise DataError(
            f"cov: got shape {cov.shape}, expected (C, 1, 1); in more dimensions use "
            "covariance_error"
        )
    gap: Floats = np.abs(np.sqrt(np.maximum(cov, 0)) - np.sqrt(np.maximum(cov_0, 0)))[:, 0, 0]
    return gap


def trace_ratio(cov: Floats, cov_0: Floats) -> Floats:
    """Share of the total variance that is left, tr(S) / tr(S_0).

    Args:
        cov: (C, d, d).
        cov_0: reference (d, d), (1, d, d) or (C, d, d), with a positive trace.

    Returns:
        (C,), no unit, 1 is closest, range [0, inf); below 1 means lost variance. Expectation
        1 - 1/n for a ddof = 0 covariance of n rows of the reference. Source: Kazdan et al. 2024.

    Raises:
        DataError: shapes that do not fit, or a reference of trace 0.
    """
    cov, cov_0 = _covariances(cov, cov_0)
    trace_0 = np.trace(cov_0, axis1=1, axis2=2)
    if trace_0.min() <= 0:
        raise DataError(
            f"cov_0: got trace {trace_0.min():.3g}, expected a positive trace; a reality without "
            "variance has nothing to lose"
        )
    ratio: Floats = np.trace(cov, axis1=1, axis2=2) / trace_0
    return ratio


def determinant_ratio(cov: Floats, cov_0: Floats) -> Floats:
    """Share of the generalised variance that is left, det(S) / det(S_0).

    Args:
        cov: (C, d, d), possibly singular.
        cov_0: reference (d, d), (1, d, d) or (C, d, d), positive definite.

    Returns:
        (C,), no unit, 1 is closest, range [0, inf), 0 for a singular S (to rounding). Through log
        determinants, so that neither determinant needs to be representable. Falls with d at a
        given loss per axis; biased low for finite n. Source: Kazdan et al. 2024.

    Raises:
        DataError: shapes that do not fit, or a singular reference.
    """
    cov, cov_0 = _covariances(cov, cov_0)
    sign, log = np.linalg.slogdet(cov)
    sign_0, log_0 = np.linalg.slogdet(cov_0)
    if sign_0.min() <= 0:
        raise DataError(
            "cov_0: got a singular matrix, expected a positive definite one; use trace_ratio"
        )
    return np.where(sign > 0, np.exp(log - log_0), 0.0)


def gaussian_w2_squared(mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
    """Squared 2-Wasserstein distance between N(m, S) and N(m_0, S_0).

    |m - m_0|^2 + tr(S) + tr(S_0) - 2 tr((S^1/2 S_0 S^1/2)^1/2); in one dimension
    (m - m_0)^2 + (s - s_0)^2. The last trace is computed as the sum of the singular values of
    S^1/2 S_0^1/2, which keeps its digits where a root of eigenvalues of the product would lose
    half of them. For laws that are not Gaussian it is Gelbrich's lower bound on W_2^2; on network
    features it is the FID.

    Args:
        mean: (C, d), units of the data.
        cov: (C, d, d), positive semi-definite, possibly singular.
        mean_0: reference (d,), (1, d) or (C, d).
        cov_0: reference (d, d), (1, d, d) or (C, d, d), possibly singular.

    Returns:
        (C,), squared units of the data, lower is closer, range [0, inf), 0 only for equal moments.
        O(C d^3). From n rows in one dimension its expectation is 3 s^2/(2 n) to first order, not 0.
        Source: Gelbrich 1990; Shumailov et al. 2024.

    Raises:
        DataError: shapes that do not fit, asymmetric matrices, or a negative eigenvalue.
    """
    shift = squared_mean_error(mean, mean_0)
    cov, cov_0 = _covariances(cov, cov_0)
    if cov.shape[0] != shift.shape[0] or cov.shape[1] != np.shape(mean)[1]:
        raise DataError(
            f"cov: got shape {cov.shape}, expected (C, d, d) to fit mean {np.shape(mean)}; pass "
            "both moments of the same chains"
        )
    if cov.shape[1] == 1:
        return shift + sigma_error(cov, cov_0) ** 2
    value, vector = _eigen(cov, "cov")
    value_0, vector_0 = _eigen(cov_0, "cov_0")
    overlap = np.swapaxes(vector, 1, 2) @ vector_0
    product = np.sqrt(value)[:, :, None] * overlap * np.sqrt(value_0)[:, None, :]
    shared = np.linalg.svd(product, compute_uv=False).sum(axis=1)
    spread: Floats = value.sum(axis=1) + value_0.sum(axis=1) - 2 * shared
    return shift + np.maximum(spread, 0)


def _covariances(cov: Floats, cov_0: Floats) -> tuple[Floats, Floats]:
    cov = _symmetric(finite(cov, "cov", "(C, d, d)"), "cov")
    cov_0 = _symmetric(reference(cov_0, cov, "cov_0", "(C, d, d)"), "cov_0")
    for name, value in (("cov", cov), ("cov_0", cov_0)):
        variance = np.einsum("cii->ci", value)
        if variance.min() < 0:
            raise DataError(f"{name}: got a negative variance {variance.min():.3g} on the diagonal")
    return cov, cov_0


def _symmetric(cov: Floats, name: str) -> Floats:
    if cov.shape[1] != cov.shape[2]:
        raise DataError(f"{name}: got shape {cov.shape}, expected square matrices (C, d, d)")
    gap = np.abs(cov - np.swapaxes(cov, 1, 2)).max()
    if gap > 1e-8 * np.abs(cov).max():
        raise DataError(
            f"{name}: got matrices asymmetric by {gap:.3g}, expected covariances; average with "
            "the transpose if this is rounding"
        )
    return cov


def _eigen(cov: Floats, name: str) -> tuple[Floats, Floats]:
    value, vector = np.linalg.eigh(cov)
    if value.min() < -1e-8 * np.abs(value).max():
        raise DataError(
            f"{name}: got eigenvalue {value.min():.3g}, expected a positive semi-definite matrix"
        )
    return np.maximum(value, 0), vector
