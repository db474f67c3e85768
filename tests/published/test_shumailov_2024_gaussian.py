"""The published numbers of the one-dimensional Gaussians are what theory says."""

import numpy as np
import pytest
from scipy.special import digamma

from genloss.published.experiments import load_experiment
from genloss.theory import gaussian, moments, scatter, spread_law

REPETITIONS = 1000
SIZES = [10, 30, 100, 500, 1000, 10_000, 100_000, 1_000_000, 10_000_000]


@pytest.fixture(scope="module")
def published():
    targets = load_experiment("shumailov-2024-gaussian", "laptop").targets
    return {t.id: t.published for t in targets}


@pytest.mark.parametrize("n", SIZES)
def test_the_printed_one_step_table_follows_the_chi_law(published, n):
    # sigma-hat is chi distributed; the mean of 1000 errs by sd/sqrt(1000), their sd by about
    # sd/sqrt(2000); five decimals are printed.
    mean, sd = published[f"one-step.mean.N={n}"], published[f"one-step.sd.N={n}"]
    expected = float(gaussian.expected_sigma(1, n, ddof=0))
    deviation = float(np.sqrt(gaussian.sigma_variance(1, n, ddof=0)))
    assert abs(mean - expected) < 4 * deviation / np.sqrt(REPETITIONS) + 5e-6
    assert abs(sd - deviation) < 4 * deviation / np.sqrt(2 * REPETITIONS) + 5e-6


@pytest.mark.parametrize("m", [10, 30, 100])
def test_the_printed_table_is_of_standard_deviations_by_maximum_likelihood(published, m):
    # The unbiased estimator would be larger by sqrt(m/(m-1)): 5.4 % at m = 10, 7.4 of their errors.
    unbiased = float(gaussian.expected_sigma(1, m, ddof=1))
    error = float(np.sqrt(gaussian.sigma_variance(1, m, ddof=0) / REPETITIONS))
    if m == 10:
        assert unbiased - published[f"one-step.mean.N={m}"] > 4 * error
    assert unbiased > float(gaussian.expected_sigma(1, m, ddof=0))


@pytest.mark.parametrize("m", [100, 500, 1000, 10_000])
def test_the_papers_formulas_are_the_laws(published, m):
    t = m // 10
    np.testing.assert_allclose(published[f"variance.N={m}"], gaussian.sample_variance(t, m, ddof=1))
    np.testing.assert_allclose(published[f"risk.N={m}"], gaussian.w2_squared_first_order(t, m))
    # First order only: the exact risk is lower by a term of order (n/M)^2.
    exact = float(gaussian.w2_squared(t, m, ddof=1))
    assert 0 < 0.15 - exact < 0.1**2


@pytest.mark.parametrize("m", [500, 1000, 10_000])
def test_the_variance_of_the_mean_is_n_over_m(published, m):
    law = moments.replace(1000, m, ddof=1).mean_error
    np.testing.assert_allclose(published[f"mean-walk.N={m},ddof=1"], law)


def variance_of_squared_mean(t, n, ddof):
    """Var[mu_t^2] by the scalar recursion of E v^2, E mu^2 v, E mu^4, E mu^2 and E v."""
    c, second = (n - 1) / (n - ddof), (n - 1) * (n + 1) / (n - ddof) ** 2
    v2, cross, m4, m2, v = 1.0, 0.0, 0.0, 0.0, 1.0
    for _ in range(t):
        m4 += 6 * cross / n + 3 * v2 / n**2
        cross = c * (cross + v2 / n)
        m2 += v / n
        v2, v = v2 * second, v * c
    return m4 - m2 * m2


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("m", [500, 1000, 10_000])
def test_the_bands_of_heavy_tails_use_the_true_variance(m, ddof):
    law = scatter.replace(1000, m, ddof=ddof)
    np.testing.assert_allclose(law.mean_error, variance_of_squared_mean(1000, m, ddof), rtol=1e-9)
    ratio = (m - 1) * (m + 1) / (m - ddof) ** 2
    mean = ((m - 1) / (m - ddof)) ** 1000
    np.testing.assert_allclose(law.spread, ratio**1000 - mean**2, rtol=1e-9)


@pytest.mark.parametrize("m", [100, 500, 1000, 10_000])
def test_the_median_sigma_follows_the_drift_of_its_logarithm(m):
    half = (m - 1) / 2
    for ddof, drift in (
        (1, digamma(half) - np.log(half)),
        (0, digamma(half) + np.log(2) - np.log(m)),
    ):
        law = float(spread_law.sigma_quantile(1000, m, ddof=ddof))
        # The median of a sum of log chi2 lies above its mean by about 1/(6 m) in sigma.
        np.testing.assert_allclose(law, np.exp(500 * drift), rtol=3e-3)


def test_the_two_estimators_collapse_at_clearly_different_rates():
    unbiased = float(spread_law.sigma_quantile(1000, 500, ddof=1))
    biased = float(spread_law.sigma_quantile(1000, 500, ddof=0))
    np.testing.assert_allclose(unbiased / biased, np.exp(1.0), rtol=2e-3)


def test_the_notebooks_sizes_are_all_run():
    studies = load_experiment("shumailov-2024-gaussian", "paper").studies
    assert {f"one-step,N={n}" for n in SIZES} <= set(studies)
    for n in (100, 500, 1000, 10_000):
        assert studies[f"recursive,N={n},ddof=0"].generations == 1000
        assert studies[f"pooled,N={n}"].generations == 1000
    assert studies["shown,N=100"].keep.times(1000) == {0, 1, 10, 50, 100, 200, 500, 1000}
