import numpy as np
import pytest
from scipy import stats

from genloss.errors import DataError, SpecError
from genloss.judge import estimates

X = np.random.default_rng(1).gamma(2.0, size=500)


def test_mean_and_its_error():
    found = estimates.statistic("mean", X)
    np.testing.assert_allclose([found.value, found.error], [X.mean(), stats.sem(X)], rtol=1e-12)
    assert found.chains == 500


def test_variance_and_sd_against_the_bootstrap():
    """1000 bootstrap resamples know an error to about 1 / sqrt(2000): 4 of those are 9 %."""
    rng = np.random.default_rng(2)
    draws = rng.choice(X, (1000, 500))
    for name, of in (("variance", np.var), ("sd", np.std)):
        found = estimates.statistic(name, X)
        np.testing.assert_allclose(found.value, of(X, ddof=1), rtol=1e-12)
        np.testing.assert_allclose(found.error, of(draws, axis=1, ddof=1).std(), rtol=0.09)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_quantiles_and_their_error(q):
    """The sd of a sample quantile is sqrt(q (1 - q) / n) / density.

    An estimate is a gap of about 13 order statistics, so it varies by 27 %; the mean of 200 by 2 %.
    """
    found = estimates.statistic(f"quantile:{q}", X)
    np.testing.assert_allclose(found.value, np.quantile(X, q), rtol=1e-12)
    law = stats.gamma(2)
    right = np.sqrt(q * (1 - q) / 500) / law.pdf(law.ppf(q))
    samples = law.rvs((200, 500), random_state=np.random.default_rng(4))
    errors = [estimates.statistic(f"quantile:{q}", row).error for row in samples]
    np.testing.assert_allclose(np.mean(errors), right, rtol=0.08)
    assert estimates.statistic("median", X) == estimates.statistic("quantile:0.5", X)


@pytest.mark.parametrize("name", ["share_below:1.5", "share_above:1.5"])
def test_shares_and_their_error(name):
    share = np.mean(X < 1.5) if "below" in name else np.mean(X > 1.5)
    found = estimates.statistic(name, X)
    assert found.value == share
    np.testing.assert_allclose(found.error, np.sqrt(share * (1 - share) / 500), rtol=0.01)


def test_a_share_of_none_still_leaves_some_doubt():
    found = estimates.statistic("share_below:-1", X)
    assert found.value == 0.0
    assert 0 < found.error < 3 / 500


def test_errors_have_the_coverage_of_a_standard_error():
    """Over 400 samples of 100 chains the estimate is within 1 error of the truth 68 % of the time.

    Binomial(400, 0.68) has sd 0.023; 4 of them, and 3 % for skewness at n = 100.
    """
    law = stats.gamma(2)
    truth = {
        "mean": law.mean(),
        "median": law.median(),
        "variance": law.var(),
        "sd": law.std(),
        "share_below:1": law.cdf(1),
        "quantile:0.8": law.ppf(0.8),
    }
    samples = law.rvs((400, 100), random_state=np.random.default_rng(3))
    for name, right in truth.items():
        found = [estimates.statistic(name, row) for row in samples]
        inside = np.mean([abs(e.value - right) < e.error for e in found])
        assert abs(inside - 0.683) < 4 * 0.023 + 0.03, name


def test_an_unknown_statistic_names_those_there_are():
    with pytest.raises(SpecError, match="unknown statistic 'mode'; expected mean, median"):
        estimates.statistic("mode", X)
    with pytest.raises(SpecError, match="has no standard error; run 2 chains or more"):
        estimates.statistic("mean", X[:1])


def test_quantile_of_counts_ties_half():
    values = np.array([1.0, 2.0, 2.0, 3.0])
    assert [estimates.quantile_of(x, values) for x in (0, 1, 2, 2.5, 9)] == [
        0,
        0.125,
        0.5,
        0.75,
        1.0,
    ]


def test_quantiles_equal_numpys_and_drops_the_chain_axis():
    values = np.random.default_rng(0).standard_normal((37, 4))
    levels = (0.0, 0.05, 0.5, 0.9, 1.0)
    band = estimates.quantiles(values, levels)
    assert band.shape == (5, 4)
    np.testing.assert_allclose(band, np.quantile(values, levels, axis=0), rtol=1e-12)


def test_quantiles_take_infinite_values_where_numpy_says_nan():
    values = np.array([-np.inf, 1.0, 2.0, np.inf, np.inf])
    got = estimates.quantiles(values, (0.0, 0.25, 0.5, 0.6, 0.9, 1.0))
    np.testing.assert_array_equal(got, [-np.inf, 1, 2, 2, np.inf, np.inf])


def test_an_infinite_chain_changes_no_quantile_between_finite_ones():
    values = np.random.default_rng(5).standard_normal((10, 3))
    values[9] = 9.0
    lost = values.copy()
    lost[9, 1] = np.inf
    levels = (0.05, 0.5, 0.8)
    np.testing.assert_array_equal(
        estimates.quantiles(lost, levels), estimates.quantiles(values, levels)
    )
    # Nothing lies half way to infinity: the ninth value, not the infinite tenth.
    assert estimates.quantiles(lost, (0.95,))[0, 1] == np.sort(lost[:, 1])[8]


def test_mean_with_error_is_over_chains():
    values = np.random.default_rng(1).standard_normal((20, 3))
    got = estimates.mean_with_error(values)
    np.testing.assert_allclose(got.mean, values.mean(axis=0))
    np.testing.assert_allclose(got.standard_error, stats.sem(values, axis=0))
    for bad in (np.ones((1, 3)), np.array([1.0, np.inf])):
        with pytest.raises(DataError, match="chains"):
            estimates.mean_with_error(bad)


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


def test_too_few_chains_say_nothing_about_the_median():
    got = estimates.median_interval(np.arange(5.0))
    assert (got.estimate, got.low, got.high) == (2, -np.inf, np.inf)
    assert estimates.median_interval(np.arange(6.0)).low == 0


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
        (lambda: estimates.quantiles(np.array([1.0, np.nan])), DataError, "NaN"),
        (lambda: estimates.quantiles(np.ones(3), (1.5,)), SpecError, "level"),
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
