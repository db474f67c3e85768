"""Drawing tokens, and greedy choice: one token a row and step."""

from collections.abc import Callable

import torch
from torch import Tensor

from genloss.core.arrays import Array
from genloss.core.decoding import BeamSearch, Decoding, Sampling, TokenChoice, choices
from genloss.core.progress import reached
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.lm.writing.cache import rounded
from genloss.models.torch.lm.writing.engine import Engine
from genloss.models.torch.lm.writing.scores import (
    check_finite,
    cut_to_top_k,
    cut_to_top_p,
    draw,
    penalise,
)

KEEP = 0.75
"""Rows that ended are dropped once no more than this share goes on; dropping copies the cache."""

Choose = Callable[[Tensor, int, Tensor], Tensor]
"""Returns a token (m,) for logits (m, V'), the step, and which m of the n rows these are."""


def sample(engine: Engine, prompts: Tensor, how: Sampling, uniform: Tensor) -> Tensor:
    """Return drawn continuations (n, max_new) of prompts (n, P), NO_TOKEN after the end.

    uniform (n, max_new), float64, in [0, 1): the draw of each row and step.
    """

    def choose(logits: Tensor, step: int, rows: Tensor) -> Tensor:
        if how.temperature != 1.0:
            logits = logits / how.temperature
        cut_to_top_k(logits, how.top_k)
        cut_to_top_p(logits, how.top_p)
        return draw(logits, uniform[rows, step])

    return _write(engine, prompts, how, choose)


def greedy(engine: Engine, prompts: Tensor, how: BeamSearch) -> Tensor:
    """Return the continuations (n, max_new) that take the most probable token at every step."""
    return _write(engine, prompts, how, lambda logits, step, rows: logits.argmax(dim=1))


def choose_tokens(
    engine: Engine, prompts: Tensor, how: TokenChoice, uniform: Array | None
) -> Tensor:
    """Return the continuations (n, max_new) that another package's decoding chooses."""

    def choose(logits: Tensor, step: int, rows: Tensor) -> Tensor:
        vocabulary = engine.decoder.vocabulary
        own = None if uniform is None else uniform[rows.cpu().numpy(), step]
        scores = logits[:, :vocabulary].double().cpu().numpy()
        return torch.from_numpy(choices(how, scores, own)).to(logits.device)

    return _write(engine, prompts, how, choose)


def _write(engine: Engine, prompts: Tensor, how: Decoding, choose: Choose) -> Tensor:
    n, length = prompts.shape
    end, device = engine.decoder.end, prompts.device
    look = 8 if prompts.is_cuda else 1
    out = torch.full((n, how.max_new), NO_TOKEN, device=device)
    rows, seen = torch.arange(n, device=device), prompts
    ended = torch.zeros(n, dtype=torch.bool, device=device)
    cache, hidden = engine.prefill(prompts)
    fine = hidden.isfinite().all()
    mask = hidden.new_full((1, 1, rounded(length + how.max_new)), -torch.inf)
    mask[..., :length] = 0.0
    for step in range(how.max_new):
        reached(step, how.max_new)
        logits = engine.logits(hidden)
        penalise(logits, seen, how.repetition_penalty)
        if step < how.min_new:
            logits[:, end] = -torch.inf
        tokens = choose(logits, step, rows)
        out[rows, step] = tokens.masked_fill(ended, NO_TOKEN)
        if step + 1 == how.max_new:
            break
        if how.repetition_penalty != 1.0:
            seen = torch.cat([seen, tokens.unsqueeze(1)], dim=1)
        ended |= tokens == end
        if step >= how.min_new and step % look == 0:
            going = (~ended).nonzero().squeeze(1)
            if not len(going):
                break
            if len(going) <= KEEP * len(rows):
                rows, tokens, seen, ended = (x[going] for x in (rows, tokens, seen, ended))
                cache.keep(going, torch.full_like(going, length + step + 1), len(going))
        slot = length + step
        mask[..., slot] = 0.0
        cache.grow([slot + 1] * len(cache.parts))
        slots = torch.full_like(tokens, slot).unsqueeze(1)
        masks = mask.expand(len(rows), -1, -1)
        hidden = engine.advance(cache, tokens.unsqueeze(1), slot, slots, masks)
        fine &= hidden.isfinite().all()
    check_finite(fine)
    return out
