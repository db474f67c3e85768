"""Flow matching as a learner."""

from dataclasses import dataclass, field

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.errors import SpecError
from genloss.models.torch.denoising.denoiser import Denoiser, calmly
from genloss.models.torch.denoising.processes import Flow
from genloss.models.torch.denoising.recipe import Conditioning, NetName
from genloss.models.torch.denoising.schedules import Solver
from genloss.models.torch.training import Training


@dataclass(frozen=True)
class FlowLearner(Denoiser):
    """Flow matching along straight lines from noise to data (Lipman et al. 2023).

    The network predicts the velocity x - noise at (1 - t) noise + t x. steps and solver ('euler',
    or 'heun' at twice the cost) follow it when drawing; the sampler `denoising` may ask for other
    steps and for guidance, and its eta is ignored, as a flow adds no noise. All else is as in
    DiffusionLearner.

    Raises:
        SpecError, DataError: an option out of range, or rows that do not suit it.
        FitError: a loss that is not finite, or a batch too large for the GPU.
    """

    about = About(
        "flow_matching",
        "Flow matching",
        "A network that learns to move noise to data along straight lines.",
        ("lipman-2023",),
    )
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

    def process(self) -> Flow:
        """Return what the network is trained to predict."""
        return Flow(self.steps, self.solver)
