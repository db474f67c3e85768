"""What is special about the mixture experiment: settings, the moment law, two references of L2."""

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.metrics.arrays import mixtures
from genloss.models.gaussian import GaussianModel
from genloss.models.mixture.mixture import MixtureLearner
from genloss.published.experiments import load_experiment

PUBLISHED = {"stds": (0.01000, 0.01115), "squared_l2": 536.28}


def blob(chains):
    return GaussianModel(np.zeros((chains, 2)), np.tile(np.eye(2), (chains, 1, 1)))


def recursion(n, generations, chains, seed=0):
    """p_1 ... p_T of the notebook's recursion, and the rows that each was fitted to."""
    rng = np.random.default_rng(seed)
    learner = MixtureLearner(2, tol=1e-5, max_iter=2000, reg_covar=1e-6)
    x = blob(chains).sample(n, rng)
    for _ in range(generations):
        model = learner.fit(Samples.of(x, 0), rng)
        yield model, x
        x = model.sample(n, rng)


def test_the_settings_are_the_notebook_s():
    paper = load_experiment("shumailov-2024-gmm", "paper")
    rows = [500, 1000, 10_000, 50_000, 200_000]
    assert [study.n_real for study in paper.studies.values()] == rows
    for study in paper.studies.values():
        assert study.learner == MixtureLearner(2, "full", tol=1e-5, max_iter=2000, reg_covar=1e-6)
        assert study.generations == 2050
        assert study.keep.times(2050) == {0, 50, 100, 150, 200, 350, 2000}
        # A quantile of one published draw is judged among at least so many.
        assert study.chains >= 200


@pytest.mark.parametrize("n", [20, 200])
def test_a_fit_keeps_mean_and_covariance_of_its_rows(n):
    # Hence the law of the whole mixture's spread: that of maximum likelihood, plus reg_covar.
    for model, x in recursion(n, generations=4, chains=5):
        mean, cov = model.moments()
        np.testing.assert_allclose(mean, x.mean(axis=1), atol=1e-12)
        for chain in range(5):
            expected = np.cov(x[chain].T, bias=True) + 1e-6 * np.eye(2)
            np.testing.assert_allclose(cov[chain], expected, atol=1e-12)


@pytest.mark.slow
def test_measuring_against_the_blob_differs_from_the_first_fit_by_the_triangle_inequality():
    # The notebook compares with its first fit. |L - L'| <= delta, whence |L^2 - L'^2| is at most
    # delta^2 + 2 delta L, where delta is the distance of the first fit from the blob.
    chains = 20
    path = [model for model, _ in recursion(200, generations=60, chains=chains)]
    real = (np.ones((chains, 1)), np.zeros((chains, 1, 2)), np.tile(np.eye(2), (chains, 1, 1, 1)))
    delta2 = mixtures.squared_l2(*path[0].mixture(), *real)
    for model in path[1::20]:
        ours = mixtures.squared_l2(*model.mixture(), *real)
        theirs = mixtures.squared_l2(*model.mixture(), *path[0].mixture())
        assert (abs(ours - theirs) <= delta2 + 2 * np.sqrt(delta2 * ours) + 1e-12).all()
    assert (mixtures.squared_l2(*path[0].mixture(), *path[0].mixture()) < 1e-12).all()
    assert (delta2 > 0).all()


def test_the_published_widths_and_the_published_distance_fit_together():
    # Two round components of the printed widths and equal weights lie between "far apart" and "on
    # top of each other"; the printed 536.28 lies inside, so both describe the same last mixture.
    means = np.zeros((2, 2, 2))
    means[0, 1, 0] = 1.0
    covs = np.tile(np.eye(2), (2, 2, 1, 1))
    covs *= np.square(PUBLISHED["stds"])[None, :, None, None]
    real = (np.ones((2, 1)), np.zeros((2, 1, 2)), np.tile(np.eye(2), (2, 1, 1, 1)))
    apart, together = mixtures.squared_l2(np.full((2, 2), 0.5), means, covs, *real)
    a, b = np.square(PUBLISHED["stds"])
    np.testing.assert_allclose(apart, (1 / a + 1 / b) / (16 * np.pi), rtol=1e-2)
    assert apart < PUBLISHED["squared_l2"] < together
