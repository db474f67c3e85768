"""A small convolutional classifier in the manner of LeNet, as functions of its weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array
from genloss.models.torch.feeds import Batch

SIDES = (8, 14, 28)
"""Pixels of a side that the network takes; each convolution halves it, 14 to 7 to 4."""


class Weights(NamedTuple):
    """The parameters, in the order of `ConvClassifier.shapes`."""

    conv1: Tensor
    conv1_bias: Tensor
    conv2: Tensor
    conv2_bias: Tensor
    hidden: Tensor
    hidden_bias: Tensor
    out: Tensor
    out_bias: Tensor


@dataclass(frozen=True)
class ConvClassifier:
    """Two 3 x 3 convolutions of stride 2, a hidden layer, one output a class.

    Strides instead of pooling: a sixth of the time on a CPU, as many digits read.
    The features are the hidden layer after its rectifier (LeCun et al. 1998 have 84 there).
    """

    side: int
    channels: int
    width: int
    classes: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter by name, with its shape."""
        c, wide = self.channels, 2 * self.channels * (-(-self.side // 4)) ** 2
        return {
            "conv1.weight": (c, 1, 3, 3),
            "conv1.bias": (c,),
            "conv2.weight": (2 * c, c, 3, 3),
            "conv2.bias": (2 * c,),
            "hidden.weight": (self.width, wide),
            "hidden.bias": (self.width,),
            "out.weight": (self.classes, self.width),
            "out.bias": (self.classes,),
        }

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw weights for rectifiers, N(0, 2 / inputs) (He et al. 2015); biases are 0."""
        return {
            name: rng.standard_normal(shape, dtype=np.float32)
            * np.float32(np.sqrt(2 / np.prod(shape[1:])))
            if len(shape) > 1
            else np.zeros(shape, dtype=np.float32)
            for name, shape in self.shapes.items()
        }

    def features(self, w: Weights, x: Tensor) -> Tensor:
        """Return the features (B, width), >= 0, of images x (B, side^2) in [0, 1]."""
        image = x.reshape(-1, 1, self.side, self.side)
        first = F.conv2d(image, w.conv1, w.conv1_bias, stride=2, padding=1).relu()
        second = F.conv2d(first, w.conv2, w.conv2_bias, stride=2, padding=1).relu()
        return F.linear(second.flatten(1), w.hidden, w.hidden_bias).relu()

    def loss(self, weights: Sequence[Tensor], batch: Batch, noise: torch.Generator) -> Tensor:
        """Return the mean cross-entropy of the classes, nats per row."""
        assert batch.label is not None
        w = Weights(*weights)
        logits = F.linear(self.features(w, batch.x), w.out, w.out_bias)
        return F.cross_entropy(logits, batch.label)


def tensors(parameters: Mapping[str, Array]) -> Weights:
    """Return parameters in the order of `ConvClassifier.shapes` as tensors of their own."""
    return Weights(*(torch.from_numpy(np.array(v)) for v in parameters.values()))
