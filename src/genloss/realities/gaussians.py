"""Gaussian realities in d dimensions: one law for all chains, or one for each."""

from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count
from genloss.core.resources import check_room
from genloss.errors import SpecError
from genloss.models.gaussian import GaussianModel


@dataclass(frozen=True)
class Gaussian:
    """N(mean, cov) in d dimensions, the same law in every chain.

    mean: one number for all coordinates, or d numbers. variance: one number for all coordinates,
    d numbers (a diagonal covariance), or d rows of d numbers (the full covariance, symmetric and
    positive definite), in squared units of x.

    Raises:
        SpecError: a length other than d, or a matrix that is not a covariance.
    """

    about = About(
        "gaussian",
        "Gaussian",
        "A normal law in any number of dimensions, the same in every chain.",
    )
    d: int = 1
    mean: float | tuple[float, ...] = 0.0
    variance: float | tuple[float, ...] | tuple[tuple[float, ...], ...] = 1.0

    def __post_init__(self) -> None:
        d = numbers.whole(self.d, "gaussian: d")
        check_room(8 * d**2, f"gaussian: covariances of {d:,} by {d:,} numbers", "lower d")
        self._mean()
        self._cov()

    def realise(self, n_chains: int, rng: np.random.Generator) -> GaussianModel:
        """Return N(mean, cov) for n_chains chains; rng is not used."""
        c = checked_count(n_chains, "n_chains")
        return GaussianModel(np.tile(self._mean(), (c, 1)), np.tile(self._cov(), (c, 1, 1)))

    def _mean(self) -> Floats:
        mean = _numbers(self.mean, "gaussian: mean")
        if mean.shape not in ((), (self.d,)):
            raise SpecError(
                f"gaussian: mean has shape {mean.shape}, but d = {self.d}; "
                f"give one number or {self.d}, or set d = {mean.shape[0]}"
            )
        return np.broadcast_to(mean, (self.d,))

    def _cov(self) -> Floats:
        cov = _numbers(self.variance, "gaussian: variance")
        if cov.shape not in ((), (self.d,), (self.d, self.d)):
            raise SpecError(
                f"gaussian: variance has shape {cov.shape}, but d = {self.d}; "
                f"give one number, {self.d} numbers, or {self.d} rows of {self.d}"
            )
        full = cov if cov.ndim == 2 else cov * np.eye(self.d)
        if not np.array_equal(full, full.T):
            raise SpecError("gaussian: variance is not symmetric; give a covariance matrix")
        smallest = float(np.linalg.eigvalsh(full)[0])
        if smallest <= 0:
            raise SpecError(
                f"gaussian: variance has the eigenvalue {smallest:.3g}; expected all above 0; "
                "drop the coordinates that do not vary"
            )
        return full


@dataclass(frozen=True)
class RandomGaussian:
    """N(mean, A A^T + ridge I) with a mean ~ N(0, I) and a d x d matrix A ~ N(0, 1) of each chain.

    Raises:
        SpecError: no dimension, or a ridge of 0 or below.
    """

    about = About(
        "random_gaussian",
        "Random Gaussian",
        "A normal law in any number of dimensions, drawn anew for every chain.",
        ("qiao-2026",),
    )
    d: int = 10
    ridge: float = 0.1

    def __post_init__(self) -> None:
        numbers.whole(self.d, "random_gaussian: d")
        if not 0 < self.ridge < np.inf:
            raise SpecError(f"random_gaussian: ridge is {self.ridge}; expected more than 0")

    def realise(self, n_chains: int, rng: np.random.Generator) -> GaussianModel:
        """Draw mean and covariance of every chain."""
        c, d = checked_count(n_chains, "n_chains"), self.d
        mean, a = rng.standard_normal((c, d)), rng.standard_normal((c, d, d))
        return GaussianModel(mean, a @ a.transpose(0, 2, 1) + self.ridge * np.eye(d))


def _numbers(value: object, what: str) -> Floats:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise SpecError(f"{what} is {value!r}; expected numbers in rows of one length") from None
    if not np.isfinite(array).all():
        raise SpecError(f"{what} is {value!r}; expected finite numbers")
    return array
