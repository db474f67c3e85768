"""Metrics of images, seen through the encoder of p_1, the model trained on real images."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.protocols import EncodingModel
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.metrics.view import Direction, NotApplicable, View, named


def latents(view: View, images: int) -> Floats | NotApplicable:
    """Return p_1's posterior means (C, images, k) of generated images, or why there are none.

    Rows of S_t where there are rows, else fresh draws from p_t; shared by the metrics that ask for
    the same number.
    """
    if view.t == 0:
        return NotApplicable("the encoder is that of p_1, which does not exist yet")
    if not isinstance(view.first, EncodingModel):
        return NotApplicable(f"{type(view.first).__name__} has no encoder; use learner = 'vae'")
    encoder, given = view.first, view.samples
    if not isinstance(given, Samples | Source):
        return NotApplicable(f"{type(given).__name__} hold no images; use form = 'rows'")

    def compute() -> Floats:
        if isinstance(given, Source):
            return encoder.encode(given.take(images, view.rng).x)
        return encoder.encode(given.x[:, :images])

    return view.once(("latents", images), compute)


@dataclass(frozen=True)
class LatentSpread:
    """Standard deviation of all latent coordinates of generated images under p_1's encoder.

    The figure of Shumailov et al. 2024 for their VAE, who count from the first model trained on
    generated images: their generation g is t = g + 2 here. 100 images, 2,000 values.
    """

    images: int = 100
    uses_first: ClassVar[bool] = True
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "higher is closer"

    @property
    def name(self) -> str:
        """latent_spread and its options."""
        return named("latent_spread", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the standard deviation (C,), >= 0; it falls as images grow alike."""
        found = latents(view, self.images)
        return found if isinstance(found, NotApplicable) else np.asarray(found.std(axis=(1, 2)))


@dataclass(frozen=True)
class LatentMean:
    """Mean of all latent coordinates of generated images under p_1's encoder."""

    images: int = 100
    uses_first: ClassVar[bool] = True
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = "0 is reality"

    @property
    def name(self) -> str:
        """latent_mean and its options."""
        return named("latent_mean", self)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the mean (C,)."""
        found = latents(view, self.images)
        return found if isinstance(found, NotApplicable) else np.asarray(found.mean(axis=(1, 2)))
