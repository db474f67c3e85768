"""How diffusion and flow models are trained: the part that their learners share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from genloss.core.abilities import Notebook
from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.roles import Data, Model
from genloss.core.samples import UNLABELLED, Samples
from genloss.core.source import Source
from genloss.errors import DataError, SpecError
from genloss.models.torch.denoising.data import (
    IMAGES_CHECKED,
    ROWS_CHECKED,
    NoisyFeed,
    Scaling,
    checked_vectors,
    class_shares,
    looked_at,
    noise_for,
    scaled_images,
    standardised,
)
from genloss.models.torch.denoising.denoised_model import FIXED, DenoisedModel
from genloss.models.torch.denoising.nets import DenoiseNet, VectorNet
from genloss.models.torch.denoising.processes import ALL_STEPS, Process, SamplerOptions
from genloss.models.torch.denoising.unet import SIDES, UNet
from genloss.models.torch.device import generator, pick, stream
from genloss.models.torch.feeds import CHECK, START, Batch, TogetherFeed, feed_of, on
from genloss.models.torch.fits import held_out_rows, joined, part_after_part
from genloss.models.torch.notebook import Pages
from genloss.models.torch.training import DTYPES, Check, Loop, Loss, Training, to_numpy

NetName = Literal["auto", "mlp", "unet"]
Conditioning = Literal["none", "labels"]

HIDDEN = 0.1
"""Share of the rows whose class is hidden, so that the network also learns to do without."""


def denoising_loss(net: DenoiseNet, process: Process, device: torch.device) -> Loss:
    """Return the loss per chain (G,): squared error of a prediction, averaged over values and rows.

    Each row counts its weight times. A batch brings its noise; see `NoisyFeed`.
    """
    blur = process.blur(device)

    def loss(weights: Sequence[Tensor], batch: Batch, noise: torch.Generator) -> Tensor:
        x, weight, label, uniform = batch
        if uniform is None:
            raise DataError("this loss needs batches that bring their noise; use NoisyFeed")
        if not net.classes:
            label = None
        elif label is not None:
            label = torch.where(uniform[..., 1] < HIDDEN, UNLABELLED, label)
        else:
            label = torch.full(x.shape[:2], UNLABELLED, device=x.device)
        mixed, t, target = blur(x, uniform[..., 2:], uniform[..., 0])
        rows = (net.predict(weights, mixed, t, label) - target).square().mean(-1)
        return (rows if weight is None else weight * rows).mean(-1)

    return loss


@dataclass(frozen=True)
class Recipe:
    """A process, a network and how it is trained.

    Raises:
        SpecError, DataError: an option out of range.
    """

    process: Process
    net: NetName
    width: int
    channels: int
    conditioning: Conditioning
    classes: int
    training: Training

    def __post_init__(self) -> None:
        name = self.process.name
        for field in ("width", "channels", "classes"):
            checked_count(getattr(self, field), f"{name}: {field}")
        if self.channels % 2:
            raise SpecError(f"{name}: channels is {self.channels}; expected an even number")
        if self.net not in ("auto", "mlp", "unet"):
            raise SpecError(f"{name}: net is {self.net!r}; expected 'auto', 'mlp' or 'unet'")
        if self.conditioning not in ("none", "labels"):
            raise SpecError(
                f"{name}: conditioning is {self.conditioning!r}; expected 'none' or 'labels'"
            )

    def network(self, d: int) -> DenoiseNet:
        """Return the network for rows of d values; raises DataError where none fits."""
        classes = self.classes if self.conditioning == "labels" else 0
        if self.net != "mlp":
            for side in SIDES:
                if side * side == d:
                    return UNet(side, self.channels, classes)
        if self.net == "unet":
            known = " or ".join(f"{side**2} ({side} x {side})" for side in SIDES)
            raise DataError(
                f"{self.process.name}: rows have {d} values; net = 'unet' takes square grey images "
                f"of {known} pixels; resize the images or use net = 'mlp'"
            )
        return VectorNet(d, classes, self.width)

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        init: Model | None,
        valid: Data | None,
        notebook: Notebook | None,
    ) -> DenoisedModel:
        """Train every chain, from its notes where there are any."""
        # Drawn first and always, so that the notebook's key is a function of the stream alone.
        seeds = rng.integers(2**63, size=train.n_chains)
        rows = looked_at(train, int(seeds[0]), self.process.name, IMAGES_CHECKED)
        fit = Fit.of(self, train, rows, seeds.tolist(), init, valid)
        together = fit.net.together

        def group(i: int, pages: Pages | None) -> dict[str, Array]:
            return fit.group(range(len(seeds))[i * together : (i + 1) * together], pages)

        parts = part_after_part(-(-len(seeds) // together), seeds, notebook, group)
        fixed = {**fit.scaling._asdict(), "frequencies": fit.frequencies}
        return self.model(fit.net, joined(parts) | fixed, ALL_STEPS)

    def model(
        self, net: DenoiseNet, arrays: Mapping[str, Array], options: SamplerOptions
    ) -> DenoisedModel:
        """Return the model with these arrays."""
        return DenoisedModel(
            net,
            self.process,
            arrays,
            **{name: arrays[name] for name in FIXED},
            options=options,
            device=self.training.device,
            dtype=DTYPES[self.training.precision],
        )

    def restore(self, state: Mapping[str, Array]) -> DenoisedModel:
        """Rebuild a model from its state, asked as it was.

        Raises:
            DataError: the state of another network or process.
        """
        marks = self.process.marks()
        same = "shift" in state and ("abar" in state) == ("abar" in marks)
        if not same or any(not np.array_equal(state[k][0], v) for k, v in marks.items()):
            raise DataError(
                f"this state belongs to another process than {self.process}; restore it with the "
                "learner that made it"
            )
        steps, eta, guidance = state["asked"][0].tolist()
        options = SamplerOptions(int(steps), eta, guidance)
        return self.model(self.network(state["shift"].shape[1]), state, options)


@dataclass(frozen=True, eq=False)
class Fit:
    """One fit: the recipe with its data, on the way from seeds to parameters."""

    recipe: Recipe
    net: DenoiseNet
    train: Samples | Source
    scaling: Scaling
    frequencies: Floats
    seeds: Sequence[int]
    init: DenoisedModel | None
    valid: Samples | None

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        train: Samples | Source,
        rows: Samples,
        seeds: Sequence[int],
        init: Model | None,
        valid: Data | None,
    ) -> "Fit":
        """Check everything that can be checked before training."""
        name, net = recipe.process.name, recipe.network(rows.x.shape[2])
        frequencies = class_shares(train, net.classes, seeds[0], name)
        if isinstance(net, UNet):
            scaling = scaled_images(rows.x, name)
        else:
            scaling = standardised(looked_at(train, seeds[0], name, ROWS_CHECKED))
        if isinstance(train, Samples) and train.weight is not None:
            mean = train.weight.mean(1, keepdims=True)
            train = Samples(train.x, train.origin, train.weight / mean, train.label)
        start = init if isinstance(init, DenoisedModel) else None
        if start is not None and start.net != net:
            raise DataError(f"{name}: a warm start from {start.net} was asked for {net}")
        held_out = held_out_rows(recipe.training, valid, name)
        if held_out is not None:
            checked_vectors(held_out.x, f"{name}, held-out rows")
        return cls(recipe, net, train, scaling, frequencies, seeds, start, held_out)

    def group(self, chains: range, pages: Pages | None) -> dict[str, Array]:
        """Train some chains together; return their parameters (G, ...) and losses (G, epochs)."""
        training, process = self.recipe.training, self.recipe.process
        device, dtype = pick(training.device), DTYPES[training.precision]
        feeds = tuple(self._feed(c, device, dtype) for c in chains)
        loss = denoising_loss(self.net, process, device)
        if self.init is None:
            initial = [self.net.initial(stream(self.seeds[c], START)) for c in chains]
            named = {k: on(device, np.stack([d[k] for d in initial])) for k in self.net.shapes}
            start = self.net.pack(named)
        else:
            start = self.init.weights(chains, device)
        name = f"{process.name}, chain {chains[0]}"
        if len(chains) > 1:
            name += f" to {chains[-1]}"
        check = self._check(loss, chains, device) if self.valid else None
        loop = Loop(loss, start, training, name, len(chains))
        done = loop.run(TogetherFeed(feeds), self.seeds[chains[0]], check, pages)
        named = self.net.unpack(done.weights)
        losses = {"train_loss": done.train_loss, "held_out_loss": done.held_out_loss}
        return {k: to_numpy(v) for k, v in named.items()} | losses

    def _feed(self, c: int, device: torch.device, dtype: torch.dtype) -> NoisyFeed:
        size, seed = self.recipe.training.batch, self.seeds[c]
        feed = feed_of(self.train, c, size, seed, device, dtype)
        shift, scale = (on(device, a[c]) for a in self.scaling[:2])
        return NoisyFeed(feed, shift, scale, seed)

    def _check(self, loss: Loss, chains: Sequence[int], device: torch.device) -> Check:
        """Return the held-out loss of each chain (G,) as a function of the weights."""
        assert self.valid is not None
        valid, index = self.valid, list(chains)
        shift, scale = (a[index][:, None] for a in self.scaling[:2])
        x = on(device, (valid.x[index] - shift) / scale)
        label = None if valid.label is None else on(device, valid.label[index])
        pairs = zip(x, chains, strict=True)
        noises = [noise_for(r, generator(device, self.seeds[c], CHECK)) for r, c in pairs]
        noise, size = torch.stack(noises), self.recipe.training.batch

        def check(weights: Sequence[Tensor]) -> Tensor:
            total = torch.zeros(len(index), dtype=torch.float64, device=device)
            for i in range(0, x.shape[1], size):
                part = slice(i, i + size)
                batch = Batch(
                    x[:, part], None, None if label is None else label[:, part], noise[:, part]
                )
                total += loss(weights, batch, torch.Generator()) * batch.x.shape[1]
            return total / x.shape[1]

        return check
