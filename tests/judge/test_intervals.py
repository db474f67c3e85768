import numpy as np
import pytest
from scipy import stats

from genloss.errors import DataError, SpecError
from genloss.judge import intervals


def test_quantile_band_equals_numpys_and_drops_the_chain_axis():
    values = np.random.default_rng(0).standard_normal((37, 4))
    levels = (0.0, 0.05, 0.5, 0.9, 1.0)
    band = intervals.quantile_band(values, levels)
    assert band.shape == (5, 4)
    np.testing.assert_allclose(band, np.quantile(values, levels, axis=0), rtol=1e-12)


def test_quantile_band_takes_infinite_values_where_numpy_says_nan():
    values = np.array([-np.inf, 1.0, 2.0, np.inf, np.inf])
    got = intervals.quantile_band(values, (0.0, 0.25, 0.5, 0.6, 0.9, 1.0))
    np.testing.assert_array_equal(got, [-np.inf, 1, 2, np.inf, np.inf, np.inf])


def test_mean_with_error_is_over_chains():
    values = np.random.default_rng(1).standard_normal((20, 3))
    got = intervals.mean_with_error(values)
    np.testing.assert_allclose(got.mean, values.mean(axis=0))
    np.testing.assert_allclose(got.standard_error, stats.sem(values, axis=0))
    for bad in (np.ones((1, 3)), np.array([1.0, np.inf])):
        with pytest.raises(DataError, match="chains"):
            intervals.mean_with_error(bad)


@pytest.mark.parametrize("n", [6, 11, 30])
def test_median_interval_has_its_exact_coverage(n):
    # The rank is the largest with coverage >= 95 %; over 4000 sets the share that covers the
    # median 0 meets the binomial coverage within 4 standard errors.
    values = np.random.default_rng(2).standard_normal((n, 4000))
    got = intervals.median_interval(values)
    np.testing.assert_allclose(got.estimate, np.median(values, axis=0))
    rank = int((np.sort(values, axis=0)[:, 0] <= got.low[0]).sum())
    coverage = 1 - 2 * stats.binom.cdf(rank - 1, n, 0.5)
    assert coverage >= 0.95 > 1 - 2 * stats.binom.cdf(rank, n, 0.5)
    covered = ((got.low <= 0) & (got.high >= 0)).mean()
    assert abs(covered - coverage) < 4 * np.sqrt(coverage * (1 - coverage) / 4000)


def test_too_few_chains_say_nothing_about_the_median():
    got = intervals.median_interval(np.arange(5.0))
    assert (got.estimate, got.low, got.high) == (2, -np.inf, np.inf)
    assert intervals.median_interval(np.arange(6.0)).low == 0


@pytest.mark.parametrize("hits", [0, 3, 20])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_fraction_interval_is_wilsons(hits, confidence):
    happened = np.arange(20) < hits
    got = intervals.fraction_interval(happened, confidence)
    right = stats.binomtest(hits, 20).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose(got, [hits / 20, right.low, right.high], atol=1e-15)


def test_first_below_is_censored_with_inf():
    values = np.array([[3.0, 1.0, 2.0], [3.0, 3.0, 0.0], [3.0, 3.0, 3.0]])
    got = intervals.first_below(values, 1.5, np.array([0, 10, 20]))
    np.testing.assert_array_equal(got, [10, 20, np.inf])
    # A value equal to the threshold has not passed it.
    np.testing.assert_array_equal(intervals.first_below(values[:1], 1.0, np.arange(3)), [np.inf])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: intervals.quantile_band(np.array([1.0, np.nan])), DataError, "NaN"),
        (lambda: intervals.quantile_band(np.ones(3), (1.5,)), SpecError, "level"),
        (lambda: intervals.median_interval(np.ones((0, 3))), DataError, "shape"),
        (lambda: intervals.median_interval(np.ones(9), 95), SpecError, "percentage"),
        (lambda: intervals.fraction_interval(np.ones(3)), DataError, "booleans"),
        (lambda: intervals.first_below(np.ones((2, 3)), 0, np.arange(2)), DataError, "ascending"),
        (lambda: intervals.first_below(np.ones((2, 2)), 0, np.zeros(2)), DataError, "ascending"),
    ],
)
def test_bad_arguments_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
