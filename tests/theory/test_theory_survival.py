import math

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import fixation, gaussian, survival


def test_g_starts_at_one_and_stays_in_its_bounds():
    t = np.arange(1, 3000)
    g = survival.g_iterate(t)
    np.testing.assert_allclose(g[:3], [1, 1 - math.exp(-1), 1 - math.exp(math.exp(-1) - 1)])
    low, high = survival.g_bounds(t)
    assert np.all((low <= g) & (g <= high))
    # g ~ 2/(t + ln(t)/3 + ...): the slow approach to 2/t.
    np.testing.assert_allclose(g[-1] * t[-1], 2, rtol=2e-3)
    assert np.isinf(survival.g_iterate(0))


def test_poisson_indexing_by_simulation(within_band):
    # Pins k of the source to our t: Lambda_1 is the first fit, to n Poisson(lambda_0) counts.
    n, start, chains = 50, 0.04, 40_000
    rng = np.random.default_rng(15)
    intensity = np.full(chains, start)
    for t in range(1, 8):
        intensity = rng.poisson(n * intensity) / n
        within_band(intensity > 0, survival.poisson_survival(t, n * start))


def test_poisson_survival_limits():
    np.testing.assert_allclose(survival.poisson_survival(1, 3.0), 1 - math.exp(-3))
    np.testing.assert_array_equal(survival.poisson_survival([0, 5], 0.0), [0, 0])
    assert survival.poisson_survival(0, 2.0) == 1
    assert survival.poisson_survival(np.zeros((2, 3), dtype=int), np.ones(4)).shape == (2, 3, 4)
    # A word seen c times survives about c generations: between 1 - e^-1 and 1 - e^-3 at t = c.
    for c in (3, 30, 300):
        assert 1 - math.exp(-1) <= survival.poisson_survival(c, c) <= 1 - math.exp(-3)


@pytest.mark.parametrize(("p", "n"), [(0.2, 100), (0.01, 100), (0.002, 400), (0.5, 3)])
def test_bernoulli_bounds_hold_for_the_exact_chain(p, n):
    t = np.array([1, 2, 3, 5, 10, 40, 200])
    exact = fixation.survival_probability(t, p, n)
    low, high = survival.bernoulli_survival_bounds(t, p, n)
    assert np.all(low <= exact + 1e-12)
    assert np.all(exact <= high + 1e-12)
    # Their distance is the printed (3 n p^2 + 3 t p) exp(-n p g_t), where it is not clipped.
    gap = (3 * n * p**2 + 3 * t * p) * np.exp(-n * p * survival.g_iterate(t))
    np.testing.assert_allclose(high, np.minimum(low + gap, 1))
    if p <= 0.002:
        np.testing.assert_allclose(low[:5], exact[:5], rtol=5e-3)


def test_alphabet_bound_is_tight_for_rare_symbols():
    law = 1 / (2.7 + np.arange(300.0))
    law /= law.sum()
    t = np.array([1, 2, 5, 10])
    exact = fixation.expected_survivors(t, law, 300)
    low = survival.survivors_lower(t, law, 300)
    assert np.all(low <= exact)
    np.testing.assert_allclose(low, exact, rtol=0.02)
    np.testing.assert_array_equal(survival.survivors_lower(0, [0.5, 0.5, 0.0], 9), 2)


@pytest.mark.parametrize("n", [2, 3, 10, 100])
def test_gaussian_bound_dominates_markov_and_the_chains(n):
    t = np.array([0, 1, 10, 50, 200])
    bound = survival.gaussian_tail_bound(t, n, 0.5, sigma=2.0)
    markov = np.minimum(4 * gaussian.expected_sigma(t, n, ddof=1), 1)
    assert np.all(markov <= bound + 1e-12)
    rng = np.random.default_rng(16)
    logs = np.log(rng.chisquare(n - 1, size=(2000, 200)) / (n - 1)).cumsum(axis=1)
    share = (2.0 * np.exp(logs[:, t[1:] - 1] / 2) > 0.5).mean(axis=0)
    assert np.all(share <= bound[1:])
    assert np.all(survival.mixture_tail_bound(t, n, 0.5, sigma=2.0) >= bound)
    np.testing.assert_allclose(
        survival.mixture_tail_bound(40 * n, n, 0.5), 2 * math.exp(-10), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: survival.gaussian_tail_bound(1, 10, 0.0), "epsilon"),
        (lambda: survival.gaussian_tail_bound(1, 1, 0.5), "n is"),
        (lambda: survival.poisson_survival(1, -1.0), "expected_count"),
        (lambda: survival.survivors_lower(1, [0.5], 10), "sums to"),
    ],
)
def test_bad_arguments(call, hint):
    with pytest.raises(SpecError, match=hint):
        call()
