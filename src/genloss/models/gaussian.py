"""Gaussian models: fitted from rows, moments or an endless source."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count, frozen
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Moments, reduced
from genloss.errors import DataError, FitError, SpecError

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class GaussianModel:
    """N(mean, cov) for every chain: mean (C, d), cov (C, d, d) symmetric, positive semidefinite."""

    mean: Floats
    cov: Floats

    def __post_init__(self) -> None:
        c, d = self.mean.shape
        if self.cov.shape != (c, d, d):
            raise DataError(f"cov has shape {self.cov.shape}; expected {(c, d, d)} for this mean")
        object.__setattr__(self, "mean", frozen(self.mean))
        object.__setattr__(self, "cov", frozen(self.cov))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.mean.shape[0])

    @cached_property
    def factor(self) -> Floats:
        """A matrix L (C, d, d) with L L^T = cov; Cholesky, or by eigenvalues where singular."""
        if self.cov.shape[1] == 1:
            return np.sqrt(self.cov)
        try:
            return np.asarray(np.linalg.cholesky(self.cov), dtype=np.float64)
        except np.linalg.LinAlgError:
            values, vectors = np.linalg.eigh(self.cov)
            return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain: (C, n, d)."""
        z = rng.standard_normal((self.n_chains, n, self.mean.shape[1]))
        return self.mean[:, None] + z @ self.factor.transpose(0, 2, 1)

    def sample_moments(self, n: int, rng: np.random.Generator, origin: int) -> Moments:
        """Draw the moments of n rows without the rows, at a cost that does not depend on n.

        Mean ~ N(mean, cov / n); scatter = L W L^T with W ~ Wishart(I, n - 1), independent. W comes
        from its Bartlett factor for n - 1 >= d, from n - 1 rows otherwise (rank-deficient).
        """
        c, d = self.mean.shape
        z = rng.standard_normal((c, d))
        if d == 1:
            sigma = np.sqrt(self.cov[:, 0, 0])
            mean = self.mean + (sigma / np.sqrt(n))[:, None] * z
            chi2 = rng.chisquare(n - 1, c) if n > 1 else np.zeros(c)
            scatter = (self.cov[:, 0, 0] * chi2)[:, None, None]
        else:
            root = self.factor
            mean = self.mean + (root @ z[:, :, None])[:, :, 0] / np.sqrt(n)
            half = root @ wishart_factor(c, d, n - 1, rng)
            scatter = half @ half.transpose(0, 2, 1)
        return Moments(np.full(c, float(n)), mean, scatter, ((origin, n),))

    def log_prob(self, x: Array) -> Floats:
        """Return log N(x; mean, cov) in nats: (C, n) for x (C, n, d).

        Raises:
            FitError: a singular covariance, which has no density.
        """
        values, vectors = np.linalg.eigh(self.cov)
        if (values[:, 0] <= 0).any():
            chain = int(np.argmin(values[:, 0]))
            raise FitError(
                f"chain {chain} has a singular covariance (smallest eigenvalue "
                f"{values[chain, 0]:.3g}) and no density; measure W2 or moments instead"
            )
        y = (np.asarray(x) - self.mean[:, None]) @ vectors / np.sqrt(values)[:, None]
        log_det = np.log(values).sum(axis=1)
        d = self.mean.shape[1]
        return np.asarray(-0.5 * ((y * y).sum(axis=2) + (d * LOG_2PI + log_det)[:, None]))

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and the covariance (C, d, d)."""
        return self.mean, self.cov

    def mixture(self) -> tuple[Floats, Floats, Floats]:
        """Return the Gaussian as a mixture of one component."""
        return np.ones((self.n_chains, 1)), self.mean[:, None], self.cov[:, None]

    def shrunk(self, lam: float) -> "GaussianModel":
        """Return N(mean, lam cov)."""
        return GaussianModel(self.mean, lam * self.cov)

    def state(self) -> dict[str, Array]:
        """Return mean and cov."""
        return {"mean": self.mean, "cov": self.cov}


def wishart_factor(c: int, d: int, df: int, rng: np.random.Generator) -> Floats:
    """Draw A with A A^T ~ Wishart(I_d, df) for c chains (Bartlett 1933).

    Lower triangular (c, d, d) with chi-distributed diagonal and normal entries below; for df < d
    the matrix (c, d, df) of standard normals, whose product has rank df.
    """
    if df < d:
        return rng.standard_normal((c, d, df))
    a = np.zeros((c, d, d))
    rows, cols = np.tril_indices(d, -1)
    a[:, rows, cols] = rng.standard_normal((c, rows.size))
    a[:, np.arange(d), np.arange(d)] = np.sqrt(rng.chisquare(df - np.arange(d), (c, d)))
    return a


@dataclass(frozen=True)
class GaussianLearner:
    """Sample mean and covariance, scatter / (W - ddof).

    ddof = 1 is unbiased (Theorem 3.1 of Shumailov et al. 2024), ddof = 0 maximum likelihood (their
    notebook): they collapse at different rates, so the choice has no default. source_rows: rows
    drawn from an endless source.

    Raises:
        SpecError: another ddof.
        FitError: fewer rows than ddof + 1.
    """

    about = About(
        "gaussian",
        "Gaussian",
        "A Gaussian with the mean and covariance of the training rows.",
        ("shumailov-2024",),
    )
    ddof: Literal[0, 1]
    source_rows: int = 100_000

    def __post_init__(self) -> None:
        checked_count(self.source_rows, "gaussian: source_rows")
        if self.ddof not in (0, 1):
            raise SpecError(
                f"gaussian: ddof is {self.ddof!r}; expected 0 (maximum likelihood) or 1 (unbiased)"
            )

    def fit(
        self,
        train: Samples | Moments | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> GaussianModel:
        """Fit every chain from rows (C, n, d), moments or a source."""
        if isinstance(train, Source):
            train = train.take(self.source_rows, rng)
        if isinstance(train, Moments):
            total, mean, scatter = train.total, train.mean, train.scatter
        else:
            total, mean, scatter = reduced(as_samples(train, self))
        freedom = total - self.ddof
        if (freedom <= 0).any():
            raise FitError(
                f"{train.n_rows} row(s) leave no degrees of freedom for a covariance with "
                f"ddof = {self.ddof}; use at least {self.ddof + 1} rows"
            )
        return GaussianModel(mean, scatter / freedom[:, None, None])

    def model_numbers(self, d: int) -> int:
        """Return the mean and covariance of one chain: d + d^2."""
        return d + d * d

    def restore(self, state: Mapping[str, Array]) -> GaussianModel:
        """Rebuild a model from its state."""
        return GaussianModel(state["mean"], state["cov"])


@dataclass(frozen=True)
class PriorGaussianLearner:
    """A Gaussian with a prior that is worth `rows` rows of N(mean, variance I): its MAP.

        mu = (W xbar + m mean) / (W + m)
        Sigma = (scatter + m variance I + W m / (W + m) (xbar - mean)(xbar - mean)^T) / (W + m)

    with m = rows (any positive number) and W the weight of the training rows. In a loop it never
    loses all of its variance, and forgets reality for the prior instead.

    Raises:
        SpecError: rows or a variance of 0 or below.
    """

    about = About(
        "gaussian_prior",
        "Gaussian with a prior",
        "A Gaussian whose prior counts as some rows more at every fit.",
        ("bakshi-2026",),
    )
    rows: float = 1.0
    mean: float = 0.0
    variance: float = 1.0

    def __post_init__(self) -> None:
        numbers.positive(self.rows, "gaussian_prior: rows")
        numbers.positive(self.variance, "gaussian_prior: variance")

    def fit(
        self,
        train: Samples | Moments,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> GaussianModel:
        """Fit every chain from rows (C, n, d) or moments."""
        if isinstance(train, Moments):
            total, mean, scatter = train.total, train.mean, train.scatter
        else:
            total, mean, scatter = reduced(as_samples(train, self))
        m, all_ = self.rows, (total + self.rows)[:, None]
        off = mean - self.mean
        between = (total * m / (total + m))[:, None, None] * off[:, :, None] * off[:, None]
        prior = m * self.variance * np.eye(mean.shape[1])
        cov = (scatter + prior + between) / all_[:, :, None]
        return GaussianModel((total[:, None] * mean + m * self.mean) / all_, cov)

    def restore(self, state: Mapping[str, Array]) -> GaussianModel:
        """Rebuild a model from its state."""
        return GaussianModel(state["mean"], state["cov"])


def as_samples(train: Data, learner: object) -> Samples:
    """Return train if it is rows; raises DataError with what to try otherwise."""
    if not isinstance(train, Samples):
        raise DataError(
            f"{type(learner).__name__} learns from rows; got {type(train).__name__}; "
            "use form = 'rows'"
        )
    return train
