"""A trained variational autoencoder, and its loss."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array, Floats, frozen
from genloss.errors import DataError
from genloss.models.torch.device import Device, pick
from genloss.models.torch.feeds import Batch, on
from genloss.models.torch.training import Loss, to_numpy
from genloss.models.torch.vae.net import ConvVAE, Weights

Output = Literal["mean", "bernoulli"]

IMAGES_AT_ONCE = 1000
"""Images decoded or encoded at a time."""


def vae_loss(net: ConvVAE, beta: float) -> Loss:
    """Return the loss: cross-entropy of the pixels + beta KL(q(z|x) || N(0, I)), in nats.

    Summed over pixels, latents and rows, each row times its weight; one draw of z a row
    (Kingma and Welling 2013; beta as in Higgins et al. 2017).
    """

    def loss(weights: Sequence[Tensor], batch: Batch, noise: torch.Generator) -> Tensor:
        w, x, weight = Weights(*weights), batch.x, batch.weight
        # Before the network, so that a compiled graph has no break in its middle.
        draw = torch.randn((len(x), net.latent), generator=noise, device=x.device)
        mean, log_var = net.encode(w, x)
        logits = net.decode(w, mean + (0.5 * log_var).exp() * draw)
        prior = mean.square() + log_var.exp() - 1 - log_var
        if weight is None:
            pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
            return pixels + 0.5 * beta * prior.sum()
        rows = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        return (weight * (rows + 0.5 * beta * prior.sum(1))).sum()

    return loss


@dataclass(frozen=True, eq=False)
class VAEModel:
    """p(x | z) with z ~ N(0, I), for every chain; images are rows of d pixels in [0, 1].

    It has no exact density. parameters: by name, chains on axis 0, float32. output 'mean' draws
    images as the decoder's means, 'bernoulli' draws every pixel as 0 or 1. train_loss (C, epochs):
    mean over the batches of the summed loss, nats per batch; held_out_loss (C, epochs): nats per
    image, where it was measured; NaN after an early stop.
    """

    net: ConvVAE
    output: Output
    parameters: Mapping[str, Array]
    train_loss: Floats
    held_out_loss: Floats
    device: Device = "auto"

    def __post_init__(self) -> None:
        c = len(self.train_loss)
        for name, shape in self.net.shapes.items():
            actual = self.parameters.get(name, np.empty(0)).shape
            if actual != (c, *shape):
                raise DataError(
                    f"parameter {name} has shape {actual}; expected {(c, *shape)} for {self.net}; "
                    "this state belongs to another network: restore it with the learner that made "
                    "it"
                )
        parameters = {name: frozen(self.parameters[name]) for name in self.net.shapes}
        object.__setattr__(self, "parameters", parameters)
        for name in ("train_loss", "held_out_loss"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.train_loss.shape[0])

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n images of every chain: (C, n, d), in [0, 1]."""
        device = pick(self.device)
        z = rng.standard_normal((self.n_chains, n, self.net.latent), dtype=np.float32)
        out = np.empty((self.n_chains, n, self.net.pixels))
        with torch.no_grad():
            for c in range(self.n_chains):
                w = self.weights(c, device)
                for i in range(0, n, IMAGES_AT_ONCE):
                    means = self.net.decode(w, on(device, z[c, i : i + IMAGES_AT_ONCE])).sigmoid()
                    out[c, i : i + IMAGES_AT_ONCE] = means.cpu().numpy()
        if self.output == "bernoulli":
            for images in out.reshape(-1, self.net.pixels):
                images[:] = rng.random(self.net.pixels, dtype=np.float32) < images
        return out

    def encode(self, x: Array) -> Floats:
        """Return the posterior means (C, n, latent) of images x (C, n, d), chain by chain.

        Raises:
            DataError: images of another size, or another number of chains.
        """
        if x.ndim != 3 or x.shape[0] != self.n_chains or x.shape[2] != self.net.pixels:
            raise DataError(
                f"images to encode have shape {x.shape}; expected "
                f"({self.n_chains}, n, {self.net.pixels})"
            )
        device = pick(self.device)
        out = np.empty((*x.shape[:2], self.net.latent))
        with torch.no_grad():
            for c in range(self.n_chains):
                w = self.weights(c, device)
                for i in range(0, x.shape[1], IMAGES_AT_ONCE):
                    part = on(device, x[c, i : i + IMAGES_AT_ONCE])
                    out[c, i : i + IMAGES_AT_ONCE] = self.net.encode(w, part)[0].cpu().numpy()
        return out

    def weights(
        self, chain: int, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> Weights:
        """Return the parameters of one chain in the layout of the network's passes."""
        named = {k: torch.from_numpy(v[chain].copy()) for k, v in self.parameters.items()}
        return Weights(*(w.to(device, dtype) for w in self.net.pack(named)))

    def drawer(
        self, chain: int, device: torch.device, dtype: torch.dtype
    ) -> Callable[[int, torch.Generator], Batch]:
        """Return a function that draws m images (m, d), float32, of one chain on the device."""
        w = self.weights(chain, device, dtype)

        def draw(m: int, rng: torch.Generator) -> Batch:
            with torch.no_grad():
                z = torch.randn(m, self.net.latent, generator=rng, device=device)
                means = self.net.decode(w, z).sigmoid()
                if self.output == "mean":
                    return Batch(means)
                return Batch(torch.bernoulli(means, generator=rng))

        return draw

    def state(self) -> dict[str, Array]:
        """Return the parameters and the losses."""
        losses = {"train_loss": self.train_loss, "held_out_loss": self.held_out_loss}
        return {**self.parameters, **losses}


def left_by(net: ConvVAE, weights: Sequence[Tensor], **losses: Floats) -> dict[str, Array]:
    """Return what a trained chain leaves: parameters by name, and its losses."""
    named = net.unpack(Weights(*weights))
    return {name: to_numpy(value) for name, value in named.items()} | losses
