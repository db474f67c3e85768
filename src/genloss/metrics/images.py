"""Metrics of images: latents of p_1's encoder, and the Fréchet distance of features."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from genloss.core.about import About, Aspect
from genloss.core.arrays import Array, Floats
from genloss.core.features import Features
from genloss.core.roles import Model
from genloss.core.view import Direction, NamedMetric, NotApplicable, View
from genloss.metrics.arrays import frechet
from genloss.metrics.features import PIXELS
from genloss.metrics.shared import rows_of, seen_beside_reality


@runtime_checkable
class EncodingModel(Model, Protocol):
    """A model that maps rows to points of a latent space."""

    def encode(self, x: Array) -> Floats:
        """Return the latent points (C, n, k) of rows x (C, n, d), chain by chain."""
        ...


def latents(view: View, images: int) -> Floats | NotApplicable:
    """Return p_1's posterior means (C, images, k) of generated images, or why there are none.

    Rows of S_t where there are rows, else fresh draws from p_t; shared by the metrics that ask for
    the same number.
    """
    if view.t == 0:
        return NotApplicable("the encoder is that of p_1, which does not exist yet")
    if not isinstance(view.first, EncodingModel):
        return NotApplicable(f"{type(view.first).__name__} has no encoder; use learner = 'vae'")
    encoder, x = view.first, rows_of(view, images)
    if isinstance(x, NotApplicable):
        return x
    return view.once(("latents", images), lambda: encoder.encode(x))


class OfLatents(NamedMetric, ABC):
    """Base class of the metrics of the latents of generated images; subclasses implement `of`."""

    uses_first: ClassVar[bool] = True
    unit: ClassVar[str] = "1"

    @property
    @abstractmethod
    def images(self) -> int:
        """How many images."""

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return one value per chain (C,), or why there is none."""
        codes = latents(view, self.images)
        return codes if isinstance(codes, NotApplicable) else self.of(codes)

    @abstractmethod
    def of(self, z: Floats) -> Floats:
        """Return (C,) from latents (C, images, k)."""


@dataclass(frozen=True)
class LatentSpread(OfLatents):
    """Standard deviation of all latent coordinates of generated images under p_1's encoder.

    The figure of Shumailov et al. 2024 for their VAE, who count from the first model trained on
    generated images: their generation g is t = g + 2 here. 100 images, 2,000 values.
    """

    about = About(
        "latent_spread",
        "Latent spread",
        "Spread of generated images as the encoder of the first model sees them.",
        ("shumailov-2024",),
        headline=True,
        aspect=Aspect.SPREAD,
    )
    images: int = 100
    base: ClassVar[str] = "latent_spread"
    direction: ClassVar[Direction] = Direction.HIGHER

    def of(self, z: Floats) -> Floats:
        """Return the standard deviation (C,), >= 0; it falls as images grow alike."""
        return np.asarray(z.std(axis=(1, 2)))


@dataclass(frozen=True)
class LatentMean(OfLatents):
    """Mean of all latent coordinates of generated images under p_1's encoder."""

    about = About(
        "latent_mean",
        "Latent mean",
        "Mean of generated images as the encoder of the first model sees them.",
        ("shumailov-2024",),
    )
    images: int = 100
    base: ClassVar[str] = "latent_mean"
    direction: ClassVar[Direction] = Direction.ZERO

    def of(self, z: Floats) -> Floats:
        """Return the mean (C,)."""
        return np.asarray(z.mean(axis=(1, 2)))


@dataclass(frozen=True)
class FID(NamedMetric):
    """Fréchet distance between Gaussian fits of the features of S_t and of held-out real rows.

    At most `rows` of each. Generation 0 shows how large it is for real rows at this size.
    """

    about = About(
        "fid",
        "FID, Fréchet distance of features",
        "Fréchet distance between features of samples and of held-out real data.",
        ("dowson-1982", "heusel-2017", "alemohammad-2023"),
        headline=True,
        aspect=Aspect.RISK,
    )
    features: Features = PIXELS
    rows: int = 1000
    base: ClassVar[str] = "fid"
    unit: ClassVar[str] = "squared units of the features"
    direction: ClassVar[Direction] = Direction.LOWER

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the distance (C,), >= 0."""
        features = seen_beside_reality(view, self.features, self.rows)
        return (
            features if isinstance(features, NotApplicable) else frechet.frechet_distance(*features)
        )
