"""Prompts in, continuations out, in batches that fit the memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats, Ints, checked_count
from genloss.core.decoding import BeamSearch, Decoding, Sampling, token_choice
from genloss.core.progress import span
from genloss.core.samples import NO_TOKEN
from genloss.core.text import checked_tokens, lengths
from genloss.errors import SpecError
from genloss.models.torch.device import keep_heap
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.writing.batches import batch_on_cpu, side_by_side
from genloss.models.torch.lm.writing.beam import search
from genloss.models.torch.lm.writing.cache import rounded
from genloss.models.torch.lm.writing.engine import Engine, engine_of
from genloss.models.torch.lm.writing.sampling import KEEP, choose_tokens, greedy, sample
from genloss.models.torch.memory import SHARE, free_bytes

MOST_LOGITS = (1 << 31) - 1
"""Logits in one tensor: some kernels of a GPU count no further."""

NUCLEUS = 40
"""Bytes for each entry of the vocabulary where all are sorted."""

GRID = (1 << 16) - 1
"""Prompts in one batch of a GPU: kernels of attention have a grid of no more."""


@dataclass(frozen=True, eq=False)
class Writer:
    """Continues prompts with a decoder, chain by chain, in the way that `how` names.

    weights: returns the parameters of a chain by name, on the device and in dtype; asked for once
    a call. dtype: float32 or bfloat16; batch: prompts at a time, 0: as many as suit the memory.
    In float32 the tokens do not depend on the batch, except where rounding decides a tie; on a CPU
    they never depend on the number of threads.

    Raises:
        SpecError: more beams than the vocabulary allows.
    """

    decoder: Decoder
    weights: Callable[[int], Mapping[str, Tensor]]
    how: Decoding
    dtype: torch.dtype
    device: torch.device
    batch: int = 0

    def __post_init__(self) -> None:
        checked_count(self.batch, "writer: batch", 0)
        if self.beams > 1 and 2 * self.beams >= self.decoder.vocabulary:
            raise SpecError(
                f"beam_search: {self.beams} beams for {self.decoder.vocabulary} tokens; expected "
                "fewer than half as many"
            )

    @property
    def beams(self) -> int:
        """Continuations that are followed at a time for each prompt."""
        return beams_of(self.how)

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Ints:
        """Continue prompts (C, n, P): (C, n, max_new), the end token kept, NO_TOKEN after it.

        NO_TOKEN may fill prompts. Uniform numbers are drawn for every (chain, row, step) at once,
        so that tokens are a function of them alone; beam search draws none.

        Raises:
            DataError: prompts that are not tokens of this decoder.
            SpecError: texts longer than the decoder has positions.
            FitError: not even one prompt fits the memory.
        """
        decoder = self.decoder
        prompts = checked_prompts(prompts, self.how, decoder.vocabulary, decoder.positions)
        uniform = uniform_for(self.how, prompts, rng)
        keep_heap()
        most, out = GRID, []
        with torch.inference_mode():
            for c, rows in enumerate(prompts):
                own = None if uniform is None else uniform[c]
                with span(c, c + 1, len(prompts)):
                    written, most = self._chain(c, rows, own, most)
                out.append(written)
        return np.stack(out)

    def _chain(self, c: int, prompts: Ints, uniform: Array | None, most: int) -> tuple[Ints, int]:
        """Continue the prompts (n, P) of one chain, those of each length together.

        most: prompts that the memory has held at a time; returned as the chain leaves it.
        """
        engine = engine_of(self.decoder, self.weights(c))
        # The same prompt has the same best continuation; a draw is another each time.
        back = np.arange(len(prompts))
        if uniform is None:
            prompts, back = np.unique(prompts, axis=0, return_inverse=True)
        out = np.full((len(prompts), self.how.max_new), NO_TOKEN)
        size = lengths(prompts)
        for length in np.unique(size):
            which = np.flatnonzero(size == length)
            shorter = int((size < length).sum())

            def write(part: slice, which: Ints = which, length: int = length) -> None:
                rows = which[part]
                own = None if uniform is None else uniform[rows]
                out[rows] = self._write(engine, prompts[rows, :length], own)

            batch = min(most, self.batch or self._batch(engine, length, len(which)))
            with span(shorter, shorter + len(which), len(size)):
                held = side_by_side(write, len(which), batch, self.device)
            most = held if held < batch else most
        return out[back.reshape(-1)], most

    def _write(self, engine: Engine, prompts: Ints, uniform: Array | None) -> Ints:
        rows = torch.from_numpy(prompts).to(self.device)
        if isinstance(self.how, BeamSearch):
            decode = search if self.how.beams > 1 else greedy
            tokens = decode(engine, rows, self.how)
        elif isinstance(self.how, Sampling):
            tokens = sample(engine, rows, self.how, torch.from_numpy(uniform).to(self.device))
        else:
            tokens = choose_tokens(engine, rows, token_choice(self.how), uniform)
        return tokens.cpu().numpy()

    def _batch(self, engine: Engine, length: int, n: int) -> int:
        """Return how many of n prompts suit the memory."""
        if self.device.type == "cpu":
            return batch_on_cpu(n, self.beams, self.decoder.n_parameters)
        free, beams = free_bytes(self.device) or 0, self.beams
        planned = int(SHARE * free / row_bytes(engine, self.how, length))
        return max(1, min(planned, MOST_LOGITS // (beams * len(engine.head)), GRID))


def beams_of(how: Decoding) -> int:
    """Return how many continuations of a prompt are followed at a time."""
    return how.beams if isinstance(how, BeamSearch) else 1


def checked_prompts(prompts: Array, how: Decoding, vocabulary: int, positions: int) -> Ints:
    """Return prompts (C, n, P) that a model of so many tokens and positions can continue.

    Raises:
        DataError: prompts that are not tokens of this model.
        SpecError: texts longer than the model has positions.
    """
    prompts = checked_tokens(prompts, vocabulary, "prompts")
    need = prompts.shape[2] + how.max_new - 1
    if need > positions:
        raise SpecError(
            f"prompts of {prompts.shape[2]} tokens and max_new = {how.max_new} need {need} "
            f"positions; the model has {positions}; shorten either"
        )
    return prompts


def uniform_for(how: Decoding, prompts: Ints, rng: np.random.Generator) -> Floats | None:
    """Draw what decoding needs, (C, n, max_new) in [0, 1); None where nothing is drawn."""
    if not how.draws:
        return None
    return rng.random((*prompts.shape[:2], how.max_new))


def score_bytes(how: Decoding) -> int:
    """Return about how many bytes choosing a token takes for each entry of the vocabulary.

    Scores are held in float32, and once more as log-probabilities or divided by a temperature. A
    nucleus sorts them all on a GPU: values, places and a copy of both, float64 terms and sums.
    """
    return NUCLEUS if isinstance(how, Sampling) and how.top_p < 1.0 else 8


def row_bytes(engine: Engine, how: Decoding, length: int) -> int:
    """Return about how many bytes decoding takes for each prompt of a length."""
    d, each, beams = engine.decoder, engine.head.element_size(), beams_of(how)
    slots = rounded(length + how.max_new * beams)
    cache = 2 * d.layers * d.few_heads * d.size * slots * each
    if how.min_new < how.max_new:
        # Where texts end, those that go on are copied beside the old cache.
        cache += int(KEEP * cache)
    scores = beams * len(engine.head) * (each + score_bytes(how))
    gates = 2 if d.family == "llama" else 1
    pass_ = length * each * (8 * d.width + 2 * gates * d.feed_forward)
    attention = 3 * beams * d.heads * slots * each
    return cache + scores + pass_ + attention
