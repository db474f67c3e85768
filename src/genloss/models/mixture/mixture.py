"""Gaussian mixtures: the law, and the learner by expectation-maximisation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count, frozen
from genloss.core.roles import Data, Learner, Model
from genloss.core.samples import Samples
from genloss.core.statistics import variances
from genloss.errors import DataError, FitError, SpecError
from genloss.models.gaussian import LOG_2PI, as_samples

RELATIVE = 1e-6
"""The share of a variance of S_0 that is added to the variances of every component."""

BLOCK_FLOATS = 1 << 20
"""Floats of one block in log_prob, so that memory stays linear in n."""


@dataclass(frozen=True, eq=False)
class MixtureModel:
    """sum_k weights_k N(means_k, covs_k): (C, k), (C, k, d), (C, k, d, d) for every chain."""

    weights: Floats
    means: Floats
    covs: Floats

    def __post_init__(self) -> None:
        c, k, d = self.means.shape
        if self.weights.shape != (c, k) or self.covs.shape != (c, k, d, d):
            raise DataError(
                f"mixture of weights {self.weights.shape}, means {self.means.shape}, covs "
                f"{self.covs.shape}; expected (C, k), (C, k, d), (C, k, d, d)"
            )
        for name in ("weights", "means", "covs"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.means.shape[0])

    @cached_property
    def factors(self) -> Floats:
        """Lower Cholesky factors (C, k, d, d); raises FitError for a singular component."""
        try:
            return np.asarray(np.linalg.cholesky(self.covs), dtype=np.float64)
        except np.linalg.LinAlgError:
            smallest = np.linalg.eigvalsh(self.covs)[..., 0]
            chain, k = np.unravel_index(int(np.argmin(smallest)), smallest.shape)
            raise FitError(
                f"component {k} of chain {chain} has a singular covariance (smallest eigenvalue "
                f"{smallest[chain, k]:.3g}); raise reg_covar"
            ) from None

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain (C, n, d); row order carries no component information."""
        from genloss.models.mixture.draw import place_rows

        edges = np.cumsum(self.weights, axis=1)
        u = rng.random((self.n_chains, n)) * edges[:, -1:]
        z = rng.standard_normal((self.n_chains, n, self.means.shape[2]))
        # Shrunk to nothing, rows are the means; zero has no Cholesky factor.
        factors = self.factors if self.covs.any() else self.covs
        place_rows(edges, self.means, factors, u, z)
        return z

    def log_prob(self, x: Array) -> Floats:
        """Return log density in nats: (C, n) for x (C, n, d); O(n k d^2)."""
        x = np.asarray(x)
        c, n, _ = x.shape
        step = max(1, BLOCK_FLOATS // (c * self.weights.shape[1]))
        parts = [self._log_prob(x[:, i : i + step]) for i in range(0, n, step)]
        return np.concatenate(parts, axis=1)

    def _log_prob(self, x: Array) -> Floats:
        d, inverse = self.means.shape[2], np.linalg.inv(self.factors)
        log_det = 2 * np.log(np.diagonal(self.factors, axis1=2, axis2=3)).sum(axis=2)
        terms = []
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights)
        for k in range(self.weights.shape[1]):
            y = (x - self.means[:, k, None]) @ inverse[:, k].transpose(0, 2, 1)
            offset = log_weights[:, k] - 0.5 * (d * LOG_2PI + log_det[:, k])
            terms.append(offset[:, None] - 0.5 * (y * y).sum(axis=2))
        stacked = np.stack(terms)
        top = stacked.max(axis=0)
        return np.asarray(top + np.log(np.exp(stacked - top).sum(axis=0)))

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and covariance (C, d, d) of the mixture."""
        mean = np.einsum("ck,ckd->cd", self.weights, self.means)
        centred = self.means - mean[:, None]
        spread = centred[..., :, None] * centred[..., None, :]
        return mean, np.einsum("ck,ckde->cde", self.weights, self.covs + spread)

    def mixture(self) -> tuple[Floats, Floats, Floats]:
        """Return weights, means and covariances."""
        return self.weights, self.means, self.covs

    def shrunk(self, lam: float) -> "MixtureModel":
        """Return the mixture with every component covariance multiplied by lam."""
        return MixtureModel(self.weights, self.means, lam * self.covs)

    def state(self) -> dict[str, Array]:
        """Return weights, means and covs."""
        return {"weights": self.weights, "means": self.means, "covs": self.covs}


@dataclass(frozen=True)
class MixtureLearner:
    """Expectation-maximisation for k components with scikit-learn's meaning of every option.

    covariance: 'full', 'diagonal' or 'spherical'. Stops when the mean log-likelihood per row
    changes by less than tol (nats), after max_iter iterations at the latest. Starts from k-means,
    or from `init` when the chain is warm-started.

    reg_covar is added to the variances: a number in units of x squared, as in scikit-learn (whose
    default of 1e-6 hides a collapse of data with a standard deviation of 1e-3 or less), or
    'relative', RELATIVE times the variance of S_0 in the same coordinate, the same for all
    generations (see variances; a fit by itself takes its own rows for S_0).

    Raises:
        SpecError: an option out of range.
        FitError: more components than rows, or a covariance that stays singular.
    """

    about = About(
        "mixture",
        "Gaussian mixture",
        "Several Gaussians, fitted by expectation-maximisation.",
        ("shumailov-2024", "dempster-1977"),
    )
    k: int
    covariance: Literal["full", "diagonal", "spherical"] = "full"
    tol: float = 1e-3
    max_iter: int = 100
    reg_covar: float | Literal["relative"] = "relative"

    def __post_init__(self) -> None:
        checked_count(self.k, "mixture: k")
        checked_count(self.max_iter, "mixture: max_iter")
        if self.covariance not in ("full", "diagonal", "spherical"):
            raise SpecError(
                f"mixture: covariance is {self.covariance!r}; "
                "expected 'full', 'diagonal' or 'spherical'"
            )
        if not 0.0 <= self.tol < np.inf:
            raise SpecError(f"mixture: tol is {self.tol}; expected 0 or more")
        reg = self.reg_covar
        if reg not in ("relative",) and (isinstance(reg, str) or not 0.0 <= reg < np.inf):
            raise SpecError(
                f"mixture: reg_covar is {reg!r}; expected a number of 0 or more, or 'relative'"
            )

    def scaled_to(self, real: Data) -> "Learner":
        """Return the learner that adds RELATIVE times the variances of S_0 at every generation."""
        if self.reg_covar != "relative":
            return self
        return _Relative(self, RELATIVE * variances(real_rows(real, self)))

    def fit(
        self,
        train: Samples,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> MixtureModel:
        """Fit every chain from rows (C, n, d); O(C n k d^2) an iteration."""
        samples, reg = real_rows(train, self), self.reg_covar
        added = RELATIVE * variances(samples) if isinstance(reg, str) else reg
        return self._fit(samples, rng, init, added)

    def _fit(
        self, samples: Samples, rng: np.random.Generator, init: Model | None, added: float | Floats
    ) -> MixtureModel:
        # Compiled code loads only when a mixture is fitted.
        from genloss.models.mixture.kmeans_start import kmeans_labels

        x, weight = samples.x, samples.weight
        from genloss.models.mixture import em

        if isinstance(init, MixtureModel):
            covs = em.from_matrices(init.covs, self.covariance)
            start = em.MixtureParameters(init.weights, init.means, covs)
        else:
            start = em.start_from_labels(
                x,
                kmeans_labels(x, self.k, rng, weight=weight),
                self.k,
                covariance=self.covariance,
                reg_covar=added,
                weight=weight,
            )
        fitted = em.fit_em(
            x,
            start,
            covariance=self.covariance,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=added,
            weight=weight,
        ).parameters
        covs = em.as_matrices(fitted.covs, self.covariance, x.shape[2])
        return MixtureModel(fitted.weights, fitted.means, covs)

    def model_numbers(self, d: int) -> int:
        """Return the weights, means and covariances of one chain: k (1 + d + d^2)."""
        return self.k * (1 + d + d * d)

    def restore(self, state: Mapping[str, Array]) -> MixtureModel:
        """Rebuild a model from its state."""
        return MixtureModel(state["weights"], state["means"], state["covs"])


@dataclass(frozen=True, eq=False)
class _Relative:
    """A learner of mixtures that adds the same variances (C, d) at every generation."""

    learner: MixtureLearner
    added: Floats

    def fit(
        self,
        train: Samples,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> MixtureModel:
        """Fit every chain from rows (C, n, d)."""
        return self.learner._fit(real_rows(train, self.learner), rng, init, self.added)

    def restore(self, state: Mapping[str, Array]) -> MixtureModel:
        """Rebuild a model from its state."""
        return self.learner.restore(state)


def real_rows(train: Data, learner: MixtureLearner) -> Samples:
    """Return training data if they are rows of real numbers (C, n, d); else raise DataError."""
    samples = as_samples(train, learner)
    if samples.x.ndim != 3 or samples.x.dtype.kind != "f":
        raise DataError(
            f"a mixture needs real rows (C, n, d); got {samples.x.shape} of {samples.x.dtype}"
        )
    return samples
