"""Flow matching as a learner: what differs from diffusion."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from genloss.core.abilities import ResumableLearner
from genloss.core.roles import Learner
from genloss.core.samplers import Denoising, DenoisingModel
from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.modes import surviving_modes
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.denoising.flow import FlowLearner
from genloss.models.torch.training import Training
from genloss.realities.mixtures import ModeGrid


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def small(**fields) -> FlowLearner:
    training = Training(
        epochs=fields.pop("epochs", 2), batch=50, learning_rate=5e-3, weight_decay=0.0,
        rate="cosine", device="cpu",
    )  # fmt: skip
    return FlowLearner(**{"steps": 10, "width": 48, "channels": 8, "training": training} | fields)


def gaussian(n=600) -> Samples:
    """Two chains of N((3, -1), diag(1, 9))."""
    return Samples.of([3.0, -1.0] + [1.0, 3.0] * rng(1).standard_normal((2, n, 2)), 0)


@pytest.fixture(scope="module", autouse=True)
def one_thread_for_all():
    """Also for the fit that several tests share."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model():
    return small(epochs=40).fit(gaussian(), rng(1))


@pytest.mark.slow
def test_the_roles(model):
    assert isinstance(small(), Learner)
    assert isinstance(small(), ResumableLearner)
    assert isinstance(model, DenoisingModel)


@pytest.mark.slow
def test_a_gaussian_is_learned(model):
    """Far nearer than the standard normal it starts from: mean within 0.3 sd, sd within 20 %."""
    x = model.sample(2000, rng())
    np.testing.assert_allclose(x.mean(1), [[3, -1]] * 2, atol=0.3 * 3)
    np.testing.assert_allclose(x[..., 0].mean(1), 3, atol=0.3)
    np.testing.assert_allclose(x.std(1), [[1, 3]] * 2, rtol=0.2)


@pytest.mark.slow
def test_the_25_modes_are_found():
    """Independent rows of the baseline, a Gaussian as wide, hit modes of 9 sd^2 area rarely."""
    p_0 = ModeGrid().realise(1, rng())
    centres, radius = p_0.modes()
    x = p_0.sample(3000, rng(1))
    training = small(epochs=50).training
    for build in (small(width=64, epochs=50), DiffusionLearner(100, width=64, training=training)):
        drawn = build.fit(Samples.of(x, 0), rng()).sample(2000, rng())
        near = np.linalg.norm(drawn[0][:, None] - centres, axis=2).min(1) < radius
        assert surviving_modes(drawn, centres, radius, 0.01)[0] == 25
        assert near.mean() > 0.75
        wide = x.std() * rng().standard_normal((2000, 2))
        assert (np.linalg.norm(wide[:, None] - centres, axis=2).min(1) < radius).mean() < 0.1


def test_eta_is_ignored_and_steps_are_free(model):
    one, two = (Denoising(7, eta).ask(model).sample(5, rng()) for eta in (0.0, 1.0))
    np.testing.assert_array_equal(one, two)
    default = Denoising().ask(model).sample(5, rng())
    np.testing.assert_array_equal(default, model.sample(5, rng()))
    np.testing.assert_array_equal(Denoising(10).ask(model).sample(5, rng()), default)
    fine = [Denoising(m).ask(model).sample(50, rng()) for m in (5, 10, 100, 400)]
    errors = [np.abs(x - fine[3]).max() for x in fine[:3]]
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.slow
def test_solvers_agree_in_fine_steps(model):
    euler, heun = (small(solver=s, steps=400).restore(model.state()) for s in ("euler", "heun"))
    np.testing.assert_allclose(euler.sample(20, rng()), heun.sample(20, rng()), atol=0.1)
    assert not np.array_equal(euler.sample(20, rng()), heun.sample(20, rng()))


def test_a_state_of_a_diffusion_is_refused(model):
    diffusion = DiffusionLearner(10, width=48, training=small().training)
    trained = diffusion.fit(gaussian(50), rng())
    for learner, other in ((small(), trained), (diffusion, model)):
        with pytest.raises(DataError, match="belongs to another process"):
            learner.restore(other.state())


def test_images_stay_in_their_range(digits):
    x = small().fit(digits, rng()).sample(6, rng())
    assert x.shape == (2, 6, 64)
    assert ((x >= 0) & (x <= 1)).all()


def test_what_it_refuses(model):
    with pytest.raises(SpecError, match=r"needs a flow_matching model.*set conditioning"):
        Denoising(guidance=0.5).ask(model)
    with pytest.raises(SpecError, match="solver is 'rk4'"):
        small(solver="rk4")
    with pytest.raises(ValueError, match="steps"):
        small(steps=0)


@pytest.mark.parametrize("kind", [DiffusionLearner, FlowLearner])
def test_one_epoch_of_a_fit_is_the_same_learner_otherwise(kind):
    learner = kind(steps=7, width=9, classes=3, conditioning="labels", training=Training(epochs=4))
    once, epochs = learner.one_epoch()
    assert epochs == 4
    assert once.training.epochs == 1
    assert replace(once, training=learner.training) == learner
    assert once.recipe().process == learner.process()
    assert once.recipe().process.steps == 7
