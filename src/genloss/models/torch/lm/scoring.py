"""Rows of tokens under a language model: log-probabilities and entropies, block by block."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats
from genloss.core.progress import reached, span
from genloss.core.samples import NO_TOKEN
from genloss.core.text import checked_tokens
from genloss.errors import DataError
from genloss.models.torch.feeds import on
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.objective import CELLS, PRODUCT, NamedTensors, rows_at_a_time
from genloss.models.torch.memory import in_batches

TOKENS = {"cpu": 1 << 12, "cuda": 1 << 16}
"""Tokens in one pass, by kind of device."""

Logits = Callable[[NamedTensors, Tensor], Iterator[Tensor]]
"""Yields the logits (m, V) after the tokens (B, T), row by row, some tokens at a time."""

Value = Callable[[Tensor, Tensor], Tensor]
"""Returns one number per token for (logits (m, V), targets (m,))."""


def decoder_logits(decoder: Decoder) -> Logits:
    """Return the logits of a decoder, never more of them at a time than fit a cache."""

    def logits(w: NamedTensors, tokens: Tensor) -> Iterator[Tensor]:
        hidden = decoder.hidden(w, tokens).flatten(0, 1)
        size = decoder.vocabulary
        for (rows,) in rows_at_a_time(PRODUCT, size, hidden):
            for (part,) in rows_at_a_time(CELLS, size, decoder.logits(w, rows)):
                yield part

    return logits


def log_prob(logits: Tensor, target: Tensor) -> Tensor:
    """Return ln softmax(logits)[target], nats."""
    return logits.gather(1, target[:, None])[:, 0] - logits.logsumexp(1)


def entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Return -sum p ln p of p = softmax(logits), nats; the target plays no part."""
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


def by_token(
    logits: Logits,
    weights: Callable[[int], NamedTensors],
    x: Array,
    n_chains: int,
    vocabulary: int,
    positions: int,
    value: Value,
) -> Floats:
    """Return the value of every token but the first: (C, n, T - 1); 0 where there is no token.

    Raises:
        DataError: no tokens of this vocabulary, rows too long, or another number of chains.
        FitError: memory runs out for a single row.
    """
    x = checked_tokens(x, vocabulary, "rows to score")
    c, n, length = x.shape
    if c != n_chains or length > positions:
        raise DataError(
            f"rows to score have shape {x.shape}; expected ({n_chains}, n, T) with T at most "
            f"{positions}"
        )
    out = np.zeros((c, n, length - 1))
    with torch.no_grad():
        for chain in range(c):
            with span(chain, chain + 1, c):
                out[chain] = _of_chain(logits, weights(chain), x[chain], value)
    return np.where(x[:, :, 1:] == NO_TOKEN, 0.0, out)


def _of_chain(logits: Logits, w: NamedTensors, x: Array, value: Value) -> Floats:
    """Return the values of rows (n, T), fewer at a time where memory runs out: (n, T - 1)."""
    n, length = x.shape
    device = next(iter(w.values())).device
    out = np.zeros((n, length - 1))

    def score(part: slice) -> None:
        rows = on(device, x[part])
        pieces = list(_values(logits, w, rows, value))
        if pieces:
            out[part] = torch.cat(pieces).view(len(rows), -1).cpu().numpy()
        reached(1, 1)

    in_batches(score, n, max(1, TOKENS[device.type] // length), device, "a row to score")
    return out


def _values(logits: Logits, w: NamedTensors, rows: Tensor, value: Value) -> Iterator[Tensor]:
    if rows.shape[1] < 2:
        return
    known = rows.clamp(min=0)
    target, place = known[:, 1:].flatten(), 0
    for part in logits(w, known[:, :-1]):
        yield value(part, target[place : place + len(part)])
        place += len(part)
