"""What all trained language models share: their chains, their scores, the ways they are asked."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genloss.core.abilities import ConditionalModel
from genloss.core.arrays import Array, Floats, Ints, frozen
from genloss.core.decoding import Decoding, Prompts, Sampling
from genloss.core.text import checked_tokens
from genloss.errors import DataError
from genloss.models.torch.device import Device, pick, release
from genloss.models.torch.lm.scoring import Logits, Value, by_token, entropy, log_prob
from genloss.models.torch.lm.start_token import Beginning

BLOCK_KEY = "tokens"
"""The length of the rows that a model was trained on, in its state."""


@dataclass(frozen=True, eq=False)
class TokenModel(ABC):
    """p(x_i | x_1 .. x_{i-1}) of every chain.

    parameters: by the names that a checkpoint has, chains on axis 0, float32. block: T, the length
    of the rows it was trained on. train_loss (C, epochs): mean over the batches, nats per token;
    held_out_loss (C, epochs): nats per token, where it was measured; NaN after an early stop.
    precision: of decoding; rows are always scored in float32. begin: the token before every row and
    prompt, NO_TOKEN without one.
    """

    parameters: Mapping[str, Array]
    block: int
    train_loss: Floats
    held_out_loss: Floats
    device: Device
    precision: str
    begin: int

    def __post_init__(self) -> None:
        c, shapes = len(self.train_loss), self.shapes()
        for name, shape in shapes.items():
            actual = self.parameters.get(name, np.empty(0)).shape
            if actual != (c, *shape):
                raise DataError(
                    f"parameter {name} has shape {actual}; expected {(c, *shape)}; this state "
                    "belongs to another network: restore it with the learner that made it"
                )
        parameters = {name: frozen(self.parameters[name]) for name in shapes}
        object.__setattr__(self, "parameters", parameters)
        for name in ("train_loss", "held_out_loss"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @abstractmethod
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of every parameter, without the chain axis."""

    @property
    @abstractmethod
    def vocabulary(self) -> int:
        """Entries of the vocabulary, V."""

    @property
    @abstractmethod
    def positions(self) -> int:
        """The longest row of tokens."""

    @property
    @abstractmethod
    def end(self) -> int:
        """The token that begins and ends a document."""

    @abstractmethod
    def logits(self) -> Logits:
        """Return the network as a function of its weights."""

    @abstractmethod
    def continued(self, prompts: Array, how: Decoding, rng: np.random.Generator) -> Ints:
        """Continue every prompt (C, n, P) in one way: (C, n, max_new)."""

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.train_loss.shape[0])

    def token_log_probs(self, x: Ints) -> Floats:
        """Return ln p(x_i | x_1 .. x_{i-1}) in nats for i >= 2: (C, n, T - 1); 0 at NO_TOKEN."""
        return self._by_token(x, log_prob)

    def token_entropies(self, x: Ints) -> Floats:
        """Return the entropy of p(. | x_1 .. x_{i-1}) in nats for i >= 2, as above."""
        return self._by_token(x, entropy)

    def _by_token(self, x: Ints, value: Value) -> Floats:
        first = self.beginning
        if first.there:
            x = checked_tokens(x, self.vocabulary, "rows to score")
        # The last token of a row is not read.
        sizes = self.n_chains, self.vocabulary, self.positions + first.there
        values = by_token(self.logits(), self.weights, first.array(x), *sizes, value)
        release(pick(self.device))
        return first.values(x, values)

    @property
    def beginning(self) -> Beginning:
        """What stands before rows and prompts."""
        return Beginning(self.begin, self.end)

    def decoding(self, how: Decoding) -> ConditionalModel:
        """Return the model that continues prompts this way."""
        return Continuing(self, how)

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write n rows (C, n, T), each after an end token, by ancestral sampling."""
        return Continuing(self, Sampling(max_new=self.block)).sample(n, rng)

    def weights(
        self, chain: int, device: torch.device | None = None, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Return the parameters of one chain on a device, by default that of the model."""
        device = device or pick(self.device)

        def taken(value: Array) -> Tensor:
            own = torch.from_numpy(np.array(value[chain]))
            return own.to(device, dtype if own.is_floating_point() else None)

        return {name: taken(value) for name, value in self.parameters.items()}

    def state(self) -> dict[str, Array]:
        """Return the parameters, the losses and the length of a row."""
        losses = {"train_loss": self.train_loss, "held_out_loss": self.held_out_loss}
        return {**self.parameters, **losses, BLOCK_KEY: np.full(self.n_chains, self.block)}


@dataclass(frozen=True, eq=False)
class Continuing:
    """A model that continues prompts in one way."""

    model: TokenModel
    how: Decoding

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.model.n_chains

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Ints:
        """Continue every prompt (C, n, P) by new tokens: (C, n, max_new)."""
        first = self.model.beginning
        if first.there:
            prompts = first.prompts(checked_tokens(prompts, self.model.vocabulary, "prompts"))
        written = self.model.continued(prompts, self.how, rng)
        release(pick(self.model.device))
        return written

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write n rows (C, n, max_new) after the token that begins a document."""
        none = Prompts("none").of(None, self.model.end, self.n_chains, n)
        return self.continue_(none, rng)

    def state(self) -> dict[str, Array]:
        """Return the state of the model."""
        return self.model.state()
