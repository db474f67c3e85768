"""The convolutional VAE as functions of its weights, laid out for speed.

Same function and same parameters as the plain layers (Shumailov et al. 2024: 647,081 of them), but:
the two convolutions with one channel are matrix products over 4 x 4 patches, the two heads of the
encoder are one product, and all tensors keep their channels last, so that no layer transposes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array

KERNEL = 4
"""All four convolutions: kernel 4, stride 2, padding 1; each halves or doubles the side."""


class Weights(NamedTuple):
    """The parameters in the layout that the passes below read."""

    patch: Tensor
    patch_bias: Tensor
    conv: Tensor
    conv_bias: Tensor
    heads: Tensor
    heads_bias: Tensor
    fc: Tensor
    fc_bias: Tensor
    deconv: Tensor
    deconv_bias: Tensor
    last: Tensor
    last_bias: Tensor


@dataclass(frozen=True)
class ConvVAE:
    """Encoder conv(1, c1), conv(c1, c2), two linear heads; decoder their mirror image.

    side: pixels of a square grey image, a multiple of 4; latent: dimensions of z.
    """

    side: int
    c1: int
    c2: int
    latent: int

    @property
    def pixels(self) -> int:
        """Pixels of one image, d."""
        return self.side**2

    @property
    def cells(self) -> int:
        """Places of the innermost feature map, (side / 4)^2."""
        return (self.side // 4) ** 2

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter by name, with the shape that the plain layer has."""
        c1, c2, latent, wide = self.c1, self.c2, self.latent, self.c2 * self.cells
        return {
            "conv1.weight": (c1, 1, KERNEL, KERNEL),
            "conv1.bias": (c1,),
            "conv2.weight": (c2, c1, KERNEL, KERNEL),
            "conv2.bias": (c2,),
            "mean.weight": (latent, wide),
            "mean.bias": (latent,),
            "log_var.weight": (latent, wide),
            "log_var.bias": (latent,),
            "fc.weight": (wide, latent),
            "fc.bias": (wide,),
            "deconv2.weight": (c2, c1, KERNEL, KERNEL),
            "deconv2.bias": (c1,),
            "deconv1.weight": (c1, 1, KERNEL, KERNEL),
            "deconv1.bias": (1,),
        }

    @property
    def n_parameters(self) -> int:
        """The number of scalars that are learned."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw parameters U(-b, b), b = fan_in^(-1/2), the rule of torch's own layers.

        fan_in = shape[1] x kernel area, also for the transposed convolutions, as torch counts it.
        """
        out: dict[str, Array] = {}
        bound = 0.0
        for name, shape in self.shapes.items():
            if name.endswith("weight"):
                bound = float(np.prod(shape[1:])) ** -0.5
            out[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
        return out

    def pack(self, named: Mapping[str, Tensor]) -> Weights:
        """Return parameters, named as in `shapes`, in the layout of the passes; copies all."""
        heads = torch.cat([named["mean.weight"], named["log_var.weight"]])
        return Weights(
            named["conv1.weight"].reshape(self.c1, -1).clone(),
            named["conv1.bias"].clone(),
            named["conv2.weight"].clone(memory_format=torch.channels_last),
            named["conv2.bias"].clone(),
            self._cells_first(heads.t()).t().contiguous(),
            torch.cat([named["mean.bias"], named["log_var.bias"]]),
            self._cells_first(named["fc.weight"]),
            self._cells_first(named["fc.bias"]),
            named["deconv2.weight"].clone(memory_format=torch.channels_last),
            named["deconv2.bias"].clone(),
            named["deconv1.weight"].reshape(self.c1, -1).clone(),
            named["deconv1.bias"].clone(),
        )

    def unpack(self, w: Weights) -> dict[str, Tensor]:
        """Return the parameters under their names, with the shapes of the plain layers."""
        mean, log_var = self._channels_first(w.heads.t()).t().chunk(2)
        mean_bias, log_var_bias = w.heads_bias.chunk(2)
        flat = {
            "conv1.weight": w.patch,
            "conv1.bias": w.patch_bias,
            "conv2.weight": w.conv,
            "conv2.bias": w.conv_bias,
            "mean.weight": mean,
            "mean.bias": mean_bias,
            "log_var.weight": log_var,
            "log_var.bias": log_var_bias,
            "fc.weight": self._channels_first(w.fc),
            "fc.bias": self._channels_first(w.fc_bias),
            "deconv2.weight": w.deconv,
            "deconv2.bias": w.deconv_bias,
            "deconv1.weight": w.last,
            "deconv1.bias": w.last_bias,
        }
        return {name: flat[name].reshape(shape) for name, shape in self.shapes.items()}

    def encode(self, w: Weights, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance (B, latent), float32, of q(z | x) for x (B, d)."""
        half, quarter = self.side // 2, self.side // 4
        patches = cut(x.to(w.patch.dtype).view(-1, self.side, self.side))
        h = F.linear(patches.reshape(-1, KERNEL**2), w.patch, w.patch_bias).relu_()
        h = h.view(-1, half, half, self.c1).permute(0, 3, 1, 2)
        h = F.conv2d(h, w.conv, w.conv_bias, stride=2, padding=1).relu_()
        h = h.permute(0, 2, 3, 1).reshape(-1, quarter * quarter * self.c2)
        mean, log_var = F.linear(h, w.heads, w.heads_bias).float().chunk(2, dim=1)
        return mean, log_var

    def decode(self, w: Weights, z: Tensor) -> Tensor:
        """Return the logits (B, d), float32, of the pixels for z (B, latent)."""
        half, quarter = self.side // 2, self.side // 4
        h = F.linear(z.to(w.fc.dtype), w.fc, w.fc_bias)
        h = h.view(-1, quarter, quarter, self.c2).permute(0, 3, 1, 2)
        h = F.conv_transpose2d(h, w.deconv, stride=2, padding=1).permute(0, 2, 3, 1)
        image = with_gradient(LastLayer, h.reshape(-1, self.c1), w.deconv_bias, w.last, half)
        image = image + w.last_bias.float()
        return image.view(-1, self.pixels)

    def _cells_first(self, x: Tensor) -> Tensor:
        rest = x.shape[1:]
        moved = x.reshape(self.c2, self.cells, *rest).transpose(0, 1)
        return moved.reshape(-1, *rest).clone()

    def _channels_first(self, x: Tensor) -> Tensor:
        rest = x.shape[1:]
        return x.reshape(self.cells, self.c2, *rest).transpose(0, 1).reshape(-1, *rest)


def cut(x: Tensor) -> Tensor:
    """Return the 4 x 4 patches (B, s/2, s/2, 4, 4), stride 2, of images (B, s, s) padded by 1."""
    return F.pad(x, (1, 1, 1, 1)).unfold(1, KERNEL, 2).unfold(2, KERNEL, 2)


def paste(planes: Tensor) -> Tensor:
    """Return images (B, s, s), the sum of overlapping patches: the adjoint of `cut`.

    planes: (4, 4, B, s/2, s/2), patches with their pixels first; long rows add fast.
    """
    *_, b, half, _ = planes.shape
    # A patch is 2 x 2 blocks of 2 x 2 pixels; block (i, j) of cell (r, c) lies at (r + i, c + j).
    out = planes.new_zeros(2, 2, b, half + 1, half + 1)
    for i in (0, 1):
        for j in (0, 1):
            block = planes[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            out[..., i : i + half, j : j + half] += block
    side = 2 * half + 2
    return out.permute(2, 3, 0, 4, 1).reshape(b, side, side)[:, 1:-1, 1:-1].contiguous()


def with_gradient(function: type[torch.autograd.Function], *args: Any) -> Tensor:
    """Apply a function that brings its own gradient; torch leaves `apply` untyped."""
    apply: Callable[..., Tensor] = function.apply
    return apply(*args)


class LastLayer(torch.autograd.Function):
    """relu(h + bias), then the transposed convolution onto one channel: `paste` of a product.

    h (B s/2 s/2, c), which is overwritten; bias (c,); weight (c, 16). Left to itself torch returns
    the gradient of h transposed, and all that follows walks across it.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor, bias: Tensor, weight: Tensor, half: int) -> Tensor:
        """Return images (B, s, s), float32."""
        h = h.add_(bias).relu_()
        ctx.save_for_backward(h, weight)
        return paste((weight.t() @ h.t()).float().view(KERNEL, KERNEL, -1, half, half))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Return the gradients of h, bias and weight."""
        h, weight = ctx.saved_tensors
        patches = cut(grad.to(h.dtype)).reshape(-1, KERNEL**2)
        inner = torch.ops.aten.threshold_backward(patches @ weight.t(), h, 0)
        return inner, inner.sum(0), h.t() @ patches, None
