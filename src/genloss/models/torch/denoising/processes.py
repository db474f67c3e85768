"""What a network is trained to predict, and how a draw is made from its predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats
from genloss.errors import SpecError
from genloss.models.torch.denoising.schedules import (
    NoiseSchedule,
    Predict,
    Solver,
    denoise,
    follow,
    signal_left,
    visited,
)


class SamplerOptions(NamedTuple):
    """Options of a draw; see `core.samplers.Denoising`. steps = 0: as many as trained with."""

    steps: int = 0
    eta: float = 1.0
    guidance: float = 0.0


ALL_STEPS = SamplerOptions()


class Blurred(NamedTuple):
    """Rows between data and noise (G, B, d), their times (G, B), and what is to be predicted."""

    x: Tensor
    t: Tensor
    target: Tensor


Blur = Callable[[Tensor, Tensor, Tensor], Blurred]
"""Mixes rows (G, B, d) with noise of their shape, at times drawn uniformly from [0, 1)."""


class Process(Protocol):
    """Diffusion or flow."""

    @property
    def name(self) -> str:
        """The name for messages."""
        ...

    def blur(self, device: torch.device) -> Blur:
        """Return the function that makes training rows."""
        ...

    def checked(self, options: SamplerOptions) -> SamplerOptions:
        """Return the options if it can be done; raises SpecError otherwise."""
        ...

    def draw(
        self,
        predict: Predict,
        x: Tensor,
        options: SamplerOptions,
        reach: Tensor,
        normal: Callable[[], Tensor],
    ) -> Tensor:
        """Turn noise x (G, B, d) into data, nowhere beyond +-reach."""
        ...

    def marks(self) -> dict[str, Array]:
        """Return what a state holds to tell this process from another, without a chain axis."""
        ...


@dataclass(frozen=True)
class Diffusion:
    """T steps of noise; the network predicts the noise (Ho, Jain and Abbeel 2020)."""

    steps: int
    schedule: NoiseSchedule
    name: str = "diffusion"

    @property
    def abar(self) -> Floats:
        """The share of variance that is still data, (steps + 1,)."""
        return signal_left(self.schedule, self.steps)

    def blur(self, device: torch.device) -> Blur:
        """Return x_t = sqrt(abar_t) x + sqrt(1 - abar_t) noise at t = 1 .. T; predict the noise."""
        abar = torch.from_numpy(self.abar)
        data, noisy = (a.sqrt().float().to(device) for a in (abar, 1 - abar))

        def blurred(x: Tensor, noise: Tensor, uniform: Tensor) -> Blurred:
            t = 1 + (uniform * self.steps).long().clamp(max=self.steps - 1)
            mixed = data[t].unsqueeze(-1) * x + noisy[t].unsqueeze(-1) * noise
            return Blurred(mixed, t / self.steps, noise)

        return blurred

    def checked(self, options: SamplerOptions) -> SamplerOptions:
        """Return the options; raises SpecError for more steps than there are."""
        visited(options.steps or self.steps, self.steps)
        return options

    def draw(
        self,
        predict: Predict,
        x: Tensor,
        options: SamplerOptions,
        reach: Tensor,
        normal: Callable[[], Tensor],
    ) -> Tensor:
        """Walk through all times, or through options.steps of them."""
        times = visited(options.steps or self.steps, self.steps)
        return denoise(predict, x, self.abar, times, options.eta, reach, normal)

    def marks(self) -> dict[str, Array]:
        """Return the schedule."""
        return {"abar": self.abar}


@dataclass(frozen=True)
class Flow:
    """Straight lines from noise to data; the network predicts x - noise (Lipman et al. 2023)."""

    steps: int
    solver: Solver
    name: str = "flow_matching"

    def blur(self, device: torch.device) -> Blur:
        """Return (1 - t) noise + t x, t uniform; predict x - noise."""

        def blurred(x: Tensor, noise: Tensor, uniform: Tensor) -> Blurred:
            t = uniform.unsqueeze(-1)
            return Blurred(torch.lerp(noise, x, t), uniform, x - noise)

        return blurred

    def checked(self, options: SamplerOptions) -> SamplerOptions:
        """Return the options: any number of steps, and eta is ignored, as a flow has no noise."""
        return options

    def draw(
        self,
        predict: Predict,
        x: Tensor,
        options: SamplerOptions,
        reach: Tensor,
        normal: Callable[[], Tensor],
    ) -> Tensor:
        """Follow the velocity in even steps."""
        return follow(predict, x, options.steps or self.steps, self.solver).clamp(-reach, reach)

    def marks(self) -> dict[str, Array]:
        """Return nothing: a flow is the same for any number of steps."""
        return {}


def checked_for_classes(options: SamplerOptions, classes: int, name: str) -> SamplerOptions:
    """Return the options; raises SpecError for guidance without classes."""
    if options.guidance and not classes:
        raise SpecError(
            f"guidance = {options.guidance:g} needs a {name} model that knows classes; set "
            "conditioning = 'labels' in the learner, or guidance = 0"
        )
    return options
