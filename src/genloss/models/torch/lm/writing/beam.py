"""Beam search with the choices that transformers' `generate` makes, token for token.

Of a step's 2 B best continuations the first B may end texts, and the best B that do not end go on.
A row is done when its best beam, scored as if it ended now, beats none of its B ended texts.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from genloss.core.decoding import BeamSearch
from genloss.core.progress import reached
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.lm.writing.cache import PART_ROWS, Cache, Slots
from genloss.models.torch.lm.writing.engine import Engine
from genloss.models.torch.lm.writing.scores import best, check_finite, penalise

NEVER = -1e9
"""The score of a text that is not there."""

KEEP = 0.75
"""Rows that are done are dropped once no more than this share goes on; that copies the cache."""

SORT = (8, 16, 32, 64, 128, 256, 512)
"""Steps after which rows are sorted by the slots that they need, which differ more and more."""


@dataclass(eq=False)
class Ended:
    """The B best texts that have ended in each row, best first.

    scores (n, B): ln p / length^penalty; there (n, B): whether there is one; texts (n, B, max_new);
    open (n,): whether the row's beams may still beat them.
    """

    scores: Tensor
    there: Tensor
    texts: Tensor
    open: Tensor

    @classmethod
    def none(cls, n: int, how: BeamSearch, device: torch.device) -> "Ended":
        """Return that no text of n rows has ended."""
        shape = (n, how.beams)
        return cls(
            torch.full(shape, NEVER, device=device),
            torch.zeros(shape, dtype=torch.bool, device=device),
            torch.full((*shape, how.max_new), NO_TOKEN, device=device),
            torch.ones(n, dtype=torch.bool, device=device),
        )

    def add(self, scores: Tensor, texts: Tensor, ends: Tensor) -> None:
        """Take in texts (n, B, max_new) with their scores (n, B) where they end, if good enough."""
        ends = ends & self.open.unsqueeze(1)
        scores = torch.cat([self.scores, scores.masked_fill(~ends, NEVER)], dim=1)
        self.scores, order = scores.topk(self.scores.shape[1], dim=1)
        self.there = torch.cat([self.there, ends], dim=1).gather(1, order)
        texts = torch.cat([self.texts, texts], dim=1)
        self.texts = texts.gather(1, order.unsqueeze(2).expand(-1, -1, texts.shape[2]))

    def close(self, reach: Tensor) -> None:
        """Close rows whose best beam reaches a score (n,) that beats none of B ended texts."""
        worst = self.scores.amin(dim=1).masked_fill(~self.there.all(dim=1), NEVER)
        self.open &= reach > worst

    def rows(self, index: Tensor) -> "Ended":
        """Return some rows only."""
        return Ended(self.scores[index], self.there[index], self.texts[index], self.open[index])


@dataclass(eq=False)
class State:
    """Where a search stands: its rows, their running beams and what has ended.

    rows (m,): which of the prompts are still searched; running (m, B): ln p of the beams, one beam
    before the first step; texts (m B, k): their tokens, the new ones from column `start` on (before
    it prompts, if a penalty reads them); hidden (m B, width): what the decoder makes of them; fine:
    whether all of that was finite.
    """

    rows: Tensor
    running: Tensor
    texts: Tensor
    start: int
    ended: Ended
    cache: Cache
    slots: Slots
    hidden: Tensor
    fine: Tensor

    def keep(self, index: Tensor) -> None:
        """Go on with some rows, those that need few slots first; `hidden` is stale from now on.

        On a GPU, which rather has few large products, the cache remains in one part.
        """
        needs, order = self.slots.needs()[index].sort()
        index = index[order]
        self.texts = self.texts.view(len(self.rows), -1, self.texts.shape[1])[index].flatten(0, 1)
        self.rows, self.running = self.rows[index], self.running[index]
        self.ended, self.slots.mask = self.ended.rows(index), self.slots.mask[index]
        size = len(index) if index.is_cuda else PART_ROWS
        self.cache.keep(index, needs + self.running.shape[1], size)
        self.slots.look(self.cache.sizes)


def search(engine: Engine, prompts: Tensor, how: BeamSearch) -> Tensor:
    """Return the best continuation (n, max_new) of prompts (n, P), NO_TOKEN after its end.

    O(n B V) a token for the scores, O(n B S) for attention over S slots, about P + max_new of them.
    """
    n, length = prompts.shape
    look, sort = (8, False) if prompts.is_cuda else (1, True)
    out = torch.full((n, how.max_new), NO_TOKEN, device=prompts.device)
    state = _begun(engine, prompts, how)
    for step in range(how.max_new):
        reached(step, how.max_new)
        _choose(engine, state, how, step)
        if step + 1 == how.max_new:
            break
        if step % look == 0 and step >= how.min_new:
            going = state.ended.open.nonzero().squeeze(1)
            if len(going) <= KEEP * len(state.rows):
                out[state.rows] = state.ended.texts[:, 0]
                if not len(going):
                    break
                state.keep(going)
        if sort and step in SORT and len(state.rows) > PART_ROWS:
            state.keep(torch.arange(len(state.rows)))
        _read(engine, state, step, length + step, step % look == 0)
    out[state.rows] = state.ended.texts[:, 0]
    check_finite(state.fine)
    return out


def _begun(engine: Engine, prompts: Tensor, how: BeamSearch) -> State:
    """Return the state before the first step."""
    n, length = prompts.shape
    cache, hidden = engine.prefill(prompts)
    mask = hidden.new_full((n, 1, cache.parts[0].shape[2]), -torch.inf)
    mask[:, :, :length] = 0.0
    start = length if how.repetition_penalty != 1.0 else 0
    texts = torch.full((n, start + how.max_new), NO_TOKEN, device=prompts.device)
    texts[:, :start] = prompts[:, :start]
    return State(
        torch.arange(n, device=prompts.device),
        torch.zeros(n, 1, device=prompts.device),
        texts,
        start,
        Ended.none(n, how, prompts.device),
        cache,
        Slots(mask, length, [length]),
        hidden,
        hidden.isfinite().all(),
    )


def _choose(engine: Engine, state: State, how: BeamSearch, step: int) -> None:
    """Let the best continuations end or go on."""
    beams, may_end, last = how.beams, step >= how.min_new, step + 1 == how.max_new
    scores = torch.log_softmax(engine.logits(state.hidden), dim=1)
    at = state.start + step
    penalise(scores, state.texts[:, :at], how.repetition_penalty)
    if not may_end:
        scores[:, engine.decoder.end] = -torch.inf
    wanted = 2 * beams if may_end and not last else beams
    values, parents, tokens = best(scores, state.running, wanted)
    n, before = state.running.shape
    parents += torch.arange(0, n * before, before, device=parents.device).unsqueeze(1)
    ends = (tokens == engine.decoder.end) | last
    if may_end or last:
        texts = state.texts[parents[:, :beams].flatten()]
        texts[:, at] = tokens[:, :beams].flatten()
        texts = texts[:, state.start :].view(n, beams, -1)
        reached = values[:, :beams] / (step + 1) ** how.length_penalty
        state.ended.add(reached, texts, ends[:, :beams])
    if wanted > beams:
        values, order = (values + ends * NEVER).topk(beams, dim=1)
        parents, tokens = parents.gather(1, order), tokens.gather(1, order)
    state.running, flat = values, parents.flatten()
    state.texts = state.texts.index_select(0, flat)
    state.texts[:, at] = tokens.flatten()
    state.slots.follow(flat)
    if may_end:
        state.ended.close(values[:, 0] / (step + 1) ** how.length_penalty)


def _read(engine: Engine, state: State, step: int, place: int, look: bool) -> None:
    """Let the decoder read the tokens that were chosen in this step."""
    free = state.slots.claim()
    if look:
        state.slots.look(state.cache.sizes)
    state.cache.grow(state.slots.used)
    tokens = state.texts[:, state.start + step].view_as(state.running)
    state.hidden = engine.advance(state.cache, tokens, place, free, state.slots.mask)
    state.fine &= state.hidden.isfinite().all()
