"""The base that fits begin at, as a model of its own: one chain, and no fit before it."""

import numpy as np
import pytest
import torch

from genloss.core.text import SequenceModel
from genloss.models.torch.lm import hugging_face, transformer_learner
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
    # Of our decoder and of transformers: what reads weights from a folder.
    for module, name in ((transformer_learner, "load_checkpoint"), (hugging_face, "module_of")):
        plain = getattr(module, name)
        counted = lambda *a, plain=plain: reads.append(a) or plain(*a)  # noqa: E731
        monkeypatch.setattr(module, name, counted)
    base = learner.base_model()
    assert (base.vocabulary, base.positions, reads) == (97, 60, [])
    base.token_log_probs(prompts[None])
    assert len(reads) == 1
    if isinstance(learner, HuggingFaceLearner):
        # Nor is a second network drawn at random to hold what was read.
        monkeypatch.setattr(hugging_face, "fresh_module", None)
        base.token_log_probs(prompts[None])
