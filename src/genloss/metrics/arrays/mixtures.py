"""Gaussian mixtures: the squared L2 distance in closed form, and component widths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite, probabilities


def squared_l2(
    weights: Floats,
    means: Floats,
    covs: Floats,
    weights_0: Floats,
    means_0: Floats,
    covs_0: Floats,
) -> Floats:
    """Squared L2 distance between two Gaussian mixture densities, in closed form.

    int (p - q)^2 dx = <p, p> + <q, q> - 2 <p, q> with
    <p, q> = sum_ij a_i b_j N(mu_i - nu_j; 0, S_i + T_j).

    Args:
        weights: (C, K), summing to 1.
        means: (C, K, d).
        covs: (C, K, d, d), positive semi-definite.
        weights_0: reference (C or 1, K_0).
        means_0: reference (C or 1, K_0, d).
        covs_0: reference (C or 1, K_0, d, d), positive definite.

    Returns:
        (C,), inverse volume units of the data (a density), lower is closer, range [0, inf), 0 only
        for equal densities. Grows like 1/sqrt(det S) as components narrow, and is inf for a chain
        with a singular component of positive weight: a point mass has no square-integrable
        density. No sampling error of its own. O(C K^2 d^3).
        Source: the GMM notebook of Shumailov et al. 2024.

    Raises:
        DataError: shapes that do not fit, or a singular reference component.
    """
    p = _mixture(weights, means, covs, "")
    q = _mixture(weights_0, means_0, covs_0, "_0")
    if q[0].shape[0] not in (1, p[0].shape[0]) or q[1].shape[2] != p[1].shape[2]:
        raise DataError(
            f"means_0: got shape {q[1].shape}, expected 1 or {p[1].shape[0]} chains of dimension "
            f"{p[1].shape[2]}; compare mixtures over one space"
        )
    if _singular(q[2]).any():
        raise DataError("covs_0: got a singular component, expected positive definite matrices")
    point = _singular(p[2])
    lost = (point & (p[0] > 0)).any(axis=1)
    covs = np.where(point[:, :, None, None], np.eye(p[1].shape[2]), p[2])
    p = (p[0], p[1], covs)
    value = np.maximum(_inner(p, p) + _inner(q, q) - 2 * _inner(p, q), 0)
    return np.where(lost, np.inf, value)


def component_std(covs: Floats) -> Floats:
    """Width of each component, sqrt(tr(S_k) / d).

    The published notebook divides the trace by its number of components, 2, which there equals d;
    the definition is the root mean variance over dimensions.

    Args:
        covs: (C, K, d, d), squared units of the data.

    Returns:
        (C, K), units of the data, range [0, inf); compare with the width of the real components.

    Raises:
        DataError: wrong shape or a negative trace.
    """
    covs = finite(covs, "covs", "(C, K, d, d)")
    trace = np.trace(covs, axis1=2, axis2=3)
    if covs.shape[2] != covs.shape[3] or trace.min() < 0:
        raise DataError(
            f"covs: got shape {covs.shape} and smallest trace {trace.min():.3g}, expected "
            "covariance matrices (C, K, d, d)"
        )
    width: Floats = np.sqrt(trace / covs.shape[2])
    return width


_Mixture = tuple[Floats, Floats, Floats]


def _mixture(weights: Floats, means: Floats, covs: Floats, suffix: str) -> _Mixture:
    weights = probabilities(weights, f"weights{suffix}")
    means = finite(means, f"means{suffix}", "(C, K, d)")
    covs = finite(covs, f"covs{suffix}", "(C, K, d, d)")
    d = means.shape[2]
    if means.shape[:2] != weights.shape or covs.shape != (*weights.shape, d, d):
        raise DataError(
            f"mixture{suffix}: got weights {weights.shape}, means {means.shape}, covs {covs.shape},"
            " expected (C, K), (C, K, d), (C, K, d, d); use 1 in place of C for one reference"
        )
    return weights, means, covs


def _singular(covs: Floats) -> NDArray[np.bool_]:
    value = np.linalg.eigvalsh(covs)
    flat: NDArray[np.bool_] = value[..., 0] <= np.maximum(value[..., -1], 0) * 1e-15
    return flat


def _inner(p: _Mixture, q: _Mixture) -> Floats:
    """<p, q> per chain, shape (C,) or (1,)."""
    d = p[1].shape[2]
    factor = np.linalg.cholesky(p[2][:, :, None] + q[2][:, None, :])
    gap = p[1][:, :, None] - q[1][:, None, :]
    scaled = np.linalg.solve(factor, gap[..., None])[..., 0]
    log_root = np.log(np.einsum("...ii->...i", factor)).sum(axis=-1)
    log_density = -0.5 * (d * np.log(2 * np.pi) + (scaled**2).sum(axis=-1)) - log_root
    total: Floats = np.einsum("ci,cj,cij->c", p[0], q[0], np.exp(log_density))
    return total
