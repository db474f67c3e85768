import numpy as np
import pytest
from scipy import stats

from genloss.core.over_chains import Statistic, statistic_from
from genloss.errors import SpecError
from genloss.judge import statistics
from genloss.judge.statistics import quantile_of

X = np.random.default_rng(1).gamma(2.0, size=500)


def statistic(text, values):
    return statistics.statistic(statistic_from(text), values)


def test_mean_and_its_error():
    found = statistic("mean", X)
    np.testing.assert_allclose([found.value, found.error], [X.mean(), stats.sem(X)], rtol=1e-12)
    assert found.chains == 500


def test_variance_and_sd_against_the_bootstrap():
    """1000 bootstrap resamples know an error to about 1 / sqrt(2000): 4 of those are 9 %."""
    rng = np.random.default_rng(2)
    draws = rng.choice(X, (1000, 500))
    for name, of in (("variance", np.var), ("sd", np.std)):
        found = statistic(name, X)
        np.testing.assert_allclose(found.value, of(X, ddof=1), rtol=1e-12)
        np.testing.assert_allclose(found.error, of(draws, axis=1, ddof=1).std(), rtol=0.09)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_quantiles_and_their_error(q):
    """The sd of a sample quantile is sqrt(q (1 - q) / n) / density.

    An estimate is a gap of about 13 order statistics, so it varies by 27 %; the mean of 200 by 2 %.
    """
    found = statistic(f"quantile:{q}", X)
    np.testing.assert_allclose(found.value, np.quantile(X, q), rtol=1e-12)
    law = stats.gamma(2)
    right = np.sqrt(q * (1 - q) / 500) / law.pdf(law.ppf(q))
    samples = law.rvs((200, 500), random_state=np.random.default_rng(4))
    errors = [statistic(f"quantile:{q}", row).error for row in samples]
    np.testing.assert_allclose(np.mean(errors), right, rtol=0.08)
    assert statistic("median", X) == statistic("quantile:0.5", X)


@pytest.mark.parametrize("name", ["share_below:1.5", "share_above:1.5"])
def test_shares_and_their_error(name):
    share = np.mean(X < 1.5) if "below" in name else np.mean(X > 1.5)
    found = statistic(name, X)
    assert found.value == share
    np.testing.assert_allclose(found.error, np.sqrt(share * (1 - share) / 500), rtol=0.01)


def test_a_share_of_none_still_leaves_some_doubt():
    found = statistic("share_below:-1", X)
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
        found = [statistic(name, row) for row in samples]
        inside = np.mean([abs(e.value - right) < e.error for e in found])
        assert abs(inside - 0.683) < 4 * 0.023 + 0.03, name


def test_an_unknown_statistic_names_those_there_are():
    with pytest.raises(SpecError, match="unknown statistic 'mode'; expected mean, median"):
        statistic("mode", X)
    with pytest.raises(SpecError, match="has no standard error; run 2 chains or more"):
        statistic("mean", X[:1])


@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        ("mean", 2),
        ("median", 2),
        ("variance", 30),
        ("sd", 30),
        ("quantile:0.9", 18),
        ("share_above:1", 2),
    ],
)
def test_too_few_chains_for_a_standard_error_are_refused_and_the_fewest_named(name, fewest):
    with pytest.raises(SpecError, match=f"no standard error; run {fewest} chains or more"):
        statistic(name, X[: fewest - 1])
    assert statistic(name, X[:fewest]).error > 0


def test_the_error_of_a_variance_is_not_zero_where_all_lie_equally_far_from_the_mean():
    """Of n/2 values -1 and n/2 values 1, m_4 is 1 and s^2 is n/(n - 1)."""
    n = 40
    found = statistic("variance", np.repeat([-1.0, 1.0], n // 2))
    right = np.sqrt((1 - (n / (n - 1)) ** 2 * (n - 3) / (n - 1)) / n)
    assert found.error == pytest.approx(right, rel=1e-12)
    assert statistic("variance", np.ones(n)).error == 0


def test_quantile_of_counts_ties_half():
    values = np.array([1.0, 2.0, 2.0, 3.0])
    assert [quantile_of(x, values) for x in (0, 1, 2, 2.5, 9)] == [
        0,
        0.125,
        0.5,
        0.75,
        1.0,
    ]


@pytest.mark.parametrize(
    "text",
    ["mean", "median", "sd", "quantile", "quantile:0.05", "share_above:0", "share_below:1e-12"],
)
def test_a_statistic_is_written_as_it_was_read(text):
    assert str(statistic_from(text)) == text
    assert statistic_from(str(statistic_from(text))) == statistic_from(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("means", "unknown statistic 'means'"),
        (3, "statistic is 3"),
        ("mean:0.5", "mean has no option"),
        ("quantile:1", "level of the quantile is 1.0; expected 0 < Q < 1"),
        ("quantile:half", "expected a number after the colon"),
        ("share_below", "expected share_below:X"),
        ("share_above:nan", "expected share_above:X"),
    ],
)
def test_what_is_no_statistic_is_refused(text, why):
    with pytest.raises(SpecError, match=why):
        statistic_from(text)


def test_only_values_of_the_metric_are_locations():
    names = ("mean", "median", "quantile:0.05", "variance", "sd", "share_above:0")
    assert [statistic_from(x).is_location for x in names] == [True] * 3 + [False] * 3
    assert [statistic_from(x).level for x in names[:3]] == [None, 0.5, 0.05]
    assert Statistic("quantile").level == 0.5
