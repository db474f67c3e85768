"""A trained model of transformers: it scores rows, and writes through its own `generate`."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Array, Floats, Ints, frozen
from genloss.core.decoding import BeamSearch, Decoding, Prompts, Sampling
from genloss.core.protocols import ConditionalModel
from genloss.core.text import NO_TOKEN
from genloss.errors import DataError
from genloss.models.torch.device import Device, pick
from genloss.models.torch.feeds import on
from genloss.models.torch.lm.fitting import BLOCK
from genloss.models.torch.lm.modules import module_logits, seeded, transformers
from genloss.models.torch.lm.scoring import Value, by_token, entropy, log_prob
from genloss.models.torch.training import DTYPES


@dataclass(frozen=True, eq=False)
class HuggingFaceModel:
    """p(x_i | x_1 .. x_{i-1}) of every chain, by a module of transformers.

    parameters: those that were trained, by name, chains on axis 0, float32; all others are in the
    module. block, train_loss, held_out_loss, precision: see `TransformerModel`. rows: prompts that
    `generate` continues at a time.
    """

    module: Any
    parameters: Mapping[str, Array]
    block: int
    train_loss: Floats
    held_out_loss: Floats
    end: int
    device: Device = "auto"
    precision: str = "float32"
    rows: int = 64

    def __post_init__(self) -> None:
        c = len(self.train_loss)
        wanted = {k: tuple(p.shape) for k, p in self.module.named_parameters() if p.requires_grad}
        for name, shape in wanted.items():
            found = self.parameters.get(name, np.empty(0)).shape
            if found != (c, *shape):
                raise DataError(
                    f"parameter {name} has shape {found}; expected {(c, *shape)}; this state "
                    "belongs to another network: restore it with the learner that made it"
                )
        kept = {name: frozen(self.parameters[name]) for name in wanted}
        object.__setattr__(self, "parameters", kept)
        for name in ("train_loss", "held_out_loss"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.train_loss.shape[0])

    @property
    def vocabulary(self) -> int:
        """Entries of the vocabulary, V."""
        return int(self.module.config.vocab_size)

    @property
    def positions(self) -> int:
        """The longest row of tokens."""
        return int(self.module.config.max_position_embeddings)

    def token_log_probs(self, x: Ints) -> Floats:
        """Return ln p(x_i | x_1 .. x_{i-1}) in nats for i >= 2: (C, n, T - 1); 0 at NO_TOKEN."""
        return self._by_token(x, log_prob)

    def token_entropies(self, x: Ints) -> Floats:
        """Return the entropy of p(. | x_1 .. x_{i-1}) in nats for i >= 2, as above."""
        return self._by_token(x, entropy)

    def _by_token(self, x: Ints, value: Value) -> Floats:
        logits, sizes = module_logits(self.module), (self.n_chains, self.vocabulary, self.positions)
        return by_token(logits, self.weights, x, *sizes, value)

    def decoding(self, how: Decoding) -> ConditionalModel:
        """Return the model that continues prompts this way."""
        return Generating(self, how)

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write n rows (C, n, T), each after an end token, by ancestral sampling."""
        return Generating(self, Sampling(max_new=self.block)).sample(n, rng)

    def weights(self, chain: int) -> dict[str, Tensor]:
        """Return the trained parameters of one chain."""
        device = pick(self.device)
        return {name: on(device, value[chain]) for name, value in self.parameters.items()}

    def state(self) -> dict[str, Array]:
        """Return the trained parameters, the losses and the length of a row."""
        losses = {"train_loss": self.train_loss, "held_out_loss": self.held_out_loss}
        return {**self.parameters, **losses, BLOCK: np.full(self.n_chains, self.block)}


@dataclass(frozen=True, eq=False)
class Generating:
    """A model that continues prompts in one way, by `generate`."""

    model: HuggingFaceModel
    how: Decoding

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.model.n_chains

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Ints:
        """Continue every prompt (C, n, P) by new tokens: (C, n, max_new)."""
        model = self.model
        device = pick(model.device)
        # A copy: neither the weights nor the generation settings of the model may change.
        module = copy.deepcopy(model.module).to(device, DTYPES[model.precision])
        module.generation_config = asked_as(self.how, model.end)
        out = np.full((*prompts.shape[:2], self.how.max_new), NO_TOKEN, dtype=np.int64)
        for chain, rows in enumerate(prompts):
            _load(module, model.weights(chain))
            for i in range(0, len(rows), model.rows):
                part = rows[i : i + model.rows]
                with seeded(device, int(rng.integers(2**63))), torch.no_grad():
                    written = generated(module, part, device)
                out[chain, i : i + len(part), : written.shape[1]] = ended(written, model.end)
        return out

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write n rows (C, n, max_new) after the token that begins a document."""
        none = Prompts("none").of(None, self.model.end, self.n_chains, n)
        return self.continue_(none, rng)

    def state(self) -> dict[str, Array]:
        """Return the state of the model."""
        return self.model.state()


def asked_as(how: Decoding, end: int) -> Any:
    """Return the settings of `generate` with the same meaning."""
    common: dict[str, Any] = {
        "max_new_tokens": how.max_new,
        "min_new_tokens": how.min_new or None,
        "repetition_penalty": how.repetition_penalty,
        "eos_token_id": end,
        "bos_token_id": end,
        "pad_token_id": end,
    }
    if isinstance(how, BeamSearch):
        common |= {"num_beams": how.beams, "do_sample": False}
        if how.beams > 1:
            common["length_penalty"] = how.length_penalty
        return transformers().GenerationConfig(**common)
    drawn = {"temperature": how.temperature, "top_k": how.top_k, "top_p": how.top_p}
    return transformers().GenerationConfig(**common, do_sample=True, **drawn)


def generated(module: Any, prompts: Ints, device: torch.device) -> Ints:
    """Return the new tokens (n, at most max_new) after prompts (n, P), filled up on their right."""
    used = prompts != NO_TOKEN
    # transformers continues a row at its right edge, so what fills it goes to the left.
    order = np.argsort(used, axis=1, kind="stable")
    tokens = np.take_along_axis(prompts, order, axis=1).clip(min=0)
    mask = np.take_along_axis(used, order, axis=1).astype(np.int64)
    found = module.generate(input_ids=on(device, tokens), attention_mask=on(device, mask))
    new: Ints = found[:, prompts.shape[1] :].cpu().numpy()
    return new


def ended(tokens: Ints, end: int) -> Ints:
    """Return tokens (n, T) with NO_TOKEN after the first end token of each row."""
    before = np.cumsum(tokens == end, axis=1) - (tokens == end)
    return np.where(before > 0, NO_TOKEN, tokens)


def _load(module: Any, weights: Mapping[str, Tensor]) -> None:
    own = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)
