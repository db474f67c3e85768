"""A decoding of another package: it chooses among logits, every language model writes."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from genloss.core.decoding import BeamSearch, Prompts, Sampling, prompted
from genloss.core.samples import Samples
from genloss.errors import SpecError
from genloss.models.ngram.ngram import NGramLearner
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner

V, END = 30, 0


@dataclass(frozen=True)
class Base:
    """A decoding that is not ours."""

    max_new: int = 9
    min_new: int = 0
    repetition_penalty: float = 1.0
    prompts: Prompts = field(default_factory=Prompts)
    draws: ClassVar[bool] = False

    def ask(self, model, prompts=None):
        return prompted(model, self, prompts)


@dataclass(frozen=True)
class Best(Base):
    def choose(self, logits, uniform):
        assert uniform is None
        return logits.argmax(axis=1)


@dataclass(frozen=True)
class Drawn(Base):
    draws: ClassVar[bool] = True

    def choose(self, logits, uniform):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        edges = np.cumsum(p, axis=1)
        return (edges <= uniform[:, None] * edges[:, -1:]).sum(axis=1)


@dataclass(frozen=True)
class Wrong(Base):
    answer: int = V

    def choose(self, logits, uniform):
        return np.full(len(logits), self.answer)


@pytest.fixture(scope="module")
def models():
    rng = np.random.default_rng(3)
    x = rng.integers(0, V, (2, 30, 12))
    x[:, :, 6] = END
    train = Samples.of(x, 0)
    training = FineTuning(epochs=1, batch=8, device="cpu")
    small = {"vocabulary": V, "width": 16, "layers": 1, "heads": 2, "training": training}
    transformer = TransformerLearner(start="scratch", positions=32, **small).fit(
        train, np.random.default_rng(1)
    )
    return {
        "ngram": NGramLearner(V).fit(train, np.random.default_rng(0)),
        "transformer": transformer,
    }, x


def written(model, how, x, key=7):
    asked = how.ask(model, x)
    return asked.sample(12, np.random.default_rng(key))


@pytest.mark.parametrize("kind", ["ngram", "transformer"])
@pytest.mark.parametrize("options", [{}, {"min_new": 5}, {"repetition_penalty": 1.7}])
def test_the_best_token_is_greedy_search(models, kind, options):
    model, x = models[0][kind], models[1][:, :12, :6]
    ours = BeamSearch(beams=1, max_new=9, **{"min_new": 0, **options})
    np.testing.assert_array_equal(written(model, Best(**options), x), written(model, ours, x))


@pytest.mark.parametrize("kind", ["ngram", "transformer"])
def test_draws_follow_the_law_and_the_stream(models, kind):
    model, x = models[0][kind], models[1][:, :12, :6]
    one = written(model, Drawn(), x)
    np.testing.assert_array_equal(one, written(model, Drawn(), x))
    assert (one != written(model, Drawn(), x, key=8)).any()
    if kind == "transformer":
        # Both invert the same distribution function at the same uniform numbers.
        np.testing.assert_array_equal(one, written(model, Sampling(max_new=9), x))


@pytest.mark.parametrize("kind", ["ngram", "transformer"])
def test_what_is_no_token_is_refused(models, kind):
    model, x = models[0][kind], models[1][:, :12, :6]
    with pytest.raises(
        SpecError, match=r"Wrong\.choose returned tokens 30 to 30; expected 0 to 29"
    ):
        written(model, Wrong(), x)
    with pytest.raises(SpecError, match="Base does not say how a token is chosen"):
        written(model, Base(), x)


@pytest.mark.slow
def test_transformers_writes_what_it_chooses(models, tmp_path):
    model, x = models[0]["transformer"], models[1][:, :12, :6]
    save_checkpoint(tmp_path, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    still = FineTuning(epochs=1, batch=8, device="cpu", learning_rate=1e-12)
    train = Samples.of(models[1], 0)
    own, other = (
        kind(base=str(tmp_path), training=still).fit(train, np.random.default_rng(2))
        for kind in (TransformerLearner, HuggingFaceLearner)
    )
    for how in (Best(repetition_penalty=1.5), Best(min_new=4), Drawn()):
        np.testing.assert_array_equal(written(other, how, x), written(own, how, x))
