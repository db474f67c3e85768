"""One token after another: keys and values of a prompt once, those of what follows in slots.

A cache row has P slots for its prompt, which all beams share, and slots for new tokens in any
order: who sees which slot is a mask, so that nothing is ever moved or copied between beams.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.models.torch.lm.decoder import Decoder, Turn
from genloss.models.torch.lm.families import Layer, Packed

CELL = 64
"""The vocabulary is filled up to a multiple of it; see `scores.best`."""

GRAIN = 32
"""Attention spans a multiple of so many slots: kernels stumble over other lengths."""


def rounded(n: int) -> int:
    """Return the next multiple of GRAIN."""
    return -(-n // GRAIN) * GRAIN


@dataclass(frozen=True, eq=False)
class Cache:
    """Keys and values of every layer, each (n, heads, slots, head width).

    What nobody wrote is 0, for what a mask hides must still be finite. Slots are added when they
    are needed, so that all of them are read: products of parts of a tensor would copy them.
    """

    keys: list[Tensor]
    values: list[Tensor]

    @property
    def slots(self) -> int:
        """Slots of a row."""
        return self.keys[0].shape[2]

    def keep(self, index: Tensor) -> None:
        """Keep some rows only."""
        for parts in (self.keys, self.values):
            for i, x in enumerate(parts):
                parts[i] = x.index_select(0, index)

    def grow(self, slots: int) -> None:
        """Have so many slots, if there are fewer."""
        old, more = self.slots, slots - self.slots
        for parts in (self.keys, self.values) if more > 0 else ():
            for i, x in enumerate(parts):
                parts[i] = x.new_empty(*x.shape[:2], slots, x.shape[3])
                parts[i][:, :, :old] = x
                parts[i][:, :, old:] = 0.0


@dataclass(frozen=True, eq=False)
class Engine:
    """A decoder with its weights laid out for decoding; see `engine_of`.

    head: (V', width), the last layer filled up with zeros to a multiple of CELL.
    """

    decoder: Decoder
    packed: Packed
    head: Tensor

    def cache(self, n: int) -> Cache:
        """Return a cache of n rows without slots."""
        d = self.decoder
        empty = self.head.new_empty(n, d.few_heads, 0, d.size)
        return Cache([empty] * d.layers, [empty] * d.layers)

    def prefill(self, cache: Cache, prompts: Tensor) -> Tensor:
        """Read prompts (n, P) into slots 0 .. P - 1; return what follows them, (n, width)."""
        d, length = self.decoder, prompts.shape[1]
        cache.grow(rounded(length + 1))
        places = torch.arange(length, device=prompts.device)
        x, turn = d.embed(self.packed, prompts, places)
        for i, layer in enumerate(self.packed.layers):
            q, k, v = (part.transpose(1, 2) for part in d.project(layer, x, turn))
            cache.keys[i][:, :, :length] = k
            cache.values[i][:, :, :length] = v
            last = i == d.layers - 1
            if last:
                q, x = q[:, :, -1:], x[:, -1:]
            seen = F.scaled_dot_product_attention(
                q, k, v, is_causal=not last, enable_gqa=d.few_heads != d.heads
            )
            x = d.finish(layer, x, seen.transpose(1, 2).flatten(2))
        return d.norm(x[:, 0], self.packed.norm, self.packed.norm_bias)

    def advance(
        self, cache: Cache, tokens: Tensor, place: int, slots: Tensor | int, mask: Tensor
    ) -> Tensor:
        """Read one token of every beam, tokens (n, B); return what follows, (n B, width).

        place: of the tokens in the text; slots (n, B), or one for all: where their keys and values
        go; mask (n or 1, B, span): 0 for slots that a beam sees, else -inf; the cache has span
        slots from now on.
        """
        cache.grow(mask.shape[-1])
        d = self.decoder
        places = torch.full((1,), place, device=tokens.device)
        x, turn = d.embed(self.packed, tokens, places)
        index = None if isinstance(slots, int) else _flat(slots, d.few_heads, cache.slots)
        for i, layer in enumerate(self.packed.layers):
            x = self._block(layer, x, turn, (cache.keys[i], cache.values[i]), slots, index, mask)
        return d.norm(x.flatten(0, 1), self.packed.norm, self.packed.norm_bias)

    def _block(
        self,
        layer: Layer,
        x: Tensor,
        turn: Turn | None,
        kept: tuple[Tensor, Tensor],
        slots: Tensor | int,
        index: Tensor | None,
        mask: Tensor,
    ) -> Tensor:
        d = self.decoder
        q, *new = d.project(layer, x, turn)
        for buffer, part in zip(kept, new, strict=True):
            if index is not None:
                buffer.view(-1, d.size).index_copy_(0, index, part.reshape(-1, d.size))
            else:
                buffer[:, :, slots] = part[:, 0]
        seen = attend(q, *kept, mask)
        return d.finish(layer, x, seen)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return logits (rows, V'), float32, -inf beyond the vocabulary."""
        out = torch.mm(hidden, self.head.t()).float()
        if out.shape[1] != self.decoder.vocabulary:
            out[:, self.decoder.vocabulary :] = -torch.inf
        return out


def engine_of(decoder: Decoder, weights: Mapping[str, Tensor]) -> Engine:
    """Return the engine of a decoder; copies what is not contiguous, once."""
    packed = decoder.pack(weights)
    layers = tuple(
        Layer._make(None if part is None else part.contiguous() for part in layer)
        for layer in packed.layers
    )
    fill = -decoder.vocabulary % CELL
    head = F.pad(packed.head, (0, 0, 0, fill)) if fill else packed.head
    return Engine(decoder, packed._replace(layers=layers), head)


def attend(q: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Return what queries (n, B, heads, size) see, (n, B, heads size), in the slots of a mask.

    Batched products: for a handful of queries they are twice as fast as fused attention on a CPU.
    """
    n, beams, heads, size = q.shape
    few, span = keys.shape[1], mask.shape[-1]
    group, flat = heads // few, (n * few, -1, size)
    queries = q.new_empty(n, few, group, beams, size)
    torch.mul(q.view(n, beams, few, group, size).permute(0, 2, 3, 1, 4), size**-0.5, out=queries)
    scores = torch.bmm(queries.view(flat), keys.view(flat).transpose(1, 2))
    scores.view(n, few * group, beams, span).add_(mask.unsqueeze(1))
    seen = torch.bmm(scores.softmax(-1), values.view(flat))
    return seen.view(n, heads, beams, size).transpose(1, 2).reshape(n, beams, heads * size)


def _flat(slots: Tensor, heads: int, n_slots: int) -> Tensor:
    """Return where slots (n, B) of all heads lie in a buffer (n heads n_slots, size)."""
    rows = torch.arange(len(slots) * heads, device=slots.device).view(len(slots), 1, heads)
    return (rows * n_slots + slots.unsqueeze(-1)).flatten()
