"""What a language model minimises: nats per token that has a context, and nothing else.

The vocabulary is the widest axis of all, so logits exist for some hundred tokens at a time only,
are gone over in pieces that fit a cache, and the gradient is taken while they exist.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import checked_count
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.training import Training

CELLS = {"cpu": 1 << 20, "cuda": 1 << 27}
"""Logits gone over at a time, by kind of device: what a cache holds, or half a gibibyte."""

PRODUCT = {"cpu": 1 << 24, "cuda": 1 << 27}
"""Logits held at a time: a product of fewer rows mostly waits for the table of the vocabulary."""

NamedTensors = Mapping[str, Tensor]

Total = Callable[[NamedTensors, Tensor, Tensor, torch.Generator | None], Tensor]
"""Returns sum_ij s_ij (-ln p(x_ij | x_i1 .. x_ij-1)) for (weights, x (B, T), s (B, T - 1), noise).

noise is what dropout draws from; None: no dropout.
"""


@dataclass(frozen=True)
class FineTuning(Training):
    """`Training` with the defaults of the released code of Shumailov et al. 2024.

    AdamW, rate 2e-5, 5 epochs, batches of 128 blocks. The code that set weight decay and schedule
    was not released; 0.01 is torch's own, and the rate is constant.
    processes: number of processes that share each batch, one per GPU (on a CPU they share its
    threads), started by Accelerate. The result differs only by rounding, so that the number is not
    part of a run's identity, and under dropout by the random masks. Batches too large for memory
    are processed in portions, with the same result.
    """

    epochs: int = 5
    batch: int = 128
    learning_rate: float = 2e-5
    weight_decay: float = 0.01
    optimiser: Literal["adam", "adamw"] = "adamw"
    processes: int = field(default=1, metadata={"identity": False})

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_count(self.processes, "training: processes")


def context(x: Tensor) -> Tensor:
    """Return the tokens (B, T - 1) that have a successor; what fills a row becomes token 0."""
    return x[:, :-1].clamp(min=0)


def counted(x: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return 1, or the row's weight, for every target of rows x (B, T): (B, T - 1), else 0.

    Targets are the tokens from the second on; an end token is one like any other.
    """
    used = (x[:, 1:] != NO_TOKEN).float()
    return used if weight is None else used * weight[:, None]


def decoder_total(decoder: Decoder, dropout: float = 0.0, most: float = 1.0) -> Total:
    """Return the sum of the losses of a decoder, with dropout where there is noise.

    most: tokens that are more probable than that count nothing where a gradient is taken.
    """
    head = head_name(decoder)

    def total(w: NamedTensors, x: Tensor, scale: Tensor, noise: torch.Generator | None) -> Tensor:
        drop = partial(dropped, share=dropout, noise=noise) if dropout and noise else None
        hidden = decoder.hidden(w, context(x), drop).flatten(0, 1)
        return scored(hidden, w[head], x[:, 1:].flatten(), scale.flatten(), most)

    return total


def head_name(decoder: Decoder) -> str:
    """Return the name of the last matrix (V, width)."""
    return next(iter(decoder.shapes)) if decoder.tied else "lm_head.weight"


def dropped(x: Tensor, share: float, noise: torch.Generator | None) -> Tensor:
    """Return x with a share of its numbers set to 0, the others scaled up (Srivastava 2014)."""
    mask = torch.empty_like(x).bernoulli_(1.0 - share, generator=noise)
    return x * mask.div_(1.0 - share)


def scored(
    hidden: Tensor, matrix: Tensor, target: Tensor, scale: Tensor, most: float = 1.0
) -> Tensor:
    """Return sum_i scale_i (-ln softmax(matrix hidden_i)[target_i]), a scalar in float32.

    hidden: (N, k); matrix: (V, k); target, scale: (N,); a target of NO_TOKEN needs scale 0. Its
    gradient costs no second pass: it is taken with the value (Hsu et al. 2024). most: where a
    gradient is taken, terms of a probability above it are left out of both (truncated cross
    entropy, Shabgahi et al. 2025).
    """
    if torch.is_grad_enabled() and (hidden.requires_grad or matrix.requires_grad):
        loss: Tensor = _Scored.apply(hidden, matrix, target, scale, most)  # type: ignore[no-untyped-call]
        return loss
    size = len(matrix)
    sums = [
        by_row @ F.cross_entropy(logits.float(), targets, reduction="none")
        for h, t, s in rows_at_a_time(PRODUCT, size, hidden, target.clamp(min=0), scale)
        for logits, targets, by_row in rows_at_a_time(CELLS, size, F.linear(h, matrix), t, s)
    ]
    return torch.stack(sums).sum()


def rows_at_a_time(
    most: Mapping[str, int], width: int, *columns: Tensor
) -> list[tuple[Tensor, ...]]:
    """Return tensors (N, ...) cut into pieces of most / width rows, by kind of device."""
    size = max(1, most[columns[0].device.type] // width)
    return list(zip(*(torch.split(column, size) for column in columns), strict=True))


class _Scored(torch.autograd.Function):
    """The sum above; forward leaves the gradients behind."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, matrix: Tensor, target: Tensor, scale: Tensor, most: float
    ) -> Tensor:
        """Make the logits once; they become what the loss changes by in their own place."""
        of_hidden = torch.empty_like(hidden)
        of_matrix = torch.zeros_like(matrix, dtype=torch.float32)
        total = torch.zeros((), device=hidden.device)
        place, size = 0, len(matrix)
        for h, t, s in rows_at_a_time(PRODUCT, size, hidden, target.clamp(min=0), scale):
            slope = F.linear(h, matrix)
            for logits, targets, by_row in rows_at_a_time(CELLS, size, slope, t, s):
                total += _slope(logits, targets, by_row, most)
            torch.mm(slope, matrix, out=of_hidden[place : place + len(h)])
            if matrix.dtype == torch.float32:
                of_matrix.addmm_(slope.t(), h)
            else:
                of_matrix += slope.t() @ h
            place += len(h)
        ctx.save_for_backward(of_hidden, of_matrix.to(matrix.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Scale what forward found."""
        of_hidden, of_matrix = ctx.saved_tensors
        return of_hidden * grad, of_matrix * grad, None, None, None


def _slope(logits: Tensor, target: Tensor, scale: Tensor, most: float) -> Tensor:
    """Turn logits (m, V) into the gradient of sum_i scale_i (-ln p_i), in place; return the sum.

    Terms with p_i above `most` are left out.
    """
    wide, at = logits.float(), target[:, None]
    wanted = wide.gather(1, at)
    top = wide.amax(1, keepdim=True)
    wide.sub_(top).exp_()
    mass = wide.sum(1, keepdim=True)
    loss = (mass.log() + top - wanted)[:, 0]
    if most < 1.0:
        scale = scale * (loss >= -math.log(most))
    total = scale @ loss
    wide.mul_(scale[:, None] / mass)
    wide.scatter_add_(1, at, -scale[:, None])
    if wide is not logits:
        logits.copy_(wide)
    return total
