import math

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import weighting


@pytest.mark.parametrize("weight", [0.3, 0.618, 1.0])
def test_recursion_against_rows(weight, within_band):
    n, m, chains = 4, 6, 20_000
    rng = np.random.default_rng(17)
    mu = rng.standard_normal((chains, n)).mean(axis=1)
    for t in range(1, 6):
        expected = weighting.weighted_mean_error(t, n, m, real_weight=weight)
        within_band(mu**2 * n, expected)
        real = rng.standard_normal((chains, n)).mean(axis=1)
        synthetic = (mu[:, None] + rng.standard_normal((chains, m))).mean(axis=1)
        mu = weight * real + (1 - weight) * synthetic


@pytest.mark.parametrize("k", [0.01, 0.5, 1.0, 4.0, 300.0])
def test_optimum_is_the_minimum_of_the_limit(k):
    best = float(weighting.optimal_real_weight(300 * k, 300))
    grid = np.linspace(0.001, 0.999, 2001)
    limit = weighting.weighted_mean_error_limit(300 * k, 300, real_weight=grid)
    at_best = weighting.weighted_mean_error_limit(300 * k, 300, real_weight=best)
    assert np.all(at_best <= limit)
    np.testing.assert_allclose(at_best, best, rtol=1e-12)
    np.testing.assert_allclose(best, (math.sqrt(k * k + 4 * k) - k) / 2, rtol=1e-9)


def test_golden_ratio():
    golden = (1 + math.sqrt(5)) / 2
    np.testing.assert_allclose(weighting.optimal_real_weight(1000, 1000), 1 / golden, rtol=1e-12)
    np.testing.assert_allclose(
        weighting.weighted_mean_error(200, 7, 7, real_weight=1 / golden), 1 / golden, rtol=1e-12
    )
    assert weighting.optimal_real_weight([1, 2, 3], 5).shape == (3,)


def test_limits_and_adaptive_weights():
    t = np.arange(0, 300)
    adaptive = weighting.best_mean_error(t, 20, 50)
    constant = weighting.weighted_mean_error(
        t, 20, 50, real_weight=float(weighting.optimal_real_weight(20, 50))
    )
    assert np.all(adaptive <= constant + 1e-12)
    assert np.all(np.diff(adaptive[1:]) <= 0)
    np.testing.assert_allclose(adaptive[-1], weighting.optimal_real_weight(20, 50), rtol=1e-12)
    np.testing.assert_allclose(adaptive[1], 1.0)
    assert weighting.best_mean_error([], 20, 50).shape == (0,)
    assert np.isinf(weighting.weighted_mean_error_limit(5, 5, real_weight=0.0))
    np.testing.assert_allclose(weighting.weighted_mean_error_limit(5, 5, real_weight=1.0), 1.0)
    # Without real rows the walk of plain replacement: one m-th of sigma^2 more each time.
    walk = weighting.weighted_mean_error([1, 2, 3], 10, 5, real_weight=0.0)
    np.testing.assert_allclose(walk, [1, 3, 5])


@pytest.mark.slow
def test_bad_arguments():
    with pytest.raises(SpecError, match="percentage"):
        weighting.weighted_mean_error(1, 5, 5, real_weight=60)
    with pytest.raises(SpecError, match="n_synthetic"):
        weighting.optimal_real_weight(5, 0)
