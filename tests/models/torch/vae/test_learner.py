"""The VAE as a learner: data forms, state, reproducibility and what it refuses."""

import numpy as np
import pytest
import torch

from genloss.core.abilities import ResumableLearner
from genloss.core.roles import Learner, Model
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Moments
from genloss.errors import DataError, FitError, SpecError
from genloss.metrics.laws import DensityModel
from genloss.models.gaussian import GaussianModel
from genloss.models.torch.device import pick
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def same(a, b) -> bool:
    one, two = a.state(), b.state()
    return one.keys() == two.keys() and all(one[k].tobytes() == two[k].tobytes() for k in one)


@pytest.fixture(scope="module")
def model(digits, learner):
    return learner().fit(digits, rng(1))


def test_the_roles(model, learner):
    assert isinstance(learner(), Learner)
    assert isinstance(learner(), ResumableLearner)
    assert isinstance(model, Model)
    assert not isinstance(model, DensityModel)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_fit_is_a_function_of_data_and_stream(digits, learner, precision):
    build = learner(epochs=1, precision=precision)
    one, two, other = (build.fit(digits, rng(k)) for k in (4, 4, 5))
    assert same(one, two)
    assert not same(one, other)
    assert not np.array_equal(one.parameters["fc.weight"][0], one.parameters["fc.weight"][1])


def test_training_lowers_the_loss_by_far(digits, learner):
    """Untrained, a pixel costs about ln 2 nats, an image 44; twelve epochs save 5 at least."""
    found = learner(epochs=12, batch=10).fit(digits, rng(1)).train_loss / 10
    assert found.shape == (2, 12)
    np.testing.assert_allclose(found[:, 0], 64 * np.log(2), rtol=0.1)
    assert (found[:, -1] < found[:, 0] - 5).all()


def test_precisions_agree(digits, learner):
    one, two = (
        learner(epochs=3, precision=p).fit(digits, rng(1)).train_loss
        for p in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(one, two, rtol=2e-3)


def test_samples_are_images_and_chunks_do_not_show(model, monkeypatch):
    x = model.sample(7, rng(3))
    assert x.shape == (2, 7, 64)
    assert x.dtype == np.float64
    assert (x >= 0).all()
    assert (x <= 1).all()
    monkeypatch.setattr("genloss.models.torch.vae.vae_model.IMAGES_AT_ONCE", 3)
    np.testing.assert_allclose(model.sample(7, rng(3)), x, atol=1e-6)
    assert not np.array_equal(x, model.sample(7, rng(4)))


def test_bernoulli_draws_have_the_means_of_the_decoder(digits, learner, model):
    """Pixel frequencies over n draws against mean images, 4 standard errors of their difference.

    Var of a frequency is at most m (1 - m) / n around the mean over z; both sides vary with z.
    """
    n = 4000
    drawn = learner(output="bernoulli").restore(model.state()).sample(n, rng(8))
    assert set(np.unique(drawn)) == {0.0, 1.0}
    means = model.sample(n, rng(9))
    error = np.sqrt((drawn.var(axis=1) + means.var(axis=1)) / n) + 1e-9
    assert (np.abs(drawn.mean(axis=1) - means.mean(axis=1)) < 4 * error + 1 / n).all()


def test_state_restores_the_same_model(model, learner, digits):
    again = learner().restore({k: v.copy() for k, v in model.state().items()})
    assert same(again, model)
    np.testing.assert_array_equal(again.sample(5, rng()), model.sample(5, rng()))
    np.testing.assert_array_equal(again.encode(digits.x), model.encode(digits.x))
    assert model.encode(digits.x).shape == (2, 60, 20)
    first = learner().restore({k: v[:1] for k, v in model.state().items()})
    np.testing.assert_array_equal(first.encode(digits.x[:1]), model.encode(digits.x)[:1])
    with pytest.raises(ValueError, match="read-only"):
        model.parameters["fc.bias"][...] = 0


def test_a_state_of_another_network_is_refused(model, learner):
    state = model.state() | {"conv1.weight": np.zeros((2, 5, 1, 4, 4), np.float32)}
    with pytest.raises(DataError, match="belongs to another network"):
        learner().restore(state)
    with pytest.raises(DataError, match="784"):
        learner(net="paper").restore(model.state())
    with pytest.raises(DataError, match="latent=7"):
        learner(latent=7).restore(model.state())


def test_weighted_rows_stand_for_repeated_rows(digits, learner):
    """Rows of weight 0 leave no trace, whatever they show; doubled weights barely matter to Adam.

    One batch holds all rows, so that the order of rows only moves the noise.
    """
    build = learner(epochs=4, batch=60)
    weight = np.ones((2, 60))
    weight[:, 40:] = 0
    shown = digits.x.copy()
    shown[:, 40:] = 1 - shown[:, 40:]
    one = build.fit(Samples(digits.x, digits.origin, weight), rng(1))
    two = build.fit(Samples(shown, digits.origin, weight), rng(1))
    np.testing.assert_allclose(one.sample(9, rng(2)), two.sample(9, rng(2)), atol=1e-5)
    plain = build.fit(digits, rng(1)).train_loss
    double = build.fit(Samples(digits.x, digits.origin, np.full((2, 60), 2.0)), rng(1)).train_loss
    np.testing.assert_allclose(double, 2 * plain, rtol=1e-3)


def test_an_endless_source_is_drawn_on_the_device_or_through_numpy(model, learner):
    found = learner().fit(Source.of(model, 60, 1), rng(2))
    assert found.train_loss.shape == (2, 2)
    assert same(found, learner().fit(Source.of(model, 60, 1), rng(2)))

    class Wrapped:
        """The same law without the fast path."""

        n_chains, state = 2, model.state
        sample = staticmethod(model.sample)

    slow = learner().fit(Source.of(Wrapped(), 60, 1), rng(2))
    assert not same(found, slow)
    # Same law, other draws: an epoch's mean of 3 batches of 20 images differs by its noise only.
    np.testing.assert_allclose(found.train_loss, slow.train_loss, rtol=0.1)
    mixed = Source.concat([Source.of(model, 30, 1), Source.of(Wrapped(), 30, 2)])
    assert learner().fit(mixed, rng(2)).train_loss.shape == (2, 2)


def test_a_warm_start_goes_on_from_the_given_model(digits, learner):
    trained = learner(epochs=12, batch=10).fit(digits, rng(1))
    cold, warm = (
        learner(epochs=1).fit(digits, rng(3), init=init).train_loss for init in (None, trained)
    )
    assert (warm < cold - 20 * 5).all()


def test_an_early_stop_returns_the_best_epoch(digits, learner):
    """At this rate the held-out loss of 6 rows soon rises again."""
    few = Samples.of(digits.x[:, :6], 0)
    valid = Samples.of(digits.x[:, 6:], 0)
    build = learner(epochs=60, batch=6, learning_rate=0.02, patience=2)
    found = build.fit(few, rng(1), valid=valid)
    losses = found.held_out_loss
    for row in losses:
        run = row[~np.isnan(row)]
        assert len(run) < 60
        assert np.argmin(run) == len(run) - 3
    # The model kept is the one of the best epoch: a fit of just so many epochs finds it again.
    best = int(np.nanargmin(losses[0])) + 1
    exact = learner(epochs=best, batch=6, learning_rate=0.02).fit(few, rng(1))
    assert exact.parameters["fc.weight"][0].tobytes() == found.parameters["fc.weight"][0].tobytes()
    with pytest.raises(SpecError, match="set held_out"):
        build.fit(few, rng(1))


def test_nothing_of_torch_s_own_is_left_changed(digits, learner, model):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    before = (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype())
    learner(epochs=1).fit(digits, rng())
    model.sample(3, rng())
    after = (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype())
    assert after == before
    assert torch.equal(torch.rand(3), expected)
    with torch.no_grad():
        assert same(learner().fit(digits, rng(1)), model)
        assert not torch.is_grad_enabled()


def test_devices():
    assert pick("cpu").type == "cpu"
    if torch.cuda.is_available():
        assert pick("auto").type == "cuda"
    else:
        assert pick("auto").type == "cpu"
        with pytest.raises(SpecError, match="finds no GPU"):
            pick("cuda")
    with pytest.raises(SpecError, match="expected 'auto', 'cpu' or 'cuda'"):
        pick("tpu")


def test_a_loss_that_is_not_finite_says_where(digits, learner):
    with pytest.raises(FitError, match=r"chain 0.*epoch \d of 40, step \d+; try a learning_rate"):
        learner(epochs=40, learning_rate=1e6).fit(digits, rng())


BAD = {
    "wrong size": (np.full((1, 4, 50), 0.5), r"rows have 50 values.*784.*64"),
    "too bright": (np.full((1, 4, 64), 255.0), r"255.*pixels in \[0, 1\]"),
    "negative": (np.full((1, 4, 64), -0.1), r"-0.1.*pixels in \[0, 1\]"),
    "black": (np.zeros((1, 4, 64)), "all rows of chain 0 are black"),
    "not flat": (np.full((1, 4, 8, 8), 0.5), "flattened"),
    "symbols": (np.ones((1, 4, 64), dtype=np.int64), "real numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_rows_that_are_no_images_are_refused(name, learner):
    x, message = BAD[name]
    with pytest.raises(DataError, match=message):
        learner().fit(Samples.of(x, 0), rng())


def test_other_forms_and_sources_are_refused(learner):
    line = GaussianModel(np.zeros((1, 64)), np.eye(64)[None])
    with pytest.raises(DataError, match=r"reach from -.*pixels in \[0, 1\]"):
        learner().fit(Source.of(line, 10, 0), rng())
    with pytest.raises(DataError, match="got Moments"):
        learner().fit(Moments.of(Samples.of(line.sample(9, rng()), 0)), rng())


OPTIONS = [
    ({"net": "big"}, "net is 'big'"),
    ({"latent": 0}, "latent"),
    ({"beta": -1.0}, "beta"),
    ({"output": "mode"}, "output is 'mode'"),
    ({"epochs": 0}, "epochs"),
    ({"learning_rate": 0.0}, "learning_rate"),
    ({"weight_decay": np.inf}, "weight_decay"),
    ({"precision": "float16"}, "precision"),
    ({"device": "tpu"}, "device"),
    ({"save_every": -1}, "save_every"),
]


@pytest.mark.parametrize(("option", "message"), OPTIONS, ids=[m for _, m in OPTIONS])
def test_options_out_of_range_are_refused(option, message, learner):
    with pytest.raises(ValueError, match=message):
        learner(**option)


def test_the_defaults_are_those_of_the_paper():
    recipe = VAELearner().training
    assert VAELearner() == VAELearner("auto", 20, 1.0, "mean", Training())
    assert (recipe.epochs, recipe.batch) == (30, 256)
    assert (recipe.learning_rate, recipe.weight_decay) == (1e-3, 1e-5)
