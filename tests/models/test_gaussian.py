"""Gaussian models against SciPy and closed forms."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, wishart

from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Moments
from genloss.errors import DataError, FitError, SpecError
from genloss.models.gaussian import (
    GaussianLearner,
    GaussianModel,
    PriorGaussianLearner,
    wishart_factor,
)
from genloss.theory import gaussian, moments

COV = np.array([[[2.0, 0.6], [0.6, 1.0]], [[1.0, -0.3], [-0.3, 9.0]]])
MODEL = GaussianModel(np.array([[1.0, -2.0], [0.0, 3.0]]), COV)
SINGULAR = GaussianModel(np.zeros((2, 2)), np.array([COV[0], [[1.0, 1.0], [1.0, 1.0]]]))


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def test_log_prob_is_scipys():
    x = rng(1).normal(size=(2, 30, 2)) * 4
    found = MODEL.log_prob(x)
    for c in range(2):
        right = multivariate_normal(MODEL.mean[c], COV[c]).logpdf(x[c])
        np.testing.assert_allclose(found[c], right, rtol=1e-12)


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_fit_is_the_sample_mean_and_covariance(ddof):
    x = rng(2).normal(size=(2, 7, 3))
    model = GaussianLearner(ddof).fit(Samples.of(x, 0), rng())
    for c in range(2):
        np.testing.assert_allclose(model.mean[c], x[c].mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(model.cov[c], np.cov(x[c].T, ddof=ddof), rtol=1e-12, atol=1e-15)
    again = GaussianLearner(ddof).fit(Moments.of(Samples.of(x, 0)), rng())
    np.testing.assert_array_equal(again.cov, model.cov)


def test_the_two_estimators_collapse_at_different_rates():
    """Replacing at n = 5 for 10 steps: E trace / trace_0 is 0.8^10 for ddof 0, and 1 for ddof 1.

    Both against the law of genloss.theory, within 4 standard errors of the 4000 chains.
    """
    chains, n, steps = 4000, 5, 10
    for ddof in (0, 1):
        learner, stream = GaussianLearner(ddof), rng(3)
        model = GaussianModel(np.zeros((chains, 1)), np.ones((chains, 1, 1)))
        for _ in range(steps):
            model = learner.fit(model.sample_moments(n, stream, 1), stream)
        found = model.cov[:, 0, 0]
        right = float(moments.replace(steps, n, ddof=ddof).spread)
        np.testing.assert_allclose(right, 1.0 if ddof else 0.8**steps)
        # Heavy tails: the error from the exact variance, not from the sample.
        growth = (n + 1) * (n - 1) / (n - ddof) ** 2
        error = np.sqrt((growth**steps - right**2) / chains)
        assert abs(found.mean() - right) < 4 * error


def test_expected_sigma_of_one_fit_is_the_closed_form():
    """Var(sigma hat) = Var(S) with the exact mean known: error from the rows themselves."""
    x = rng(4).normal(size=(20_000, 10, 1))
    sigma = np.sqrt(GaussianLearner(0).fit(Samples.of(x, 0), rng()).cov[:, 0, 0])
    right = float(gaussian.expected_sigma(1, 10, ddof=0))
    assert abs(sigma.mean() - right) < 4 * sigma.std() / np.sqrt(sigma.size)


def test_bartlett_factors_have_the_wishart_law():
    """Each entry of W has mean df I and variance df (I + I I): here to 4 standard errors."""
    chains, d, df = 20_000, 3, 5
    a = wishart_factor(chains, d, df, rng(5))
    assert np.abs(np.triu(a, 1)).max() == 0
    w = a @ a.transpose(0, 2, 1)
    error = np.sqrt(wishart(df, np.eye(d)).var() / chains)
    assert (np.abs(w.mean(axis=0) - df * np.eye(d)) < 4 * error).all()


def test_a_singular_covariance_is_sampled_in_its_plane_and_has_no_density():
    x = SINGULAR.sample(50, rng())
    np.testing.assert_allclose(x[1, :, 0], x[1, :, 1], atol=1e-12)
    assert np.ptp(x[1, :, 0]) > 1
    assert np.linalg.matrix_rank(np.cov(x[0].T)) == 2
    with pytest.raises(FitError, match=r"chain 1 has a singular covariance .* no density; measure"):
        SINGULAR.log_prob(x)


def test_more_dimensions_than_rows_give_a_singular_fit_that_still_samples():
    model = GaussianLearner(1).fit(Samples.of(rng().normal(size=(1, 4, 10)), 0), rng())
    assert np.linalg.matrix_rank(model.cov[0]) == 3
    again = GaussianLearner(1).fit(Samples.of(model.sample(100, rng()), 1), rng())
    assert np.linalg.matrix_rank(again.cov[0], tol=1e-9) == 3


def test_a_chain_that_has_collapsed_to_a_point_stays_one():
    model = GaussianModel(np.ones((1, 1)), np.zeros((1, 1, 1)))
    np.testing.assert_array_equal(model.sample(3, rng()), 1.0)
    drawn = model.sample_moments(3, rng(), 1)
    assert (drawn.mean[0, 0], drawn.scatter[0, 0, 0]) == (1.0, 0.0)


@pytest.mark.parametrize(("ddof", "n"), [(1, 1)])
def test_too_few_rows_leave_no_degrees_of_freedom(ddof, n):
    with pytest.raises(FitError, match=r"1 row.s. leave no degrees of freedom .* use at least 2"):
        GaussianLearner(ddof).fit(Samples.of(np.zeros((1, n, 1)), 0), rng())


@pytest.mark.parametrize("ddof", [2, -1, 0.5, "1", None])
def test_another_ddof_is_refused(ddof):
    with pytest.raises(SpecError, match=r"gaussian: ddof is .*; expected 0 .* or 1"):
        GaussianLearner(ddof)


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(DataError, match=r"cov has shape \(2, 2\); expected \(2, 2, 2\)"):
        GaussianModel(np.zeros((2, 2)), np.eye(2))


def test_an_endless_source_leaves_only_the_error_of_its_rows():
    """sd of a variance from n rows: sqrt(2 / n)."""
    source = Source.of(GaussianModel(np.zeros((1, 1)), np.ones((1, 1, 1))), 10, 0)
    model = GaussianLearner(1, source_rows=50_000).fit(source, rng(6))
    assert abs(model.cov[0, 0, 0] - 1) < 4 * np.sqrt(2 / 50_000)


def test_a_gaussian_is_a_mixture_of_one():
    weights, means, covs = MODEL.mixture()
    np.testing.assert_array_equal(weights, [[1.0], [1.0]])
    np.testing.assert_array_equal(means[:, 0], MODEL.mean)
    np.testing.assert_array_equal(covs[:, 0], COV)


def test_a_prior_is_worth_so_many_rows_of_its_law():
    """Rows whose own moments are those of the prior, beside the others, give the same fit."""
    x = np.random.default_rng(3).normal(size=(4, 20, 2)) + 1.0
    prior = np.array([[3.0, 1.0], [-1.0, 1.0], [1.0, 3.0], [1.0, -1.0]])  # mean 1, covariance 2 I
    both = np.concatenate([x, np.tile(prior, (4, 1, 1))], axis=1)
    expected = GaussianLearner(ddof=0).fit(Samples.of(both, 0), np.random.default_rng(0))
    found = PriorGaussianLearner(4.0, 1.0, 2.0).fit(Samples.of(x, 0), np.random.default_rng(0))
    np.testing.assert_allclose(found.mean, expected.mean)
    np.testing.assert_allclose(found.cov, expected.cov)


def test_a_loop_with_a_prior_keeps_a_variance_and_forgets_reality():
    """The means over chains of the recursion by hand, 60 fits to 20 rows, prior at 2."""
    n, m, chains = 20, 2.0, 4000
    rng, learner = np.random.default_rng(5), PriorGaussianLearner(m, 2.0, 1.0)
    model = GaussianModel(np.zeros((chains, 1)), np.ones((chains, 1, 1)))
    r, q, b = 1.0, 4.0, -2.0
    for _ in range(60):
        off = q + r / n
        r = ((n - 1) * r + m + n * m / (n + m) * off) / (n + m)
        q, b = (n / (n + m)) ** 2 * off, n / (n + m) * b
        model = learner.fit(Samples.of(model.sample(n, rng), 1), rng)
    error = model.cov[:, 0, 0].std(ddof=1) / np.sqrt(chains)
    assert abs(model.cov.mean() - r) < 4.5 * error
    assert abs(model.mean.mean() - 2.0 - b) < 4.5 * model.mean.std() / np.sqrt(chains)
    assert model.cov.min() > m / (n + m) * 0.99
