"""The transformer decoder as a function of its weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array, checked_count
from genloss.errors import SpecError
from genloss.models.torch.lm.families import FAMILIES, Layer, Packed
from genloss.models.torch.lm.products import product

DEVIATION = 0.02
"""Weights start as N(0, 0.02^2) in all three families."""

USUAL = {"opt": "relu", "gpt2": "gelu_new", "llama": "silu"}
"""The activation of each family."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "gelu": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
}
"""By the names that configs use."""

Drop = Callable[[Tensor], Tensor]


class Turn(NamedTuple):
    """Cosines and sines (T, head width) of the angles by which a position turns q and k."""

    cos: Tensor
    sin: Tensor

    def of(self, x: Tensor) -> Tensor:
        """Return x (..., T, heads, head width), turned (Su et al. 2021)."""
        cos, sin = self.cos.unsqueeze(-2), self.sin.unsqueeze(-2)
        left, right = x.chunk(2, dim=-1)
        return x * cos + torch.cat([-right, left], dim=-1) * sin


@dataclass(frozen=True)
class Decoder:
    """A causal transformer with norms before attention and feed-forward network.

    OPT (Zhang et al. 2022): learned positions, ReLU. GPT-2 (Radford et al. 2019): learned
    positions, GELU. Llama (Touvron et al. 2023): rotations, RMS norms, gated SiLU, fewer heads for
    keys and values. vocabulary: V; positions: the longest row of tokens; end: the token that ends a
    document; kv_heads: 0 for as many as heads; head_width: 0 for width / heads; activation: '' for
    the family's; tied: the table of tokens is also the last layer; theta: the base of the
    rotations; dropout: what a checkpoint was trained with (not applied here).

    Raises:
        SpecError, DataError: sizes that do not fit together.
    """

    family: Literal["opt", "gpt2", "llama"]
    vocabulary: int
    width: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    end: int
    kv_heads: int = 0
    head_width: int = 0
    activation: str = ""
    tied: bool = True
    eps: float = 1e-5
    theta: float = 10_000.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise SpecError(f"decoder: family is {self.family!r}; expected one of {[*FAMILIES]}")
        for name in ("vocabulary", "width", "layers", "heads", "feed_forward", "positions"):
            checked_count(getattr(self, name), f"decoder: {name}")
        for name in ("end", "kv_heads", "head_width"):
            checked_count(getattr(self, name), f"decoder: {name}", 0)
        if self.end >= self.vocabulary:
            raise SpecError(f"decoder: end is {self.end}; expected below {self.vocabulary}")
        if self.head_width == 0 and self.width % self.heads:
            raise SpecError(f"decoder: width {self.width} is not a multiple of {self.heads} heads")
        if self.family != "llama" and (self.kv_heads, self.head_width) != (0, 0):
            raise SpecError(f"decoder: kv_heads and head_width are for llama, not {self.family}")
        if self.heads % self.few_heads or (self.size % 2 and self.family == "llama"):
            raise SpecError(
                f"decoder: {self.heads} heads of width {self.size} do not go with "
                f"{self.few_heads} heads for keys; expected a divisor, and an even width"
            )
        if self.activation and self.activation not in ACTIVATIONS:
            raise SpecError(
                f"decoder: activation is {self.activation!r}; expected one of {[*ACTIVATIONS]}"
            )

    @property
    def size(self) -> int:
        """Numbers in a query, a key or a value of one head."""
        return self.head_width or self.width // self.heads

    @property
    def few_heads(self) -> int:
        """Heads of keys and values."""
        return self.kv_heads or self.heads

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter by the name and shape that it has in a checkpoint; a tied head is none.

        OPT's table of positions has two rows more than `positions`; GPT-2's matrices are (in, out).
        """
        shapes = FAMILIES[self.family].shapes(self)
        return shapes if self.tied else shapes | {"lm_head.weight": (self.vocabulary, self.width)}

    @property
    def n_parameters(self) -> int:
        """The number of scalars that are learned."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Draw parameters as the families do: matrices N(0, 0.02^2), biases 0, norms 1; float32.

        GPT-2 divides the deviation of its residual outputs by sqrt(2 layers).
        """
        small, out = FAMILIES[self.family].small, {}
        for name, shape in self.shapes.items():
            if len(shape) == 1:
                fill = 0.0 if name.endswith("bias") else 1.0
                out[name] = np.full(shape, fill, dtype=np.float32)
                continue
            shrink = (2 * self.layers) ** -0.5 if name.endswith(small or "?") else 1.0
            normal = rng.standard_normal(shape, dtype=np.float32)
            out[name] = normal * np.float32(DEVIATION * shrink)
        return out

    def pack(self, w: Mapping[str, Tensor]) -> Packed:
        """Return weights, named as in `shapes`, in the layout of the passes; differentiable."""
        return FAMILIES[self.family].pack(self, w)

    def hidden(self, w: Mapping[str, Tensor], tokens: Tensor, drop: Drop | None = None) -> Tensor:
        """Return (B, T, width), after the last norm, for tokens (B, T).

        Causal: what follows a row's end changes nothing before it, so that NO_TOKEN may fill rows.
        drop: applied to what attention, feed-forward network and tables add, in training.
        """
        packed = self.pack(w)
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x, turn = self.embed(packed, tokens.clamp_min(0), places)
        if drop and self.family == "gpt2":
            x = drop(x)
        # On a CPU attention in 16 bits costs a quarter of a training step more than in 32.
        wide = x.device.type == "cpu" and x.dtype == torch.bfloat16
        for layer in packed.layers:
            parts = (part.transpose(1, 2) for part in self.project(layer, x, turn))
            q, k, v = (part.float() if wide else part for part in parts)
            context = F.scaled_dot_product_attention(
                q, k, v, is_causal=True, enable_gqa=self.few_heads != self.heads
            ).to(x.dtype)
            x = self.finish(layer, x, context.transpose(1, 2).flatten(2), drop)
        return self.norm(x, packed.norm, packed.norm_bias)

    def logits(self, w: Mapping[str, Tensor], hidden: Tensor) -> Tensor:
        """Return the logits (..., V), float32, for what `hidden` returns."""
        head = "lm_head.weight" if not self.tied else next(iter(self.shapes))
        return F.linear(hidden, w[head]).float()

    def embed(self, packed: Packed, tokens: Tensor, places: Tensor) -> tuple[Tensor, Turn | None]:
        """Return (..., width) for tokens (..., T) at places (T,), and how places turn q and k."""
        x = F.embedding(tokens, packed.tokens)
        if packed.positions is not None:
            return x + packed.positions[places], None
        steps = torch.arange(0, self.size, 2, device=x.device, dtype=torch.float32)
        angles = places.float()[:, None] * self.theta ** (-steps / self.size)
        angles = torch.cat([angles, angles], dim=-1)
        return x, Turn(angles.cos().to(x.dtype), angles.sin().to(x.dtype))

    def project(self, layer: Layer, x: Tensor, turn: Turn | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values (..., T, heads, head width) of x (..., T, width)."""
        normed = self.norm(x, layer.norm, layer.norm_bias)
        few = self.few_heads
        parts = product(normed, layer.qkv, layer.qkv_bias)
        parts = parts.view(*parts.shape[:-1], self.heads + 2 * few, self.size)
        q, k, v = torch.split(parts, [self.heads, few, few], dim=-2)
        return (q, k, v) if turn is None else (turn.of(q), turn.of(k), v)

    def finish(self, layer: Layer, x: Tensor, context: Tensor, drop: Drop | None = None) -> Tensor:
        """Return x (..., width) after the block, given what attention saw (..., heads width)."""
        added = product(context, layer.out, layer.out_bias)
        x = x + (drop(added) if drop else added)
        normed = self.norm(x, layer.second, layer.second_bias)
        wide = product(normed, layer.up, layer.up_bias)
        act = ACTIVATIONS[self.activation or USUAL[self.family]]
        if self.family == "llama":
            # What `chunk` returns may not be changed in place, as ReLU does, under gradients.
            gate, up = wide.unsafe_chunk(2, dim=-1)
            wide = act(gate) * up
        else:
            wide = act(wide)
        added = product(wide, layer.down, layer.down_bias)
        return x + (drop(added) if drop else added)

    def norm(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return x normalised over its last axis: RMS without a bias, else mean and variance."""
        if bias is None:
            return F.rms_norm(x, weight.shape, weight, self.eps)
        return F.layer_norm(x, weight.shape, weight, bias, self.eps)
