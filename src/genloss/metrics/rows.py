"""Metrics of rows: S_t beside held-out real rows that no generation trained on."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from genloss.core.about import About, Aspect, Component
from genloss.core.arrays import Floats
from genloss.core.features import Features
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.metrics.arrays import distances, diversity, manifold, tails
from genloss.metrics.features import PIXELS
from genloss.metrics.shared import beside_reality, rows_of, seen_beside_reality


class BesideReality(NamedMetric, ABC):
    """Base class of the metrics of S_t and held-out rows, at most `rows` of each.

    Subclasses implement `of`.
    """

    @property
    def rows(self) -> int:
        """How many; 0 for all."""
        return 0

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        rows = beside_reality(view, self.rows)
        return rows if isinstance(rows, NotApplicable) else self.of(*rows, view.rng)

    @abstractmethod
    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return (C,) from rows (C, n, d) of S_t and held-out rows (C, m, d)."""

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return what a model scores (C,) that always writes the mean of the held-out rows."""
        rows = view.held_out
        if rows is None or rows.ndim != 3 or rows.dtype.kind != "f":
            return NotApplicable("no held-out rows of real vectors")
        real = rows[:, : self.rows] if self.rows else rows
        constant = np.broadcast_to(real.mean(axis=1, keepdims=True), real.shape)
        return self.of(np.ascontiguousarray(constant), real, view.rng)


@dataclass(frozen=True)
class SlicedWasserstein(BesideReality):
    """Sliced 2-Wasserstein distance over random directions."""

    about = About(
        "sliced_wasserstein",
        "Sliced Wasserstein distance",
        "Distance between samples and reality, averaged over directions.",
        ("bonneel-2015",),
        aspect=Aspect.RISK,
    )
    n_directions: int = 64
    rows: int = 2000
    base: ClassVar[str] = "sliced_wasserstein"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return the distance (C,), >= 0."""
        return distances.sliced_wasserstein(x, real, n_directions=self.n_directions, rng=rng)


@dataclass(frozen=True)
class EnergyDistance(BesideReality):
    """Energy distance 2E|X-Y| - E|X-X'| - E|Y-Y'|; O(rows^2) for d > 1."""

    about = About(
        "energy_distance",
        "Energy distance",
        "Energy distance between samples and reality; 0 for equal laws.",
        ("szekely-2013",),
        aspect=Aspect.RISK,
    )
    rows: int = 1000
    base: ClassVar[str] = "energy_distance"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return the distance (C,), >= 0."""
        return distances.energy_distance(x, real)


@dataclass(frozen=True)
class MMDSquared(BesideReality):
    """Squared maximum mean discrepancy, Gaussian kernel of the median bandwidth of reality."""

    about = About(
        "mmd_squared",
        "Squared MMD",
        "Squared maximum mean discrepancy between samples and reality.",
        ("gretton-2012",),
        aspect=Aspect.RISK,
    )
    estimator: Literal["unbiased", "biased"] = "unbiased"
    rows: int = 1000
    base: ClassVar[str] = "mmd_squared"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return the discrepancy (C,); the unbiased one may be negative."""
        return distances.mmd_squared(x, real, estimator=self.estimator)


@dataclass(frozen=True)
class Manifold(NamedMetric):
    """Precision, recall, density and coverage on k-nearest-neighbour balls.

    Balls in the space of `features`: the values of a row, or what a classifier makes of them.
    """

    about = About(
        "manifold",
        "Precision, recall, density and coverage",
        "Which of the samples lie where real data lie, and the reverse.",
        ("kynkaanniemi-2019", "naeem-2020"),
        figure="path",
        components=(
            Component("precision", "Precision", "Share of samples that fall where real data lie."),
            Component(
                "recall",
                "Recall",
                "Share of real data that fall where samples lie: what is still covered.",
                headline=True,
            ),
            Component("density", "Density", "How densely samples sit around real data."),
            Component(
                "coverage", "Coverage", "Share of real data with at least one sample near by."
            ),
        ),
    )
    k: int = 5
    rows: int = 1000
    features: Features = PIXELS
    base: ClassVar[str] = "manifold"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER
    labels: ClassVar[tuple[str, ...]] = ("precision", "recall", "density", "coverage")

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the scores (C, 4)."""
        features = seen_beside_reality(view, self.features, self.rows)
        if isinstance(features, NotApplicable):
            return features
        fake, real = features
        scores = manifold.precision_recall_density_coverage(real, fake, self.k)
        return np.stack([getattr(scores, label) for label in self.labels], axis=1)


@dataclass(frozen=True)
class TailMass(BesideReality):
    """Share of rows beyond reality's q/2 and 1 - q/2 quantiles, relative to q."""

    about = About(
        "tail_mass",
        "Tail mass",
        "Mass that the model leaves in reality's tails, against what reality has there.",
        ("shumailov-2024",),
    )
    q: float = 0.05
    base: ClassVar[str] = "tail_mass"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return the ratio (C,), in [0, 1/q]; thresholds come from a chain's own held-out rows."""
        return tails.tail_mass(x, tails.tail_thresholds(real, self.q), self.q)


@dataclass(frozen=True)
class TailCoverage(BesideReality):
    """What S_t has left of the emptier tail beyond reality's q/2 and 1 - q/2 quantiles."""

    about = About(
        "tail_coverage",
        "Tail coverage",
        "How much is left of reality's tails, of the emptier one on each axis.",
        ("shumailov-2024",),
        aspect=Aspect.TAIL,
    )
    q: float = 0.1
    base: ClassVar[str] = "tail_coverage"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), or why there is none."""
        rows = beside_reality(view, self.rows)
        if isinstance(rows, NotApplicable):
            return rows
        x, real = rows
        lower, upper = tails.tail_thresholds(real, self.q)[:, :, None]
        # A pixel that is 0 in most rows has no lower tail.
        both = ((real < lower).any(axis=1) & (real > upper).any(axis=1)).all(axis=0)
        if not both.any():
            return NotApplicable("no column of the held-out rows has two tails")
        return self.of(x[:, :, both], real[:, :, both], view.rng)

    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return the share (C,), in [0, 1]; thresholds come from a chain's own held-out rows."""
        return tails.tail_coverage(x, tails.tail_thresholds(real, self.q), self.q)


@dataclass(frozen=True)
class QuantileCoverage(BesideReality):
    """Share of held-out rows inside the central 1 - q interval of S_t, over 1 - q."""

    about = About(
        "quantile_coverage",
        "Quantile coverage",
        "Mass between reality's outer quantiles, against what belongs there.",
        ("shumailov-2024",),
    )
    q: float = 0.05
    base: ClassVar[str] = "quantile_coverage"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, x: Floats, real: Floats, rng: np.random.Generator) -> Floats:
        """Return the ratio (C,), in [0, 1 / (1 - q)]."""
        return np.asarray(tails.quantile_coverage(x, real, self.q) / (1 - self.q))


@dataclass(frozen=True)
class VendiScore(NamedMetric):
    """Effective number of different rows among the first `rows`, cosine kernel, order q."""

    about = About(
        "vendi_score",
        "Vendi score",
        "Effective number of different rows among the samples.",
        ("friedman-2023",),
        aspect=Aspect.SPREAD,
    )
    q: float = 1.0
    rows: int = 1000
    base: ClassVar[str] = "vendi_score"
    unit: ClassVar[str] = "effective rows"
    direction: ClassVar[Direction] = Direction.START

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the score (C,), in [1, rows]."""
        x = rows_of(view, self.rows)
        if isinstance(x, NotApplicable):
            return x
        if x.ndim != 3 or x.dtype.kind != "f":
            got = f"shape {x.shape} and dtype {x.dtype}"
            return NotApplicable(f"needs real vectors (C, n, d); rows have {got}")
        return diversity.vendi_score(x, q=self.q)


@dataclass(frozen=True)
class DuplicateRate:
    """Share of rows of S_t that repeat an earlier row exactly."""

    about = About("duplicate_rate", "Duplicate rate", "Share of samples that repeat another one.")
    name: ClassVar[str] = "duplicate_rate"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,), in [0, 1)."""
        x = rows_of(view, 0)
        return x if isinstance(x, NotApplicable) else diversity.duplicate_rate(x)
