"""The token before every row and prompt, against transformers and rows begun by hand."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, processors

from genloss.core.decoding import BeamSearch, Prompts, Sampling, prompted
from genloss.core.samples import NO_TOKEN, Samples
from genloss.corpus.tokenisers import Pretrained
from genloss.errors import DataError
from genloss.models.torch.lm.checkpoint import save_checkpoint, save_tokeniser
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.start_token import Beginning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.study.own_model import places

V, T, BEGIN, END = 40, 8, 7, 2
TRAINING = FineTuning(epochs=1, batch=4, learning_rate=1e-2, device="cpu")
SIZES = {
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
    "vocab_size": V,
    "bos_token_id": BEGIN,
    "eos_token_id": END,
    "pad_token_id": None,
}
LEARNERS = {
    "transformer": TransformerLearner(
        start="scratch",
        family="llama",
        vocabulary=V,
        width=16,
        layers=1,
        heads=2,
        feed_forward=32,
        positions=16,
        end=END,
        training=TRAINING,
    ),
    "hugging_face": HuggingFaceLearner(start="scratch", config=SIZES, training=TRAINING),
}


@dataclass
class Begins:
    """A tokeniser of so many entries that puts a token before a text."""

    size: int = V
    end: int = END
    begin: int = BEGIN


def rng(key=0):
    return np.random.default_rng(key)


def rows(n=6, chains=1):
    """Rows of which every other one starts a document, and one is filled up."""
    x = rng().integers(8, V, size=(chains, n, T))
    x[:, ::2, 0] = END
    x[:, 1, 5:] = NO_TOKEN
    return x


def by_hand(x):
    """Return rows begun, one after the other."""
    out = np.full((*x.shape[:-1], T + 1), NO_TOKEN)
    for place in np.ndindex(x.shape[:-1]):
        row = x[place].tolist()
        begun = [BEGIN, *(row[1:] if row[0] == END else row)]
        out[place][: len(begun)] = begun
    return out


def pair(kind):
    """Return a learner that begins rows and one that does not."""
    plain = LEARNERS[kind]
    return plain.of_text(Begins()), plain


def test_a_row_starts_with_it_or_has_it_in_place_of_the_end_before():
    x, first = rows(), Beginning(BEGIN, END)
    np.testing.assert_array_equal(first.array(x), by_hand(x))
    np.testing.assert_array_equal(first.prompts(np.array([[[END], [END]]])), [[[BEGIN], [BEGIN]]])
    assert Beginning(NO_TOKEN, END).array(x) is x
    same = Beginning(END, END).array(x)
    assert (same[..., 0] == END).all()
    assert (same[:, :, 1] != END).all()


@pytest.mark.parametrize("kind", LEARNERS)
def test_learning_is_that_of_rows_begun_by_hand(kind):
    """Bit for bit, the held-out loss too."""
    begins, plain = (
        replace(one, training=replace(TRAINING, epochs=2, keep="best")) for one in pair(kind)
    )
    x, valid = rows(9), rows(4)
    ours = begins.fit(Samples.of(x, 0), rng(1), valid=Samples.of(valid, 0))
    theirs = plain.fit(Samples.of(by_hand(x), 0), rng(1), valid=Samples.of(by_hand(valid), 0))
    for name, value in ours.state().items():
        if name != "tokens":
            np.testing.assert_array_equal(value, theirs.state()[name])
    assert (ours.block, theirs.block) == (T, T + 1)


@pytest.mark.parametrize("kind", LEARNERS)
def test_scores_are_those_of_transformers_after_it(kind, tmp_path):
    """Llama's own forward pass on the rows begun; the longest row has as many tokens as places."""
    from transformers import LlamaConfig, LlamaForCausalLM

    begins, _ = pair(kind)
    model = begins.fit(Samples.of(rows(), 0), rng())
    weights = {name: value[0] for name, value in model.parameters.items()}
    if kind == "transformer":
        save_checkpoint(tmp_path, model.decoder, weights)
        theirs = LlamaForCausalLM.from_pretrained(tmp_path).eval()
    else:
        theirs = LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=False)).eval()
        theirs.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    x = rows()
    with torch.no_grad():
        log_p = theirs(torch.from_numpy(by_hand(x)[0]).clamp(min=0)).logits.log_softmax(-1).numpy()
    found = model.token_log_probs(x)[0]
    for i, row in enumerate(x[0]):
        shift = 0 if row[0] == END else 1
        for t in range(1, T):
            wanted = 0.0 if row[t] == NO_TOKEN else log_p[i, t - 1 + shift, row[t]]
            assert found[i, t - 1] == pytest.approx(wanted, abs=1e-4)
    assert model.token_log_probs(np.full((1, 1, 16), 9)).shape == (1, 1, 15)
    with pytest.raises(DataError, match="rows to score"):
        model.token_log_probs(np.full((1, 1, 17), 9))


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("how", [BeamSearch(2, 4, 4), Sampling(max_new=4)])
def test_prompts_go_on_after_it(kind, how):
    """Rows, the starts of documents, and nothing: what is written follows prompts begun by hand."""
    begins, plain = pair(kind)
    model = begins.fit(Samples.of(rows(), 0), rng())
    bare = plain.restore(model.state())
    x = rows()
    x[:, :, 3] = END
    for prompts in (Prompts("blocks"), Prompts("starts", 2), Prompts("none")):
        asked = replace(how, prompts=prompts)
        found = prompted(model, asked, x).sample(5, rng(3))
        begun = Beginning(BEGIN, END).prompts(prompts.of(x, END, 1, 5))
        assert (begun[..., 0] == BEGIN).all()
        np.testing.assert_array_equal(found, bare.decoding(asked).continue_(begun, rng(3)))
    own = model.sample(3, rng(4))
    how = Sampling(max_new=T)
    wanted = bare.decoding(how).continue_(np.full((1, 3, 1), BEGIN), rng(4))
    np.testing.assert_array_equal(own, wanted)


def test_a_saved_tokeniser_keeps_what_it_puts_before_a_text(tmp_path):
    inner = Tokenizer(models.WordLevel({"<u>": 0, "<s>": 1, "</s>": 2, "a": 3}, unk_token="<u>"))
    named = [("<s>", 1), ("</s>", 2)]
    inner.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=named)
    inner.add_special_tokens(["<u>", "<s>", "</s>"])
    save_tokeniser(tmp_path, inner.to_str(), 2, 1)
    found = Pretrained(str(tmp_path)).made_from([])
    assert (found.begin, found.end, found.size) == (1, 2, 4)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert (config["bos_token"], config["eos_token"]) == ("<s>", "</s>")


@pytest.mark.parametrize(("kind", "more"), [("blocks", 1), ("starts", 0), ("none", 0)])
def test_a_block_with_a_token_before_it_needs_a_place_more(kind, more):
    sampler = BeamSearch(2, 4, 4, prompts=Prompts(kind, 3))
    assert places(sampler, 8, 1) == places(sampler, 8) + more


def test_a_tokeniser_that_puts_nothing_before_a_text_changes_nothing():
    for learner in LEARNERS.values():
        assert learner.of_text(Begins(begin=NO_TOKEN)) == learner
