"""Targets: every statistic against an independent computation, every band met and missed."""

import numpy as np
import pytest
from scipy import stats

from genloss.errors import SpecError
from genloss.judge.expected import expected_value
from genloss.judge.targets import first_below, judge, quantile_of, statistic
from genloss.run.runner import run_studies
from genloss.study.study import study_from
from genloss.theory import moments

X = np.random.default_rng(1).gamma(2.0, size=500)


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


def test_quantile_of_counts_ties_half():
    values = np.array([1.0, 2.0, 2.0, 3.0])
    assert [quantile_of(x, values) for x in (0, 1, 2, 2.5, 9)] == [0, 0.125, 0.5, 0.75, 1.0]


def test_first_below_by_hand():
    t = np.array([0, 1, 5, 9])
    values = np.array([[4.0, 4.0, 4.0], [1.0, 4.0, 4.0], [9.0, 1.0, 4.0], [9.0, 9.0, 4.0]])
    found = first_below(t, values, 2.0)
    np.testing.assert_array_equal(found.values, [1, 5, 9])
    # Chain 0 was seen at once, chain 1 up to 3 generations late; chain 2 never got there.
    assert (found.missing, found.late) == (1, (0 + 3 + 3) / 3)


SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 0},
    "form": "moments",
    "generations": 4,
    "chains": 400,
    "metrics": ["trace_ratio", "mean_error"],
}
STUDIES = {
    "a": study_from({**SPEC, "name": "a", "n_real": 20}),
    "b": study_from({**SPEC, "name": "b", "n_real": 20, "seed": 9}),
    "wide": study_from({**SPEC, "name": "wide", "n_real": 200}),
    "few": study_from({**SPEC, "name": "few", "n_real": 20, "chains": 199}),
}
LAW = {
    "law": "moments.replace",
    "field": "spread",
    "args": {"t": 4, "n": "$n_real", "ddof": "$learner.ddof"},
}
EXPECTED = float(moments.replace(4, 20, ddof=0).spread)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    done = run_studies(list(STUDIES.values()), tmp_path_factory.mktemp("targets"), workers=1)
    return dict(zip(STUDIES, done, strict=True))


def target(band, **more):
    return {
        "id": "x",
        "what": "spread",
        "run": "a",
        "metric": "trace_ratio",
        "t": 4,
        "statistic": "mean",
        "source": "by hand",
        "band": band,
        **more,
    }


MEAN = {"kind": "interval", "low": 0.8, "high": 0.85}
CASES = {
    "law": (target({"kind": "law", "expected": LAW}), True),
    "law off by a fifth": (target({"kind": "law", "expected": {**LAW, "times": 1.2}}), False),
    "law off by a constant": (target({"kind": "law", "expected": {**LAW, "plus": -0.2}}), False),
    "law as a number": (target({"kind": "law", "expected": EXPECTED}), True),
    "law with its variance": (
        target({"kind": "law", "expected": LAW, "variance": 0.3}),
        True,
    ),
    "law with too small a variance": (
        target({"kind": "law", "expected": {**LAW, "plus": 0.01}, "variance": 1e-8}),
        False,
    ),
    "last generation": (target({"kind": "law", "expected": LAW}, t="last"), True),
    "another generation": (target({"kind": "law", "expected": LAW}, t=1), False),
    "a share by its binomial law": (
        target({"kind": "law", "expected": 0.5}, statistic="share_below:0.8"),
        True,
    ),
    "another share": (
        target({"kind": "law", "expected": 0.9}, statistic="share_above:0.8"),
        False,
    ),
    "bounds": (target({"kind": "bounds", "lower": 0, "upper": LAW}), True),
    "bounds too low": (target({"kind": "bounds", "lower": 0, "upper": 0.5}), False),
    "bounds too high": (target({"kind": "bounds", "lower": 0.95, "upper": 1}), False),
    "ensemble": (target({"kind": "ensemble", "chains": 100}, published=EXPECTED), True),
    "ensemble of one": (target({"kind": "ensemble"}, published=EXPECTED + 0.5), True),
    "ensemble with its error": (
        target({"kind": "ensemble", "error": 0.001}, published=EXPECTED + 0.5),
        False,
    ),
    "ensemble rounded": (
        target({"kind": "ensemble", "error": 0.0, "rounding": 0.5}, published=EXPECTED + 0.5),
        True,
    ),
    "one draw": (target({"kind": "one_draw"}, published=0.8), True),
    "one draw in the tail": (target({"kind": "one_draw"}, published=5.0), False),
    "readoff": (target({"kind": "readoff", "reading": 0.05}, published=EXPECTED + 0.04), True),
    "readoff too far": (target({"kind": "readoff", "reading": 0.0}, published=0.99), False),
    "readoff of a mean over 5": (
        target({"kind": "readoff", "reading": 0.0, "chains": 5}, published=0.99),
        True,
    ),
    "interval": (target({"kind": "interval", "low": 0.7, "high": 0.9}), True),
    "interval missed": (target({"kind": "interval", "low": 0.9, "high": 1.0}), False),
    "same law elsewhere": (target({"kind": "law", "expected": 0.0}, minus="b"), True),
    "another law elsewhere": (target({"kind": "law", "expected": 0.0}, minus="wide"), False),
    "another generation of the same": (
        target({"kind": "law", "expected": 0.0}, minus={"t": 1}),
        False,
    ),
    "between": (
        target({"kind": "between", "lower": {"metric": "mean_error"}, "upper": "wide"}),
        True,
    ),
    "between, the wrong way round": (
        target({"kind": "between", "lower": "wide", "upper": {"metric": "mean_error"}}),
        False,
    ),
    "not apart from an equal": (
        target({"kind": "between", "lower": {"metric": "mean_error"}, "upper": "b"}),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_band_is_met_or_missed(runs, name):
    asked, right = CASES[name]
    verdict = judge(asked, runs, STUDIES)
    assert verdict.passed is right
    assert verdict.passed is (verdict.low <= verdict.measured <= verdict.high)
    assert (verdict.chains, verdict.run, verdict.source) == (400, "a", "by hand")


def test_the_band_of_a_law_is_four_standard_errors_wide(runs):
    verdict = judge(target({"kind": "law", "expected": LAW}), runs, STUDIES)
    values = runs["a"].series["trace_ratio"].values[4]
    half = 4 * values.std(ddof=1) / np.sqrt(400)
    np.testing.assert_allclose([verdict.low, verdict.high], [EXPECTED - half, EXPECTED + half])
    np.testing.assert_allclose(verdict.measured, values.mean())


def test_the_band_of_an_ensemble_adds_both_errors(runs):
    asked = target({"kind": "ensemble", "chains": 100, "rounding": 0.01}, published=0.8)
    verdict = judge(asked, runs, STUDIES)
    ours = runs["a"].series["trace_ratio"].values[4].std(ddof=1) / np.sqrt(400)
    half = 4 * np.hypot(ours, 2 * ours) + 0.01
    np.testing.assert_allclose([verdict.low, verdict.high], [0.8 - half, 0.8 + half])


def test_a_single_draw_is_judged_by_its_quantile_among_enough_chains(runs):
    verdict = judge(target({"kind": "one_draw"}, published=0.8), runs, STUDIES)
    values = runs["a"].series["trace_ratio"].values[4]
    assert (verdict.low, verdict.high) == (0.005, 0.995)
    np.testing.assert_allclose(verdict.measured, (values < 0.8).mean())
    with pytest.raises(SpecError, match="199 chains; needs 200"):
        judge(target({"kind": "one_draw"}, published=0.8, run="few"), runs, STUDIES)


def test_chains_that_never_get_there_miss_the_target(runs):
    far = target({"kind": "interval", "low": 0, "high": 4}, t="first_below:0.01")
    verdict = judge(far, runs, STUDIES)
    assert not verdict.passed
    assert "400 of 400 chains never got there" in verdict.what
    near = target({"kind": "interval", "low": 1, "high": 1}, t="first_below:99")
    assert judge({**near, "band": {"kind": "interval", "low": 0, "high": 0}}, runs, STUDIES).passed


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"run": "nobody"}, "target x: no run or metric 'nobody'"),
        ({"metric": "beauty"}, "no run or metric 'beauty'"),
        ({"minus": "nobody"}, "no run or metric 'nobody'"),
        ({"t": 77}, "generation 77 was not measured"),
        ({"statistic": "mode"}, "unknown statistic 'mode'"),
        ({"band": {"kind": "hope"}}, "unknown band 'hope'"),
        ({"band": {"kind": "law", "expected": {"law": "moments.wish"}}}, "unknown law 'moments.wi"),
        ({"band": {"kind": "law", "expected": {"law": "no.wish"}}}, r"unknown law 'no\.wish'"),
        (
            {"band": {"kind": "law", "expected": {**LAW, "args": {"t": "$when"}}}},
            r"the study has no field '\$when'",
        ),
        (
            {"band": {"kind": "law", "expected": {**LAW, "args": {"t": "$p_0"}}}},
            "needs a categorical reality; got Gaussian",
        ),
        ({"band": {"kind": "law", "expected": float("inf")}}, "not finite meets no band"),
    ],
)
def test_a_target_that_asks_for_something_unknown_is_refused(runs, changes, why):
    with pytest.raises(SpecError, match=why):
        judge({**target(MEAN), **changes}, runs, STUDIES)


def test_brief_verdicts_have_exactly_the_promised_keys(runs):
    verdict = judge(target(MEAN, published=0.8), runs, STUDIES)
    assert list(verdict.brief()) == ["id", "what", "published", "low", "high", "measured", "pass"]
    assert set(verdict.full()) > {"band", "source", "chains", "run"}


def test_expected_values_reach_into_the_study():
    study = study_from(
        {
            **SPEC,
            "reality": {"kind": "token_law", "p": [0.25, 0.75]},
            "learner": {"kind": "categorical", "k": 2},
            "n_real": 5,
        }
    )
    law = {"law": "discrete.collision_probability", "args": {"t": 1, "n": "$n_real", "p": "$p_0"}}
    right = 1 - (1 - 0.25**2 - 0.75**2) * (1 - 1 / 5)
    np.testing.assert_allclose(expected_value(law, study), right, rtol=1e-12)
    np.testing.assert_allclose(
        expected_value({**law, "times": "$reality.p.1", "plus": 2}, study), 0.75 * right + 2
    )
    lost = {"law": "discrete.absence_after_one", "args": {"p": [0.25, 0.75], "n": 5}, "field": 0}
    np.testing.assert_allclose(expected_value(lost, study), 0.75**5)
    assert expected_value(3, study) == 3.0
