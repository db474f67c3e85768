"""Logistic regression: rows (x_1 .. x_d, y) with labels y of 0 and 1."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count, frozen
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.errors import DataError, FitError
from genloss.models.gaussian import as_samples

MOST = 50.0
"""Coefficients beyond this say that the labels can be told apart without a doubt."""


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """P(y = 1) = 1 / (1 + exp(-x . w)) for every chain: w (C, d).

    Features that nobody gives it are x ~ N(0, I_d).
    """

    w: Floats

    def __post_init__(self) -> None:
        if self.w.ndim != 2:
            raise DataError(f"w has shape {self.w.shape}; expected (C, d)")
        object.__setattr__(self, "w", frozen(self.w))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.w.shape[0])

    def coefficients(self) -> Floats:
        """Return w (C, d)."""
        return self.w

    def respond(self, features: Floats, rng: np.random.Generator) -> Floats:
        """Draw labels y (C, n), 0 or 1, for features (C, n, d)."""
        p = sigmoid((features @ self.w[:, :, None])[:, :, 0])
        return np.asarray(rng.random(p.shape) < p, dtype=np.float64)

    def response_log_prob(self, rows: Floats) -> Floats:
        """Return log P(y | x) in nats: (C, n) for rows (x, y), (C, n, d + 1), y 0 or 1."""
        z = (rows[:, :, :-1] @ self.w[:, :, None])[:, :, 0]
        return np.asarray(-np.logaddexp(0.0, np.where(rows[:, :, -1] > 0, -z, z)))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows (x, y) of every chain: (C, n, d + 1)."""
        features = rng.standard_normal((self.n_chains, n, self.w.shape[1]))
        return np.concatenate([features, self.respond(features, rng)[:, :, None]], axis=2)

    def state(self) -> dict[str, Array]:
        """Return w."""
        return {"w": self.w}


@dataclass(frozen=True)
class LogisticLearner:
    """Maximum likelihood without intercept by Newton's method; y is the last column, 0 or 1.

    ridge: precision of a normal prior N(0, 1/ridge) on every coefficient, 0 for none; with it the
    fit is the maximum a posteriori. Rows may have weights. A chain stops where no coefficient moves
    by more than tol. Asked without features the model writes x ~ N(0, I_d); the sampler
    `relabelling` asks it about those of S_0.

    Raises:
        SpecError: a negative ridge, or a tol of 0 or below.
        DataError: labels other than 0 and 1, or rows of a single column.
        FitError: labels that a plane tells apart, or features that depend on one another, without
            a prior; or no convergence.
    """

    about = About(
        "logistic_regression",
        "Logistic regression",
        "The probability of a label as a function of the features.",
        ("dey-2024",),
    )
    ridge: float = 0.0
    max_iter: int = 50
    tol: float = 1e-9

    def __post_init__(self) -> None:
        numbers.not_negative(self.ridge, "logistic_regression: ridge")
        numbers.positive(self.tol, "logistic_regression: tol")
        checked_count(self.max_iter, "logistic_regression: max_iter")

    def fit(
        self,
        train: Samples,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> LogisticModel:
        """Fit every chain from rows (C, n, d + 1)."""
        x, y, weight = _columns(as_samples(train, self))
        w = np.zeros((len(x), x.shape[2]))
        for _ in range(self.max_iter):
            step = self._step(x, y, weight, w)
            # A chain that has arrived stays, so that its neighbours do not decide its last bits.
            moving = np.abs(step).max(axis=1) > self.tol
            if not moving.any():
                return LogisticModel(w)
            w = np.where(moving[:, None], w + step, w)
            # With a prior coefficients have an end, wherever it is.
            if self.ridge == 0 and np.abs(w).max() > MOST:
                chain = int(np.abs(w).max(axis=1).argmax())
                raise FitError(
                    f"the labels of chain {chain} can be told apart by a plane, so that "
                    "coefficients have no end; raise n_real, or set learner.ridge above 0"
                )
        raise FitError(
            f"Newton's method did not arrive within {self.max_iter} steps; raise "
            "learner.max_iter, or set learner.ridge above 0"
        )

    def restore(self, state: Mapping[str, Array]) -> LogisticModel:
        """Rebuild a model from its state."""
        return LogisticModel(state["w"])

    def _step(self, x: Floats, y: Floats, weight: Floats, w: Floats) -> Floats:
        p = sigmoid((x @ w[:, :, None])[:, :, 0])
        gradient = ((weight * (y - p))[:, None] @ x)[:, 0] - self.ridge * w
        curvature = (x * (weight * p * (1 - p))[:, :, None]).transpose(0, 2, 1) @ x
        curvature += self.ridge * np.eye(x.shape[2])
        try:
            return np.asarray(np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0])
        except np.linalg.LinAlgError as error:
            raise FitError(
                "the features of a chain depend on one another; drop some, or set learner.ridge"
            ) from error


def sigmoid(z: Floats) -> Floats:
    """Return 1 / (1 + exp(-z)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)), dtype=np.float64)


def _columns(train: Samples) -> tuple[Floats, Floats, Floats]:
    """Return features (C, n, d), labels and weights (C, n)."""
    x = train.x
    if x.ndim != 3 or x.dtype.kind != "f" or x.shape[2] < 2:
        raise DataError(
            f"logistic regression needs rows of features and a label (C, n, d + 1); got {x.shape}"
        )
    y = x[:, :, -1]
    if not np.isin(y, (0.0, 1.0)).all():
        raise DataError(
            f"logistic regression needs labels 0 and 1 in the last column; got {y.min():.3g} to "
            f"{y.max():.3g}"
        )
    weight = np.ones(y.shape) if train.weight is None else np.asarray(train.weight)
    return x[:, :, :-1], y, weight
