import numpy as np
import pytest

from genloss.core.chain_quantiles import spread
from genloss.core.over_chains import MEAN, MEDIAN, Statistic
from genloss.core.view import Direction
from genloss.report.figures.bands import FEWEST, LEVELS, curve, rounded
from genloss.store.reader import Series
from genloss.store.theory_file import TheoryLine

LAW = TheoryLine("exp(-t)", MEAN, (0, 1, 3), (1.0, 0.4, 0.05))


def series(values):
    return Series("x", "1", Direction.ONE, np.arange(len(values)), np.asarray(values))


def test_bands_are_quantiles_over_chains():
    values = np.random.default_rng(0).standard_exponential((30, 101))
    found = curve("a", series(values), None).bands
    for i, level in enumerate(LEVELS):
        right = np.quantile(values, level, axis=1, method="weibull")
        np.testing.assert_allclose(found[i], right, rtol=1e-12)


def test_theory_stands_at_the_generations_it_is_given_for():
    c = curve("a", series(np.ones((4, 3))), LAW)
    np.testing.assert_array_equal(c.theory, [1.0, 0.4, np.nan, 0.05])
    assert c.has_theory
    assert c.has_theory_of_mean
    assert not curve("a", series(np.ones((4, 3))), None).has_theory


def test_mean_is_over_chains():
    values = np.random.default_rng(1).standard_normal((5, 7))
    np.testing.assert_allclose(curve("a", series(values), LAW).mean, values.mean(axis=1))


@pytest.mark.parametrize(
    ("statistic", "of_mean"), [(MEAN, True), (MEDIAN, False), (Statistic("quantile", 0.9), False)]
)
def test_a_line_predicts_what_it_says_and_not_what_its_label_sounds_like(statistic, of_mean):
    for label in ("E[x]", "median of means", "typical chain"):
        line = TheoryLine(label, statistic, (0, 1), (1.0, 0.5))
        assert curve("a", series(np.ones((2, 3))), line).has_theory_of_mean is of_mean


def test_rounding_keeps_significant_digits_and_drops_what_json_lacks():
    assert rounded(np.array([1.23456789e-30, 12345.678, np.inf, np.nan])) == [
        1.2346e-30,
        12346.0,
        None,
        None,
    ]


def test_too_few_chains_carry_no_band():
    """Of C chains the lowest and highest hold a share (C - 1)/(C + 1) of all: 0.9 from 19 on."""
    assert FEWEST == 19
    rng = np.random.default_rng(3)
    for chains, holds in ((FEWEST - 1, False), (FEWEST, True)):
        values = rng.standard_exponential((4000, chains + 1))
        one, others = values[:, 0], values[:, 1:]
        inside = (one > others.min(axis=1)) & (one < others.max(axis=1))
        expected = (chains - 1) / (chains + 1)
        assert abs(inside.mean() - expected) < 4 * np.sqrt(0.1 * 0.9 / 4000)
        assert (expected >= 0.9) is holds
        assert curve("a", series(others[:2]), None).has_bands is holds


def test_brackets_hold_every_chain_where_they_are_few():
    assert spread(np.array([3.0, 1.0, 2.0])) == (1.0, 2.0, 3.0)
    many = np.arange(101.0)
    # Of 101 chains one is below the lowest in 102; nine in ten lie between these.
    np.testing.assert_allclose(spread(many), (4.1, 50.0, 95.9), rtol=1e-12)
