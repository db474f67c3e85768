"""A decoder that reads one token after another."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.families import Layer, Packed
from genloss.models.torch.lm.products import laid_out, product
from genloss.models.torch.lm.writing.cache import Cache, attend
from genloss.models.torch.lm.writing.scores import CELL


@dataclass(frozen=True, eq=False)
class Engine:
    """A decoder with its weights laid out for decoding; see `engine_of`.

    head: (V', width), the last layer filled up with zeros to a multiple of CELL; last: the same,
    laid out for `product`.
    """

    decoder: Decoder
    packed: Packed
    head: Tensor
    last: Tensor

    def prefill(self, prompts: Tensor) -> tuple[Cache, Tensor]:
        """Read prompts (n, P); return a cache of P slots or more, and what follows (n, width)."""
        d, (n, length) = self.decoder, prompts.shape
        cache = Cache.empty(n, d.few_heads, d.size, d.layers, self.head)
        cache.grow([length + 1])
        keys, values = cache.parts[0].keys, cache.parts[0].values
        places = torch.arange(length, device=prompts.device)
        x, turn = d.embed(self.packed, prompts, places)
        for i, layer in enumerate(self.packed.layers):
            q, k, v = (part.transpose(1, 2) for part in d.project(layer, x, turn))
            keys[i][:, :, :length], values[i][:, :, :length] = k, v
            last = i == d.layers - 1
            if last:
                q, x = q[:, :, -1:], x[:, -1:]
            context = F.scaled_dot_product_attention(
                q, k, v, is_causal=not last, enable_gqa=d.few_heads != d.heads
            )
            x = d.finish(layer, x, context.transpose(1, 2).flatten(2))
        return cache, d.norm(x[:, 0], self.packed.norm, self.packed.norm_bias)

    def advance(
        self, cache: Cache, tokens: Tensor, place: int, slots: Tensor, mask: Tensor
    ) -> Tensor:
        """Read one token of every beam, tokens (n, B); return what follows, (n B, width).

        place: of the tokens in the text; slots (n, B): where their keys and values go; mask
        (n, B, k): 0 for slots that a beam sees, else -inf; k slots or more in every part.
        """
        d = self.decoder
        places = torch.full((1,), place, device=tokens.device)
        x, turn = d.embed(self.packed, tokens, places)
        sizes = cache.sizes
        split = zip(cache.parts, torch.split(slots, sizes), torch.split(mask, sizes), strict=True)
        parts = [(part, part.places(own), rows[..., : part.shape[2]]) for part, own, rows in split]
        for i, layer in enumerate(self.packed.layers):
            q, k, v = (torch.split(each, sizes) for each in d.project(layer, x, turn))
            contexts = []
            for p, (part, index, rows) in enumerate(parts):
                part.keys[i].view(-1, d.size).index_copy_(0, index, k[p].reshape(-1, d.size))
                part.values[i].view(-1, d.size).index_copy_(0, index, v[p].reshape(-1, d.size))
                contexts.append(attend(q[p], part.keys[i], part.values[i], rows))
            x = d.finish(layer, x, torch.cat(contexts) if len(contexts) > 1 else contexts[0])
        return d.norm(x.flatten(0, 1), self.packed.norm, self.packed.norm_bias)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return logits (rows, V'), float32, -inf beyond the vocabulary."""
        out = product(hidden, self.last).float()
        if out.shape[1] != self.decoder.vocabulary:
            out[:, self.decoder.vocabulary :] = -torch.inf
        return out


def engine_of(decoder: Decoder, weights: Mapping[str, Tensor]) -> Engine:
    """Return the engine of a decoder; on a CPU its matrices are copies, laid out for products."""
    packed = decoder.pack(weights)
    layers = tuple(Layer._make(map(_laid_out, layer)) for layer in packed.layers)
    fill = -decoder.vocabulary % CELL
    head = F.pad(packed.head, (0, 0, 0, fill)) if fill else packed.head
    return Engine(decoder, packed._replace(layers=layers), head, laid_out(head))


def _laid_out(part: Tensor | None) -> Tensor | None:
    """Return a bias or the weight of a norm as it is, and a matrix laid out."""
    return laid_out(part) if part is not None and part.dim() == 2 else part
