"""The canary: a base that is computed wrongly ends a run before it begins, and is told by name."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from genloss.core import bases
from genloss.core.bases import SMOLLM2
from genloss.corpus.tokenisers import Pretrained
from genloss.errors import FitError
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.scoring import by_token, log_prob
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.run.events import Said
from genloss.run.runner import run_study
from genloss.study.canary import TOKENS, TOLERANCE, TOLERANCE_BFLOAT16, canary_of, text
from genloss.study.fetch import fetched
from genloss.study.load import load_study

from . import tiny_gguf

pytestmark = pytest.mark.slow

QUICK = ["n_real=4", "generations=1", "held_out=2", "metrics=['perplexity']", "reality.block=8"]
QUICK += ["sampler.max_new=8", "sampler.min_new=8", "learner.training.epochs=1"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study that fine-tunes a tiny GGUF model, whose cache holds it."""
    root = tmp_path_factory.mktemp("canary")
    tiny_gguf.write(root / "tiny.gguf")
    (root / "texts").mkdir()
    for i in range(12):
        (root / "texts" / f"{i}.txt").write_text(f"the theme of thesis {i} is the theatre, " * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLOSS_CACHE", str(root / "cache"))
        fetched(str(root / "tiny.gguf"))
        yield load_study(root / "texts", QUICK, str(root / "tiny.gguf"))


def known(study, monkeypatch, value):
    """Make the base of a study one whose perplexity is known."""
    digest = bases.origin_of(bases.folder_on_disk(study.learner.base)).sha256
    named = replace(SMOLLM2, name="tiny", gguf=digest, canary=value)
    monkeypatch.setitem(bases.NAMED, "tiny", named)


def test_an_unknown_base_is_measured_and_told(study, tmp_path):
    said = []
    run = run_study(study, tmp_path, workers=1, progress=said.append)
    [line] = [event.text for event in said if isinstance(event, Said)]
    assert "no canary known for it" in line
    [note] = [line for line in run.provenance() if line["event"] == "canary"]
    assert f"{note['perplexity']:.6g}" in line
    assert note["tokens"] == 63
    # What is finished is not asked again.
    run_study(study, tmp_path, workers=1)
    assert len([line for line in run.provenance() if line["event"] == "canary"]) == 1


def test_a_known_value_is_held_within_the_tolerance(study, tmp_path, monkeypatch):
    value = canary_of(study).perplexity
    known(study, monkeypatch, value * (1 + 0.5 * TOLERANCE))
    assert canary_of(study).is_well
    known(study, monkeypatch, value * (1 + 2 * TOLERANCE))
    with pytest.raises(FitError, match=r"known value: .* it is not; this release of torch"):
        run_study(study, tmp_path, workers=1)
    assert not list(tmp_path.iterdir())


def test_a_decoder_that_computes_wrongly_is_noticed(study, monkeypatch):
    """Attention scaled twice, as some releases of transformers did with OPT."""
    known(study, monkeypatch, canary_of(study).perplexity)
    project = Decoder.project

    def scaled(self, *given):
        q, k, v = project(self, *given)
        return q * self.size**-0.5, k, v

    monkeypatch.setattr(Decoder, "project", scaled)
    assert not canary_of(study).is_well


def test_transformers_is_held_against_our_own_decoder(study, monkeypatch):
    from transformers.models.llama.modeling_llama import LlamaMLP

    theirs = replace(study, learner=HuggingFaceLearner(study.learner.base))
    canary = canary_of(theirs)
    assert canary.is_well
    assert canary.source == "our own decoder"
    forward = LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", lambda self, x: 1.1 * forward(self, x))
    assert not canary_of(theirs).is_well


def test_the_real_base_sings_as_it_should(smollm2, monkeypatch):
    monkeypatch.setenv("GENLOSS_CACHE", str(smollm2))
    canary = canary_of(SimpleNamespace(learner=TransformerLearner(SMOLLM2.name)))
    assert canary.is_well, str(canary)
    assert (canary.tokens, canary.source) == (512, "known value")


def test_in_16_bits_the_real_base_stays_within_the_stated_tolerance(smollm2, monkeypatch):
    monkeypatch.setenv("GENLOSS_CACHE", str(smollm2))
    tokeniser = Pretrained(SMOLLM2.name).made_from(())
    model = TransformerLearner(SMOLLM2.name).of_text(tokeniser).base_model().read()
    tokens = np.array([tokeniser.end, *tokeniser.encode([text()])[0]])[None, None, : TOKENS + 1]
    narrow = {name: w.bfloat16() for name, w in model.weights(0).items()}
    sizes = 1, model.vocabulary, model.positions
    surprise = -by_token(model.logits(), lambda chain: narrow, tokens, *sizes, log_prob)
    away = abs(np.exp(surprise.mean()) / SMOLLM2.canary - 1.0)
    # Beyond what float32 rounds: else it was not computed in 16 bits at all.
    assert TOLERANCE < away < TOLERANCE_BFLOAT16
