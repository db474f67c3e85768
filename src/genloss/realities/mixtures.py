"""Gaussian mixtures with named modes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.streams import Streams
from genloss.errors import SpecError
from genloss.models.gaussian import GaussianModel
from genloss.models.mixture.mixture import MixtureModel


@dataclass(frozen=True, eq=False)
class ModalMixture:
    """A Gaussian mixture, the same in every chain, whose component means are its modes.

    radius: the distance from a centre within which a row belongs to that mode, in units of x.
    """

    law: MixtureModel
    radius: float

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.law.n_chains

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain: (C, n, d)."""
        return self.law.sample(n, rng)

    def log_prob(self, x: Array) -> Floats:
        """Return the log density in nats: (C, n) for x (C, n, d)."""
        return self.law.log_prob(x)

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and the covariance (C, d, d)."""
        return self.law.moments()

    def mixture(self) -> tuple[Floats, Floats, Floats]:
        """Return weights (C, k), means (C, k, d) and covariances (C, k, d, d)."""
        return self.law.mixture()

    def modes(self) -> tuple[Floats, float]:
        """Return the centres (k, d) and the radius, in units of x."""
        return self.law.means[0], self.radius

    def state(self) -> dict[str, Array]:
        """Return the state of the mixture."""
        return self.law.state()


@dataclass(frozen=True)
class SingleBlob:
    """One Gaussian blob N(0, std^2 I), meant to be fitted with two components.

    The notebook of Shumailov et al. 2024 fits its two-component mixture to such a single blob with
    std = 1, d = 2: what splits and collapses is not in the data.
    """

    about = About(
        "single_blob",
        "Single blob",
        "One Gaussian blob, to be fitted with two components.",
        ("shumailov-2024",),
    )
    std: float = 1.0
    d: int = 2

    def __post_init__(self) -> None:
        numbers.positive(self.std, "single_blob: std")
        numbers.whole(self.d, "single_blob: d")

    def realise(self, n_chains: int, rng: np.random.Generator) -> GaussianModel:
        """Return the blob for n_chains chains; rng is not used."""
        c = checked_count(n_chains, "n_chains")
        cov = np.tile(self.std**2 * np.eye(self.d), (c, 1, 1))
        return GaussianModel(np.zeros((c, self.d)), cov)


@dataclass(frozen=True)
class TwoBlobs:
    """weight N(-c, std^2 I) + (1 - weight) N(c, std^2 I) with c = separation / 2 on the first axis.

    Raises:
        SpecError: a weight outside (0, 1), or a separation or std that is not above 0.
    """

    about = About("two_blobs", "Two blobs", "Two Gaussian blobs some distance apart.")
    separation: float = 4.0
    std: float = 1.0
    weight: float = 0.5
    d: int = 2

    def __post_init__(self) -> None:
        numbers.positive(self.separation, "two_blobs: separation")
        numbers.positive(self.std, "two_blobs: std")
        numbers.open_fraction(self.weight, "two_blobs: weight")
        numbers.whole(self.d, "two_blobs: d")

    def realise(self, n_chains: int, rng: np.random.Generator) -> ModalMixture:
        """Return the mixture for n_chains chains; rng is not used."""
        centres = np.zeros((2, self.d))
        centres[:, 0] = -self.separation / 2, self.separation / 2
        weights = np.array([self.weight, 1 - self.weight])
        return _modal(weights, centres, self.std, n_chains)


@dataclass(frozen=True)
class Blobs:
    """k equally likely blobs of the given std whose centres are uniform in [-box, box]^d.

    law: a whole number that names one draw of the centres. They are part of p_0, so they come from
    the recipe and from no chain's stream: training rows, held-out rows and every later call see the
    same centres. (The field's own code drew new ones for its test rows; its likelihoods then
    compare two different laws.) law = 'per_chain' draws the centres of each chain when p_0 is
    realised: an average over laws, without named modes.

    Kazdan et al. 2024 use scikit-learn's defaults: k = 3, std = 1, box = 10, d = 2.
    """

    about = About(
        "blobs",
        "Blobs",
        "Equally likely Gaussian blobs with centres drawn uniformly from a box.",
        ("kazdan-2024", "pedregosa-2011"),
    )
    k: int = 3
    std: float = 1.0
    box: float = 10.0
    d: int = 2
    law: int | Literal["per_chain"] = 0

    def __post_init__(self) -> None:
        numbers.whole(self.k, "blobs: k")
        numbers.positive(self.std, "blobs: std")
        numbers.positive(self.box, "blobs: box")
        numbers.whole(self.d, "blobs: d")
        if self.law != "per_chain":
            numbers.whole(self.law, "blobs: law (or 'per_chain')", 0)

    def realise(self, n_chains: int, rng: np.random.Generator) -> ModalMixture | MixtureModel:
        """Return the mixture for n_chains chains; rng draws centres only for 'per_chain'."""
        weights = np.full(self.k, 1 / self.k)
        if isinstance(self.law, str):
            shape = (checked_count(n_chains, "n_chains"), self.k, self.d)
            return _mixture(weights, rng.uniform(-self.box, self.box, shape), self.std)
        named = Streams(self.law).rng(0, "centres")
        centres = named.uniform(-self.box, self.box, (self.k, self.d))
        return _modal(weights, centres, self.std, n_chains)


@dataclass(frozen=True)
class ModeGrid:
    """side x side equally likely modes N(centre, std^2 I) on a square grid around the origin.

    side = 5 gives the 25 modes of Alemohammad et al. 2023. Mode m stands in row m // side and
    column m % side, counted from the lower left. With a minority mode, that one has probability
    minority_weight and the others share the rest equally.

    Raises:
        SpecError: a minority mode without its weight (or the reverse), or out of range.
    """

    about = About(
        "mode_grid",
        "Grid of modes",
        "Equally likely Gaussian modes on a square grid.",
        ("alemohammad-2023",),
    )
    side: int = 5
    spacing: float = 2.0
    std: float = 0.05
    minority_mode: int | None = None
    minority_weight: float | None = None

    def __post_init__(self) -> None:
        numbers.whole(self.side, "mode_grid: side", 2)
        numbers.positive(self.spacing, "mode_grid: spacing")
        numbers.positive(self.std, "mode_grid: std")
        if (self.minority_mode is None) != (self.minority_weight is None):
            raise SpecError(
                f"mode_grid: minority_mode is {self.minority_mode} and minority_weight is "
                f"{self.minority_weight}; give both or neither"
            )
        if self.minority_mode is None:
            return
        numbers.open_fraction(self.minority_weight, "mode_grid: minority_weight")
        if numbers.whole(self.minority_mode, "mode_grid: minority_mode", 0) >= self.side**2:
            raise SpecError(
                f"mode_grid: minority_mode is {self.minority_mode}; the {self.side**2} modes are "
                f"numbered from 0 to {self.side**2 - 1}"
            )

    def realise(self, n_chains: int, rng: np.random.Generator) -> ModalMixture:
        """Return the mixture for n_chains chains; rng is not used."""
        k = self.side**2
        line = self.spacing * (np.arange(self.side) - (self.side - 1) / 2)
        y, x = np.meshgrid(line, line, indexing="ij")
        weights = np.full(k, 1 / k)
        if self.minority_mode is not None and self.minority_weight is not None:
            weights[:] = (1 - self.minority_weight) / (k - 1)
            weights[self.minority_mode] = self.minority_weight
        return _modal(weights, np.stack([x.ravel(), y.ravel()], axis=1), self.std, n_chains)


def mode_radius(centres: Floats, std: float) -> float:
    """Return the radius of a mode: 3 std in up to two dimensions, 3 std sqrt(d / 2) above.

    At least 1 - exp(-9/2) = 98.8 % of a mode's rows lie within it in any d (exactly that for d =
    2), unless that is more than half the distance between the two nearest centres: then the radius
    is that half, so that no row belongs to two modes, and holds as many rows as it does.
    """
    k, d = centres.shape
    radius = 3.0 * std * max(1.0, d / 2) ** 0.5
    if k == 1:
        return radius
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    return float(min(radius, gaps[np.triu_indices(k, 1)].min() / 2))


def _modal(weights: Floats, centres: Floats, std: float, n_chains: int) -> ModalMixture:
    c = checked_count(n_chains, "n_chains")
    law = _mixture(weights, np.tile(centres, (c, 1, 1)), std)
    return ModalMixture(law, mode_radius(centres, std))


def _mixture(weights: Floats, means: Floats, std: float) -> MixtureModel:
    c, k, d = means.shape
    return MixtureModel(np.tile(weights, (c, 1)), means, np.tile(std**2 * np.eye(d), (c, k, 1, 1)))
