"""The base that fits begin at, as a model of its own: one chain, and no fit before it."""

import numpy as np
import pytest
import torch

from genloss.core.text import SequenceModel
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.run.setup import BasedLearner

pytestmark = pytest.mark.slow

LEARNERS = (
    TransformerLearner,
    HuggingFaceLearner,
    lambda base: HuggingFaceLearner(base, adapters="lora", rank=2),
)


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("family", ["opt", "gpt2"])
def test_the_base_gives_the_log_probabilities_of_its_checkpoint(pair, prompts, family, kind):
    made = pair(family)
    learner = kind(str(made.folder))
    assert isinstance(learner, BasedLearner)
    base = learner.base_model()
    assert isinstance(base, SequenceModel)
    assert base.n_chains == 1
    with torch.no_grad():
        logits = made.theirs(torch.from_numpy(prompts)).logits.double()
    law = torch.log_softmax(logits[:, :-1], dim=2).numpy()
    right = np.take_along_axis(law, prompts[:, 1:, None], axis=2)[:, :, 0]
    np.testing.assert_allclose(base.token_log_probs(prompts[None])[0], right, atol=1e-4)


def test_from_scratch_there_is_no_base(pair):
    folder = str(pair("opt").folder)
    assert TransformerLearner(start="scratch").base_model() is None
    assert TransformerLearner(folder, start="scratch").base_model() is None
    assert TransformerLearner(folder, start="last").base_model() is not None


@pytest.mark.parametrize("kind", LEARNERS)
def test_its_weights_are_read_once_and_only_when_it_is_asked(pair, prompts, monkeypatch, kind):
    learner, reads = kind(str(pair("llama").folder)), []
    plain = type(learner).base_weights
    monkeypatch.setattr(
        type(learner), "base_weights", lambda self: reads.append(self) or plain(self)
    )
    base = learner.base_model()
    assert (base.vocabulary, base.positions, reads) == (97, 60, [])
    base.token_log_probs(prompts[None])
    assert reads == [learner]
