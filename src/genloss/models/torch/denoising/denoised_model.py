"""A trained diffusion or flow model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.core.progress import reached
from genloss.errors import DataError
from genloss.models.torch.denoising.nets import DenoiseNet
from genloss.models.torch.denoising.processes import (
    ALL_STEPS,
    Process,
    SamplerOptions,
    checked_for_classes,
)
from genloss.models.torch.denoising.schedules import guided
from genloss.models.torch.device import Device, pick
from genloss.models.torch.feeds import Batch, on

FIXED = ("shift", "scale", "reach", "frequencies", "train_loss", "held_out_loss")
"""Arrays of a state beside the parameters, the marks of the process and how it is asked."""


@dataclass(frozen=True, eq=False)
class DenoisedModel:
    """Rows drawn in many small steps from noise; C chains, no exact density.

    parameters: by name, chains on axis 0, float32. The network works on (x - shift) / scale, where
    nothing lies beyond +-reach: shift and scale (C, d), reach (C,). frequencies (C, K): shares of
    the classes among the training rows, from which labels are drawn; K = 0 without classes.
    options: steps, eta and guidance. train_loss and held_out_loss (C, epochs): mean squared error
    of a prediction per value, NaN after an early stop. dtype: of the network's passes.
    """

    net: DenoiseNet
    process: Process
    parameters: Mapping[str, Array]
    shift: Floats
    scale: Floats
    reach: Floats
    frequencies: Floats
    train_loss: Floats
    held_out_loss: Floats
    options: SamplerOptions = ALL_STEPS
    device: Device = "auto"
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        for name, shape in self.net.shapes.items():
            actual = self.parameters.get(name, np.empty(0)).shape
            if actual != (self.n_chains, *shape):
                raise DataError(
                    f"parameter {name} has shape {actual}; expected {(self.n_chains, *shape)} for "
                    f"{self.net}; this state belongs to another network: restore it with the "
                    "learner that made it"
                )
        parameters = {name: frozen(self.parameters[name]) for name in self.net.shapes}
        object.__setattr__(self, "parameters", parameters)
        for name in FIXED:
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.shift.shape[0])

    def denoised(self, steps: int, eta: float, guidance: float) -> "DenoisedModel":
        """Return the model asked with these steps (0: all), noise per step and guidance.

        A flow has no noise: it ignores eta.

        Raises:
            SpecError: more steps than it was trained with, or guidance without classes.
        """
        options = checked_for_classes(
            SamplerOptions(steps, eta, guidance), self.net.classes, self.process.name
        )
        return replace(self, options=self.process.checked(options))

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows of every chain: (C, n, d); O(n steps) passes of the network."""
        return self.sample_labelled(n, rng)[0]

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Floats, Ints | None]:
        """Draw n rows of every chain (C, n, d), and their classes (C, n) if it knows classes."""
        checked_count(n, "n")
        device, chains = pick(self.device), range(self.n_chains)
        x = np.empty((self.n_chains, n, self.net.d))
        label = np.empty((self.n_chains, n), dtype=np.int64)
        noise = [torch.Generator(device) for _ in chains]
        for stream, word in zip(noise, rng.integers(2**63, size=len(chains)), strict=True):
            stream.manual_seed(int(word))
        for i in range(0, self.n_chains, self.net.together):
            group = chains[i : i + self.net.together]
            draw = self._drawing(group, device, self.dtype)
            for j in range(0, n, self.net.chunk):
                end = min(n, j + self.net.chunk)
                rows, classes = draw(end - j, noise[i : i + len(group)])
                reached(i * n + end * len(group), self.n_chains * n)
                x[i : i + len(group), j:end] = rows.cpu().numpy()
                if classes is not None:
                    label[i : i + len(group), j:end] = classes.cpu().numpy()
        return x, label if self.net.classes else None

    def drawer(
        self, chain: int, device: torch.device, dtype: torch.dtype
    ) -> Callable[[int, torch.Generator], Batch]:
        """Return a function that draws m rows (m, d), float32, of one chain on the device."""
        draw = self._drawing([chain], device, dtype)

        def draw_rows(m: int, rng: torch.Generator) -> Batch:
            rows, label = draw(m, [rng])
            return Batch(rows[0], None, None if label is None else label[0])

        return draw_rows

    def weights(self, chains: Sequence[int], device: torch.device) -> list[Tensor]:
        """Return the parameters of some chains, float32, in the layout of the network's passes."""
        index = list(chains)
        return self.net.pack({k: on(device, v[index]) for k, v in self.parameters.items()})

    def state(self) -> dict[str, Array]:
        """Return the parameters, the scaling, the losses and how the model is asked."""
        out = dict(self.parameters) | {name: getattr(self, name) for name in FIXED}
        marks = {"asked": np.array(self.options), **self.process.marks()}
        every = {name: np.repeat(v[None], self.n_chains, 0) for name, v in marks.items()}
        return out | {name: frozen(value) for name, value in every.items()}

    def _drawing(
        self, chains: Sequence[int], device: torch.device, dtype: torch.dtype
    ) -> Callable[[int, Sequence[torch.Generator]], tuple[Tensor, Tensor | None]]:
        """Return a function that draws m rows (G, m, d) of some chains, with their classes."""
        index = list(chains)
        weights = [w.to(dtype) for w in self.weights(chains, device)]
        shift, scale = (on(device, a[index])[:, None] for a in (self.shift, self.scale))
        reach = on(device, self.reach[index])[:, None, None]
        shares = on(device, self.frequencies[index])

        def draw(m: int, noise: Sequence[torch.Generator]) -> tuple[Tensor, Tensor | None]:
            def normal() -> Tensor:
                normals = [torch.randn(m, self.net.d, generator=g, device=device) for g in noise]
                return torch.stack(normals)

            label = None
            if self.net.classes:
                pairs = zip(shares, noise, strict=True)
                label = torch.stack([p.multinomial(m, True, generator=g) for p, g in pairs])
            with torch.no_grad():
                predict = self._predicting(weights, label)
                x = self.process.draw(predict, normal(), self.options, reach, normal)
                return x * scale + shift, label

        return draw

    def _predicting(
        self, weights: Sequence[Tensor], label: Tensor | None
    ) -> Callable[[Tensor, float], Tensor]:
        """Return the network's prediction for rows of these classes, guided where asked to be."""
        w = self.options.guidance

        def predict(x: Tensor, t: float) -> Tensor:
            if not w or label is None:
                return self.net.predict(weights, x, x.new_full(x.shape[:2], t), label)
            both = torch.cat([label, torch.full_like(label, -1)], 1)
            twice = torch.cat([x, x], 1)
            predicted = self.net.predict(weights, twice, x.new_full(both.shape, t), both)
            conditional, unconditional = predicted.chunk(2, 1)
            return guided(conditional, unconditional, w)

        return predict
