"""Least squares: the coefficients of numpy's own solver, and what it refuses."""

import numpy as np
import pytest

from genloss.core.samplers import Relabelling
from genloss.core.samples import Samples
from genloss.core.statistics import Moments
from genloss.errors import DataError, FitError, SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.models.linear import LeastSquaresLearner, LinearModel
from genloss.realities.regression import Regression

X = np.random.default_rng(1).normal(2.0, 1.0, size=(3, 20, 4))


def test_coefficients_are_those_of_lstsq_from_rows_weights_and_moments():
    weight = np.random.default_rng(2).uniform(0.5, 2.0, size=(3, 20))
    origin = np.zeros((3, 20), dtype=np.int64)
    for w in (np.ones((3, 20)), weight):
        rows = Samples(X, origin, w)
        root = np.sqrt(w)[:, :, None]
        right = [np.linalg.lstsq(a[:, :3], a[:, 3], rcond=None)[0] for a in X * root]
        for data in (rows, Moments.of(rows)):
            model = LeastSquaresLearner().fit(data, np.random.default_rng(0))
            np.testing.assert_allclose(model.coefficients(), right, rtol=1e-9)


def test_it_writes_y_for_the_features_it_is_given_and_nothing_else():
    model = LinearModel(np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([1e-12, 4.0]))
    rows = np.random.default_rng(3).normal(size=(2, 50_000, 3))
    x = Relabelling().ask(model, rows).sample(60_000, np.random.default_rng(4))
    assert x.shape == (2, 60_000, 3)
    np.testing.assert_array_equal(x[:, :50_000, :2], rows[:, :, :2])
    # Of more rows than there are, the features repeat in order.
    np.testing.assert_array_equal(x[:, 50_000:, :2], rows[:, :10_000, :2])
    noise = x[:, :, 2] - (x[:, :, :2] @ model.w[:, :, None])[:, :, 0]
    assert np.abs(noise[0]).max() < 1e-4
    # 4 standard errors of a variance of 60,000 normal numbers: 4 sqrt(2 / 60,000) of it.
    assert abs(noise[1].var() / 4.0 - 1) < 4 * (2 / 60_000) ** 0.5


def test_moments_are_those_of_rows():
    model = Regression(d=2, w=(1.0, -2.0), sigma2=0.5).realise(2, np.random.default_rng(0))
    mean, cov = model.moments()
    rows = model.sample(200_000, np.random.default_rng(5))
    error = 4 * np.sqrt(2 * np.diagonal(cov, axis1=1, axis2=2).max() ** 2 / 200_000)
    np.testing.assert_allclose(rows.mean(axis=1), mean, atol=error)
    for chain in range(2):
        np.testing.assert_allclose(np.cov(rows[chain].T), cov[chain], atol=error)
    log_prob = model.log_prob(rows[:, :3])
    x, y = rows[0, :3, :2], rows[0, :3, 2]
    of_x = -0.5 * (x**2).sum(axis=1) - np.log(2 * np.pi)
    of_y = -((y - x @ [1, -2]) ** 2) / (2 * 0.5) - 0.5 * np.log(2 * np.pi * 0.5)
    np.testing.assert_allclose(log_prob[0], of_x + of_y)


def test_what_cannot_be_fitted_or_asked_says_why():
    learner, rng = LeastSquaresLearner(), np.random.default_rng(0)
    with pytest.raises(DataError, match="rows of a single column"):
        learner.fit(Samples.of(X[:, :, :1], 0), rng)
    with pytest.raises(FitError, match=r"2 rows do not determine 3 coefficients"):
        learner.fit(Samples.of(X[:, :2], 0), rng)
    same = X.copy()
    same[:, :, 1] = 0.0
    with pytest.raises(FitError, match="depend on one another"):
        learner.fit(Samples.of(same, 0), rng)
    with pytest.raises(SpecError, match=r"sigma2 is -1\.0; expected a number above 0"):
        LeastSquaresLearner(-1.0)
    with pytest.raises(SpecError, match="expected one finite number, or d = 2"):
        Regression(d=2, w=(1.0, 2.0, 3.0))
    model = learner.fit(Samples.of(X, 0), rng)
    with pytest.raises(SpecError, match="have no rows; use form = 'rows'"):
        Relabelling().ask(model, None)
    with pytest.raises(SpecError, match="needs a model that writes y"):
        Relabelling().ask(GaussianLearner(ddof=1).fit(Samples.of(X, 0), rng), X)
