"""Linear regression: rows (x_1 .. x_d, y), a model that writes y for the features it is given."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, frozen
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.statistics import Moments
from genloss.errors import DataError, FitError
from genloss.models.gaussian import GaussianModel, as_samples


@dataclass(frozen=True, eq=False)
class LinearModel:
    """y = x . w + noise for every chain: w (C, d), noise ~ N(0, sigma2), sigma2 (C,) > 0.

    Features that nobody gives it are x ~ N(0, I_d), so that a row (x, y) is Gaussian.
    """

    w: Floats
    sigma2: Floats

    def __post_init__(self) -> None:
        if self.w.ndim != 2 or self.sigma2.shape != self.w.shape[:1]:
            raise DataError(
                f"w has shape {self.w.shape} and sigma2 {self.sigma2.shape}; "
                "expected (C, d) and (C,)"
            )
        object.__setattr__(self, "w", frozen(self.w))
        object.__setattr__(self, "sigma2", frozen(self.sigma2))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.w.shape[0])

    def coefficients(self) -> Floats:
        """Return w (C, d)."""
        return self.w

    def respond(self, features: Floats, rng: np.random.Generator) -> Floats:
        """Draw y (C, n) for features (C, n, d)."""
        noise = rng.standard_normal(features.shape[:2]) * np.sqrt(self.sigma2)[:, None]
        return np.asarray((features @ self.w[:, :, None])[:, :, 0] + noise, dtype=np.float64)

    def response_log_prob(self, rows: Floats) -> Floats:
        """Return log N(y; x . w, sigma2) in nats: (C, n) for rows (x, y), (C, n, d + 1)."""
        gap = rows[:, :, -1] - (rows[:, :, :-1] @ self.w[:, :, None])[:, :, 0]
        variance = self.sigma2[:, None]
        return np.asarray(-0.5 * (gap**2 / variance + np.log(2 * np.pi * variance)))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows (x, y) of every chain: (C, n, d + 1)."""
        features = rng.standard_normal((self.n_chains, n, self.w.shape[1]))
        return np.concatenate([features, self.respond(features, rng)[:, :, None]], axis=2)

    def sample_moments(self, n: int, rng: np.random.Generator, origin: int) -> Moments:
        """Draw the moments of n rows without the rows, at a cost that does not depend on n."""
        return GaussianModel(*self.moments()).sample_moments(n, rng, origin)

    def log_prob(self, x: Array) -> Floats:
        """Return the log density in nats of rows (x, y): (C, n) for (C, n, d + 1)."""
        return GaussianModel(*self.moments()).log_prob(x)

    def moments(self) -> tuple[Floats, Floats]:
        """Return mean 0 (C, d + 1) and covariance [[I, w], [w, w . w + sigma2]] of a row."""
        c, d = self.w.shape
        cov = np.zeros((c, d + 1, d + 1))
        cov[:, :d, :d] = np.eye(d)
        cov[:, :d, d] = cov[:, d, :d] = self.w
        cov[:, d, d] = (self.w**2).sum(axis=1) + self.sigma2
        return np.zeros((c, d + 1)), cov

    def state(self) -> dict[str, Array]:
        """Return w and sigma2."""
        return {"w": self.w, "sigma2": self.sigma2}


@dataclass(frozen=True)
class LeastSquaresLearner:
    """Least squares w = (X'X)^{-1} X'y without intercept; y is the last column of the rows.

    sigma2: variance of the noise that the model adds when it writes y; it is known, not fitted, as
    in the theory. Rows may have weights. Asked without features the model writes x ~ N(0, I_d); the
    sampler `relabelling` asks it about those of S_0.

    Raises:
        SpecError: sigma2 of 0 or below.
        DataError: rows of a single column.
        FitError: fewer rows than features, or features that depend on one another.
    """

    about = About(
        "least_squares",
        "Least squares",
        "A linear function of the features, fitted to the last column of the rows.",
        ("gerstgrasser-2024",),
    )
    sigma2: float = 1.0

    def __post_init__(self) -> None:
        numbers.positive(self.sigma2, "least_squares: sigma2")

    def fit(
        self,
        train: Samples | Moments,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> LinearModel:
        """Fit every chain from rows (C, n, d + 1) or their moments."""
        gram = _second_moments(train, self)
        d = gram.shape[1] - 1
        if d < 1:
            raise DataError("least squares needs features and y; got rows of a single column")
        if train.n_rows < d:
            raise FitError(f"{train.n_rows} rows do not determine {d} coefficients; raise n_real")
        try:
            w = np.linalg.solve(gram[:, :d, :d], gram[:, :d, d:])[:, :, 0]
        except np.linalg.LinAlgError as error:
            raise FitError(
                "the features of a chain depend on one another; drop some, or add rows"
            ) from error
        return LinearModel(
            np.asarray(w, dtype=np.float64), np.full(train.n_chains, float(self.sigma2))
        )

    def restore(self, state: Mapping[str, Array]) -> LinearModel:
        """Rebuild a model from its state."""
        return LinearModel(state["w"], state["sigma2"])


def _second_moments(train: Samples | Moments, learner: object) -> Floats:
    """Return sum_i w_i r_i r_i' (C, d + 1, d + 1) of rows r = (x, y)."""
    if isinstance(train, Moments):
        outer = train.mean[:, :, None] * train.mean[:, None, :]
        return np.asarray(train.scatter + train.total[:, None, None] * outer)
    samples = as_samples(train, learner)
    x = samples.x
    if x.ndim != 3 or x.dtype.kind != "f":
        raise DataError(f"least squares needs rows of numbers (C, n, d + 1); got shape {x.shape}")
    weighted = x if samples.weight is None else x * samples.weight[:, :, None]
    return np.asarray(weighted.transpose(0, 2, 1) @ x)
