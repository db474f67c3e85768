import math

import numpy as np
import pytest
from scipy import stats

from genloss.errors import SpecError
from genloss.theory import spread_law


@pytest.mark.parametrize(("ddof", "lam"), [(0, 1.0), (1, 0.7)])
def test_determinants_against_rows(ddof, lam, gaussian_rows, within_band):
    n, d, t = 9, 3, np.arange(1, 4)
    rng = np.random.default_rng(9)
    sigma = gaussian_rows(6000, n=n, d=d, generations=3, ddof=ddof, lam=lam, rng=rng)[1]
    det = np.linalg.det(sigma).T
    within_band(det, spread_law.det_ratio(t, n, d, ddof=ddof, lam=lam))
    mean, variance = spread_law.log_det(t, n, d=d, ddof=ddof, lam=lam)
    within_band(np.log(det), mean)
    within_band((np.log(det) - mean) ** 2, variance)


def test_determinant_vanishes_without_enough_rows():
    np.testing.assert_array_equal(spread_law.det_ratio([0, 1, 2], 10, 10, ddof=0), [1, 0, 0])
    assert spread_law.det_ratio(1, 11, 10, ddof=0) > 0


def test_one_dimension_is_the_law_of_ln_sigma2():
    mean, variance = spread_law.log_det([1, 50], 30, ddof=1)
    exact = stats.loggamma(29 / 2)
    drift = exact.mean() + math.log(2 / 29)
    np.testing.assert_allclose(mean, [drift, 50 * drift], rtol=1e-12)
    np.testing.assert_allclose(variance, [exact.var(), 50 * exact.var()], rtol=1e-12)
    # The rules of thumb -1/(M - 1) and -2/M per generation.
    np.testing.assert_allclose(drift, -1 / 29, rtol=0.03)
    biased, _ = spread_law.log_det(1, 30, ddof=0)
    np.testing.assert_allclose(biased, -2 / 30, rtol=0.04)


@pytest.mark.parametrize("n", [10, 40, 1000])
@pytest.mark.parametrize(("q", "tolerance"), [(0.5, 1e-3), (0.1, 0.01), (0.9, 0.01)])
def test_quantile_of_one_fit(n, q, tolerance):
    exact = math.sqrt(stats.chi2(n - 1).ppf(q) / n)
    np.testing.assert_allclose(spread_law.sigma_quantile(1, n, q, ddof=0), exact, rtol=tolerance)


def test_quantile_of_many_fits():
    # sigma_t^2 is a product of independent chi2: 40,000 chains; the standard error of a quantile
    # is sqrt(q (1 - q)/C)/density, on the log scale sd sqrt(q (1 - q)/C)/phi(z).
    n, chains = 12, 40_000
    rng = np.random.default_rng(11)
    for t in (3, 25):
        logs = np.log(rng.chisquare(n - 1, size=(chains, t)) / (n - 1)).sum(axis=1) / 2
        _, variance = spread_law.log_det(t, n, ddof=1)
        for q in (0.05, 0.5, 0.95):
            z = stats.norm.ppf(q)
            error = math.sqrt(variance) / 2 * math.sqrt(q * (1 - q) / chains) / stats.norm.pdf(z)
            measured = math.log(spread_law.sigma_quantile(t, n, q, ddof=1))
            # 0.003: the neglected kurtosis term, measured against gamma quantiles at t = 1.
            assert abs(np.quantile(logs, q) - measured) <= 4 * error + 0.003


# Median sigma after 1000 generations of 20,000 simulated chains, (unbiased, maximum likelihood).
MEDIANS = {100: (0.0063, 0.0000), 500: (0.368, 0.134), 1000: (0.611, 0.368), 10**4: (0.952, 0.906)}


@pytest.mark.parametrize("n", sorted(MEDIANS))
def test_typical_sigma_after_a_thousand_generations(n):
    for ddof in (1, 0):
        _, variance = spread_law.log_det(1000, n, ddof=ddof)
        median = spread_law.sigma_quantile(1000, n, ddof=ddof)
        # Standard error of a median: 1.2533 sd/sqrt(C), on the log scale; printed to 3 digits.
        band = 4 * 1.2533 * math.sqrt(variance) / 2 / math.sqrt(20_000) * median
        assert abs(MEDIANS[n][1 - ddof] - median) <= band + 5e-4
    rule = math.exp(-1000 / (2 * (n - 1)))
    np.testing.assert_allclose(
        spread_law.sigma_quantile(1000, n, ddof=1), rule, rtol=1e-2 if n > 100 else 0.1
    )


def test_shrinkage_and_reality():
    assert spread_law.sigma_quantile(0, 10, ddof=1) == 1.0
    plain = spread_law.sigma_quantile([1, 2, 5], 10, ddof=1)
    shrunk = spread_law.sigma_quantile([1, 2, 5], 10, ddof=1, lam=0.25)
    np.testing.assert_allclose(shrunk / plain, [1, 0.5, 0.5**4], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: spread_law.sigma_quantile(1, 10, 1.0, ddof=0), "q is"),
        (lambda: spread_law.log_det(1, 10, ddof=0, lam=0.0), "lam"),
        (lambda: spread_law.log_det(1, 3, d=3, ddof=0), "at least 4"),
    ],
)
def test_bad_arguments(call, hint):
    with pytest.raises(SpecError, match=hint):
        call()
