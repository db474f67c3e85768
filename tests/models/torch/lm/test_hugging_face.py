"""Models of transformers as learners, beside the project's own decoder."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.models.torch.lm.near_ties import assert_same_texts

from genloss.core.abilities import ResumableLearner
from genloss.core.decoding import BeamSearch, PromptedModel, Sampling
from genloss.core.roles import Learner
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import DataError, FitError, SpecError
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.hugging_face_model import ended
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner

pytestmark = pytest.mark.slow

V, T = 64, 12
CONFIG = {
    "model_type": "opt",
    "vocab_size": V,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "ffn_dim": 64,
    "num_attention_heads": 2,
    "max_position_embeddings": 24,
    "word_embed_proj_dim": 32,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def recipe(**training) -> FineTuning:
    short = {"epochs": 2, "batch": 16, "learning_rate": 1e-3, "device": "cpu", "save_every": 2}
    return FineTuning(**short | training)


def learner(base="", start="base", training=None, **options) -> HuggingFaceLearner:
    return HuggingFaceLearner(
        base=str(base), start=start, training=recipe(**training or {}), **options
    )


def fresh(**training) -> HuggingFaceLearner:
    return learner(start="scratch", config=CONFIG, training=training)


@pytest.fixture(scope="module", autouse=True)
def on_one_thread():
    """Before the models of this module are made: bits depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def train() -> Samples:
    x = rng(5).integers(1, V, (2, 40, T))
    x[:, ::3, 8] = 0
    x[:, ::3, 9:] = NO_TOKEN
    return Samples.of(x, 0)


@pytest.fixture(scope="module")
def ours() -> TransformerLearner:
    return TransformerLearner(
        start="scratch",
        vocabulary=V,
        width=32,
        layers=2,
        heads=2,
        feed_forward=64,
        positions=24,
        training=recipe(learning_rate=0.01),
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory, ours, train):
    folder = tmp_path_factory.mktemp("base")
    model = ours.fit(train, rng(1))
    save_checkpoint(folder, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    return folder


@pytest.fixture(scope="module")
def pair(base, train):
    """The same base, data and stream, by both learners."""
    own = TransformerLearner(base=str(base), training=recipe()).fit(train, rng(2))
    return own, learner(base).fit(train, rng(2))


def same(a, b) -> bool:
    one, two = a.state(), b.state()
    return one.keys() == two.keys() and all(one[k].tobytes() == two[k].tobytes() for k in one)


def test_the_roles(pair):
    assert isinstance(fresh(), Learner)
    assert isinstance(fresh(), ResumableLearner)
    assert isinstance(pair[1], PromptedModel)
    assert (pair[1].vocabulary, pair[1].end, pair[1].n_chains) == (V, 0, 2)


def test_both_learners_learn_the_same(pair, train):
    """One loop, two ways through the network: they differ by rounding only.

    Adam divides by the root of a gradient's square, which lets rounding of 1e-7 grow where a
    gradient is about 0: a step is at most the rate, 1e-3, and there are six. A key's bias moves all
    scores of a query alike, so that its gradient is 0 and its steps are rounding alone. Over eight
    seeds and two instruction sets the mean gap of all others was at most 1.3e-8.
    """
    own, other = pair
    np.testing.assert_allclose(other.train_loss, own.train_loss, rtol=1e-5)
    assert own.parameters.keys() == other.parameters.keys()
    for name, value in own.parameters.items():
        gap = np.abs(other.parameters[name] - value)
        if name.endswith("k_proj.bias"):
            assert gap.max() < 6 * 1e-3, name
            continue
        assert gap.max() < 1e-3, name
        assert gap.mean() < 1e-6, name
    np.testing.assert_allclose(
        other.token_log_probs(train.x), own.token_log_probs(train.x), atol=1e-3
    )


def test_the_same_checkpoint_gives_the_same_scores_and_words(base, train):
    still = {"learning_rate": 1e-12, "epochs": 1}
    own = TransformerLearner(base=str(base), training=recipe(**still)).fit(train, rng(2))
    other = learner(base, training=still).fit(train, rng(2))
    x = train.x[:, :7]
    np.testing.assert_allclose(other.token_log_probs(x), own.token_log_probs(x), atol=1e-5)
    np.testing.assert_allclose(other.token_entropies(x), own.token_entropies(x), atol=1e-5)
    for how in (BeamSearch(3, 8, 4, repetition_penalty=2.0), BeamSearch(1, 6, 0)):
        found = other.decoding(how).continue_(x, rng())
        assert found.shape == (2, 7, how.max_new)

        def write(weights, how=how):
            return replace(own, parameters=weights).decoding(how).continue_(x, rng())

        assert_same_texts(found, write(own.parameters), own.parameters, write)


def test_draws_follow_the_stream_and_leave_torch_s_own_alone(pair):
    _, model = pair
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = {k: v.tobytes() for k, v in model.state().items()}
    one, two, other = (model.sample(9, rng(k)) for k in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(one, two)
    assert one.shape == (2, 9, T)
    assert not np.array_equal(one, other)
    # 9 rows of 12 tokens out of 64: equal ones would be copies, not draws.
    assert len(np.unique(one[0], axis=0)) == 9
    assert before == {k: v.tobytes() for k, v in model.state().items()}


def test_sampling_draws_from_the_law_it_scores(pair):
    """First tokens of 4,000 draws against exp(token_log_probs), 4 standard errors each.

    Of 64 tokens a few may stray a little further: 5 standard errors and 1 / n bound them all.
    """
    _, model = pair
    n = 4000
    drawn = model.decoding(Sampling(max_new=1)).sample(n, rng(3))[0, :, 0]
    ask = np.stack([np.zeros(V, dtype=np.int64), np.arange(V)], axis=1)
    p = np.exp(model.token_log_probs(np.stack([ask, ask]))[0, :, 0])
    np.testing.assert_allclose(p.sum(), 1.0, rtol=1e-5)
    share = np.bincount(drawn, minlength=V) / n
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n) + 1 / n).all()


def test_nothing_follows_the_end_of_a_text():
    tokens = np.array([[5, 0, 7, 0], [0, 0, 3, 3], [1, 2, 3, 4]])
    expected = [[5, 0, -1, -1], [0, -1, -1, -1], [1, 2, 3, 4]]
    np.testing.assert_array_equal(ended(tokens, 0), expected)


def test_starts_differ_as_they_must(train, base, pair):
    still = {"learning_rate": 1e-12, "epochs": 1}
    from_base = learner(base, training=still).fit(train, rng(3))
    last = learner(base, "last", training=still).fit(train, rng(3), init=pair[1])
    scratch = [fresh(**still).fit(train, rng(k)) for k in (3, 3, 4)]
    assert same(scratch[0], scratch[1])
    name = "model.decoder.embed_tokens.weight"
    tables = [m.parameters[name] for m in (from_base, last, *scratch[1:])]
    np.testing.assert_allclose(tables[1], pair[1].parameters[name], atol=1e-9)
    np.testing.assert_allclose(tables[0][0], tables[0][1], atol=1e-9)
    distinct = [tables[0][0], tables[1][0], tables[1][1], *tables[2], *tables[3]]
    for i, a in enumerate(distinct):
        for b in distinct[:i]:
            assert np.abs(a - b).max() > 1e-4


def test_adapters_leave_the_base_as_it_is(train, base):
    build = learner(base, adapters="lora", rank=2, training={"learning_rate": 0.01})
    model = build.fit(train, rng(1))
    # q and v of two layers, rank 2 of 32 x 32: A and B each.
    assert len(model.parameters) == 8
    assert {v.shape for v in model.parameters.values()} == {(2, 2, 32), (2, 32, 2)}
    assert all("lora_" in name for name in model.parameters)
    whole = learner(base).fit(train, rng(1))
    frozen = dict(model.module.named_parameters())
    kept = learner(base, training={"learning_rate": 1e-12}).fit(train, rng(1))
    prefix = "base_model.model."
    for name, value in kept.parameters.items():
        left, _, right = name.rpartition(".")
        found = frozen.get(f"{prefix}{name}", frozen.get(f"{prefix}{left}.base_layer.{right}"))
        assert not found.requires_grad
        np.testing.assert_allclose(found.detach(), value[0], atol=1e-9)
    assert model.train_loss[0, -1] < model.train_loss[0, 0]
    assert not np.allclose(model.token_log_probs(train.x), kept.token_log_probs(train.x), atol=1e-3)
    assert whole.parameters.keys() == kept.parameters.keys()
    again = build.restore(model.state())
    assert same(again, model)
    np.testing.assert_array_equal(again.sample(3, rng()), model.sample(3, rng()))


def test_fresh_adapters_change_nothing(train, base):
    adapted = learner(base, adapters="lora", training={"learning_rate": 1e-12}).fit(train, rng(1))
    plain = learner(base, training={"learning_rate": 1e-12}).fit(train, rng(1))
    np.testing.assert_allclose(
        adapted.token_log_probs(train.x), plain.token_log_probs(train.x), atol=1e-6
    )


def test_adapters_and_dropout_train_in_two_precisions(train, base):
    for options in ({"adapters": "lora"}, {"dropout": True}):
        losses = [
            learner(base, training={"precision": p}, **options).fit(train, rng(1)).train_loss
            for p in ("float32", "bfloat16")
        ]
        np.testing.assert_allclose(*losses, rtol=0.02)


def test_state_restores_the_same_model(pair, base):
    model = pair[1]
    again = learner(base).restore({k: v.copy() for k, v in model.state().items()})
    assert same(again, model)
    np.testing.assert_array_equal(again.sample(4, rng()), model.sample(4, rng()))
    with pytest.raises(DataError, match="belongs to another network"):
        learner(base).restore(model.state() | {"model.decoder.final_layer_norm.bias": np.ones(3)})


def test_it_resumes_to_the_same_bytes(train):
    class Memory:
        note = None

        def read(self):
            return self.note

        def write(self, arrays):
            if int(arrays["now.step"][0]) == 2:
                self.note = {k: v.copy() for k, v in arrays.items()}

    unbroken, book = fresh().fit(train, rng(4)), Memory()
    assert same(fresh().with_notebook(book).fit(train, rng(4)), unbroken)
    assert same(fresh().with_notebook(book).fit(train, rng(4)), unbroken)


def test_weights_that_could_run_code_are_refused(tmp_path, base):
    (tmp_path / "config.json").write_bytes((base / "config.json").read_bytes())
    torch.save({"a": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"only safetensors are loaded.*convert"):
        learner(tmp_path).fit(Samples.of(np.ones((1, 4, T), dtype=np.int64), 0), rng())


def test_a_model_out_of_reach_says_what_to_do(monkeypatch, train):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    for build in (
        learner("nobody/has-this-model"),
        TransformerLearner(base="nobody/has-this-model"),
    ):
        with pytest.raises(DataError, match=r"nobody/has-this-model.*HF_HOME"):
            build.fit(train, rng())


def test_rows_and_options_that_do_not_fit_are_refused(train, base):
    x = train.x.copy()
    x[0, 0, 1] = V
    with pytest.raises(DataError, match="tokeniser"):
        fresh().fit(Samples.of(x, 0), rng())
    with pytest.raises(SpecError, match="needs a base"):
        HuggingFaceLearner()
    with pytest.raises(SpecError, match="either a base"):
        learner(base, config=CONFIG)
    with pytest.raises(SpecError, match="adapters is 'all'"):
        learner(base, adapters="all")
    with pytest.raises(SpecError, match="learns a little beside a base"):
        learner(base, "scratch", adapters="lora")
    with pytest.raises(SpecError, match="model_type of transformers"):
        learner(start="scratch", config={"model_type": "no such thing"}).fit(train, rng())
    huge = CONFIG | {"hidden_size": 2**20, "word_embed_proj_dim": 2**20, "num_hidden_layers": 9}
    with pytest.raises(FitError, match=r"million parameters.*GiB free"):
        learner(start="scratch", config=huge).fit(train, rng())
