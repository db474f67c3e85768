"""Quotients of means with Fieller's intervals: against closed forms, and their coverage."""

import numpy as np
import pytest
from scipy import stats

from genloss.judge.profile.intervals import (
    ABOVE,
    BELOW,
    Errors,
    Means,
    difference,
    means,
    ratio,
    share_of_gap,
)

EVEN = Errors(0.02, 0.02)


def test_a_difference_is_welchs():
    rng = np.random.default_rng(1)
    x, y = rng.normal(1, 2, 9), rng.normal(0, 1, 6)
    got = difference(means(x, y), EVEN)
    expected = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.96)
    np.testing.assert_allclose(got, got.__class__(x.mean() - y.mean(), *expected))


def test_a_difference_of_pairs_is_students():
    rng = np.random.default_rng(2)
    y = rng.normal(0, 3, 8)
    x = y + rng.normal(1, 0.1, 8)
    got = difference(means(x, y, paired=True), EVEN)
    expected = stats.ttest_rel(x, y).confidence_interval(0.96)
    np.testing.assert_allclose(got, got.__class__(np.mean(x - y), *expected), rtol=1e-9)
    assert difference(means(x, y), EVEN).high - got.high > 1


def test_a_ratio_to_a_known_control_is_students():
    x = np.random.default_rng(3).normal(1, 1, 8)
    m = means(x, np.full(8, 4.0))
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.96)
    np.testing.assert_allclose(ratio(m, EVEN), (x.mean() / 4, *np.array(expected) / 4))


def test_ends_err_each_by_their_own_chance():
    m = means(np.arange(8.0), np.arange(5.0) + 20)
    both, above, below = ratio(m, EVEN), ratio(m, ABOVE), ratio(m, BELOW)
    assert (above.low, below.high) == (both.low, both.high)
    assert above.high < both.high
    assert below.low > both.low


def test_a_control_no_better_than_the_trivial_predictor_bounds_nothing():
    noisy = Means(1.0, 0.9, 0.1, 0.1, 0.0, 8, 8)
    for found in (share_of_gap(noisy, 1.0), share_of_gap(noisy, 0.5)):
        assert (found.low, found.high) == (-np.inf, np.inf)


def quotients(rng, law, sets):
    """Return 1,000 ratios at truth 1/2 and shares of a gap at truth 1/2."""
    for _ in range(sets):
        x, y = law(rng, 8), law(rng, 8)
        yield ratio(means(x / 2, y)), share_of_gap(means(x / 2 + 1, y), 2.0)


def test_at_the_threshold_each_end_errs_as_often_as_it_says():
    # 2,000 sets of eight normal chains, sd a fifth of the mean: a false yes in 2 % and a false no
    # in 5 %, each within 4 binomial errors (0.3 and 0.5 points).
    rng = np.random.default_rng(4)
    got = list(quotients(rng, lambda r, n: r.normal(1, 0.2, n), 2000))
    ratios = np.array([[r.high < 0.5, r.low > 0.5] for r, _ in got]).mean(axis=0)
    np.testing.assert_allclose(ratios, [0.02, 0.05], atol=4 * 0.005)
    # x / 2 + 1 has mean 1.5, half way from 1 to 2.
    shares = np.array([[s.low > 0.5, s.high < 0.5] for _, s in got]).mean(axis=0)
    np.testing.assert_allclose(shares, [0.02, 0.05], atol=4 * 0.005)


@pytest.mark.parametrize("y", [np.zeros(8), -np.ones(8)])
def test_nothing_is_left_of_what_the_control_does_not_have(y):
    found = ratio(means(np.ones(8), y))
    assert (found.low, found.high) == (-np.inf, np.inf)
