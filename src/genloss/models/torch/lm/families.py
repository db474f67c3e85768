"""OPT, GPT-2 and Llama: the names of their parameters, and the one layout that all passes read.

Names and shapes are those of the families' checkpoints, so that safetensors load as they are.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]

OFFSET = 2
"""The first two rows of OPT's table of positions are never used."""


class DecoderSizes(Protocol):
    """What the shapes of a decoder follow from."""

    @property
    def vocabulary(self) -> int:
        """V, tokens."""
        ...

    @property
    def positions(self) -> int:
        """The longest row of tokens."""
        ...

    @property
    def width(self) -> int:
        """Numbers per token."""
        ...

    @property
    def layers(self) -> int:
        """Blocks."""
        ...

    @property
    def heads(self) -> int:
        """Heads of the queries."""
        ...

    @property
    def few_heads(self) -> int:
        """Heads of keys and values."""
        ...

    @property
    def size(self) -> int:
        """Width of a head."""
        ...

    @property
    def feed_forward(self) -> int:
        """Width of the feed-forward network."""
        ...

    @property
    def tied(self) -> bool:
        """Whether the table of tokens is also the last layer."""
        ...


class Layer(NamedTuple):
    """One block: attention and a feed-forward network, each after a norm; None is no bias.

    Every matrix is (out, in). qkv holds queries, keys and values; up holds gate and up where the
    network is gated.
    """

    norm: Tensor
    norm_bias: Tensor | None
    qkv: Tensor
    qkv_bias: Tensor | None
    out: Tensor
    out_bias: Tensor | None
    second: Tensor
    second_bias: Tensor | None
    up: Tensor
    up_bias: Tensor | None
    down: Tensor
    down_bias: Tensor | None


class Packed(NamedTuple):
    """All weights of a decoder; positions is None where positions are rotations."""

    tokens: Tensor
    positions: Tensor | None
    layers: tuple[Layer, ...]
    norm: Tensor
    norm_bias: Tensor | None
    head: Tensor


class Family(NamedTuple):
    """How a family names its parameters (prefix included), and how they become a `Packed`.

    small: endings of weights that start with deviation 0.02 / sqrt(2 layers).
    """

    prefix: str
    shapes: Callable[[DecoderSizes], Shapes]
    pack: Callable[[DecoderSizes, Mapping[str, Tensor]], Packed]
    small: tuple[str, ...] = ()


def _linear(name: str, out: int, into: int) -> Shapes:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _opt_shapes(d: DecoderSizes) -> Shapes:
    base, width = "model.decoder.", d.width
    out: Shapes = {
        f"{base}embed_tokens.weight": (d.vocabulary, width),
        f"{base}embed_positions.weight": (d.positions + OFFSET, width),
        **_norm(f"{base}final_layer_norm", width),
    }
    for i in range(d.layers):
        at = f"{base}layers.{i}."
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            out |= _linear(f"{at}self_attn.{name}", width, width)
        out |= _norm(f"{at}self_attn_layer_norm", width)
        out |= _linear(f"{at}fc1", d.feed_forward, width)
        out |= _linear(f"{at}fc2", width, d.feed_forward)
        out |= _norm(f"{at}final_layer_norm", width)
    return out


def _opt_pack(d: DecoderSizes, w: Mapping[str, Tensor]) -> Packed:
    base = "model.decoder."

    def layer(i: int) -> Layer:
        at = f"{base}layers.{i}."

        def pair(name: str) -> tuple[Tensor, Tensor]:
            return w[f"{at}{name}.weight"], w[f"{at}{name}.bias"]

        q, k, v = (pair(f"self_attn.{name}_proj") for name in "qkv")
        return Layer(
            *pair("self_attn_layer_norm"),
            torch.cat([q[0], k[0], v[0]]),
            torch.cat([q[1], k[1], v[1]]),
            *pair("self_attn.out_proj"),
            *pair("final_layer_norm"),
            *pair("fc1"),
            *pair("fc2"),
        )

    tokens = w[f"{base}embed_tokens.weight"]
    return Packed(
        tokens,
        w[f"{base}embed_positions.weight"][OFFSET:],
        tuple(layer(i) for i in range(d.layers)),
        w[f"{base}final_layer_norm.weight"],
        w[f"{base}final_layer_norm.bias"],
        tokens if d.tied else w["lm_head.weight"],
    )


def _gpt2_shapes(d: DecoderSizes) -> Shapes:
    base, width = "transformer.", d.width
    out: Shapes = {
        f"{base}wte.weight": (d.vocabulary, width),
        f"{base}wpe.weight": (d.positions, width),
    }
    for i in range(d.layers):
        at = f"{base}h.{i}."
        out |= _norm(f"{at}ln_1", width)
        for name, into, wide in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, d.feed_forward),
            ("mlp.c_proj", d.feed_forward, width),
        ):
            out |= {f"{at}{name}.weight": (into, wide), f"{at}{name}.bias": (wide,)}
        out |= _norm(f"{at}ln_2", width)
    return out | _norm(f"{base}ln_f", width)


def _gpt2_pack(d: DecoderSizes, w: Mapping[str, Tensor]) -> Packed:
    base = "transformer."

    def layer(i: int) -> Layer:
        at = f"{base}h.{i}."

        def norm(name: str) -> tuple[Tensor, Tensor]:
            return w[f"{at}{name}.weight"], w[f"{at}{name}.bias"]

        def linear(name: str) -> tuple[Tensor, Tensor]:
            return w[f"{at}{name}.weight"].t(), w[f"{at}{name}.bias"]

        return Layer(
            *norm("ln_1"),
            *linear("attn.c_attn"),
            *linear("attn.c_proj"),
            *norm("ln_2"),
            *linear("mlp.c_fc"),
            *linear("mlp.c_proj"),
        )

    tokens = w[f"{base}wte.weight"]
    return Packed(
        tokens,
        w[f"{base}wpe.weight"],
        tuple(layer(i) for i in range(d.layers)),
        w[f"{base}ln_f.weight"],
        w[f"{base}ln_f.bias"],
        tokens if d.tied else w["lm_head.weight"],
    )


def _llama_shapes(d: DecoderSizes) -> Shapes:
    base, width, few = "model.", d.width, d.few_heads * d.size
    out: Shapes = {f"{base}embed_tokens.weight": (d.vocabulary, width)}
    for i in range(d.layers):
        at = f"{base}layers.{i}."
        out |= {
            f"{at}self_attn.q_proj.weight": (d.heads * d.size, width),
            f"{at}self_attn.k_proj.weight": (few, width),
            f"{at}self_attn.v_proj.weight": (few, width),
            f"{at}self_attn.o_proj.weight": (width, d.heads * d.size),
            f"{at}mlp.gate_proj.weight": (d.feed_forward, width),
            f"{at}mlp.up_proj.weight": (d.feed_forward, width),
            f"{at}mlp.down_proj.weight": (width, d.feed_forward),
            f"{at}input_layernorm.weight": (width,),
            f"{at}post_attention_layernorm.weight": (width,),
        }
    return out | {f"{base}norm.weight": (width,)}


def _llama_pack(d: DecoderSizes, w: Mapping[str, Tensor]) -> Packed:
    base = "model."

    def layer(i: int) -> Layer:
        at = f"{base}layers.{i}."
        return Layer(
            w[f"{at}input_layernorm.weight"],
            None,
            torch.cat([w[f"{at}self_attn.{name}_proj.weight"] for name in "qkv"]),
            None,
            w[f"{at}self_attn.o_proj.weight"],
            None,
            w[f"{at}post_attention_layernorm.weight"],
            None,
            torch.cat([w[f"{at}mlp.{name}_proj.weight"] for name in ("gate", "up")]),
            None,
            w[f"{at}mlp.down_proj.weight"],
            None,
        )

    tokens = w[f"{base}embed_tokens.weight"]
    return Packed(
        tokens,
        None,
        tuple(layer(i) for i in range(d.layers)),
        w[f"{base}norm.weight"],
        None,
        tokens if d.tied else w["lm_head.weight"],
    )


FAMILIES: dict[str, Family] = {
    "opt": Family("model.", _opt_shapes, _opt_pack),
    "gpt2": Family("transformer.", _gpt2_shapes, _gpt2_pack, ("c_proj.weight",)),
    "llama": Family("model.", _llama_shapes, _llama_pack),
}
