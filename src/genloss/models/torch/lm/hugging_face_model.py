"""A trained model of transformers: it scores rows, and writes through its own `generate`."""

import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.arrays import Array, Ints
from genloss.core.decoding import (
    BeamSearch,
    Decoding,
    Sampling,
    TokenChoice,
    choices,
    token_choice,
)
from genloss.core.progress import reached, span
from genloss.core.samples import NO_TOKEN
from genloss.models.torch.device import pick
from genloss.models.torch.feeds import on
from genloss.models.torch.lm.base import stored
from genloss.models.torch.lm.modules import module_logits, positions_of, transformers
from genloss.models.torch.lm.scoring import Logits
from genloss.models.torch.lm.token_model import TokenModel
from genloss.models.torch.lm.writing.batches import batch_on_cpu, side_by_side
from genloss.models.torch.lm.writing.scores import CELL, cut_to_top_k, cut_to_top_p, draw
from genloss.models.torch.lm.writing.writer import (
    beams_of,
    checked_prompts,
    score_bytes,
    uniform_for,
)
from genloss.models.torch.memory import SHARE, free_bytes
from genloss.models.torch.training import DTYPES

UNKNOWN = 64
"""Rows at a time of all beams together, for a model whose config does not tell its sizes."""


@dataclass(frozen=True, eq=False)
class HuggingFaceModel(TokenModel):
    """The law of every chain, by a module of transformers.

    parameters: all that a checkpoint stores, constants too; beside a frozen base the adapters
    alone, and the rest is in the module. rows: prompts that `generate` continues at a time, 0: as
    many as suit the memory.
    """

    module: Any
    last: int
    rows: int

    @property
    def vocabulary(self) -> int:
        """Entries of the vocabulary, V."""
        return int(self.module.config.vocab_size)

    @property
    def positions(self) -> int:
        """The longest row of tokens."""
        return positions_of(self.module.config)

    @property
    def end(self) -> int:
        """The token that begins and ends a document."""
        return self.last

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of everything stored, without the chain axis."""
        return {name: tuple(value.shape) for name, value in stored(self.module).items()}

    def logits(self) -> Logits:
        """Return the network as a function of its weights."""
        return module_logits(self.module)

    def continued(self, prompts: Array, how: Decoding, rng: np.random.Generator) -> Ints:
        """Continue every prompt (C, n, P) in one way: (C, n, max_new).

        In float32 the tokens do not depend on how many prompts go at a time, ties aside, and on a
        CPU never on the number of threads; draws are those that the project's own decoder makes of
        the same stream.

        Raises:
            DataError: prompts that are not tokens of this model.
            SpecError: texts longer than the model has positions.
            FitError: not even one prompt fits the memory.
        """
        prompts = checked_prompts(prompts, how, self.vocabulary, self.positions)
        uniform = uniform_for(how, prompts, rng)
        device, dtype = pick(self.device), DTYPES[self.precision]
        # A copy: neither the weights nor the generation settings of the model may change.
        module = copy.deepcopy(self.module).to(device, dtype)
        module.generation_config = asked_as(how, self.end)
        room = _rows(module.config, how, prompts.shape[2], dtype, device)
        most, beams = room, beams_of(how)
        if device.type == "cpu":
            most = batch_on_cpu(prompts.shape[1], beams, module.num_parameters())
        batch = self.rows or min(room, most)
        copies = Copies(module)
        out = np.full((*prompts.shape[:2], how.max_new), NO_TOKEN, dtype=np.int64)
        for chain, rows in enumerate(prompts):
            _load(module, self.weights(chain, device))

            def write(part: slice, chain: int = chain, rows: Ints = rows) -> None:
                draws = None if uniform is None else on_as_is(device, uniform[chain, part])
                written = generated(copies.module, rows[part], how, draws, device)
                out[chain, part, : written.shape[1]] = ended(written, self.end)

            with torch.no_grad(), span(chain, chain + 1, len(prompts)):
                batch = side_by_side(write, len(rows), batch, device, max(1, room // batch))
        return out


class Copies(threading.local):
    """A module for every thread, with the same weights: some note where they are while they run."""

    def __init__(self, module: Any) -> None:
        weights = module.state_dict(keep_vars=True).values()
        self.module = copy.deepcopy(module, {id(value): value for value in weights})


def asked_as(how: Decoding, end: int) -> Any:
    """Return the settings of `generate` with the same meaning; what is drawn, `Draws` draws."""
    common: dict[str, Any] = {
        "max_new_tokens": how.max_new,
        "min_new_tokens": how.min_new or None,
        "repetition_penalty": how.repetition_penalty,
        "eos_token_id": end,
        "bos_token_id": end,
        "pad_token_id": end,
        "do_sample": False,
    }
    if isinstance(how, BeamSearch):
        common["num_beams"] = how.beams
        if how.beams > 1:
            common["length_penalty"] = how.length_penalty
    return transformers().GenerationConfig(**common)


@dataclass(frozen=True, eq=False)
class Draws:
    """A last processor of scores that leaves but the token which a uniform number draws.

    `generate` then takes the best of one, so that its own draws, which depend on the batch, are
    never made. uniform: (n, max_new), float64, in [0, 1); length: tokens of a prompt.
    """

    how: Sampling
    uniform: Tensor
    length: int

    def __call__(self, tokens: Tensor, scores: Tensor) -> Tensor:
        """Return scores (n, V) that are 0 for the drawn token and -inf for all others."""
        logits = F.pad(scores.float(), (0, -scores.shape[1] % CELL), value=-torch.inf)
        logits /= self.how.temperature
        cut_to_top_k(logits, self.how.top_k)
        cut_to_top_p(logits, self.how.top_p)
        token = draw(logits, self.uniform[:, tokens.shape[1] - self.length])
        return torch.full_like(scores, -torch.inf).scatter_(1, token.unsqueeze(1), 0.0)


@dataclass(frozen=True, eq=False)
class Chosen:
    """Like `Draws`, for the token that a decoding of another package chooses."""

    how: TokenChoice
    uniform: Tensor | None
    length: int

    def __call__(self, tokens: Tensor, scores: Tensor) -> Tensor:
        """Return scores (n, V) that are 0 for the chosen token and -inf for all others."""
        step = tokens.shape[1] - self.length
        own = None if self.uniform is None else self.uniform[:, step].cpu().numpy()
        choice = choices(self.how, scores.double().cpu().numpy(), own)
        index = torch.from_numpy(choice).to(scores.device).unsqueeze(1)
        return torch.full_like(scores, -torch.inf).scatter_(1, index, 0.0)


def generated(
    module: Any, prompts: Ints, how: Decoding, uniform: Tensor | None, device: torch.device
) -> Ints:
    """Return the new tokens (n, at most max_new) after prompts (n, P), filled up on their right."""
    used = prompts != NO_TOKEN
    # transformers continues a row at its right edge, so what fills it goes to the left.
    order = np.argsort(used, axis=1, kind="stable")
    mask = np.take_along_axis(used, order, axis=1).astype(np.int64)
    # A penalty may read what fills a row, so that it is a token which the row has anyway.
    tokens = np.where(mask, np.take_along_axis(prompts, order, axis=1), prompts[:, :1])
    options: dict[str, Any] = {"input_ids": on(device, tokens), "attention_mask": on(device, mask)}
    if isinstance(how, Sampling) and uniform is not None:
        draws = Draws(how, uniform, prompts.shape[1])
        options["logits_processor"] = transformers().LogitsProcessorList([draws])
    elif not isinstance(how, BeamSearch):
        choose = Chosen(token_choice(how), uniform, prompts.shape[1])
        options["logits_processor"] = transformers().LogitsProcessorList([choose])
    begun = prompts.shape[1]

    def report(tokens: Tensor, scores: Any, **more: Any) -> Tensor:
        # Called after every token: it never stops the writing, but reports how far it is.
        reached(tokens.shape[1] - begun, how.max_new)
        return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)

    options["stopping_criteria"] = transformers().StoppingCriteriaList([report])
    rows = module.generate(**options)
    new: Ints = rows[:, begun:].cpu().numpy()
    return new


def ended(tokens: Ints, end: int) -> Ints:
    """Return tokens (n, T) with NO_TOKEN after the first end token of each row."""
    before = np.cumsum(tokens == end, axis=1) - (tokens == end)
    return np.where(before > 0, NO_TOKEN, tokens)


def on_as_is(device: torch.device, x: Array) -> Tensor:
    """Return x on the device in its own precision: float32 would blur the tail of draws."""
    return torch.from_numpy(x).to(device)


def _rows(config: Any, how: Decoding, length: int, dtype: torch.dtype, device: torch.device) -> int:
    """Return how many prompts suit the memory: their keys, values and scores."""
    beams, free = beams_of(how), free_bytes(device)
    layers, width = (getattr(config, name, 0) for name in ("num_hidden_layers", "hidden_size"))
    if not (free and layers and width):
        return max(1, UNKNOWN // beams)
    cache = 2 * layers * width * (length + how.max_new) * dtype.itemsize
    # generate copies the cache where beams are reordered; it holds scores about three times over.
    scores = (12 + score_bytes(how)) * int(config.vocab_size)
    each = beams * (2 * cache + scores)
    return max(1, int(SHARE * free / each))


def _load(module: Any, weights: Mapping[str, Tensor]) -> None:
    own = stored(module)
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)
