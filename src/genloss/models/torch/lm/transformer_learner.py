"""The project's own decoder as a learner."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from torch import Tensor

from genloss.core.abilities import FiniteModel, Notebook
from genloss.core.about import About
from genloss.core.arrays import Array, checked_count
from genloss.core.roles import Reality
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.text import TextModel, Tokeniser, check_tokeniser, check_vocabulary
from genloss.errors import SpecError
from genloss.models.torch.device import pick, stream
from genloss.models.torch.feeds import START, on
from genloss.models.torch.lm.causal import CausalLearner
from genloss.models.torch.lm.checkpoint import (
    Written,
    ends_in,
    from_config,
    load_checkpoint,
    load_decoder,
    read_config,
    save_checkpoint,
    save_tokeniser,
)
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.hub import folder_of, weights_of
from genloss.models.torch.lm.objective import FineTuning, Total, decoder_total
from genloss.models.torch.lm.start_token import Beginning
from genloss.models.torch.lm.tensors import HEAD
from genloss.models.torch.lm.token_model import TokenModel
from genloss.models.torch.lm.transformer_model import TransformerModel
from genloss.models.torch.lm.tuning.fitting import (
    Lesson,
    Network,
    Start,
    check_options,
    fit_chains,
)
from genloss.models.torch.lm.tuning.memory_needed import check_room

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class TransformerLearner(CausalLearner[TransformerModel]):
    """A causal language model of the OPT, GPT-2 or Llama family (`Decoder`).

    start: each generation is trained from the 'base' model, as Shumailov et al. 2024 do, from the
    'last' generation (with the study's warm_start; the first one from the base, or from scratch
    without one), or from 'scratch', new random weights every time. base: the folder of a saved
    model or a name on the Hugging Face hub (safetensors only; revision: a branch, tag or commit of
    it), which also gives the sizes. Its identity is the content of the folder, not its path.
    Where its config names several end tokens, the text's is taken, or `end`, or else the first.
    Without one the sizes are family to end; feed_forward 0 is four times the width, vocabulary 0
    that of the text that a study is about, with its end token.

    Loss: nats per token, the mean over all tokens of a batch that have a context; the end token
    is learned like any other, padding is not. dropout: train with that of the checkpoint.
    precision: of decoding; that of training is in `training`. Learns from rows, weighted or not,
    or from a source; chains one after another. begin: the token before every row and prompt: that
    of the text's tokeniser, where it adds one to what a model is given.

    Raises:
        SpecError: an option out of range, or start = 'base' without a base.
        DataError: a base that cannot be read, tokens that are not those of the model.
        FitError: rows without a second token, a loss that is not finite, too little memory.
    """

    about = About(
        "transformer",
        "Transformer",
        "A causal language model of the OPT, GPT-2 or Llama family.",
        ("shumailov-2024", "zhang-2022"),
    )
    kind: ClassVar[str] = "transformer"
    learns: ClassVar[type[TokenModel]] = TransformerModel
    base: str = field(default="", metadata={"identity": False})
    revision: str = field(default="", metadata={"identity": False})
    start: Start = "base"
    family: Literal["opt", "gpt2", "llama"] = "opt"
    vocabulary: int = 0
    width: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 0
    positions: int = 128
    end: int = 0
    dropout: bool = False
    precision: Precision = "float32"
    training: FineTuning = field(default_factory=FineTuning)
    begin: int = field(default=NO_TOKEN, metadata={"identity": False})

    def __post_init__(self) -> None:
        checked_count(self.feed_forward, "transformer: feed_forward", 0)
        check_options("transformer", self.base, self.start, self.precision)
        if not self.base:
            # Whatever the text will say; all other sizes must go together already.
            self._sized(self.vocabulary or 1)

    def restore(self, state: Mapping[str, Array]) -> TransformerModel:
        """Rebuild a model from its state, which says whether the head is one of its own.

        Raises:
            DataError: the state of another network.
        """
        decoder = self._of_config() if self.base else self.decoder()
        tied = decoder.tied and HEAD not in state
        return self._model(replace(decoder, tied=tied), state)

    def sizes(self) -> tuple[int, int]:
        """Return the entries of the base's vocabulary and its longest row."""
        decoder = self._of_config()
        return decoder.vocabulary, decoder.positions

    def base_weights(self) -> Mapping[str, Array]:
        """Return the weights of the base by name."""
        return load_checkpoint(weights_of(self.base, self.revision))[1]

    def read_base(self) -> TransformerModel:
        """Return the base before any fit, one chain, read from its files once."""
        return self.restore(self.untrained(self.base_weights()))

    def decoder(self) -> Decoder:
        """Return the network: the base's, tied as its weights are, or that of the sizes."""
        if not self.base:
            check_vocabulary(self.vocabulary, "transformer")
            return self._sized(self.vocabulary)
        of_config = self._of_config()
        if self.start == "scratch":
            return of_config
        return load_decoder(weights_of(self.base, self.revision), of_config.end)

    def trained(self, lesson: Lesson) -> TransformerModel:
        """Train every chain in this process, alone or with others of a team."""
        before = lesson.before
        decoder = before.decoder if isinstance(before, TransformerModel) else self.decoder()
        check_room("transformer", decoder.n_parameters, self.training)
        pretrained = bool(self.base) and self.start != "scratch"
        device = pick(self.training.device)

        def start(chain: int, seed: int) -> dict[str, Tensor]:
            if isinstance(before, TransformerModel):
                return before.weights(chain, device)
            # Read for every chain anew: held meanwhile, it would take the room of another model.
            own = self.base_weights() if pretrained else None
            initial = own or decoder.initial(stream(seed, START))
            return {name: on(device, initial[name]) for name in decoder.shapes}

        total = self._total(decoder)
        first = Beginning(self.begin, decoder.end)
        network = Network("transformer", decoder.vocabulary, decoder.positions, total, start, first)
        state = fit_chains(network, self.training, lesson)
        return self._model(decoder, state)

    def _total(self, decoder: Decoder) -> Total:
        """Return what a fit minimises."""
        return decoder_total(decoder, decoder.dropout if self.dropout else 0.0)

    def _model(self, decoder: Decoder, state: Mapping[str, Array]) -> TransformerModel:
        return TransformerModel(*self.common(state), decoder)

    def _of_config(self) -> Decoder:
        config = read_config(folder_of(self.base, self.revision))
        several = self.end if self.end in ends_in(config) else None
        return from_config(config, several)

    def of_text(self, tokeniser: Tokeniser) -> "TransformerLearner":
        """Return the learner with vocabulary and end of the tokeniser, unless it has its own.

        Of several tokens that a base's config calls ends, the tokeniser's is the end. What the
        tokeniser puts before a text stands before all rows and prompts.

        Raises:
            SpecError: the tokeniser of another model than the base.
        """
        begun = replace(self, begin=tokeniser.begin)
        if self.base:
            config = read_config(folder_of(self.base, self.revision))
            ends = ends_in(config)
            # 0 stands there where nobody named an end, too.
            ends = [self.end] if self.end and self.end in ends else ends
            entries = from_config(config).vocabulary
            check_tokeniser(tokeniser, self.base, entries, ends)
            return begun if len(ends) == 1 else replace(begun, end=tokeniser.end)
        if self.vocabulary:
            return begun
        return replace(begun, vocabulary=tokeniser.size, end=tokeniser.end)

    def _sized(self, vocabulary: int) -> Decoder:
        return Decoder(
            self.family,
            vocabulary,
            self.width,
            self.layers,
            self.heads,
            self.feed_forward or 4 * self.width,
            self.positions,
            self.end,
        )


def pretrain(
    learner: TransformerLearner,
    reality: Reality,
    folder: Path,
    rng: np.random.Generator,
    notebook: Notebook | None = None,
) -> TransformerModel:
    """Train a base model from scratch on all rows of a text; save it with the text's tokeniser.

    The vocabulary and its end token are those of the text. Where the training keeps the best epoch
    or stops early, one row in twenty is held out. Other learners then name the folder as `base`,
    texts as `tokeniser`, and transformers loads both. With a notebook the training goes on from its
    last note, given the same arguments.

    Raises:
        SpecError: a reality that does not own rows.
    """
    p_0 = reality.realise(1, rng)
    if not isinstance(p_0, FiniteModel):
        raise SpecError(
            f"pretrain: {type(reality).__name__} owns no rows; expected a reality of text"
        )
    valid, text = None, p_0
    if learner.training.checks:
        text, rows = p_0.split(max(1, p_0.n_rows // 20))
        valid = Samples.of(rows, 0)
    learner = replace(learner, base="", revision="", start="scratch")
    if isinstance(p_0, TextModel):
        learner = replace(learner, vocabulary=0).of_text(p_0.tokeniser)
    fitting = learner.with_notebook(notebook) if notebook else learner
    model = fitting.fit(Samples.of(text.rows(0, text.n_rows), 0), rng, valid=valid)
    save_checkpoint(folder, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    if isinstance(p_0, TextModel) and isinstance(p_0.tokeniser, Written):
        save_tokeniser(folder, p_0.tokeniser.to_json(), p_0.tokeniser.end, p_0.tokeniser.begin)
    return model
