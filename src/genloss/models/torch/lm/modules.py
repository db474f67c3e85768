"""Models of transformers as functions of their weights."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from genloss.core.extras import optional
from genloss.errors import SpecError
from genloss.models.torch.lm.objective import NamedTensors, Total, context
from genloss.models.torch.lm.scoring import Logits

WHOLE = {"cpu": 1 << 26, "cuda": 1 << 29}
"""Logits held at a time, by kind of device, of models that give those of whole rows only."""

LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "context_length")
"""Keys of a config for the longest row of tokens, by family."""

ENDLESS = (1 << 31) - 1
"""Positions of a model that sets no limit: those of recurrences and of biases by distance."""


def transformers() -> Any:
    """Return the package; raises MissingExtra without it."""
    return optional("transformers", "this learner")


def positions_of(config: Any) -> int:
    """Return the longest row of tokens of a configuration; ENDLESS where it sets no limit."""
    named = (getattr(config, key, None) for key in LENGTHS)
    # XLNet says -1.
    return next((n for n in named if isinstance(n, int) and n > 0), ENDLESS)


def ends_of(config: Any) -> list[int]:
    """Return the tokens that a configuration calls ends: none, one or several."""
    end = getattr(config, "eos_token_id", None)
    return [t for t in (end if isinstance(end, list) else [end]) if isinstance(t, int)]


def end_of(config: Any) -> int:
    """Return the end token of a configuration; raises SpecError where it names none, or several."""
    ends = ends_of(config)
    if len(ends) != 1:
        raise SpecError(
            f"hugging_face: the config's eos_token_id is {ends or None}; name one token as "
            "end = ..."
        )
    return ends[0]


def module_total(module: Any, dropout: bool) -> Total:
    """Return the sum of the losses; with dropout as the model's own config says, where noise is."""

    def total(w: NamedTensors, x: Tensor, scale: Tensor, noise: torch.Generator | None) -> Tensor:
        if dropout and noise is not None:
            with seeded(x.device, noise.initial_seed()):
                logits = called(module.train(), w, context(x))
            module.eval()
        else:
            logits = called(module, w, context(x))
        target = x[:, 1:].clamp(min=0).flatten()
        nll = F.cross_entropy(logits.flatten(0, 1).float(), target, reduction="none")
        return nll @ scale.flatten()

    return total


def module_logits(module: Any) -> Logits:
    """Return the logits of a model, those of some rows at a time."""

    def logits(w: NamedTensors, tokens: Tensor) -> Iterator[Tensor]:
        row = max(1, tokens.shape[1] * int(module.config.vocab_size))
        for rows in torch.split(tokens, max(1, WHOLE[tokens.device.type] // row)):
            yield called(module, w, rows).flatten(0, 1).float()

    return logits


def called(module: Any, w: NamedTensors, tokens: Tensor) -> Tensor:
    """Return the logits (B, T, V) of a module with weights w in place of its own."""
    arguments = {"input_ids": tokens, "use_cache": False}
    logits: Tensor = functional_call(module, dict(w), kwargs=arguments).logits
    return logits


@contextlib.contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Seed torch's global generators for a while: transformers draws from no other."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextlib.contextmanager
def without_bars() -> Iterator[None]:
    """Switch the progress bars of transformers off for a while, if they are on."""
    logging = transformers().utils.logging
    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()
