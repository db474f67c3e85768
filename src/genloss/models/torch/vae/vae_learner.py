"""The variational autoencoder as a learner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from genloss.core.abilities import Notebook
from genloss.core.about import About
from genloss.core.arrays import Array, checked_count
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.errors import DataError, SpecError
from genloss.models.torch.device import generator, pick, stream
from genloss.models.torch.feeds import CHECK, START, Batch, feed_of, on
from genloss.models.torch.fits import (
    NetworkLearner,
    held_out_rows,
    part_after_part,
    rows_of,
    stacked,
)
from genloss.models.torch.images import check_images, check_lit
from genloss.models.torch.notebook import Pages
from genloss.models.torch.training import DTYPES, Check, Loop, Loss, Training
from genloss.models.torch.vae.net import ConvVAE
from genloss.models.torch.vae.vae_model import Output, VAEModel, left_by, vae_loss

SIZES = {"paper": (28, 64, 128), "small": (8, 16, 32)}
"""Side in pixels and channels of the two convolutions of each network."""

ROWS_CHECKED = 64
"""Rows of an endless source that are checked before training."""


@dataclass(frozen=True)
class VAELearner(NetworkLearner[VAEModel]):
    """Variational autoencoder with two convolutions each way (Shumailov et al. 2024).

    net 'paper' takes 28 x 28 images (channels 64 and 128, 647,081 parameters with latent 20),
    'small' 8 x 8 ones (16 and 32; 24,809), 'auto' chooses by the images. Loss: binary
    cross-entropy + beta KL, in nats, summed. output: draw images as the decoder's 'mean', as the
    paper does, or pixel by pixel as 'bernoulli'. Learns from rows, weighted or not, or from an
    endless source, n_rows of it an epoch; chains are trained one after another.

    Raises:
        SpecError: an option out of range.
        DataError: rows that are not images in [0, 1] of the network's size, or all black.
        FitError: a loss that is not finite, or a batch too large for the GPU.
    """

    about = About(
        "vae",
        "Variational autoencoder",
        "A network that codes a row in a few numbers and decodes it again.",
        ("kingma-2013", "shumailov-2024"),
    )
    net: Literal["auto", "paper", "small"] = "auto"
    latent: int = 20
    beta: float = 1.0
    output: Output = "mean"
    training: Training = field(default_factory=Training)

    def __post_init__(self) -> None:
        checked_count(self.latent, "vae: latent")
        if self.net not in ("auto", *SIZES):
            raise SpecError(f"vae: net is {self.net!r}; expected 'auto', 'paper' or 'small'")
        if self.output not in ("mean", "bernoulli"):
            raise SpecError(f"vae: output is {self.output!r}; expected 'mean' or 'bernoulli'")
        if not 0.0 <= self.beta < np.inf:
            raise SpecError(f"vae: beta is {self.beta}; expected a finite number of 0 or more")

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
        notebook: Notebook | None = None,
    ) -> VAEModel:
        """Train every chain from rows (C, n, d) or a source; O(epochs n) passes each."""
        # Drawn first and always, so that the notebook's key is a function of the stream alone.
        seeds = rng.integers(2**63, size=train.n_chains)
        net = self._net(_looked_at(train, int(seeds[0])))
        held_out = held_out_rows(self.training, valid, "vae")
        if held_out is not None:
            check_images(held_out.x, "vae: held-out rows")

        def chain(c: int, pages: Pages | None) -> dict[str, Array]:
            rows = None if held_out is None else held_out.x[c]
            return self._chain(net, train, c, int(seeds[c]), init, rows, pages)

        return self.restore(stacked(part_after_part(len(seeds), seeds, notebook, chain)))

    def restore(self, state: Mapping[str, Array]) -> VAEModel:
        """Rebuild a model from its state.

        Raises:
            DataError: the state of another network.
        """
        pixels = 16 * state["mean.weight"].shape[2] // state["conv2.weight"].shape[1]
        return VAEModel(
            self._net(pixels),
            self.output,
            state,
            state["train_loss"],
            state["held_out_loss"],
            self.training.device,
        )

    def _chain(
        self,
        net: ConvVAE,
        train: Samples | Source,
        c: int,
        seed: int,
        init: Model | None,
        held_out: Array | None,
        pages: Pages | None,
    ) -> dict[str, Array]:
        training = self.training
        device, dtype = pick(training.device), DTYPES[training.precision]
        if isinstance(init, VAEModel):
            start = init.weights(c, device)
        else:
            initial = net.initial(stream(seed, START))
            start = net.pack({k: on(device, v) for k, v in initial.items()})
        feed = feed_of(train, c, training.batch, seed, device, dtype)
        loss = vae_loss(net, self.beta)
        check = None
        if held_out is not None:
            check = self._check(loss, on(device, held_out), seed)
        done = Loop(loss, start, training, f"vae, chain {c}").run(feed, seed, check, pages)
        losses = {"train_loss": done.train_loss[0], "held_out_loss": done.held_out_loss[0]}
        return left_by(net, done.weights, **losses)

    def _check(self, loss: Loss, rows: Tensor, seed: int) -> Check:
        """Return the held-out loss per image as a function of the weights."""

        def check(weights: Sequence[Tensor]) -> Tensor:
            noise, size = generator(rows.device, seed, CHECK), self.training.batch
            parts = [loss(weights, Batch(x), noise) for x in torch.split(rows, size)]
            return torch.stack(parts).double().sum() / len(rows)

        return check

    def _net(self, pixels: int) -> ConvVAE:
        """Return the network for images of so many pixels; raises DataError where none fits."""
        for name, (side, c1, c2) in SIZES.items():
            if side * side == pixels and self.net in ("auto", name):
                return ConvVAE(side, c1, c2, self.latent)
        sizes = SIZES if self.net == "auto" else {self.net: SIZES[self.net]}
        known = " or ".join(f"{s * s} ({s} x {s}, '{k}')" for k, (s, *_) in sizes.items())
        raise DataError(
            f"vae: rows have {pixels} values; net = {self.net!r} takes images of {known} pixels; "
            "resize the images or choose another net"
        )


def _looked_at(train: Data, seed: int) -> int:
    """Return the pixels of the rows to train on, after a look at all rows, or at some of a source.

    Raises:
        DataError: not images in [0, 1], or nothing but black.
    """
    x = rows_of(train, seed, "vae", ROWS_CHECKED).x
    check_images(x, "vae: rows")
    check_lit(x, "vae")
    return int(x.shape[2])
