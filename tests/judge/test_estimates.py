import numpy as np
import pytest
from scipy import stats

from genloss.core.chain_quantiles import fewest_chains
from genloss.errors import DataError, SpecError
from genloss.judge import estimates


def test_mean_interval_is_students():
    values = np.random.default_rng(1).standard_normal((20, 3))
    got = estimates.mean_interval(values, 0.9)
    mean, error = values.mean(axis=0), stats.sem(values, axis=0)
    np.testing.assert_allclose(got.estimate, mean)
    np.testing.assert_allclose(got[1:], stats.t.interval(0.9, 19, mean, error))
    for bad in (np.ones((1, 3)), np.array([1.0, np.inf])):
        with pytest.raises(DataError, match="chains"):
            estimates.mean_interval(bad)


@pytest.mark.parametrize("n", [6, 11, 30])
def test_median_interval_has_its_exact_coverage(n):
    # The rank is the largest with coverage >= 95 %; over 4000 sets the share that covers the
    # median 0 meets the binomial coverage within 4 standard errors.
    values = np.random.default_rng(2).standard_normal((n, 4000))
    got = estimates.median_interval(values)
    np.testing.assert_allclose(got.estimate, np.median(values, axis=0))
    rank = int((np.sort(values, axis=0)[:, 0] <= got.low[0]).sum())
    coverage = 1 - 2 * stats.binom.cdf(rank - 1, n, 0.5)
    assert coverage >= 0.95 > 1 - 2 * stats.binom.cdf(rank, n, 0.5)
    covered = ((got.low <= 0) & (got.high >= 0)).mean()
    assert abs(covered - coverage) < 4 * np.sqrt(coverage * (1 - coverage) / 4000)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_too_few_chains_carry_no_interval_and_the_fewest_that_do_are_named(confidence):
    none = estimates.median_interval(np.zeros(1), confidence)
    assert none == estimates.NoInterval(1, none.fewest, confidence)
    fewer = estimates.median_interval(np.arange(none.fewest - 1.0), confidence)
    assert isinstance(fewer, estimates.NoInterval)
    assert estimates.median_interval(np.arange(float(none.fewest)), confidence).low == 0


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_the_fewest_chains_of_a_range_span_exactly_its_level(level):
    n = fewest_chains(level)
    assert (n - 1) / (n + 1) >= level - 1e-12
    none = estimates.chain_range(np.arange(n - 1.0), level)
    assert none == estimates.NoInterval(n - 1, n, level)
    assert str(none).endswith(f"no interval of {100 * level:g} %; run {n} or more")
    got = estimates.chain_range(np.arange(float(n)), level)
    np.testing.assert_allclose(got, ((n - 1) / 2, 0, n - 1), atol=1e-9)


def test_a_new_chain_falls_into_the_range_as_often_as_it_says():
    """With even order statistics k/(C + 1) the range at 0.9 holds 0.9 of them, for every C."""
    for n in (19, 20, 33, 100):
        got = estimates.chain_range(np.arange(1, n + 1) / (n + 1))
        assert got.high - got.low == pytest.approx(0.9)


@pytest.mark.parametrize("hits", [0, 3, 20])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_fraction_interval_is_wilsons(hits, confidence):
    happened = np.arange(20) < hits
    got = estimates.fraction_interval(happened, confidence)
    right = stats.binomtest(hits, 20).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose(got, [hits / 20, right.low, right.high], atol=1e-15)


def test_first_below_is_censored_with_inf():
    values = np.array([[3.0, 1.0, 2.0], [3.0, 3.0, 0.0], [3.0, 3.0, 3.0]])
    got = estimates.first_below(values, 1.5, np.array([0, 10, 20]))
    np.testing.assert_array_equal(got.t, [10, 20, np.inf])
    np.testing.assert_array_equal(got.late, [9, 9, 9])
    # A value equal to the threshold has not passed it.
    got = estimates.first_below(values[:1], 1.0, np.arange(3))
    np.testing.assert_array_equal(got.t, [np.inf])


def test_first_below_finds_each_chains_first_generation():
    t = np.array([1, 2, 5, 10])
    values = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    found = estimates.first_below(values.T, 0.5, t)
    np.testing.assert_array_equal(found.t, [5, 1, np.inf])
    # Chain 0 got there at 3, 4 or 5: up to 2 late; chain 1 at the first; 10 - 5 - 1 for chain 2.
    np.testing.assert_array_equal(found.late, [2, 0, 4])


def test_first_below_on_a_full_grid_is_exact():
    t = np.arange(6)
    values = (t[:, None] < np.array([3, 5])).astype(float)
    found = estimates.first_below(values.T, 0.5, t)
    np.testing.assert_array_equal(found.t, [3, 5])
    assert not found.late.any()


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: estimates.median_interval(np.ones((0, 3))), DataError, "shape"),
        (lambda: estimates.median_interval(np.ones(9), 95), SpecError, "percentage"),
        (lambda: estimates.fraction_interval(np.ones(3)), DataError, "booleans"),
        (lambda: estimates.first_below(np.ones((2, 3)), 0, np.arange(2)), DataError, "ascending"),
        (lambda: estimates.first_below(np.ones((2, 2)), 0, np.zeros(2)), DataError, "ascending"),
    ],
)
def test_bad_arguments_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
