"""Metrics of laws: moments, mixtures and densities, without sampling noise where both are known.

Where a model's moments are not known they are those of its rows S_t; where reality's are not, those
of the held-out rows.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import DensityModel, MomentLaw
from genloss.core.about import About, Aspect
from genloss.core.arrays import Array, Floats
from genloss.core.roles import Model
from genloss.core.samples import REAL, Samples
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.errors import FitError
from genloss.metrics.arrays import likelihood, mixtures, moments


@runtime_checkable
class MixtureLaw(Model, Protocol):
    """A model that is a Gaussian mixture (a Gaussian is one with a single component)."""

    def mixture(self) -> tuple[Floats, Floats, Floats]:
        """Return weights (C, k), means (C, k, d), covariances (C, k, d, d)."""
        ...


Pair = tuple[Floats, Floats, Floats, Floats]


def both_moments(view: View) -> Pair | NotApplicable:
    """Return mean and covariance of p_t, then of p_0: (C, d), (C, d, d) twice."""
    return view.once("moments", lambda: _both_moments(view))


def _both_moments(view: View) -> Pair | NotApplicable:
    if isinstance(view.model, MomentLaw):
        mean, cov = view.model.moments()
    elif isinstance(view.samples, Samples) and _vectors(view.samples.x):
        mean, cov = moments.sample_moments(view.samples.x)
    else:
        return NotApplicable(f"{type(view.model).__name__} has no mean and covariance")
    if isinstance(view.p_0, MomentLaw):
        mean_0, cov_0 = view.p_0.moments()
    elif view.held_out is not None and _vectors(view.held_out):
        mean_0, cov_0 = moments.sample_moments(view.held_out)
    else:
        remedy = "set held_out to estimate them"
        why = remedy if view.held_out is None else "its rows are no vectors"
        return NotApplicable(f"reality's moments are not known; {why}")
    return mean, cov, mean_0, cov_0


def _vectors(x: Array) -> bool:
    """Whether rows (C, n, d) are numbers: those of tokens are names, whose mean means nothing."""
    return x.ndim == 3 and x.dtype.kind == "f"


class OfMoments(ABC):
    """Base class of the metrics of the moments of p_t and p_0; subclasses implement `of`."""

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why the moments are not known."""
        pair = both_moments(view)
        return pair if isinstance(pair, NotApplicable) else self.of(*pair)

    @abstractmethod
    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return (C,) from means (C, d) and covariances (C, d, d)."""

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return what a model scores (C,) that always says reality's mean."""
        pair = both_moments(view)
        if isinstance(pair, NotApplicable):
            return pair
        return self.of(pair[2], np.zeros_like(pair[3]), pair[2], pair[3])


@dataclass(frozen=True)
class RealShare:
    """Share of real rows in D_t, at t = 0 in S_0, counted from their origin, in [0, 1].

    Of rows that have any weight, each counted once, whatever its weight.
    """

    about = About(
        "real_share",
        "Real share",
        "How much of the training data of each generation is real.",
    )
    name: ClassVar[str] = "real_share"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.HIGHER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the share (C,); 1 for a reality that nobody else made rows of."""
        data = view.samples if view.train is None else view.train
        counts = data.origin_counts()
        # What a curator left out has no weight, and as many rows as the chain that lacks fewest.
        there = np.sum(list(counts.values()), axis=0)
        return np.asarray(counts.get(REAL, 0 * there) / there, dtype=np.float64)


@dataclass(frozen=True)
class MeanError(OfMoments):
    """|mu_t - mu_0|, units of the data."""

    about = About(
        "mean_error",
        "Error of the mean",
        "How far the mean has wandered from reality's.",
        ("shumailov-2024",),
    )
    name: ClassVar[str] = "mean_error"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the error (C,), >= 0."""
        return moments.mean_error(mean, mean_0)


@dataclass(frozen=True)
class SquaredMeanError(OfMoments):
    """|mu_t - mu_0|^2 (Kazdan et al. 2024)."""

    about = About(
        "squared_mean_error",
        "Squared error of the mean",
        "How far the mean has wandered from reality's, squared.",
        ("kazdan-2024",),
    )
    name: ClassVar[str] = "squared_mean_error"
    unit: ClassVar[str] = "squared units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the squared error (C,), >= 0."""
        return moments.squared_mean_error(mean, mean_0)


@dataclass(frozen=True)
class CovarianceError(OfMoments):
    """Frobenius norm of Sigma_t - Sigma_0."""

    about = About(
        "covariance_error",
        "Covariance error",
        "How different the covariance is from reality's.",
    )
    name: ClassVar[str] = "covariance_error"
    unit: ClassVar[str] = "squared units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the error (C,), >= 0."""
        return moments.covariance_error(cov, cov_0)


@dataclass(frozen=True)
class TraceRatio(OfMoments):
    """tr Sigma_t / tr Sigma_0: the share of reality's variance that is left."""

    about = About(
        "trace_ratio",
        "Trace ratio",
        "Total variance of the model, as a share of reality's.",
        ("kazdan-2024",),
        headline=True,
        aspect=Aspect.SPREAD,
    )
    name: ClassVar[str] = "trace_ratio"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the ratio (C,), >= 0."""
        return moments.trace_ratio(cov, cov_0)


@dataclass(frozen=True)
class DeterminantRatio(OfMoments):
    """det Sigma_t / det Sigma_0: the share of reality's volume that is left."""

    about = About(
        "determinant_ratio",
        "Determinant ratio",
        "Volume that the model covers (covariance determinant) against reality's.",
        ("kazdan-2024",),
        aspect=Aspect.SPREAD,
    )
    name: ClassVar[str] = "determinant_ratio"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.ONE

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the ratio (C,), >= 0."""
        return moments.determinant_ratio(cov, cov_0)


@dataclass(frozen=True)
class Sigma(OfMoments):
    """Root mean variance per dimension, sqrt(tr Sigma_t / d); the standard deviation for d = 1."""

    about = About(
        "sigma",
        "Standard deviation",
        "Standard deviation of the model, averaged over the coordinates.",
        ("shumailov-2024",),
        headline=True,
        aspect=Aspect.SPREAD,
    )
    name: ClassVar[str] = "sigma"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.START

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the deviation (C,), >= 0."""
        return np.sqrt(np.trace(cov, axis1=1, axis2=2) / cov.shape[1])


@dataclass(frozen=True)
class SigmaError:
    """|sigma_t - sigma_0| in one dimension (the paper's 1-D figures)."""

    about = About(
        "sigma_error",
        "Error of the standard deviation",
        "How far the standard deviation is from reality's.",
        ("shumailov-2024",),
    )
    name: ClassVar[str] = "sigma_error"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the error (C,), >= 0."""
        pair = both_moments(view)
        if isinstance(pair, NotApplicable):
            return pair
        if pair[1].shape[1] != 1:
            return NotApplicable(
                f"sigma_error is for one dimension; these data have {pair[1].shape[1]}"
            )
        return moments.sigma_error(pair[1], pair[3])


@dataclass(frozen=True)
class W2Squared(OfMoments):
    """Squared 2-Wasserstein distance between the Gaussians with the moments of p_t and p_0."""

    about = About(
        "w2_squared",
        "Squared Wasserstein-2 distance",
        "Squared Wasserstein-2 distance between model and reality, as Gaussians.",
        ("gelbrich-1990", "shumailov-2024"),
        headline=True,
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "w2_squared"
    unit: ClassVar[str] = "squared units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the squared distance (C,), >= 0; O(C d^3)."""
        return moments.gaussian_w2_squared(mean, cov, mean_0, cov_0)


@dataclass(frozen=True)
class W2(OfMoments):
    """2-Wasserstein distance between the Gaussians with the moments of p_t and p_0."""

    about = About(
        "w2",
        "Wasserstein-2 distance",
        "Wasserstein-2 distance between model and reality, as Gaussians.",
        ("gelbrich-1990",),
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "w2"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.LOWER

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the distance (C,), >= 0; O(C d^3)."""
        return np.sqrt(moments.gaussian_w2_squared(mean, cov, mean_0, cov_0))


@dataclass(frozen=True)
class SecondMoment(OfMoments):
    """E|X_t - mu_0|^2 = tr Sigma_t + |mu_t - mu_0|^2: averaged over chains, Var(X_t) of 1.2."""

    about = About(
        "second_moment",
        "Second moment",
        "Mean square distance of the model's rows from reality's mean.",
    )
    name: ClassVar[str] = "second_moment"
    unit: ClassVar[str] = "squared units of the data"
    direction: ClassVar[Direction] = Direction.START

    def of(self, mean: Floats, cov: Floats, mean_0: Floats, cov_0: Floats) -> Floats:
        """Return the moment (C,), >= 0."""
        spread = np.trace(cov, axis1=1, axis2=2)
        return np.asarray(spread + moments.squared_mean_error(mean, mean_0))


@dataclass(frozen=True)
class SquaredL2:
    """Integral of (p_t - p_0)^2 for Gaussian mixtures, in closed form (Shumailov et al. 2024)."""

    about = About(
        "squared_l2",
        "Squared L2 distance of densities",
        "Squared L2 distance between the densities of model and reality.",
        ("shumailov-2024",),
        headline=True,
        aspect=Aspect.RISK,
    )
    name: ClassVar[str] = "squared_l2"
    unit: ClassVar[str] = "1 / units of the data^d"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the distance (C,), >= 0; O(C k^2 d^3)."""
        laws: tuple[Model, Model] = (view.model, view.p_0)
        if not (isinstance(laws[0], MixtureLaw) and isinstance(laws[1], MixtureLaw)):
            return NotApplicable("squared_l2 needs Gaussian mixtures on both sides")
        return mixtures.squared_l2(*laws[0].mixture(), *laws[1].mixture())

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return what a model scores (C,) that spreads its mass evenly over all of space."""
        p_0: Model = view.p_0
        if not isinstance(p_0, MixtureLaw):
            return NotApplicable("squared_l2 needs Gaussian mixtures on both sides")
        weights, means, covs = p_0.mixture()
        # So wide that its own density adds nothing: what is left is the square of p_0's.
        wide = np.tile(1e12 * covs[:, :1].max() * np.eye(means.shape[2]), (len(means), 1, 1, 1))
        return mixtures.squared_l2(weights[:, :1] * 0 + 1, means[:, :1], wide, weights, means, covs)


@dataclass(frozen=True)
class ComponentStd:
    """sqrt(tr Sigma / d) of the widest ('largest') or narrowest component of a mixture."""

    about = About(
        "component_std",
        "Width of a component",
        "Width of the narrowest or widest component of the mixture.",
        ("shumailov-2024",),
    )
    which: Literal["smallest", "largest"] = "smallest"
    unit: ClassVar[str] = "units of the data"
    direction: ClassVar[Direction] = Direction.START

    @property
    def name(self) -> str:
        """smallest_component_std or largest_component_std."""
        return f"{self.which}_component_std"

    def about_options(self) -> About:
        """Return which component it is about."""
        which = "narrowest" if self.which == "smallest" else "widest"
        meaning = f"Width of the {which} component of the mixture."
        return replace(self.about, title=f"{which.capitalize()} component", meaning=meaning)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the deviation (C,), >= 0."""
        if not isinstance(view.model, MixtureLaw):
            return NotApplicable("component deviations need a Gaussian mixture")
        std = mixtures.component_std(view.model.mixture()[2])
        return std.min(axis=1) if self.which == "smallest" else std.max(axis=1)


@dataclass(frozen=True)
class HeldOutNLL(NamedMetric):
    """Mean negative log-likelihood of held-out real rows under p_t; inf where p_t gives them 0."""

    about = About(
        "held_out_nll",
        "Held-out negative log-likelihood",
        "How surprised the model is by real rows that no generation trained on.",
        ("kazdan-2024",),
        aspect=Aspect.RISK,
    )
    rows: int = 0
    base: ClassVar[str] = "held_out_nll"
    unit: ClassVar[str] = "nats per row"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the mean (C,)."""
        if view.held_out is None:
            return NotApplicable("no held-out rows; set held_out")
        if not isinstance(view.model, DensityModel):
            return NotApplicable(f"{type(view.model).__name__} has no density")
        x = view.held_out[:, : self.rows] if self.rows else view.held_out
        try:
            return likelihood.held_out_nll(view.model.log_prob(x))
        except FitError as error:
            return NotApplicable(str(error))

    def trivial(self, view: View) -> Floats | NotApplicable:
        """Return what a law scores (C,) that is uniform over the box of the held-out rows."""
        rows = view.held_out
        if rows is None or not _vectors(rows):
            return NotApplicable("no held-out rows of real vectors")
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.ptp(rows, axis=1)).sum(axis=1))
