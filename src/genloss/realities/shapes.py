"""Curves with Gaussian noise: two moons, circles, the Swiss roll.

The laws of scikit-learn's make_moons, make_circles and make_swiss_roll, drawn row by row: angles
are uniform where scikit-learn spaces them evenly, so every row is independent. No density in closed
form, but exact moments.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count
from genloss.errors import SpecError


class Curve(Protocol):
    """A curve that ShapeModel blurs with Gaussian noise."""

    @property
    def noise(self) -> float:
        """The standard deviation of the noise, in units of x."""
        ...

    def points(self, n_chains: int, n: int, rng: np.random.Generator) -> Floats:
        """Draw n points on the curve for every chain: (C, n, d)."""
        ...

    def mean_and_cov(self) -> tuple[Floats, Floats]:
        """Return the mean (d,) and covariance (d, d) of a point on the curve."""
        ...


@dataclass(frozen=True)
class ShapeModel:
    """A point of the curve plus N(0, noise^2 I), in every chain."""

    curve: Curve
    n_chains: int

    def __post_init__(self) -> None:
        checked_count(self.n_chains, "n_chains")

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain: (C, n, d)."""
        x = self.curve.points(self.n_chains, checked_count(n, "n"), rng)
        return x + self.curve.noise * rng.standard_normal(x.shape)

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and the covariance (C, d, d)."""
        mean, cov = self.curve.mean_and_cov()
        cov = cov + self.curve.noise**2 * np.eye(mean.size)
        return np.tile(mean, (self.n_chains, 1)), np.tile(cov, (self.n_chains, 1, 1))

    def state(self) -> dict[str, Array]:
        """Return the fields of the curve and the number of chains."""
        named = {name: np.array(value) for name, value in vars(self.curve).items()}
        return {**named, "n_chains": np.array(self.n_chains)}


@dataclass(frozen=True)
class TwoMoons:
    """Two interleaving half circles of radius 1, equally likely, with Gaussian noise.

    noise: standard deviation in units of x (0.05 in Kazdan et al. 2024).
    """

    about = About(
        "two_moons",
        "Two moons",
        "Two interleaving half circles with Gaussian noise.",
        ("kazdan-2024", "pedregosa-2011"),
    )
    noise: float = 0.05

    def __post_init__(self) -> None:
        numbers.not_negative(self.noise, "two_moons: noise")

    def realise(self, n_chains: int, rng: np.random.Generator) -> ShapeModel:
        """Return the moons for n_chains chains; rng is not used."""
        return ShapeModel(self, n_chains)

    def points(self, n_chains: int, n: int, rng: np.random.Generator) -> Floats:
        """Draw points on the two half circles: (C, n, 2)."""
        angle = rng.uniform(0.0, np.pi, (n_chains, n))
        upper = np.stack([np.cos(angle), np.sin(angle)], axis=2)
        lower = np.array([1.0, 0.5]) - upper
        return np.where(rng.random((n_chains, n, 1)) < 0.5, upper, lower)

    def mean_and_cov(self) -> tuple[Floats, Floats]:
        """Return ((1/2, 1/4), covariance): within one moon plus between the two.

        One moon has variances (1/2, 1/2 - 4/pi^2), uncorrelated; the centres of the two differ by
        delta = (1, 1/2 - 4/pi), which adds delta delta^T / 4.
        """
        delta = np.array([1.0, 0.5 - 4 / np.pi])
        within = np.diag([0.5, 0.5 - 4 / np.pi**2])
        return np.array([0.5, 0.25]), within + np.outer(delta, delta) / 4


@dataclass(frozen=True)
class Circles:
    """Two circles around the origin of radius 1 and factor, equally likely, with Gaussian noise.

    noise: standard deviation in units of x. factor: in (0, 1); 0.8 is scikit-learn's default, which
    Kazdan et al. 2024 use with noise 0.05.
    """

    about = About(
        "circles",
        "Circles",
        "Two circles around one centre, with Gaussian noise.",
        ("kazdan-2024", "pedregosa-2011"),
    )
    noise: float = 0.05
    factor: float = 0.8

    def __post_init__(self) -> None:
        numbers.not_negative(self.noise, "circles: noise")
        numbers.open_fraction(self.factor, "circles: factor")

    def realise(self, n_chains: int, rng: np.random.Generator) -> ShapeModel:
        """Return the circles for n_chains chains; rng is not used."""
        return ShapeModel(self, n_chains)

    def points(self, n_chains: int, n: int, rng: np.random.Generator) -> Floats:
        """Draw points on the two circles: (C, n, 2)."""
        angle = rng.uniform(0.0, 2 * np.pi, (n_chains, n))
        radius = np.where(rng.random((n_chains, n)) < 0.5, 1.0, self.factor)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)

    def mean_and_cov(self) -> tuple[Floats, Floats]:
        """Return (0, (1 + factor^2) / 4 I): half the mean squared radius per coordinate."""
        return np.zeros(2), (1 + self.factor**2) / 4 * np.eye(2)


ROLL = np.array([1.5, 4.5]) * np.pi
"""Range of the roll's angle t: one and a half turns."""

HEIGHT = 21.0
"""Width of the roll along its axis."""


@dataclass(frozen=True)
class SwissRoll:
    """(t cos t, y, t sin t) with t uniform in [3/2 pi, 9/2 pi], y uniform in [0, 21], plus noise.

    noise: standard deviation in units of x (0.05 in Kazdan et al. 2024). d = 2 leaves y out.
    """

    about = About(
        "swiss_roll",
        "Swiss roll",
        "A rolled-up sheet in three dimensions, with noise.",
        ("kazdan-2024", "pedregosa-2011"),
    )
    noise: float = 0.05
    d: int = 3

    def __post_init__(self) -> None:
        numbers.not_negative(self.noise, "swiss_roll: noise")
        if self.d not in (2, 3):
            raise SpecError(f"swiss_roll: d is {self.d!r}; expected 3, or 2 for the spiral alone")

    def realise(self, n_chains: int, rng: np.random.Generator) -> ShapeModel:
        """Return the roll for n_chains chains; rng is not used."""
        return ShapeModel(self, n_chains)

    def points(self, n_chains: int, n: int, rng: np.random.Generator) -> Floats:
        """Draw points on the roll: (C, n, d)."""
        t = rng.uniform(ROLL[0], ROLL[1], (n_chains, n))
        parts = [t * np.cos(t), t * np.sin(t)]
        if self.d == 3:
            parts.insert(1, rng.uniform(0.0, HEIGHT, (n_chains, n)))
        return np.stack(parts, axis=2)

    def mean_and_cov(self) -> tuple[Floats, Floats]:
        """Return the moments of the spiral, from the antiderivatives, and of the uniform axis."""
        spiral, second = _spiral_moments()
        cov = second - np.outer(spiral, spiral)
        if self.d == 2:
            return spiral, cov
        mean = np.array([spiral[0], HEIGHT / 2, spiral[1]])
        full = np.zeros((3, 3))
        full[np.ix_([0, 2], [0, 2])] = cov
        full[1, 1] = HEIGHT**2 / 12
        return mean, full


def _spiral_moments() -> tuple[Floats, Floats]:
    """Return E[z] (2,) and E[z z^T] (2, 2) for z = t (cos t, sin t), t uniform in ROLL."""
    t = ROLL
    sin, cos, sin2, cos2 = np.sin(t), np.cos(t), np.sin(2 * t), np.cos(2 * t)
    first = np.stack([t * sin + cos, sin - t * cos])
    even = t**2 * sin2 / 2 + t * cos2 / 2 - sin2 / 4
    odd = -(t**2) * cos2 / 2 + t * sin2 / 2 + cos2 / 4
    second = np.stack([t**3 / 3 + even, odd, odd, t**3 / 3 - even]) / 2
    length = t[1] - t[0]
    mean = (first[:, 1] - first[:, 0]) / length
    return mean, ((second[:, 1] - second[:, 0]) / length).reshape(2, 2)
