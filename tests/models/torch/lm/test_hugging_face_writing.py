"""Models of transformers write what the project's own decoder writes from the same checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
from tests.models.torch.lm.near_ties import assert_same_texts

from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.samples import NO_TOKEN
from genloss.errors import SpecError
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.transformer_learner import TransformerLearner

pytestmark = pytest.mark.slow

NEW = 12


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module", params=["opt", "gpt2", "llama"])
def models(pair, request):
    """The same checkpoint, by the own decoder and by transformers; its end is a usual token."""
    folder = str(pair(request.param).folder)
    own = TransformerLearner(folder).base_model().read()
    prompts = rng(3).integers(3, own.vocabulary, (1, 16, 7))
    written = own.decoding(BeamSearch(5, NEW, NEW)).continue_(prompts, rng())
    end = int(np.bincount(written.ravel()).argsort()[-3])
    own = replace(own, decoder=replace(own.decoder, end=end))
    return own, HuggingFaceLearner(folder, end=end).base_model().read(), prompts


def same_texts(found, own, how, prompts):
    """The own decoder writes these texts, but for near ties."""

    def write(weights):
        return replace(own, parameters=weights).decoding(how).continue_(prompts, rng(1))

    assert_same_texts(found, write(own.parameters), own.parameters, write)


PLAIN = Sampling(1.3, max_new=NEW)
OPTIONS = [
    (BeamSearch(4, NEW, 0, 0.0), {"length_penalty": 2.0}),
    (BeamSearch(4, NEW, 0), {"repetition_penalty": 1.8}),
    (BeamSearch(4, NEW, 0), {"min_new": 6}),
    (BeamSearch(1, NEW, NEW), {"repetition_penalty": 1.8}),
    (PLAIN, {"temperature": 0.5}),
    (PLAIN, {"top_p": 0.5}),
    (PLAIN, {"top_k": 4}),
    (PLAIN, {"repetition_penalty": 3.0}),
    (PLAIN, {"top_p": 0.8, "top_k": 9, "repetition_penalty": 1.5, "min_new": 5}),
]


@pytest.mark.parametrize(("how", "option"), OPTIONS, ids=str)
def test_every_option_has_the_meaning_that_it_has_in_the_own_decoder(models, how, option):
    """Token for token, and an option that changed nothing would not have been tested."""
    own, theirs, prompts = models
    found = []
    for asked in (how, replace(how, **option)):
        found.append(theirs.decoding(asked).continue_(prompts, rng(1)))
        same_texts(found[-1], own, asked, prompts)
    assert (found[0] != found[1]).any()


@pytest.mark.parametrize("how", [BeamSearch(3, 6, 6), Sampling(10.0, max_new=6)])
@pytest.mark.parametrize("version", ["this", "older"])
def test_what_fills_a_prompt_does_not_matter(models, how, version, monkeypatch):
    """Prompts of four tokens without a 0, filled up and alone, under a penalty on what was seen.

    The penalty of older versions of transformers reads what fills a prompt; among so many texts
    some go on with token 0, and would not if prompts were filled with it.
    """
    import transformers

    class Older(transformers.RepetitionPenaltyLogitsProcessor):
        def __init__(self, penalty, **_):
            super().__init__(penalty)

    if version == "older":
        name = "RepetitionPenaltyLogitsProcessor"
        monkeypatch.setattr(transformers.generation.utils, name, Older)
    own, theirs, _ = models
    how = replace(how, repetition_penalty=50.0)
    alone = rng(4).integers(1, own.vocabulary, (1, 150, 4))
    filled = np.pad(alone, ((0, 0), (0, 0), (0, 3)), constant_values=NO_TOKEN)
    expected = theirs.decoding(how).continue_(alone, rng(1))
    assert (expected == 0).any() or isinstance(how, BeamSearch)
    np.testing.assert_array_equal(theirs.decoding(how).continue_(filled, rng(1)), expected)
    same_texts(expected, own, how, filled)


def test_texts_longer_than_the_model_has_positions_are_refused(models):
    own, theirs, prompts = models
    longest = own.positions - prompts.shape[2] + 1
    for model in (own, theirs):
        assert model.positions == 60
        written = model.decoding(BeamSearch(1, longest, longest)).continue_(prompts, rng())
        assert written.shape[2] == longest
        for how in (BeamSearch(1, longest + 1, 0), Sampling(max_new=longest + 1)):
            with pytest.raises(SpecError, match=r"need 61 positions; the model has 60; shorten"):
                model.decoding(how).continue_(prompts, rng())
