"""What the learners of language models share: fits, notebooks, processes, the base's identity."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from genloss.core.abilities import Notebook
from genloss.core.arrays import Array, Floats, Ints
from genloss.core.roles import Data, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.models.torch.device import Device
from genloss.models.torch.fits import NetworkLearner
from genloss.models.torch.lm.hub import content_of
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.token_model import BLOCK_KEY, TokenModel
from genloss.models.torch.lm.tuning.fitting import Lesson, continued
from genloss.models.torch.lm.tuning.launch import in_processes

M = TypeVar("M", bound=TokenModel)

ROW = 2048
"""Tokens that a base model writes in a row, at most: some have no position limit."""


@dataclass(frozen=True, eq=False)
class ReadAgain:
    """A model that is read whenever it is asked: nobody holds its weights while others are fitted.

    read: returns it. vocabulary: its entries, V. positions: the longest row of tokens.
    """

    read: Callable[[], TokenModel]
    vocabulary: int
    positions: int
    n_chains: int = 1

    def token_log_probs(self, x: Ints) -> Floats:
        """Return what the model does."""
        return self.read().token_log_probs(x)

    def token_entropies(self, x: Ints) -> Floats:
        """Return what the model does."""
        return self.read().token_entropies(x)

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write rows as the model does."""
        return self.read().sample(n, rng)

    def state(self) -> dict[str, Array]:
        """Return the state of the model."""
        return self.read().state()


class CausalLearner(NetworkLearner[M], ABC):
    """A dataclass of options that says how a lesson is learned and a model restored.

    kind: its name in messages; learns: the class of its models. begin: the token that a text's
    tokeniser puts before every row and prompt.
    """

    kind: ClassVar[str]
    learns: ClassVar[type[TokenModel]]
    base: str
    revision: str
    start: Any
    precision: Any
    begin: int
    training: FineTuning

    @abstractmethod
    def trained(self, lesson: Lesson) -> M:
        """Train every chain in this process, alone or with others of a team."""

    @abstractmethod
    def restore(self, state: Mapping[str, Array]) -> M:
        """Rebuild a model from its state."""

    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """Return the entries of the base's vocabulary and its longest row, from its config."""

    @abstractmethod
    def read_base(self) -> M:
        """Return the base before any fit, one chain, read from its files once."""

    def base_model(self) -> "ReadAgain | None":
        """Return the base before any fit, one chain; None where fits begin from scratch.

        Its weights are read when it is asked, not before.
        """
        if not self.base or self.start == "scratch":
            return None
        return ReadAgain(self._base, *self.sizes())

    def _base(self) -> M:
        model = self.read_base()
        return replace(model, block=min(model.positions, ROW))

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
        notebook: Notebook | None = None,
    ) -> M:
        """Train every chain from rows of tokens (C, n, T) or a source; O(epochs n T) passes."""
        # Drawn first and always, so that the notebook's key is a function of the stream alone.
        seeds = rng.integers(2**63, size=train.n_chains)
        before = continued(init, self.start, self.learns, self.kind, len(seeds))
        lesson = Lesson(train, seeds, before, valid, notebook)
        if self.training.processes > 1:
            return self.restore(in_processes(self, lesson))
        return self.trained(lesson)

    def identity(self) -> dict[str, str]:
        """Return what stands for the base: the SHA-256 of its folder, or its name on the hub."""
        return content_of(self.base, self.revision) if self.base else {}

    def untrained(self, weights: Mapping[str, Array]) -> dict[str, Array]:
        """Return the state of one chain that has these weights and no fit behind it."""
        state = {name: value[None] for name, value in weights.items()}
        state |= dict.fromkeys(("train_loss", "held_out_loss"), np.empty((1, 0)))
        return state | {BLOCK_KEY: np.ones(1, dtype=np.int64)}

    def common(
        self, state: Mapping[str, Array]
    ) -> tuple[Mapping[str, Array], int, Floats, Floats, Device, str, int]:
        """Return what every `TokenModel` is made of, in the order of its fields."""
        losses = state["train_loss"], state["held_out_loss"]
        how = self.training.device, self.precision, self.begin
        return state, int(state[BLOCK_KEY][0]), *losses, *how
