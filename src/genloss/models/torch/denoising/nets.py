"""Networks that predict noise or velocity, as functions of their weights.

They take rows x (G, B, d), times t (G, B) in [0, 1] and classes (G, B), -1 for none, of G chains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array

WAVES, SLOWEST, TICKS = 16, 1e-3, 1000.0
"""Sine and cosine features of time: their number, the slowest of them, and units of time."""

RIPPLES = 4
"""Sine and cosine features of each coordinate, so that a small network sees fine detail."""

TOGETHER = 16
"""Chains that are trained in one loop at most; more gain nothing and only cost memory."""


class DenoiseNet(Protocol):
    """A network for rows of d values and so many classes (0: it knows none)."""

    @property
    def d(self) -> int:
        """Values of a row."""
        ...

    @property
    def classes(self) -> int:
        """Classes it can be asked for."""
        ...

    @property
    def together(self) -> int:
        """Chains that can be trained and asked together."""
        ...

    @property
    def chunk(self) -> int:
        """Rows of a chain to draw at a time."""
        ...

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter of one chain by name."""
        ...

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw the parameters of one chain."""
        ...

    def pack(self, named: Mapping[str, Tensor]) -> list[Tensor]:
        """Return parameters (G, ...), by name, in the layout that `predict` reads; copies."""
        ...

    def unpack(self, weights: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the parameters (G, ...) by name."""
        ...

    def predict(
        self, weights: Sequence[Tensor], x: Tensor, t: Tensor, label: Tensor | None
    ) -> Tensor:
        """Return the prediction (G, B, d), float32."""
        ...


@dataclass(frozen=True)
class VectorNet:
    """Residual layers on short rows: h = first(features of x and t) + class, then h += W silu(h).

    All chains go through each layer in one batched product: small networks mostly cost the calls,
    not the arithmetic.
    """

    d: int
    classes: int
    width: int
    depth: int = 3
    together: int = TOGETHER
    chunk: int = 2000

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter of one chain by name; products are x @ W."""
        w = self.width
        out: dict[str, tuple[int, ...]] = {
            "in.weight": (self.d * (1 + 2 * RIPPLES), w),
            "in.bias": (1, w),
            "time.weight": (2 * WAVES, (1 + self.depth) * w),
        }
        for i in range(self.depth):
            out |= {f"{i}.weight": (w, w), f"{i}.bias": (1, w)}
        out |= {"out.weight": (w, self.d), "out.bias": (1, self.d)}
        return out | class_table(self.classes, w)

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw uniform weights by fan-in, classes from N(0, 1); biases and `out` are 0."""
        out = {name: np.zeros(shape, np.float32) for name, shape in self.shapes.items()}
        for name, shape in self.shapes.items():
            if name == "class.weight":
                out[name] = rng.standard_normal(shape, np.float32)
            elif not name.endswith("bias") and not name.startswith("out"):
                out[name] = uniform(rng, shape, shape[0])
        return out

    def pack(self, named: Mapping[str, Tensor]) -> list[Tensor]:
        """Return copies in the order of `shapes`."""
        return [named[name].clone() for name in self.shapes]

    def unpack(self, weights: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the parameters by name."""
        return dict(zip(self.shapes, weights, strict=True))

    def predict(
        self, weights: Sequence[Tensor], x: Tensor, t: Tensor, label: Tensor | None
    ) -> Tensor:
        """Return the prediction (G, B, d), float32."""
        w = self.unpack(weights)
        dtype = w["in.weight"].dtype
        times = (waves(t).to(dtype) @ w["time.weight"]).chunk(1 + self.depth, -1)
        h = torch.baddbmm(w["in.bias"], ripples(x).to(dtype), w["in.weight"]) + times[0]
        if label is not None:
            h = h + one_hot(label, self.classes).to(dtype) @ w["class.weight"]
        for i in range(self.depth):
            h = h + torch.baddbmm(w[f"{i}.bias"], F.silu(h), w[f"{i}.weight"]) + times[i + 1]
        return torch.baddbmm(w["out.bias"], F.silu(h), w["out.weight"]).float()


def waves(t: Tensor) -> Tensor:
    """Return sines and cosines (..., 2 WAVES) of times t in [0, 1], from fast to slow."""
    powers = torch.linspace(0.0, 1.0, WAVES, device=t.device)
    angle = (TICKS * t).unsqueeze(-1) * SLOWEST**powers
    return torch.cat([angle.sin(), angle.cos()], -1)


def ripples(x: Tensor) -> Tensor:
    """Return x with sines and cosines of 1, 2, 4, ... times each coordinate: (..., d (1 + 2k))."""
    rate = 2.0 ** torch.arange(RIPPLES, device=x.device)
    angle = (x.unsqueeze(-1) * rate).flatten(-2)
    return torch.cat([x, angle.sin(), angle.cos()], -1)


def one_hot(label: Tensor, classes: int) -> Tensor:
    """Return (..., classes + 1): the last column stands for no class (-1)."""
    return F.one_hot(torch.where(label < 0, classes, label), classes + 1)


def class_table(classes: int, width: int) -> dict[str, tuple[int, ...]]:
    """Return the parameter of the classes, one more than there are, or none."""
    return {"class.weight": (classes + 1, width)} if classes else {}


def uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> Array:
    """Draw U(-b, b), b = fan_in^(-1/2), float32, the rule of torch's own layers."""
    bound = fan_in**-0.5
    return rng.uniform(-bound, bound, shape).astype(np.float32)
