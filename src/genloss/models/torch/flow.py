"""Flow matching as a learner."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from genloss.core.arrays import Array, checked_count
from genloss.core.protocols import Data, Model, Notebook
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.errors import SpecError
from genloss.models.torch.denoise_fit import Conditioning, NetName, Recipe
from genloss.models.torch.diffusion import NotedDenoiser, calmly
from genloss.models.torch.diffusion_model import DenoisedModel
from genloss.models.torch.processes import Flow
from genloss.models.torch.schedules import Solver
from genloss.models.torch.training import Training


@dataclass(frozen=True)
class FlowLearner:
    """Flow matching along straight lines from noise to data (Lipman et al. 2023).

    The network predicts the velocity x - noise at (1 - t) noise + t x. steps and solver ('euler',
    or 'heun' at twice the cost) follow it when drawing; the sampler `denoising` may ask for other
    steps and for guidance, and its eta is ignored, as a flow adds no noise. All else is as in
    DiffusionLearner.

    Raises:
        SpecError, DataError: an option out of range, or rows that do not suit it.
        FitError: a loss that is not finite, or a batch too large for the GPU.
    """

    steps: int = 50
    solver: Solver = "heun"
    net: NetName = "auto"
    width: int = 128
    channels: int = 32
    conditioning: Conditioning = "none"
    classes: int = 10
    training: Training = field(default_factory=calmly)

    def __post_init__(self) -> None:
        checked_count(self.steps, "flow_matching: steps")
        if self.solver not in ("euler", "heun"):
            raise SpecError(f"flow_matching: solver is {self.solver!r}; expected 'euler' or 'heun'")
        self.recipe()

    def recipe(self) -> Recipe:
        """Return what is trained and how; checks the options."""
        return Recipe(
            Flow(self.steps, self.solver),
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

    def with_notebook(self, notebook: Notebook) -> NotedDenoiser:
        """Return the learner that notes its way and resumes from there."""
        return NotedDenoiser(self.recipe(), notebook)

    def one_epoch(self) -> "tuple[FlowLearner, int]":
        """Return the learner that stops after one epoch, and the epochs of this one."""
        return replace(self, training=replace(self.training, epochs=1)), self.training.epochs

    def restore(self, state: Mapping[str, Array]) -> DenoisedModel:
        """Rebuild a model from its state; raises DataError for that of another learner."""
        return self.recipe().restore(state)
