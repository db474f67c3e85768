"""A base model from scratch on a text: into a folder, through transformers, and on from there."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.decoding import BeamSearch
from genloss.corpus.tokenisers import Pretrained
from genloss.errors import DataError
from genloss.metrics.text_models import Perplexity
from genloss.models.torch.lm.checkpoint import load_checkpoint, save_tokeniser
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner, pretrain
from genloss.realities.texts import Texts
from genloss.run.runner import run_study
from genloss.store.block import FileNotebook
from genloss.study.study import Study

PRIDE = """It is a truth universally acknowledged, that a single man in possession of a good
fortune, must be in want of a wife. However little known the feelings or views of such a man may be
on his first entering a neighbourhood, this truth is so well fixed in the minds of the surrounding
families, that he is considered the rightful property of some one or other of their daughters."""
MOBY = """Call me Ishmael. Some years ago, never mind how long precisely, having little or no money
in my purse, and nothing particular to interest me on shore, I thought I would sail about a little
and see the watery part of the world. It is a way I have of driving off the spleen and regulating
the circulation. There is nothing surprising in this."""
TRAINING = FineTuning(3, 8, 3e-3, rate="cosine", warmup=4, clip=1.0, keep="best", save_every=5)


class PulledError(Exception):
    """Somebody pulled the plug."""


class Plug:
    """A notebook whose third note is the last thing that happens."""

    def __init__(self, notebook):
        self.notebook, self.left = notebook, 3

    def read(self):
        return self.notebook.read()

    def write(self, arrays):
        self.notebook.write(arrays)
        self.left -= 1
        if not self.left:
            raise PulledError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A base trained on words of two novels (Austen 1813, Melville 1851), once interrupted."""
    root = tmp_path_factory.mktemp("base")
    (root / "novels").mkdir()
    rng = np.random.default_rng(7)
    for i, novel in enumerate(5 * [PRIDE, MOBY]):
        # Words out of order: documents that share whole sentences would leave the held-out splits.
        words = rng.permutation(2 * novel.split())
        (root / "novels" / f"{i}.txt").write_text(" ".join(words))
    text = Texts(str(root / "novels"), block=16, vocabulary=300, validation=0.2, test=0.2)
    sizes = {"width": 16, "layers": 2, "heads": 2, "positions": 32}
    learner = TransformerLearner(start="scratch", **sizes, training=TRAINING)
    note = FileNotebook(root / "note")
    with pytest.raises(PulledError):
        pretrain(learner, text, root / "base", np.random.default_rng(0), Plug(note))
    assert not (root / "base").exists()
    model = pretrain(learner, text, root / "base", np.random.default_rng(0), note)
    return root, text, learner, model


@pytest.mark.slow
def test_an_interrupted_base_goes_on_to_the_same_weights(made, tmp_path):
    root, text, learner, model = made
    whole = pretrain(learner, text, tmp_path, np.random.default_rng(0))
    assert (tmp_path / "model.safetensors").read_bytes() == (
        root / "base" / "model.safetensors"
    ).read_bytes()
    np.testing.assert_array_equal(whole.held_out_loss, model.held_out_loss)
    assert model.held_out_loss[0, -1] < model.held_out_loss[0, 0] < np.log(300)


@pytest.mark.slow
def test_transformers_loads_model_and_tokeniser(made):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    root, text, _, model = made
    tokeniser = AutoTokenizer.from_pretrained(root / "base")
    ours = text.realise(1, np.random.default_rng(0)).tokeniser
    tokens = ours.encode([MOBY])[0][:32]
    assert tokeniser(MOBY).input_ids[:32] == tokens.tolist()
    assert tokeniser.eos_token_id == ours.end == model.end
    theirs = AutoModelForCausalLM.from_pretrained(root / "base").eval()
    decoder, parameters = load_checkpoint(root / "base")
    weights = {name: torch.from_numpy(w) for name, w in parameters.items()}
    rows = torch.from_numpy(tokens)[None]
    with torch.no_grad():
        wanted = theirs(rows).logits
        found = decoder.logits(weights, decoder.hidden(weights, rows))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    log_p = wanted.double().log_softmax(-1)[0, :-1].gather(1, rows[0, 1:, None])[:, 0]
    scored = model.token_log_probs(tokens[None, None])[0, 0]
    np.testing.assert_allclose(scored, log_p, atol=1e-4)


def test_generations_start_from_it(made, tmp_path):
    root, text, _, _ = made
    base = str(root / "base")
    study = Study(
        name="from-base",
        reality=Texts(text.path, block=16, tokeniser=base, validation=0.2, test=0.2),
        learner=TransformerLearner(base=base, training=replace(TRAINING, keep="last")),
        sampler=BeamSearch(3, 16, 16),
        n_real=40,
        generations=2,
        metrics=(Perplexity(),),
    )
    run = run_study(study, tmp_path, workers=1)
    assert run.series["perplexity"].t.tolist() == [1, 2]
    assert (run.series["perplexity"].values < 300).all()


def test_a_saved_tokeniser_is_one_of_texts_again(made, tmp_path):
    root, text, _, _ = made
    ours = text.realise(1, np.random.default_rng(0)).tokeniser
    again = Pretrained(str(root / "base")).made_from([])
    assert (again.size, again.end) == (ours.size, ours.end)
    np.testing.assert_array_equal(again.encode([PRIDE])[0], ours.encode([PRIDE])[0])
    with pytest.raises(DataError, match="end token 999 is none"):
        save_tokeniser(tmp_path, ours.to_json(), 999)
