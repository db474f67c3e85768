"""Thresholds against hand values, and against the law that they promise."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, chisquare

from genloss.audit.conformal.guarantee import flags_law, held, share_between
from genloss.audit.conformal.thresholds import (
    fewest,
    p_values,
    rank_confident,
    rank_marginal,
    threshold,
)
from genloss.errors import SpecError


@pytest.mark.parametrize(
    ("level", "guarantee", "n"),
    [
        (0.01, "marginal", 99),
        (0.005, "marginal", 199),
        (0.01, "confident", 299),
        (0.005, "confident", 598),
        (0.05, "marginal", 19),
    ],
)
def test_a_threshold_needs_so_many_texts_and_one_fewer_is_refused(level, guarantee, n):
    assert fewest(level, guarantee) == n
    scores = np.arange(n, dtype=float)
    assert threshold(scores, level, guarantee).k == 1
    few = threshold(scores[1:], level, guarantee)
    assert few.is_refused
    assert np.isnan(few.value)
    assert few.needs == n


def test_p_values_by_hand():
    """(1 + how many are as high) / 5; a tie counts against the text."""
    p = p_values(np.array([0.5, 2.0, 3.5, 9.0, np.nan]), np.array([3.0, 1.0, 4.0, 2.0]))
    np.testing.assert_allclose(p[:4], [1.0, 4 / 5, 2 / 5, 1 / 5])
    assert np.isnan(p[4])


def test_a_flag_is_a_p_value_within_the_level(rng):
    own, new = rng.normal(size=250), rng.normal(size=4000)
    bound = threshold(own, 0.02, "marginal")
    np.testing.assert_array_equal(new > bound.value, p_values(new, own) <= 0.02)
    assert bound.expected == 5 / 251


@pytest.mark.parametrize("n", [299, 472, 600, 1000])
def test_the_confident_rank_is_the_last_that_the_law_of_the_rate_allows(n):
    k = rank_confident(n, 0.01)
    assert beta.cdf(0.01, k, n + 1 - k) >= 0.95 > beta.cdf(0.01, k + 1, n - k)
    assert k <= rank_marginal(n, 0.01)


@pytest.mark.parametrize("level", [0.0, 1.0, 2, -0.1])
def test_a_level_is_a_share(level):
    with pytest.raises(SpecError, match="expected a share such as"):
        threshold(np.ones(500), level, "marginal")


@pytest.mark.parametrize(
    ("n", "level", "guarantee"), [(199, 0.01, "marginal"), (99, 0.05, "confident")]
)
def test_realised_false_positives_follow_the_beta_binomial_law(rng, n, level, guarantee):
    """1,000 calibrations redrawn from an endless law, each held to 500 new texts."""
    flags = np.array(
        [
            (rng.gumbel(size=500) > threshold(rng.gumbel(size=n), level, guarantee).value).sum()
            for _ in range(1000)
        ]
    )
    law = flags_law(500, threshold(np.zeros(n), level, guarantee))
    assert law.sum() == pytest.approx(1)
    assert surprise(flags, law) > 0.001
    # The law of a single calibration, which forgets that a threshold is drawn, is told apart.
    binomial = flags_law(500, threshold(np.zeros(100 * n + 99), level, "marginal"))
    assert surprise(flags, binomial) < 1e-6


def surprise(flags, law) -> float:
    """Return the p-value of chi-square, cells of at least 20 expected."""
    expected, seen, cells = [], [], 0.0
    edges = [0]
    for j, p in enumerate(law):
        cells += p * len(flags)
        if cells >= 20:
            edges.append(j + 1)
            cells = 0.0
    edges[-1] = len(law)
    for a, b in pairwise(edges):
        expected.append(law[a:b].sum() * len(flags))
        seen.append(((flags >= a) & (flags < b)).sum())
    expected = np.array(expected)
    return float(chisquare(seen, expected * sum(seen) / expected.sum()).pvalue)


@pytest.mark.slow
def test_a_confident_threshold_keeps_its_level_in_95_of_100_calibrations(rng):
    """The true rate of each is known: 1 - F(threshold); a band of four standard errors."""
    from scipy.stats import norm

    rates = np.array(
        [norm.sf(threshold(rng.normal(size=400), 0.01, "confident").value) for _ in range(4000)]
    )
    k = rank_confident(400, 0.01)
    expected = beta.cdf(0.01, k, 401 - k)
    assert abs((rates <= 0.01).mean() - expected) < 4 * np.sqrt(0.05 * 0.95 / 4000)
    marginal = [
        norm.sf(threshold(rng.normal(size=400), 0.01, "marginal").value) for _ in range(4000)
    ]
    assert np.mean(np.array(marginal) <= 0.01) < 0.65


def test_ties_flag_fewer_and_never_more(rng):
    """Scores of three values: strictly above is the safe side."""
    rates = []
    for _ in range(300):
        bound = threshold(rng.integers(0, 3, 199).astype(float), 0.01, "marginal")
        rates.append((rng.integers(0, 3, 200) > bound.value).mean())
    assert np.mean(rates) <= 0.01


class TestHeld:
    def test_a_shifted_law_is_called_broken(self, rng):
        """Human texts half a standard deviation higher: 4 % are flagged where 1 % may be."""
        bound = threshold(rng.normal(size=999), 0.01, "confident")
        shifted = rng.normal(0.7, size=500)
        found = held(bound, int((shifted > bound.value).sum()), 500)
        assert found.verdict == "broken"
        assert found.low > 0.005

    def test_the_same_law_is_called_broken_in_one_of_a_hundred(self, rng):
        broken = 0
        for _ in range(1000):
            bound = threshold(rng.normal(size=299), 0.01, "marginal")
            flags = int((rng.normal(size=200) > bound.value).sum())
            broken += held(bound, flags, 200).verdict == "broken"
        assert broken <= 10 + 4 * np.sqrt(10)

    def test_few_texts_cannot_tell(self):
        bound = threshold(np.arange(99.0), 0.01, "marginal")
        assert held(bound, 0, 1).verdict == "cannot tell"
        assert held(bound, 0, 0).verdict == "cannot tell"
        assert held(bound, 0, 50).verdict == "holds so far"

    def test_the_interval_is_that_of_clopper_and_pearson(self):
        """1 of 20: textbook values."""
        assert share_between(1, 20) == pytest.approx((0.00126, 0.24873), abs=1e-5)
        assert share_between(0, 0) == (0.0, 1.0)
        assert share_between(5, 5)[1] == 1.0
