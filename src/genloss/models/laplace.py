"""Laplace models: coordinates that are independent and have heavier tails than a Gaussian's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, frozen
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.errors import DataError, FitError
from genloss.models.gaussian import as_samples


@dataclass(frozen=True, eq=False)
class LaplaceModel:
    """Independent coordinates of density exp(-|x - centre| / scale) / (2 scale): both (C, d)."""

    centre: Floats
    scale: Floats

    def __post_init__(self) -> None:
        if self.centre.ndim != 2 or self.scale.shape != self.centre.shape:
            raise DataError(
                f"centre and scale have shapes {self.centre.shape} and {self.scale.shape}; "
                "expected (C, d) twice"
            )
        object.__setattr__(self, "centre", frozen(self.centre))
        object.__setattr__(self, "scale", frozen(self.scale))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.centre.shape[0])

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain: (C, n, d)."""
        c, d = self.centre.shape
        return self.centre[:, None] + self.scale[:, None] * rng.laplace(size=(c, n, d))

    def log_prob(self, x: Array) -> Floats:
        """Return log p(x) in nats: (C, n) for x (C, n, d)."""
        away = np.abs(np.asarray(x) - self.centre[:, None]) / self.scale[:, None]
        return np.asarray(-(away + np.log(2 * self.scale)[:, None]).sum(axis=2))

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and the covariance (C, d, d), diagonal: 2 scale^2."""
        return self.centre, 2 * self.scale[:, :, None] ** 2 * np.eye(self.centre.shape[1])

    def state(self) -> dict[str, Array]:
        """Return centre and scale."""
        return {"centre": self.centre, "scale": self.scale}


@dataclass(frozen=True)
class LaplaceLearner:
    """Maximum likelihood: median and mean distance from it, coordinate by coordinate.

    floor: what is added to every mean distance, in units of x, so that a chain that has collapsed
    goes on. Rows may have weights, which count like copies. O(n log n) where they have.

    Raises:
        SpecError: a floor below 0.
        FitError: a coordinate in which all rows are equal, which leaves no density without a floor.
    """

    about = About(
        "laplace",
        "Laplace",
        "The median and the mean distance from it, coordinate by coordinate.",
        ("qiao-2026",),
    )
    floor: float = 0.0

    def __post_init__(self) -> None:
        numbers.not_negative(self.floor, "laplace: floor")

    def fit(
        self,
        train: Samples,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> LaplaceModel:
        """Fit every chain from rows (C, n, d)."""
        train = as_samples(train, self)
        x = train.x
        if x.ndim != 3 or x.dtype.kind != "f":
            raise DataError(f"laplace needs rows of numbers (C, n, d); got {x.shape} {x.dtype}")
        if train.weight is None:
            centre = np.median(x, axis=1)
            scale = np.abs(x - centre[:, None]).mean(axis=1)
        else:
            weight = np.asarray(train.weight, dtype=np.float64)[:, :, None]
            centre = _weighted_median(x, weight)
            scale = (weight * np.abs(x - centre[:, None])).sum(axis=1) / weight.sum(axis=1)
        scale = scale + self.floor
        if not (scale > 0).all():
            chain, coordinate = np.argwhere(~(scale > 0))[0]
            raise FitError(
                f"all rows of chain {chain} are equal in coordinate {coordinate}, which leaves a "
                "Laplace law no density; set learner.floor, or drop that coordinate"
            )
        return LaplaceModel(centre, scale)

    def restore(self, state: Mapping[str, Array]) -> LaplaceModel:
        """Rebuild a model from its state."""
        return LaplaceModel(state["centre"], state["scale"])


def _weighted_median(x: Floats, weight: Floats) -> Floats:
    """Return the middle (C, d) of rows (C, n, d), each as often as its weight (C, n, 1) says.

    Midway between two neighbours where exactly half of the weight lies below.
    """
    order = np.argsort(x, axis=1, kind="stable")
    x = np.take_along_axis(x, order, axis=1)
    below = np.cumsum(np.take_along_axis(np.broadcast_to(weight, x.shape), order, axis=1), axis=1)
    half = below[:, -1:] / 2
    # Sums of weights such as 0.1 meet half of them to rounding alone.
    slack = 1e-12 * half
    lower = (below >= half - slack).argmax(axis=1)[:, None]
    upper = (below > half + slack).argmax(axis=1)[:, None]
    ends = [np.take_along_axis(x, at, axis=1)[:, 0] for at in (lower, upper)]
    return np.asarray((ends[0] + ends[1]) / 2)
