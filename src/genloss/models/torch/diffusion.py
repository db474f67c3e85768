"""Denoising diffusion as a learner."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from genloss.core.arrays import Array, checked_count
from genloss.core.protocols import Data, Model, Notebook
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.errors import SpecError
from genloss.models.torch.denoise_fit import Conditioning, NetName, Recipe
from genloss.models.torch.diffusion_model import DenoisedModel
from genloss.models.torch.processes import Diffusion
from genloss.models.torch.schedules import Schedule
from genloss.models.torch.training import Training


def calmly() -> Training:
    """Return the default: Adam without weight decay, its rate falling to 0 along half a cosine.

    The falling rate stands in for an average over the weights. epochs suits tens of thousands of
    rows; small data need more of them (about 3,000 steps for a thousand rows in the plane).
    """
    return Training(epochs=100, batch=128, learning_rate=2e-3, weight_decay=0.0, rate="cosine")


@dataclass(frozen=True)
class DiffusionLearner:
    """Denoising diffusion: a network predicts the noise (Ho, Jain and Abbeel 2020).

    steps: T (500 in Alemohammad et al. 2023). schedule: 'linear' or 'cosine' (Nichol and Dhariwal
    2021). net: 'unet' for square grey images in [0, 1] of side 8, 14 or 28, `channels` at its
    widest places; 'mlp' for other rows, `width` wide; 'auto' whichever the rows ask for. Vectors
    are standardised by each fit's own rows, images scaled to [-1, 1]. conditioning 'labels' learns
    `classes` classes beside the unconditional law (a tenth of the labels is hidden), so that the
    sampler's guidance has a choice; rows of unknown class (-1) teach the latter only. Networks for
    vectors are trained 16 chains together, U-Nets one after another. precision 'bfloat16' computes
    the network's passes in 16 bits, in training and in drawing.

    Finitely many steps narrow what they draw, even with a perfect network: of a Gaussian as wide as
    the data, 500 linear ancestral steps lose 1.7 % of the variance, 50 of DDIM 7 %, the cosine
    schedule a third to a half less; in a chain of generations that adds up.

    Raises:
        SpecError, DataError: an option out of range, or rows that do not suit it.
        FitError: a loss that is not finite, or a batch too large for the GPU.
    """

    steps: int = 500
    schedule: Schedule = "linear"
    net: NetName = "auto"
    width: int = 128
    channels: int = 32
    conditioning: Conditioning = "none"
    classes: int = 10
    training: Training = field(default_factory=calmly)

    def __post_init__(self) -> None:
        checked_count(self.steps, "diffusion: steps", 2)
        if self.schedule not in ("linear", "cosine"):
            raise SpecError(
                f"diffusion: schedule is {self.schedule!r}; expected 'linear' or 'cosine'"
            )
        self.recipe()

    def recipe(self) -> Recipe:
        """Return what is trained and how; checks the options."""
        return Recipe(
            Diffusion(self.steps, self.schedule),
            self.net,
            self.width,
            self.channels,
            self.conditioning,
            self.classes,
            self.training,
        )

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> DenoisedModel:
        """Train every chain from rows (C, n, d) or a source; O(epochs n) passes each."""
        return self.recipe().fit(train, rng, init, valid, None)

    def with_notebook(self, notebook: Notebook) -> "NotedDenoiser":
        """Return the learner that notes its way and resumes from there."""
        return NotedDenoiser(self.recipe(), notebook)

    def one_epoch(self) -> "tuple[DiffusionLearner, int]":
        """Return the learner that stops after one epoch, and the epochs of this one."""
        return replace(self, training=replace(self.training, epochs=1)), self.training.epochs

    def restore(self, state: Mapping[str, Array]) -> DenoisedModel:
        """Rebuild a model from its state; raises DataError for that of another learner."""
        return self.recipe().restore(state)


@dataclass(frozen=True, eq=False)
class NotedDenoiser:
    """A learner whose fits can be interrupted: started again, they go on from the last note."""

    recipe: Recipe
    notebook: Notebook

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> DenoisedModel:
        """Train every chain; the result does not depend on where it was interrupted."""
        return self.recipe.fit(train, rng, init, valid, self.notebook)

    def restore(self, state: Mapping[str, Array]) -> DenoisedModel:
        """Rebuild a model from its state."""
        return self.recipe.restore(state)
