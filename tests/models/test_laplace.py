"""Laplace laws: the maximum by hand, weights as copies, the law itself, and what is refused."""

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.errors import DataError, FitError, SpecError
from genloss.models.laplace import LaplaceLearner, LaplaceModel
from genloss.realities.laplace import RandomLaplace

LAW = LaplaceModel(np.array([[0.0, 5.0], [-2.0, 1.0]]), np.array([[1.0, 0.5], [3.0, 2.0]]))


def fit(x, weight=None, **options):
    rows = Samples(np.asarray(x, dtype=float), np.zeros(np.shape(x)[:2], int), weight=weight)
    return LaplaceLearner(**options).fit(rows, np.random.default_rng(0))


def test_the_maximum_is_the_median_and_the_mean_distance_from_it():
    got = fit([[[1.0, 0.0], [2.0, 4.0], [9.0, 8.0]], [[0.0, 0.0], [0.0, 1.0], [6.0, 2.0]]])
    np.testing.assert_allclose(got.centre, [[2, 4], [0, 1]])
    np.testing.assert_allclose(got.scale, [[8 / 3, 8 / 3], [2, 2 / 3]])


@pytest.mark.parametrize("n", [6, 7])
def test_weights_count_like_copies(n):
    rng = np.random.default_rng(n)
    x, times = rng.normal(size=(3, n, 2)), rng.integers(0, 4, size=(3, n))
    times[:, 0] += 1
    weighted = fit(x, times.astype(float))
    for chain in range(3):
        copies = fit(np.repeat(x[chain], times[chain], axis=0)[None])
        np.testing.assert_allclose(weighted.centre[chain], copies.centre[0])
        np.testing.assert_allclose(weighted.scale[chain], copies.scale[0])
    same = fit(x, np.full((3, n), 0.1))
    np.testing.assert_allclose(same.centre, fit(x).centre)
    np.testing.assert_allclose(same.scale, fit(x).scale)


def test_draws_have_the_moments_and_the_density_that_the_model_says():
    x = LAW.sample(200_000, np.random.default_rng(1))
    mean, cov = LAW.moments()
    # 5 standard errors; a Laplace variance v has an error of sqrt(5 v^2 / n).
    v = np.diagonal(cov, axis1=1, axis2=2)
    assert (np.abs(x.mean(axis=1) - mean) < 5 * np.sqrt(v / 200_000)).all()
    assert (np.abs(x.var(axis=1) / v - 1) < 5 * np.sqrt(5 / 200_000)).all()
    # The entropy of a coordinate is 1 + ln(2 scale), with a standard deviation of 1.
    entropy = (1 + np.log(2 * LAW.scale)).sum(axis=1)
    assert (np.abs(-LAW.log_prob(x).mean(axis=1) - entropy) < 5 * np.sqrt(2 / 200_000)).all()


def test_random_laws_have_the_variances_of_random_gaussians():
    law = RandomLaplace(d=4, ridge=0.5).realise(20_000, np.random.default_rng(2))
    variance = np.diagonal(law.moments()[1], axis1=1, axis2=2)
    assert variance.min() > 0.5
    # chi^2 of 4 degrees, and the ridge: mean 4.5, variance 8.
    assert abs(variance.mean() - 4.5) < 4 * np.sqrt(8 / 80_000)
    assert abs(law.centre.mean()) < 4 / np.sqrt(80_000)


def test_what_cannot_be_fitted_says_why():
    with pytest.raises(FitError, match="chain 0 are equal in coordinate 1"):
        fit([[[1.0, 2.0], [3.0, 2.0]]])
    np.testing.assert_allclose(fit([[[1.0, 2.0], [3.0, 2.0]]], floor=0.5).scale, [[1.5, 0.5]])
    with pytest.raises(SpecError, match="floor is -1"):
        LaplaceLearner(floor=-1)
    with pytest.raises(DataError, match="rows of numbers"):
        LaplaceLearner().fit(Samples.of(np.array([[1, 2]]), 0), np.random.default_rng(0))
    with pytest.raises(DataError, match="centre and scale have shapes"):
        LaplaceModel(np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(SpecError, match="ridge is 0"):
        RandomLaplace(ridge=0)
