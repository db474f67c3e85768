"""Expectation-maximisation for Gaussian mixtures: arrays in, arrays out, every chain at once.

The steps, the lower bound and the stopping rule are scikit-learn's GaussianMixture, so that the
published figures made with it can be repeated; the loop is compiled (em_loop).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.errors import DataError, FitError, SpecError
from genloss.models.columns import columns, row_weight

Covariance = Literal["full", "diagonal", "spherical"]
SPREADS: dict[str, int] = {"full": 0, "diagonal": 1, "spherical": 2}


@dataclass(frozen=True, eq=False)
class MixtureParameters:
    """weights (C, k), means (C, k, d), covs (C, k, d, d); (C, k, d) diagonal; (C, k) spherical."""

    weights: Floats
    means: Floats
    covs: Floats


@dataclass(frozen=True, eq=False)
class EMResult:
    """Where every chain stopped.

    parameters: after the last maximisation step. n_iter (C,): iterations done. lower_bound (C,):
    mean log-likelihood in nats per row, at the last expectation step (one step before the
    parameters, as in scikit-learn). converged (C,): whether its last change was below tol.
    """

    parameters: MixtureParameters
    n_iter: Ints
    lower_bound: Floats
    converged: np.ndarray[tuple[int], np.dtype[np.bool_]]


def fit_em(
    x: Floats,
    start: MixtureParameters,
    *,
    covariance: Covariance,
    tol: float = 1e-3,
    max_iter: int = 100,
    reg_covar: float | Floats = 1e-6,
    weight: Floats | None = None,
    threads: int | None = None,
) -> EMResult:
    """Maximise the likelihood of a Gaussian mixture in every chain.

    r_jk = weights_k N(x_j; means_k, covs_k) / p(x_j); n_k = sum_j r_jk; weights_k = n_k / n;
    means_k = sum_j r_jk x_j / n_k; covs_k = sum_j r_jk (x_j - means_k)(x_j - means_k)^T / n_k
    + reg_covar I, of which 'diagonal' keeps the diagonal and 'spherical' its mean.

    Args:
        x: rows (C, n, d), finite.
        start: the parameters that the first expectation step uses; see start_from_labels.
        covariance: 'full', 'diagonal' or 'spherical'.
        tol: stop when the lower bound (nats per row) changes by less than this.
        max_iter: iterations at most, 1 or more.
        reg_covar: added to every variance, in units of x squared; a number, or (C, d) where chains
            and coordinates have their own.
        weight: rows count this often, (C, n), 0 or more; None counts each once.
        threads: at most so many; None takes every core, or NUMBA_NUM_THREADS.

    Returns:
        An EMResult; a chain's numbers do not depend on its neighbours or on the threads.

    Raises:
        SpecError: an option out of range.
        DataError: shapes that do not fit together, or negative weights.
        FitError: more components than rows, or a covariance that is not positive definite.
    Cost: O(C n k d^2) an iteration, 'full'; else O(C n k d). Source: Dempster et al. (1977).
    """
    _check_options(covariance, tol, max_iter)
    cols, w, chains = columns(x), _weight(weight, x), x.shape[0]
    covs = as_matrices(start.covs, covariance, x.shape[2])
    _check_start(x, MixtureParameters(start.weights, start.means, covs))
    from genloss.models.mixture.em_common import common_of
    from genloss.models.mixture.em_loop import centred, fit_chain
    from genloss.models.threads import each_chain

    weights, means, covs = (
        np.array(a, dtype=np.float64, order="C") for a in (start.weights, start.means, covs)
    )
    n_iter, bound = np.zeros(chains, np.int64), np.zeros(chains)
    status, guilty = np.zeros(chains, np.int64), np.zeros(chains, np.int64)
    converged = np.zeros(chains, np.bool_)
    options = (SPREADS[covariance], float(tol), int(max_iter))
    added = _added(reg_covar, x)

    about_one = covariance == "full" and means.shape[1:] != (2, 2)

    def task(c: int) -> None:
        shift = centred(cols[c], means[c])
        common = common_of(cols[c], w[c]) if about_one else None
        n_iter[c], bound[c], status[c], guilty[c], converged[c] = fit_chain(
            cols[c], w[c], shift, common, *options, added[c], weights[c], means[c], covs[c]
        )

    each_chain(task, chains, threads)
    _refuse(status, guilty, n_iter, covs, added)
    parameters = MixtureParameters(weights, means, from_matrices(covs, covariance))
    return EMResult(parameters, n_iter, bound, converged)


def start_from_labels(
    x: Floats,
    labels: Ints,
    k: int,
    *,
    covariance: Covariance,
    reg_covar: float | Floats = 1e-6,
    weight: Floats | None = None,
) -> MixtureParameters:
    """Parameters of one maximisation step from hard labels (C, n) in 0..k-1, as from k-means.

    Args, shapes and units as in fit_em. An empty component gets mean 0 and covariance
    reg_covar I, as in scikit-learn.

    Raises:
        SpecError: an option out of range.
        DataError: labels of another shape or outside 0..k-1.
        FitError: more components than rows.
    """
    if labels.shape != x.shape[:2]:
        raise DataError(f"labels of shape {labels.shape}; expected {x.shape[:2]}, one a row of x")
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= k:
        raise DataError(f"labels from {labels.min()} to {labels.max()}; expected 0 to {k - 1}")
    labels = np.array(labels, np.int64, order="C")
    _check_options(covariance, 0.0, 1)
    cols, w = columns(x), _weight(weight, x)
    chains, rows, d = x.shape
    _check_count(k, rows)
    from genloss.models.mixture.em_start import estimate

    counts, means = np.empty((chains, k)), np.empty((chains, k, d))
    covs = np.zeros((chains, k, d, d))
    added, full = _added(reg_covar, x), covariance == "full"
    # One step of many: too short to share among threads.
    for c in range(chains):
        counts[c] = estimate(cols[c], labels[c], w[c], added[c], full, means[c], covs[c])
    weights = counts / counts.sum(axis=1, keepdims=True)
    return MixtureParameters(weights, means, from_matrices(covs, covariance))


def as_matrices(covs: Floats, covariance: Covariance, d: int) -> Floats:
    """Covariances of any type as matrices (C, k, d, d)."""
    if covariance == "full":
        return covs
    diagonal = covs if covariance == "diagonal" else np.repeat(covs[:, :, None], d, axis=2)
    return diagonal[..., None] * np.eye(d)


def from_matrices(covs: Floats, covariance: Covariance) -> Floats:
    """What a covariance type keeps of matrices (C, k, d, d): all, the diagonal, or its mean."""
    if covariance == "full":
        return covs
    diagonal = np.diagonal(covs, axis1=2, axis2=3)
    return diagonal.copy() if covariance == "diagonal" else np.asarray(diagonal.mean(axis=2))


def _weight(weight: Floats | None, x: Floats) -> Floats:
    """Weights (C, n), or (C, 0) to say that every row counts once."""
    return np.empty((x.shape[0], 0)) if weight is None else row_weight(weight, x)


def _added(reg_covar: float | Floats, x: Floats) -> Floats:
    """What is added to the variances (C, d), checked against rows x (C, n, d)."""
    added = np.asarray(reg_covar, dtype=np.float64)
    shape = (x.shape[0], x.shape[2])
    if added.ndim and added.shape != shape:
        raise DataError(f"reg_covar has shape {added.shape}; expected a number or {shape}")
    bad = ~((added >= 0.0) & (added < np.inf))
    if bad.any():
        raise SpecError(f"reg_covar is {added[bad].flat[0]}; expected finite numbers, 0 or more")
    return np.ascontiguousarray(np.broadcast_to(added, shape))


def _check_options(covariance: str, tol: float, max_iter: int) -> None:
    if covariance not in SPREADS:
        raise SpecError(f"covariance is {covariance!r}; expected one of {', '.join(SPREADS)}")
    if not 0.0 <= tol < np.inf:
        raise SpecError(f"tol is {tol}; expected a finite number, 0 or more")
    if max_iter < 1:
        raise SpecError(f"max_iter is {max_iter}; expected 1 or more")


def _check_start(x: Floats, start: MixtureParameters) -> None:
    k = start.means.shape[1] if start.means.ndim == 3 else 0
    chains, rows, d = x.shape
    shapes = (start.weights.shape, start.means.shape, start.covs.shape)
    expected = ((chains, k), (chains, k, d), (chains, k, d, d))
    if k < 1 or shapes != expected:
        raise DataError(
            f"start has weights, means and covariances of shape {shapes}; expected {expected} "
            f"for x {x.shape}"
        )
    _check_count(k, rows)


def _check_count(k: int, rows: int) -> None:
    if k > rows:
        raise FitError(
            f"every chain has {rows} row(s) for {k} components; use at most {rows} components "
            "or train on more rows"
        )


def _refuse(status: Ints, guilty: Ints, n_iter: Ints, covs: Floats, added: Floats) -> None:
    """Raise FitError for the first chain that failed: what was seen, what to try."""
    from genloss.models.mixture.em_loop import FITTED, SINGULAR

    failed = np.flatnonzero(status != FITTED)
    if failed.size == 0:
        return
    c = int(failed[0])
    more = f" ({failed.size} of {status.size} chains failed)" if failed.size > 1 else ""
    if status[c] == SINGULAR:
        variances = np.diagonal(covs[c, guilty[c]])
        raise FitError(
            f"chain {c}: component {guilty[c]} has a covariance that is not positive definite "
            f"after {n_iter[c]} iteration(s) (variances {variances.min():.3g} to "
            f"{variances.max():.3g}, reg_covar {added[c].max():.3g}){more}; raise reg_covar, "
            "use fewer components or more rows"
        )
    raise FitError(
        f"chain {c}: the log-likelihood is not finite at iteration {n_iter[c]}{more}; scale x to "
        "about unit variance, or raise reg_covar"
    )
