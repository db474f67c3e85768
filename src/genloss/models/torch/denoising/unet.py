"""A small U-Net for square grey images, laid out for speed on a CPU: channels last, no attention.

Two levels of residual blocks (Ho, Jain and Abbeel 2020, much smaller); images of 28 x 28 enter as
14 x 14 places of 2 x 2 pixels, which costs a quarter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array
from genloss.models.torch.denoising.nets import WAVES, class_table, one_hot, uniform, waves

SIDES = {8: 1, 14: 1, 28: 2}
"""Sides in pixels that there is a network for, and the side of the patch that becomes one place."""

GROUPS = 2
"""Groups of channels normalised together; groups below 16 channels cost 20 times as much in
bfloat16, half of a training step."""


@dataclass(frozen=True)
class UNet:
    """Blocks c, 2c, 2c and c wide at full and half size; c = channels, an even number."""

    side: int
    channels: int
    classes: int
    together: int = 1
    chunk: int = 250

    @property
    def d(self) -> int:
        """Pixels of one image."""
        return self.side**2

    @property
    def blocks(self) -> dict[str, tuple[int, int]]:
        """Residual blocks by name: channels in and out."""
        c = self.channels
        return {"first": (c, c), "low": (2 * c, 2 * c), "mid": (2 * c, 2 * c), "last": (2 * c, c)}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter by name, with the shape of the plain layers (out, in, ...)."""
        c, places = self.channels, SIDES[self.side] ** 2
        wide = 4 * c
        out: dict[str, tuple[int, ...]] = {
            "time.weight": (wide, 2 * WAVES),
            "time.bias": (wide,),
            "in.weight": (c, places, 3, 3),
            "in.bias": (c,),
        }
        for name, (before, after) in self.blocks.items():
            out |= _block_shapes(name, before, after, wide)
        out |= {
            "down.weight": (2 * c, c, 3, 3),
            "down.bias": (2 * c,),
            "up.weight": (2 * c, c, 4, 4),
            "up.bias": (c,),
            "out.norm": (c,),
            "out.shift": (c,),
            "out.weight": (places, c, 3, 3),
            "out.bias": (places,),
        }
        return out | class_table(self.classes, wide)

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw uniform weights by fan-in, classes from N(0, 1); scales 1, the rest 0."""
        out = {name: np.zeros(shape, np.float32) for name, shape in self.shapes.items()}
        for name, shape in self.shapes.items():
            if name == "class.weight":
                out[name] = rng.standard_normal(shape, np.float32)
            elif "norm" in name:
                out[name][...] = 1
            elif len(shape) > 1 and not name.startswith("out"):
                out[name] = uniform(rng, shape, int(np.prod(shape[1:])))
        return out

    def pack(self, named: Mapping[str, Tensor]) -> list[Tensor]:
        """Return copies of the one chain's parameters, convolutions with channels last."""
        return [
            named[name][0].clone(memory_format=_layout(len(shape)))
            for name, shape in self.shapes.items()
        ]

    def unpack(self, weights: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the parameters by name, with the axis of the one chain."""
        return {name: w[None] for name, w in zip(self.shapes, weights, strict=True)}

    def predict(
        self, weights: Sequence[Tensor], x: Tensor, t: Tensor, label: Tensor | None
    ) -> Tensor:
        """Return the prediction (1, B, d), float32."""
        w = dict(zip(self.shapes, weights, strict=True))
        dtype, patch = w["in.weight"].dtype, SIDES[self.side]
        about = F.linear(waves(t[0]).to(dtype), w["time.weight"], w["time.bias"])
        if label is not None:
            about = about + one_hot(label[0], self.classes).to(dtype) @ w["class.weight"]
        about = F.silu(about)
        image = x.to(dtype).reshape(-1, 1, self.side, self.side)
        h = F.pixel_unshuffle(image, patch).contiguous(memory_format=torch.channels_last)
        full = self._block(w, "first", F.conv2d(h, w["in.weight"], w["in.bias"], 1, 1), about)
        half = F.conv2d(full, w["down.weight"], w["down.bias"], 2, 1)
        half = self._block(w, "mid", self._block(w, "low", half, about), about)
        up = F.conv_transpose2d(half, w["up.weight"], w["up.bias"], 2, 1)
        h = self._block(w, "last", torch.cat([up, full], 1), about)
        h = F.silu(F.group_norm(h, GROUPS, w["out.norm"], w["out.shift"]))
        h = F.pixel_shuffle(F.conv2d(h, w["out.weight"], w["out.bias"], 1, 1), patch)
        return h.float().reshape(1, -1, self.d)

    def _block(self, w: Mapping[str, Tensor], name: str, x: Tensor, about: Tensor) -> Tensor:
        """Return x (or its projection) + conv(silu(norm(conv(silu(norm(x))) + about)))."""
        h = F.silu(F.group_norm(x, GROUPS, w[f"{name}.norm1"], w[f"{name}.shift1"]))
        h = F.conv2d(h, w[f"{name}.conv1"], None, 1, 1)
        h = h + F.linear(about, w[f"{name}.about"], w[f"{name}.bias1"])[:, :, None, None]
        h = F.silu(F.group_norm(h, GROUPS, w[f"{name}.norm2"], w[f"{name}.shift2"]))
        h = F.conv2d(h, w[f"{name}.conv2"], w[f"{name}.bias2"], 1, 1)
        skip = w.get(f"{name}.skip")
        return h + (x if skip is None else F.conv2d(x, skip))


def _block_shapes(name: str, before: int, after: int, wide: int) -> dict[str, tuple[int, ...]]:
    out: dict[str, tuple[int, ...]] = {
        f"{name}.norm1": (before,),
        f"{name}.shift1": (before,),
        f"{name}.conv1": (after, before, 3, 3),
        f"{name}.about": (after, wide),
        f"{name}.bias1": (after,),
        f"{name}.norm2": (after,),
        f"{name}.shift2": (after,),
        f"{name}.conv2": (after, after, 3, 3),
        f"{name}.bias2": (after,),
    }
    if before != after:
        out[f"{name}.skip"] = (after, before, 1, 1)
    return out


def _layout(axes: int) -> torch.memory_format:
    return torch.channels_last if axes == 4 else torch.contiguous_format
