"""Prompts in, continuations out, in batches that fit the memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Ints, checked_count
from genloss.core.decoding import BeamSearch, Decoding
from genloss.core.text import NO_TOKEN, checked_tokens, lengths
from genloss.errors import FitError, SpecError
from genloss.models.torch.device import keep_heap, release
from genloss.models.torch.lm.beam import search
from genloss.models.torch.lm.cache import rounded
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.engine import Engine, engine_of
from genloss.models.torch.lm.sampling import greedy, sample

ROWS = 640
"""Rows of all beams together that one CPU batch has, so that its tensors stay in the caches."""

SHARE = 0.8
"""Of the free memory of a GPU, what a batch may take."""


@dataclass(frozen=True, eq=False)
class Writer:
    """Continues prompts with a decoder, chain by chain, in the way that `how` names.

    weights: returns the parameters of a chain by name, on the device and in dtype; asked for once
    a call. dtype: float32 or bfloat16; batch: prompts at a time, 0: as many as suit the memory.
    In float32 the tokens do not depend on the batch, except where rounding decides a tie.

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
        return self.how.beams if isinstance(self.how, BeamSearch) else 1

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Ints:
        """Continue prompts (C, n, P): (C, n, max_new), the end token kept, NO_TOKEN after it.

        NO_TOKEN may fill prompts. Uniform numbers are drawn for every (chain, row, step) at once,
        so that tokens are a function of them alone; beam search draws none.

        Raises:
            DataError: prompts that are not tokens of this decoder.
            SpecError: texts longer than the decoder has positions.
            FitError: not even one prompt fits the memory.
        """
        prompts = checked_tokens(prompts, self.decoder.vocabulary, "prompts")
        need = prompts.shape[2] + self.how.max_new - 1
        if need > self.decoder.positions:
            raise SpecError(
                f"prompts of {prompts.shape[2]} tokens and max_new = {self.how.max_new} need "
                f"{need} positions; the model has {self.decoder.positions}; shorten either"
            )
        uniform = None
        if not isinstance(self.how, BeamSearch):
            uniform = rng.random((*prompts.shape[:2], self.how.max_new))
        keep_heap()
        with torch.inference_mode():
            return np.stack(
                [
                    self._chain(c, rows, None if uniform is None else uniform[c])
                    for c, rows in enumerate(prompts)
                ]
            )

    def _chain(self, c: int, prompts: Ints, uniform: Array | None) -> Ints:
        """Continue the prompts (n, P) of one chain, those of each length together."""
        engine = engine_of(self.decoder, self.weights(c))
        # The same prompt has the same best continuation; a draw is another each time.
        back = np.arange(len(prompts))
        if uniform is None:
            prompts, back = np.unique(prompts, axis=0, return_inverse=True)
        out = np.full((len(prompts), self.how.max_new), NO_TOKEN)
        size = lengths(prompts)
        for length in np.unique(size):
            which = np.flatnonzero(size == length)

            def write(part: slice, which: Ints = which, length: int = length) -> None:
                rows = which[part]
                own = None if uniform is None else uniform[rows]
                out[rows] = self._write(engine, prompts[rows, :length], own)

            in_batches(write, len(which), self.batch or self._batch(engine, length), self.device)
        return out[back.reshape(-1)]

    def _write(self, engine: Engine, prompts: Ints, uniform: Array | None) -> Ints:
        rows = torch.from_numpy(prompts).to(self.device)
        if isinstance(self.how, BeamSearch):
            decode = search if self.how.beams > 1 else greedy
            found = decode(engine, rows, self.how)
        else:
            found = sample(engine, rows, self.how, torch.from_numpy(uniform).to(self.device))
        return found.cpu().numpy()

    def _batch(self, engine: Engine, length: int) -> int:
        """Return how many prompts suit the memory."""
        if self.device.type == "cpu":
            return max(1, ROWS // self.beams)
        free, _ = torch.cuda.mem_get_info(self.device)
        return max(1, int(SHARE * free / row_bytes(engine, self.how.max_new, length, self.beams)))


def row_bytes(engine: Engine, max_new: int, length: int, beams: int) -> int:
    """Return about how many bytes decoding takes for each prompt of a length."""
    d, each = engine.decoder, engine.head.element_size()
    slots = rounded(length + max_new * beams)
    cache = 2 * d.layers * d.few_heads * d.size * slots * each
    # Logits are held in the engine's precision, in float32 and once more as log-probabilities.
    scores = beams * len(engine.head) * (each + 8)
    gates = 2 if d.family == "llama" else 1
    pass_ = length * each * (8 * d.width + 2 * gates * d.feed_forward)
    attention = 3 * beams * d.heads * slots * each
    return cache + scores + pass_ + attention


def in_batches(write: Callable[[slice], None], n: int, batch: int, device: torch.device) -> None:
    """Call write for slices that cover n rows; where memory runs out, with half as many rows.

    Raises:
        FitError: memory runs out for a single row.
    """
    start, batch = 0, min(batch, n)
    while start < n:
        try:
            write(slice(start, min(start + batch, n)))
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            if batch == 1:
                raise FitError(
                    f"one prompt does not fit the memory of {device.type}; use fewer beams, a "
                    "shorter max_new, bfloat16 or a smaller model"
                ) from error
        else:
            start += batch
            continue
        # Outside the handler, whose traceback holds the tensors that are in the way.
        batch //= 2
        release(device)


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
