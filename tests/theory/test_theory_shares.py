"""Shares and weights of real rows: published numbers, and the laws that they turn into at limits.

Against simulated chains they are held by tests/judge/test_predictions.py.
"""

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import anchored, contamination, moments, shares, weighting

T = np.arange(0, 60)


@pytest.mark.parametrize(
    ("n", "a", "published"),
    [(100, 0.1, [1.80, 3.71, 5.05]), (1000, 0.01, [1.98, 5.70, 47.65])],
)
def test_the_published_inflation_of_one_honest_fit(n, a, published):
    """Bakshi and Chakraborty 2026, generations 1, 5 and the limit after the first fit."""
    last = 10_000 if a > 0.05 else 251
    error = shares.fresh_share([2, 6, last], n, n, share=a, ddof=0).mean_error * n
    np.testing.assert_allclose(error, published, atol=0.006)


def test_inflation_at_large_n():
    found = shares.share_inflation(1e9, [0.01, 0.05, 0.1, 0.2, 0.5])
    np.testing.assert_allclose(found, [50, 10, 5.3, 2.8, 1.33], rtol=0.03)
    limit = shares.fresh_share(5000, 100, 100, share=0.1, ddof=0).mean_error * 100
    np.testing.assert_allclose(limit, shares.share_inflation(100, 0.1))


@pytest.mark.parametrize("ddof", [0, 1])
def test_shares_at_their_ends(ddof):
    none = shares.fresh_share(T, 30, 30, share=0.0, ddof=ddof)
    right = moments.replace(T, 30, ddof=ddof)
    np.testing.assert_allclose(none.mean_error, right.mean_error)
    np.testing.assert_allclose(none.spread, right.spread)
    whole = shares.fresh_share(T, 30, 30, share=1.0, ddof=ddof)
    np.testing.assert_allclose(whole.mean_error[1:], 1 / 30)
    np.testing.assert_allclose(whole.spread[1:], 29 / (30 - ddof))


@pytest.mark.parametrize("ddof", [0, 1])
def test_weights_by_number_are_the_fresh_loop(ddof):
    how = {"ddof": ddof, "lam": 0.8, "bandwidth2": 0.1}
    found = shares.weighted_fresh(T, 20, 10, 30, real_weight=0.25, **how)
    right = anchored.anchored(T, 20, 10, 30, real_rows="fresh", **how)
    np.testing.assert_allclose(found.mean_error, right.mean_error)
    np.testing.assert_allclose(found.spread, right.spread)


def test_a_fitted_variance_changes_the_known_one_s_law_by_one_over_n():
    for n in (100, 10_000):
        fitted = shares.weighted_fresh(T, n, n, 10 * n, real_weight=0.27, ddof=0).mean_error * n
        known = weighting.weighted_mean_error(T, n, 10 * n, real_weight=0.27)
        assert np.abs(fitted - known).max() < 1 / n


def test_discounts_at_their_ends():
    found = shares.discounted(T, 25, decay=1.0)
    right = moments.accumulate(T, 25, ddof=0)
    np.testing.assert_allclose(found.mean_error, right.mean_error)
    np.testing.assert_allclose(found.spread, right.spread)
    np.testing.assert_allclose(shares.discounted(T, 25, decay=0.0).mean_error[1:], 1 / 25)
    assert shares.discounted(10_000, 25, decay=0.6).mean_error < 1 / 25 / (1 - 0.36)


def test_a_difference_is_discounted_by_the_share():
    one, two = (shares.fresh_share(T[1:], n, 50, share=0.3, ddof=0) for n in (10, 1000))
    left = (one.mean_error - two.mean_error) / (1 / 10 - 1 / 1000)
    np.testing.assert_allclose(left, shares.share_discount(T[1:], 50, 0.3), atol=1e-13)
    np.testing.assert_allclose(shares.share_discount([1, 3], 1e12, 0.5), [1, 1 / 16])


def test_a_memoriser_of_mixed_rows_against_drawn_ones(within_band):
    law = np.arange(1.0, 21) ** -1.5
    law /= law.sum()
    rng = np.random.default_rng(22)
    seen = rng.multinomial(12, law, size=4000) + rng.multinomial(
        30, law[:8] / law[:8].sum(), size=4000
    ) @ np.eye(8, 20, dtype=int)
    error = (seen == 0) @ law
    within_band(error, contamination.mixed_memorizer_error(12, 30, law, keep=8))
    for n in (0, 30):
        one = contamination.mixed_memorizer_error(0, n, law, keep=8)
        np.testing.assert_allclose(one, contamination.memorizer_error(n, law, keep=8))
        two = contamination.mixed_memorizer_error(n, 0, law, keep=8)
        np.testing.assert_allclose(two, contamination.memorizer_error(n, law))


def test_bad_arguments():
    with pytest.raises(SpecError, match="share is"):
        shares.fresh_share(1, 10, 10, share=10, ddof=0)
    with pytest.raises(SpecError, match="n is 1"):
        shares.fresh_share(1, 10, 1, share=0.1, ddof=1)
    with pytest.raises(SpecError, match="real_weight is"):
        shares.weighted_fresh(1, 10, 10, 10, real_weight=2.0, ddof=0)
    with pytest.raises(SpecError, match="n_first is 1"):
        shares.weighted_fresh(1, 1, 10, 10, real_weight=0.2, ddof=1)
