"""Samplers: the model as it is asked, never the model itself."""

import numpy as np
import pytest

from genloss.core.samplers import Ancestral, Denoising, Relabelling, Shrinkage
from genloss.errors import SpecError
from genloss.models.categorical import CategoricalModel
from genloss.models.gaussian import GaussianModel
from genloss.models.kde import KDEModel
from genloss.models.linear import LinearModel
from genloss.models.mixture.mixture import MixtureModel

MEAN = np.array([[1.0, -2.0], [0.0, 3.0]])
COV = np.array([[[2.0, 0.6], [0.6, 1.0]], [[1.0, 0.0], [0.0, 9.0]]])
GAUSSIAN = GaussianModel(MEAN, COV)
MIXTURE = MixtureModel(
    np.array([[0.3, 0.7]]), np.array([[[0.0, 0.0], [5.0, 1.0]]]), np.stack([COV])
)
KDE = KDEModel(np.array([[[0.0, 0.0], [4.0, 2.0]]]), np.array([0.5]))


def test_ancestral_asks_the_model_itself():
    assert Ancestral().ask(GAUSSIAN) is GAUSSIAN


@pytest.mark.parametrize("lam", [0.0, 0.25, 1.0])
def test_shrinkage_multiplies_covariances_exactly_and_leaves_centres(lam):
    asked = Shrinkage(lam).ask(GAUSSIAN)
    np.testing.assert_array_equal(asked.mean, MEAN)
    np.testing.assert_allclose(asked.cov, lam * COV, rtol=1e-15)
    asked = Shrinkage(lam).ask(MIXTURE)
    np.testing.assert_array_equal(asked.means, MIXTURE.means)
    np.testing.assert_array_equal(asked.weights, MIXTURE.weights)
    np.testing.assert_allclose(asked.covs, lam * MIXTURE.covs, rtol=1e-15)
    asked = Shrinkage(lam).ask(KDE)
    np.testing.assert_array_equal(asked.x, KDE.x)
    np.testing.assert_allclose(asked.bandwidth**2, lam * KDE.bandwidth**2, rtol=1e-15)


@pytest.mark.parametrize("model", [GAUSSIAN, MIXTURE, KDE])
def test_the_model_is_not_changed_by_being_asked(model):
    before = {k: v.copy() for k, v in model.state().items()}
    Shrinkage(0.1).ask(model).sample(5, np.random.default_rng(0))
    for name, value in model.state().items():
        np.testing.assert_array_equal(value, before[name])


def test_shrunk_samples_have_the_shrunk_covariance():
    """Entries of a sample covariance of n normal rows: Var = (s_ii s_jj + s_ij^2) / (n - 1)."""
    n, lam = 20_000, 0.3
    x = Shrinkage(lam).ask(GAUSSIAN).sample(n, np.random.default_rng(1))
    for chain in range(2):
        right = lam * COV[chain]
        error = np.sqrt((np.outer(np.diag(right), np.diag(right)) + right**2) / (n - 1))
        assert (np.abs(np.cov(x[chain].T) - right) < 4 * error).all()


def test_shrunk_to_nothing_repeats_the_centre():
    x = Shrinkage(0.0).ask(GAUSSIAN).sample(4, np.random.default_rng(1))
    np.testing.assert_array_equal(x, np.broadcast_to(MEAN[:, None], (2, 4, 2)))


@pytest.mark.parametrize("lam", [-0.01, 1.01, 50, float("nan"), float("inf"), "1"])
def test_lam_outside_the_unit_interval_is_refused(lam):
    with pytest.raises(SpecError, match=r"shrinkage: lam is .*; must lie in \[0, 1\]"):
        Shrinkage(lam)


def test_a_model_without_a_variance_cannot_be_shrunk():
    with pytest.raises(SpecError, match="got CategoricalModel; use the ancestral sampler"):
        Shrinkage(0.5).ask(CategoricalModel(np.array([[0.5, 0.5]])))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"steps": -1}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"eta": 1.5}, "eta is 1.5; must lie in"),
        ({"guidance": -0.1}, "guidance is -0.1; expected 0 or more"),
        ({"guidance": float("nan")}, "guidance is nan"),
        ({"guidance": float("inf")}, "guidance is inf"),
    ],
)
def test_denoising_options_out_of_range_are_refused(options, why):
    with pytest.raises(ValueError, match=why):
        Denoising(**options)


def test_guidance_is_the_sampling_bias_of_alemohammad():
    assert [Denoising(guidance=w).lam for w in (0.0, 1.0, 3.0)] == [1.0, 0.5, 0.25]


def test_a_model_without_steps_cannot_be_denoised():
    with pytest.raises(SpecError, match="got GaussianModel; use the ancestral sampler"):
        Denoising(steps=10).ask(GAUSSIAN)


def test_new_labels_keep_all_features_which_repeat_in_order():
    """y = x_1 + 10 x_2, without noise."""
    model = LinearModel(np.array([[1.0, 10.0]]), np.array([0.0]))
    rows = np.array([[[1.0, 2, 99], [3, 4, 99], [5, 6, 99]]])
    found = Relabelling().ask(model, rows).sample(4, np.random.default_rng(0))
    np.testing.assert_allclose(found, [[[1, 2, 21], [3, 4, 43], [5, 6, 65], [1, 2, 21]]])
