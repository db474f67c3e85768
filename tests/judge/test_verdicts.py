"""Verdicts: the arithmetic of bands, waiting times and differences, on small tables."""

import math

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.judge.expected import expected_from, expected_value
from genloss.judge.targets import target_from
from genloss.judge.verdicts import judge
from genloss.published.experiments import load_experiment
from genloss.study.study import Study


class Table:
    """A run with the given series, nothing else."""

    def __init__(self, **series):
        self.path = "nowhere"
        self.columns = {
            name: type("Series", (), {"t": np.arange(len(values)), "values": np.array(values)})
            for name, values in series.items()
        }


@pytest.fixture(scope="module")
def study() -> Study:
    return load_experiment("shumailov-2024-discrete", "smoke").studies["end,n=20"]


def target(band, **more):
    common = {"id": "x", "what": "w", "published": None, "run": "a", "metric": "m", "source": "s"}
    return target_from({**common, "t": "last", "band": band, **more}, "test")


def test_a_chain_that_never_gets_there_fails_the_target_and_is_named(study):
    run = Table(m=[[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    wide = {"kind": "interval", "low": 0, "high": 100}
    verdict = judge(target(wide, t="first_below:0.5"), {"a": run}, {"a": study})
    assert not verdict.passed
    assert "1 of 2 chains never got there" in verdict.what
    np.testing.assert_allclose(verdict.measured, (1 + 2) / 2)


def test_bounds_leave_four_standard_errors_on_both_sides(study):
    rng = np.random.default_rng(0)
    values = [rng.normal(0.5, 0.1, 400).tolist()]
    run = {"a": Table(m=values)}
    error = np.std(values, ddof=1) / 20
    verdict = judge(target({"kind": "bounds", "lower": 0.5, "upper": 0.6}), run, {"a": study})
    np.testing.assert_allclose([verdict.low, verdict.high], [0.5 - 4 * error, 0.6 + 4 * error])
    assert verdict.passed
    wrong = judge(target({"kind": "bounds", "lower": 0.55, "upper": 0.6}), run, {"a": study})
    assert not wrong.passed


def test_a_share_has_the_standard_error_of_its_expected_value(study):
    run = {"a": Table(m=[[0.0] * 90 + [1.0] * 10])}
    band = {"kind": "law", "expected": 0.2}
    verdict = judge(target(band, statistic="share_above:0.5"), run, {"a": study})
    np.testing.assert_allclose(verdict.measured, 0.1)
    np.testing.assert_allclose(verdict.high - 0.2, 4 * math.sqrt(0.2 * 0.8 / 100))


def test_a_read_off_mean_over_few_chains_carries_their_standard_error_too(study):
    values = np.random.default_rng(1).normal(0.0, 1.0, 400)
    run = {"a": Table(m=[values.tolist()])}
    error = values.std(ddof=1) / 20
    for band, expected in (
        ({"kind": "readoff", "reading": 0.1}, 0.1 + 4 * error),
        ({"kind": "readoff", "reading": 0.1, "chains": 100}, 0.1 + 4 * error * math.sqrt(5)),
    ):
        verdict = judge(target(band, published=0.0), run, {"a": study})
        np.testing.assert_allclose([verdict.low, verdict.high], [-expected, expected])


def test_a_single_chain_is_judged_by_the_spread_that_was_published(study):
    run = {"a": Table(m=[[0.70]])}
    band = {"kind": "ensemble", "chains": 5, "sd": 0.02}
    verdict = judge(target(band, published=0.62), run, {"a": study})
    half = 4 * 0.02 * math.sqrt(1 + 1 / 5)
    np.testing.assert_allclose([verdict.low, verdict.high], [0.62 - half, 0.62 + half])
    assert verdict.passed
    with pytest.raises(SpecError, match="has no standard error; run 2 chains or more"):
        judge(target({"kind": "ensemble", "chains": 5}, published=0.62), run, {"a": study})


def test_minus_takes_another_run_or_another_time(study):
    runs = {"a": Table(m=[[1.0, 1.0], [3.0, 3.2]]), "b": Table(m=[[0.0, 0.0], [1.0, 1.1]])}
    wide = {"kind": "interval", "low": -9, "high": 9}
    studies = {"a": study, "b": study}
    for minus, expected in (("b", 3.1 - 1.05), ({"t": 0}, 3.1 - 1.0), ({"run": "b", "t": 0}, 3.1)):
        verdict = judge(target(wide, minus=minus), runs, studies)
        np.testing.assert_allclose(verdict.measured, expected)


def test_expected_value_reads_fields_elements_and_the_law_of_reality(study):
    p = study.reality.p
    element = {"law": "discrete.fixation_probability", "field": 2, "args": {"p": "$p_0"}}
    np.testing.assert_allclose(expected_value(expected_from(element, "test"), study), p[2])
    absent = {"law": "discrete.absence_after_one", "args": {"p": "$reality.p.3", "n": "$n_real"}}
    np.testing.assert_allclose(
        expected_value(expected_from(absent, "test"), study), (1 - p[3]) ** 20
    )
    scaled = {**absent, "times": "$n_real", "plus": -1}
    np.testing.assert_allclose(
        expected_value(expected_from(scaled, "test"), study), 20 * (1 - p[3]) ** 20 - 1
    )
    assert expected_value(0.25, study) == 0.25
