"""What the learners of diffusion and flow models share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from genloss.core.abilities import Notebook
from genloss.core.arrays import Array
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.models.torch.denoising.denoised_model import DenoisedModel
from genloss.models.torch.denoising.processes import Process
from genloss.models.torch.denoising.recipe import Conditioning, NetName, Recipe
from genloss.models.torch.fits import NetworkLearner
from genloss.models.torch.training import Training


def calmly() -> Training:
    """Return the default: Adam without weight decay, its rate falling to 0 along half a cosine.

    The falling rate stands in for an average over the weights. epochs suits tens of thousands of
    rows; small data need more of them (about 3,000 steps for a thousand rows in the plane).
    """
    return Training(epochs=100, batch=128, learning_rate=2e-3, weight_decay=0.0, rate="cosine")


class Denoiser(NetworkLearner[DenoisedModel], ABC):
    """A dataclass of options, as `Recipe` has them, and the process that is learned."""

    net: NetName
    width: int
    channels: int
    conditioning: Conditioning
    classes: int
    training: Training

    @abstractmethod
    def process(self) -> Process:
        """Return what the network is trained to predict."""

    def recipe(self) -> Recipe:
        """Return what is trained and how; checks the options."""
        return Recipe(
            self.process(),
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
        notebook: Notebook | None = None,
    ) -> DenoisedModel:
        """Train every chain from rows (C, n, d) or a source; O(epochs n) passes each."""
        return self.recipe().fit(train, rng, init, valid, notebook)

    def restore(self, state: Mapping[str, Array]) -> DenoisedModel:
        """Rebuild a model from its state; raises DataError for that of another learner."""
        return self.recipe().restore(state)
