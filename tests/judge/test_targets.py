"""Targets: every band met and missed, everything unknown refused where it is read."""

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.judge.expected import expected_from, expected_value
from genloss.judge.targets import BANDS, Place, as_table, check_measured, kind_of, target_from
from genloss.judge.verdicts import judge
from genloss.run.runner import run_studies
from genloss.study.study import study_from
from genloss.theory import moments

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


def table(band, **more):
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


def target(band, **more):
    return target_from(table(band, **more), "test")


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
    near = target({"kind": "interval", "low": 0, "high": 0}, t="first_below:99")
    assert judge(near, runs, STUDIES).passed


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"run": "nobody"}, "target x: no run or metric 'nobody'"),
        ({"metric": "beauty"}, "no run or metric 'beauty'"),
        ({"minus": "nobody"}, "no run or metric 'nobody'"),
        ({"t": 77}, "generation 77 was not measured"),
        ({"statistic": "mode"}, "unknown statistic 'mode'"),
        ({"band": {"kind": "hope"}}, "unknown kind 'hope'; expected one of law"),
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
        ({"band": {"kind": "law", "expected": float("inf")}}, "expected a finite number"),
    ],
)
def test_a_target_that_asks_for_something_unknown_is_refused(runs, changes, why):
    with pytest.raises(SpecError, match=why):
        judge(target_from(table(MEAN) | changes, "test"), runs, STUDIES)


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

    def value(given):
        return expected_value(expected_from(given, "test"), study)

    np.testing.assert_allclose(value(law), right, rtol=1e-12)
    np.testing.assert_allclose(value({**law, "times": "$reality.p.1", "plus": 2}), 0.75 * right + 2)
    lost = {"law": "discrete.absence_after_one", "args": {"p": [0.25, 0.75], "n": 5}, "field": 0}
    np.testing.assert_allclose(value(lost), 0.75**5)
    assert value(3) == 3.0


@pytest.mark.parametrize("name", CASES)
def test_a_target_is_written_as_it_was_read(name):
    asked, _ = CASES[name]
    assert target_from(as_table(asked), "test") == asked


def test_the_cases_are_of_every_kind_of_band():
    assert {kind_of(asked.band) for asked, _ in CASES.values()} == set(BANDS)


def test_a_place_replaces_what_it_names_and_nothing_else():
    asked = target({"kind": "between", "lower": "b", "upper": {"t": 1, "metric": "mean_error"}})
    assert asked.band.lower == Place("b", "trace_ratio", 4)
    assert asked.band.upper == Place("a", "mean_error", 1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"colour": "red"}, "unknown key 'colour'; expected id, what"),
        ({"meric": "x"}, r"unknown key 'meric' \(did you mean 'metric'"),
        ({"source": " "}, "source is ' '; expected text"),
        ({"run": 3}, "run is 3; expected text"),
        ({"t": -1}, 't is -1; expected a generation, "last" or first_below'),
        ({"t": "first"}, "t is 'first'"),
        ({"t": "first_below:low"}, "t is 'first_below:low'"),
        ({"t": True}, "t is True"),
        ({"published": "0.8"}, "published is '0.8'; expected a finite number"),
        ({"statistic": "share_below:"}, "expected a number after the colon"),
        ({"statistic": 3}, "target x: "),
        ({"minus": {"rnu": "b"}}, r"minus: unknown key 'rnu' \(did you mean 'run'"),
        ({"minus": {"t": "first"}}, "minus: t is 'first'"),
        ({"band": "interval"}, "band: unknown kind 'interval'"),
        ({"band": {"kind": "interval", "low": 1}}, "has no 'high'; expected kind, low, high"),
        ({"band": {"kind": "interval", "low": 1, "high": "2"}}, "band.high is '2'; expected a fin"),
        ({"band": {"kind": "interval", "low": 1, "high": 2, "sd": 3}}, "band: unknown key 'sd'"),
        ({"band": {"kind": "one_draw"}}, "a band of kind one_draw needs a published number"),
        ({"band": {"kind": "readoff", "reading": 1}}, "a band of kind readoff needs a published"),
        ({"band": {"kind": "law", "expected": {"field": 1}}}, "has no 'law'"),
        ({"band": {"kind": "law", "expected": {"law": "a.b", "arg": {}}}}, "unknown key 'arg'"),
        ({"band": {"kind": "law", "expected": {"law": "a.b", "plus": "1"}}}, "plus is '1'"),
        ({"band": {"kind": ["law"]}}, "unknown kind"),
        ({"band": {"kind": "interval", "low": 2, "high": 1}}, "low is 2 and high 1; nothing lies"),
        ({"band": {"kind": "ensemble", "chains": 0}, "published": 1}, "chains is 0; expected 1 or"),
        ({"band": {"kind": "ensemble", "sd": -1}, "published": 1}, "sd is -1; expected 0 or more"),
        ({"band": {"kind": "readoff", "reading": -0.1}, "published": 1}, "reading is -0.1; expect"),
        ({"statistic": "quantile:2"}, "test: target x: level"),
        ({"band": {"kind": "between", "lower": 3, "upper": "b"}}, "band.lower is 3; expected a t"),
    ],
)
def test_a_target_that_is_written_otherwise_is_refused(changes, why):
    with pytest.raises(SpecError, match=why):
        target_from(table(MEAN) | changes, "test")


@pytest.mark.parametrize("key", ["id", "what", "run", "metric", "t", "band", "source"])
def test_a_target_without_one_of_its_fields_is_refused(key):
    with pytest.raises(SpecError, match=f"has no '{key}'"):
        target_from({k: v for k, v in table(MEAN).items() if k != key}, "test")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"run": "wdie"}, r"target x: no run 'wdie' \(did you mean 'wide'"),
        ({"metric": "trace_ration"}, r"measures no 'trace_ration' \(did you mean 'trace_ratio'"),
        ({"t": 5}, "does not measure generation 5; it measures 0, 1, 2, 3, 4"),
        ({"minus": {"t": 9}}, "does not measure generation 9"),
        ({"band": {"kind": "between", "lower": "no", "upper": "b"}}, "no run 'no'"),
        ({"band": {"kind": "between", "lower": "b", "upper": {"t": 7}}}, "generation 7"),
    ],
)
def test_a_place_that_is_not_measured_is_known_before_anything_runs(changes, why):
    check_measured(target(MEAN, minus="b", t="last"), STUDIES)
    with pytest.raises(SpecError, match=why):
        check_measured(target_from(table(MEAN) | changes, "test"), STUDIES)
