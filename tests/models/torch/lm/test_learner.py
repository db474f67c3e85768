"""The decoder as a learner: where it starts, what it learns, what it refuses."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from genloss.core.abilities import ResumableLearner
from genloss.core.decoding import PromptedModel, Sampling
from genloss.core.roles import Learner
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import Source
from genloss.core.text import lengths
from genloss.errors import DataError, FitError, SpecError
from genloss.models.gaussian import GaussianModel
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner, pretrain

V, T, END = 64, 12, 0


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def learner(start="scratch", base="", keep="last", **training) -> TransformerLearner:
    recipe = {"epochs": 1, "batch": 16, "learning_rate": 3e-3, "device": "cpu", "save_every": 2}
    return TransformerLearner(
        base=str(base),
        start=start,
        vocabulary=V,
        width=32,
        layers=2,
        heads=2,
        positions=16,
        end=END,
        training=FineTuning(**recipe | training, keep=keep),
    )


def texts(n: int, key: int = 0, chains: int = 2) -> np.ndarray:
    """An end token, then i, i + 1, i + 2, ... for 2 to 8 tokens, then the end token; filled up."""
    draw = rng(key)
    x = np.full((chains, n, T), NO_TOKEN)
    for row in x.reshape(-1, T):
        length, first = draw.integers(2, 9), draw.integers(1, 50)
        row[: length + 2] = [END, *range(first, first + length), END]
    return x


def same(a, b) -> bool:
    one, two = a.state(), b.state()
    return one.keys() == two.keys() and all(one[k].tobytes() == two[k].tobytes() for k in one)


@pytest.fixture(scope="module", autouse=True)
def on_one_thread():
    """Before the models of this module are made: bits depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def train() -> Samples:
    return Samples.of(texts(64), 0)


@pytest.fixture(scope="module")
def model(train):
    return learner().fit(train, rng(1))


@pytest.fixture(scope="module")
def base(tmp_path_factory, model):
    folder = tmp_path_factory.mktemp("base")
    save_checkpoint(folder, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    return folder


@pytest.fixture(scope="module")
def fluent():
    """A model of the toy language, one chain."""
    return learner(epochs=30).fit(Samples.of(texts(256, 5, 1), 0), rng(1))


def test_the_roles(model):
    assert isinstance(learner(), Learner)
    assert isinstance(learner(), ResumableLearner)
    assert isinstance(model, PromptedModel)
    assert (model.vocabulary, model.end, model.n_chains) == (V, END, 2)


def test_a_fit_is_a_function_of_data_and_stream(train, model):
    assert same(learner().fit(train, rng(1)), model)
    assert not same(learner().fit(train, rng(2)), model)
    first = next(iter(model.parameters.values()))
    assert not np.array_equal(first[0], first[1])


@pytest.mark.slow
def test_it_learns_where_texts_end(fluent):
    """All texts of the language end within 10 tokens, so nearly all sampled rows must too.

    Of 400 rows 95 % must end; an end that is never learned would leave them all open.
    """
    rows = fluent.sample(400, rng(2))
    assert rows.shape == (1, 400, T)
    ends = (rows == END).any(axis=2)
    assert ends.mean() > 0.95
    # The end token is the last of its row; rows have the lengths of texts: 3 to 9 tokens.
    used = lengths(rows)[ends]
    assert (np.take_along_axis(rows[ends], used[:, None] - 1, axis=1) == END).all()
    assert (rows[ends] == END).sum() == ends.sum()
    assert np.median(used) == pytest.approx(6, abs=1)


def test_scores_are_those_of_a_plain_softmax(fluent, monkeypatch):
    x = texts(9, 7, 1)
    weights = fluent.weights(0)
    known = torch.from_numpy(x[0]).clamp(min=0)
    logits = fluent.decoder.logits(weights, fluent.decoder.hidden(weights, known[:, :-1]))
    log_p = logits.double().log_softmax(-1)
    expected = log_p.gather(2, known[:, 1:, None])[..., 0].numpy()
    expected[x[0, :, 1:] == NO_TOKEN] = 0.0
    found = fluent.token_log_probs(x)
    assert found.shape == (1, 9, T - 1)
    np.testing.assert_allclose(found[0], expected, atol=2e-5)
    used = x[0, :, 1:] != NO_TOKEN
    spread = -(log_p.exp() * log_p).sum(-1).numpy()
    np.testing.assert_allclose(fluent.token_entropies(x)[0][used], spread[used], atol=2e-5)
    monkeypatch.setattr("genloss.models.torch.lm.scoring.TOKENS", {"cpu": 2 * T})
    monkeypatch.setattr("genloss.models.torch.lm.scoring.CELLS", {"cpu": 5 * V})
    np.testing.assert_allclose(fluent.token_log_probs(x), found, atol=2e-5)


def test_fillings_are_never_learned(train):
    """A row of one token has no target, so it changes nothing but the batches it is in."""
    x = np.full((2, 16, T), NO_TOKEN)
    x[:, :, 0] = 9
    whole = learner(batch=80).fit(Samples.of(train.x, 0), rng(1))
    mixed = learner(batch=80).fit(Samples.of(np.concatenate([train.x, x], axis=1), 0), rng(1))
    for name, value in whole.parameters.items():
        np.testing.assert_allclose(mixed.parameters[name], value, atol=2e-5, err_msg=name)


def test_weights_count_rows(train):
    """Weight 0 hides a row, whatever it holds; all weights doubled change no mean."""
    weight = np.ones((2, 64))
    weight[:, 40:] = 0
    shown = train.x.copy()
    shown[:, 40:, 1:3] = 60
    build = learner(epochs=2, batch=64)
    fits = [build.fit(Samples(x, train.origin, weight), rng(1)) for x in (train.x, shown)]
    assert same(*fits)
    doubled = build.fit(Samples(train.x, train.origin, 2 * weight), rng(1))
    np.testing.assert_allclose(doubled.train_loss, fits[0].train_loss, rtol=1e-5)
    assert not same(build.fit(train, rng(1)), fits[0])


def test_starts_differ_as_they_must(train, model, base):
    """A rate near 0 leaves every start where it is."""
    still = {"learning_rate": 1e-12, "batch": 64}
    parameters = {
        "base": learner("base", base, **still).fit(train, rng(3)).parameters,
        "last": learner("last", **still).fit(train, rng(3), init=model).parameters,
        "first of last": learner("last", base, **still).fit(train, rng(3)).parameters,
        "scratch": learner("scratch", base, **still).fit(train, rng(3)).parameters,
        "scratch again": learner("scratch", base, **still).fit(train, rng(4)).parameters,
    }
    for name, of_model in model.parameters.items():
        close = {"atol": 1e-9, "err_msg": name}
        for start in ("base", "first of last"):
            # All chains begin at the one base.
            expected = np.stack([of_model[0], of_model[0]])
            np.testing.assert_allclose(parameters[start][name], expected, **close)
        np.testing.assert_allclose(parameters["last"][name], of_model, **close)
    table = next(iter(model.parameters))
    drawn = [*parameters["scratch"][table], *parameters["scratch again"][table], model.parameters]
    assert not np.allclose(drawn[0], drawn[1], atol=1e-3)
    assert not np.allclose(drawn[0], drawn[2], atol=1e-3)


def test_a_model_that_would_be_ignored_is_refused(train, model, base):
    with pytest.raises(SpecError, match=r"start = 'base'.*warm_start"):
        learner("base", base).fit(train, rng(), init=model)
    line = GaussianModel(np.zeros((2, 1)), np.ones((2, 1, 1)))
    with pytest.raises(DataError, match="cannot go on from GaussianModel"):
        learner("last").fit(train, rng(), init=line)


def test_the_best_epoch_by_held_out_rows_is_kept(train):
    """At this rate 8 rows are soon learned by heart; the fit of just so many epochs agrees."""
    few, valid = Samples.of(train.x[:, :8], 0), Samples.of(texts(32, 8), 0)
    found = learner(epochs=20, learning_rate=0.02, keep="best").fit(few, rng(1), valid=valid)
    losses = found.held_out_loss
    assert losses.shape == (2, 20)
    best = losses.argmin(axis=1)
    assert (best < 19).all()
    nll = -found.token_log_probs(valid.x).sum(axis=(1, 2)) / (valid.x[:, :, 1:] >= 0).sum((1, 2))
    np.testing.assert_allclose(nll, losses.min(axis=1), rtol=1e-5)
    with pytest.raises(SpecError, match="set held_out"):
        learner(keep="best").fit(few, rng(1))


class Died(Exception):
    """The process would be gone here."""


class Memory:
    """A notebook that dies after so many writes."""

    def __init__(self, left=10**9, note=None):
        self.left, self.note, self.steps = left, note, []

    def read(self):
        return None if self.note is None else {k: v.copy() for k, v in self.note.items()}

    def write(self, arrays):
        self.note = {k: v.copy() for k, v in arrays.items()}
        self.steps.append(int(arrays["now.step"][0]))
        if len(self.steps) == self.left:
            raise Died


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_died_after_any_note_it_resumes_to_the_same_bytes(train, base, precision):
    valid = Samples.of(texts(8, 9), 0)
    build = learner("base", base, "best", epochs=2, precision=precision)
    unbroken = build.fit(train, rng(2), valid=valid)
    whole = Memory()
    assert same(build.with_notebook(whole).fit(train, rng(2), valid=valid), unbroken)
    assert whole.steps == [2, 4, 6] * 2
    for k in (1, 2, 5):
        broken = Memory(k)
        with pytest.raises(Died):
            build.with_notebook(broken).fit(train, rng(2), valid=valid)
        resumed = Memory(note=broken.note)
        assert same(build.with_notebook(resumed).fit(train, rng(2), valid=valid), unbroken)
        assert resumed.steps == whole.steps[k:]


def test_state_restores_the_same_model(model, base):
    state = {k: v.copy() for k, v in model.state().items()}
    again = learner().restore(state)
    assert same(again, model)
    np.testing.assert_array_equal(again.sample(5, rng()), model.sample(5, rng()))
    assert again.sample(5, rng()).shape == (2, 5, T)
    assert same(learner("base", base).restore(state), model)
    with pytest.raises(ValueError, match="read-only"):
        next(iter(model.parameters.values()))[...] = 0
    with pytest.raises(DataError, match="belongs to another network"):
        TransformerLearner(start="scratch", vocabulary=V).restore(state)


def test_asking_never_changes_a_model(model):
    before = {k: v.tobytes() for k, v in model.state().items()}
    model.sample(3, rng())
    model.decoding(Sampling(max_new=4)).continue_(texts(3)[:, :, :2], rng())
    model.token_log_probs(texts(3))
    assert before == {k: v.tobytes() for k, v in model.state().items()}


def test_a_source_is_learned_from(model):
    one, two = (learner().fit(Source.of(model, 32, 1), rng(2)) for _ in range(2))
    assert same(one, two)
    assert one.block == T


@dataclass
class Text:
    """A text as a reality, and as its own p_0: 60 rows of tokens."""

    n_rows: int = 60
    n_chains: int = 1

    def realise(self, n_chains, rng):
        return self

    def rows(self, start, n):
        return texts(60, 4, 1)[:, start : start + n]

    def split(self, m):
        return Text(60 - m), self.rows(60 - m, m)

    def labels_of(self, start, n):
        return None

    def sample(self, n, rng):
        return self.rows(0, n)

    def state(self):
        return {}


def test_a_base_is_made_from_a_text(tmp_path, train):
    found = pretrain(learner(epochs=2, keep="best"), Text(), tmp_path / "new", rng(3))
    assert found.n_chains == 1
    assert found.held_out_loss.shape == (1, 2)
    still = learner("base", tmp_path / "new", learning_rate=1e-12).fit(train, rng(1))
    for name, value in found.parameters.items():
        np.testing.assert_allclose(still.parameters[name][1], value[0], atol=1e-9)


def test_the_identity_of_a_base_is_its_content(base, tmp_path, model):
    copied = tmp_path / "copied"
    save_checkpoint(copied, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    one, two = learner("base", base).identity(), learner("base", copied).identity()
    assert one == two
    assert one["base"].startswith("sha256:")
    save_checkpoint(copied, model.decoder, {k: v[1] for k, v in model.parameters.items()})
    assert learner("base", copied).identity() != one
    assert learner("base", "facebook/opt-125m").identity() == {"base": "facebook/opt-125m"}
    assert learner().identity() == {}


def test_rows_that_do_not_fit_are_refused(model, base, tmp_path):
    x = texts(8)
    wrong, long, real = x.copy(), np.ones((2, 4, 17), dtype=np.int64), np.ones((2, 4, 3))
    wrong[0, 0, 1] = V
    for rows, message in ((wrong, "tokeniser"), (long, "reads 16 at most"), (real, "integers")):
        with pytest.raises(DataError, match=message):
            learner().fit(Samples.of(rows, 0), rng())
    with pytest.raises(DataError, match="tokeniser"):
        model.token_log_probs(wrong)
    empty = np.full((2, 4, T), NO_TOKEN)
    empty[:, :, 0] = END
    empty[0, 0, 1] = 3
    with pytest.raises(FitError, match="no row of chain 1 has a second token"):
        learner().fit(Samples.of(empty, 0), rng())
    with pytest.raises(DataError, match="is not a folder"):
        learner("base", tmp_path / "nowhere").fit(Samples.of(x, 0), rng())
    with pytest.raises(FitError, match=r"epoch \d of 9.*learning_rate"):
        learner(epochs=9, learning_rate=1e30).fit(Samples.of(x, 0), rng())


def test_a_model_too_large_for_the_memory_is_refused(train):
    """A million times a million parameters: no machine holds them, and none are allocated."""
    huge = TransformerLearner(start="scratch", vocabulary=V, width=2**20, layers=1000, heads=2**10)
    with pytest.raises(FitError, match=r"million parameters x 24 bytes.*GiB free"):
        huge.fit(train, rng())


def test_options_out_of_range_are_refused():
    with pytest.raises(SpecError, match=r"needs a base.*`pretrain`"):
        TransformerLearner()
    with pytest.raises(SpecError, match="start is 'warm'"):
        learner("warm")
    with pytest.raises(SpecError, match="precision is 'float16'"):
        TransformerLearner(start="scratch", precision="float16")
    with pytest.raises(SpecError, match="end is 99"):
        TransformerLearner(start="scratch", vocabulary=V, end=99)
