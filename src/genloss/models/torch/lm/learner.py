"""The project's own decoder as a learner."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from torch import Tensor

from genloss.core.arrays import Array, checked_count
from genloss.core.protocols import Data, FiniteModel, Model, Notebook, Reality
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.text import TextModel
from genloss.errors import SpecError
from genloss.models.torch.device import pick, stream
from genloss.models.torch.feeds import START, on
from genloss.models.torch.lm.checkpoint import from_config, load_checkpoint, save_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.fitting import (
    BLOCK,
    Network,
    NotedLearner,
    Start,
    check_options,
    check_room,
    continued,
    fit_chains,
)
from genloss.models.torch.lm.hub import config_in, content_of, folder_of
from genloss.models.torch.lm.model import TransformerModel
from genloss.models.torch.lm.objective import FineTuning, decoder_total

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TransformerLearner:
    """A causal language model of the OPT, GPT-2 or Llama family (`Decoder`).

    start: each generation is trained from the 'base' model, as Shumailov et al. 2024 do, from the
    'last' generation (with the study's warm_start; the first one from the base, or from scratch
    without one), or from 'scratch', new random weights every time. base: the folder of a saved
    model or a name on the Hugging Face hub (safetensors only; revision: a branch, tag or commit of
    it), which also gives the sizes; without one they are family to end, feed_forward 0 being four
    times the width. Its identity is the content of the folder, not its path.

    Loss: nats per token, the mean over all tokens of a batch that have a context; the end token
    is learned as any other, what fills a row is not. dropout: train with that of the checkpoint.
    precision: of decoding; that of training is in `training`. Learns from rows, weighted or not,
    or from a source; chains one after another.

    Raises:
        SpecError: an option out of range, or start = 'base' without a base.
        DataError: a base that cannot be read, tokens that are not those of the model.
        FitError: rows without a second token, a loss that is not finite, too little memory.
    """

    base: str = field(default="", metadata={"identity": False})
    revision: str = field(default="", metadata={"identity": False})
    start: Start = "base"
    family: Literal["opt", "gpt2", "llama"] = "opt"
    vocabulary: int = 4096
    width: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 0
    positions: int = 128
    end: int = 0
    dropout: bool = False
    precision: Precision = "float32"
    training: FineTuning = field(default_factory=FineTuning)

    def __post_init__(self) -> None:
        checked_count(self.feed_forward, "transformer: feed_forward", 0)
        check_options("transformer", self.base, self.start, self.precision)
        if not self.base:
            self._sized()

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> TransformerModel:
        """Train every chain from rows of tokens (C, n, T) or a source; O(epochs n T) passes."""
        return self.fit_noting(train, rng, init, valid, None)

    def with_notebook(self, notebook: Notebook) -> NotedLearner[TransformerModel]:
        """Return the learner that notes its way and resumes from there."""
        return NotedLearner(self, notebook)

    def one_epoch(self) -> "tuple[TransformerLearner, int]":
        """Return the learner that stops after one epoch, and the epochs of this one."""
        return replace(self, training=replace(self.training, epochs=1)), self.training.epochs

    def restore(self, state: Mapping[str, Array]) -> TransformerModel:
        """Rebuild a model from its state.

        Raises:
            DataError: the state of another network.
        """
        return self._model(self.decoder(), state)

    def identity(self) -> dict[str, str]:
        """Return what stands for the base: the SHA-256 of its folder, or its name on the hub."""
        return content_of(self.base, self.revision) if self.base else {}

    def decoder(self) -> Decoder:
        """Return the network, of the base where there is one."""
        if not self.base:
            return self._sized()
        return from_config(config_in(folder_of(self.base, self.revision)))

    def fit_noting(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        init: Model | None,
        valid: Data | None,
        notebook: Notebook | None,
    ) -> TransformerModel:
        """Train every chain as `fit` does, with a notebook or without."""
        # Drawn first and always, so that the notebook's key is a function of the stream alone.
        seeds = rng.integers(2**63, size=train.n_chains)
        before = continued(init, self.start, TransformerModel, "transformer", len(seeds))
        known: dict[str, Array] | None = None
        if before is None and self.base and self.start != "scratch":
            decoder, known = load_checkpoint(folder_of(self.base, self.revision))
        else:
            decoder = self.decoder()
        check_room("transformer", decoder.n_parameters, self.training)
        device = pick(self.training.device)

        def start(chain: int, seed: int) -> dict[str, Tensor]:
            if isinstance(before, TransformerModel):
                return before.weights(chain, device)
            drawn = known or decoder.initial(stream(seed, START))
            return {name: on(device, drawn[name]) for name in decoder.shapes}

        total = decoder_total(decoder, decoder.dropout if self.dropout else 0.0)
        network = Network("transformer", decoder.vocabulary, decoder.positions, total, start)
        state = fit_chains(network, self.training, train, seeds, valid, notebook)
        return self._model(decoder, state)

    def _model(self, decoder: Decoder, state: Mapping[str, Array]) -> TransformerModel:
        return TransformerModel(
            decoder,
            state,
            int(state[BLOCK][0]),
            state["train_loss"],
            state["held_out_loss"],
            self.training.device,
            self.precision,
        )

    def _sized(self) -> Decoder:
        return Decoder(
            self.family,
            self.vocabulary,
            self.width,
            self.layers,
            self.heads,
            self.feed_forward or 4 * self.width,
            self.positions,
            self.end,
        )


def pretrained(
    learner: TransformerLearner, reality: Reality, folder: Path, rng: np.random.Generator
) -> TransformerModel:
    """Train a base model from scratch on all rows of a text and save it as a checkpoint.

    The vocabulary and its end token are those of the text. Where the training keeps the best epoch
    or stops early, one row in twenty is held out. Other learners then name the folder as `base`.

    Raises:
        SpecError: a reality that does not own rows.
    """
    p_0 = reality.realise(1, rng)
    if not isinstance(p_0, FiniteModel):
        raise SpecError(
            f"pretrained: {type(reality).__name__} owns no rows; expected a reality of text"
        )
    valid, text = None, p_0
    if learner.training.checks:
        text, rows = p_0.split(max(1, p_0.n_rows // 20))
        valid = Samples.of(rows, 0)
    if isinstance(p_0, TextModel):
        learner = replace(learner, vocabulary=p_0.tokeniser.size, end=p_0.tokeniser.end)
    learner = replace(learner, base="", revision="", start="scratch")
    model = learner.fit(Samples.of(text.rows(0, text.n_rows), 0), rng, valid=valid)
    save_checkpoint(folder, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    return model
