"""Every target of every published experiment is well formed, and every experiment runs.

Also the arithmetic of targets that the experiments rely on: waiting times, bounds, expectations.
"""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from genloss.core.view import column_names
from genloss.judge.expected import expected_value
from genloss.judge.targets import BANDS, first_below, judge, statistic
from genloss.published.experiments import SCALES, load_experiment, published_folder, published_names
from genloss.published.reproduce import reproduce
from genloss.study.study import Study

NAMES = published_names()
CASES = [(name, scale) for name in NAMES for scale in SCALES]
REQUIRED = {"id", "what", "published", "run", "metric", "t", "statistic", "band", "source"}
OPTIONAL = {"scales", "minus"}
KINDS = {*BANDS, "one_draw", "between"}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def experiment(request):
    return load_experiment(*request.param)


def places(target):
    """The target itself and every other place that it compares with."""
    yield target
    others = [target.get("minus")]
    if target["band"]["kind"] == "between":
        others += [target["band"]["lower"], target["band"]["upper"]]
    for other in others:
        if other is not None:
            yield {**target, **(other if isinstance(other, Mapping) else {"run": other})}


def is_measured(study: Study, t) -> bool:
    if isinstance(t, str):
        kind, _, level = t.partition(":")
        return t == "last" or (kind == "first_below" and math.isfinite(float(level)))
    return t in study.measure.times(study.generations) | {study.generations}


def test_every_target_says_what_it_is_and_where_it_comes_from(experiment):
    assert experiment.targets
    for target in experiment.targets:
        assert set(target) >= REQUIRED, target
        assert set(target) <= REQUIRED | OPTIONAL, target["id"]
        assert target["what"].strip(), target["id"]
        assert len(target["source"]) > 10, target["id"]
        assert target["band"]["kind"] in KINDS, target["id"]
        assert target["published"] is None or math.isfinite(target["published"]), target["id"]
    ids = [target["id"] for target in experiment.targets]
    assert len(set(ids)) == len(ids)


def test_every_target_is_measured_where_it_looks(experiment):
    for target in experiment.targets:
        for place in places(target):
            study = experiment.studies.get(place["run"])
            assert study is not None, (target["id"], place["run"])
            names = [name for metric in study.metrics for name in column_names(metric)]
            assert place["metric"] in names, (target["id"], names)
            assert is_measured(study, place["t"]), (target["id"], place["t"])


def test_every_statistic_is_known_and_every_published_band_has_its_number(experiment):
    for target in experiment.targets:
        assert statistic(target["statistic"], np.linspace(0.1, 0.9, 11)).chains == 11
        if target["band"]["kind"] in ("ensemble", "one_draw", "readoff"):
            assert target["published"] is not None, target["id"]


@pytest.mark.parametrize("name", NAMES)
def test_every_law_gives_a_finite_number(name):
    experiment = load_experiment(name, "laptop")
    for target in experiment.targets:
        band, study = target["band"], experiment.studies[target["run"]]
        sides = ("expected", "variance") if band["kind"] == "law" else ("lower", "upper")
        if band["kind"] in ("law", "bounds"):
            values = [expected_value(band[side], study) for side in sides if side in band]
            assert np.isfinite(values).all(), target["id"]


@pytest.mark.parametrize("name", NAMES)
def test_no_target_is_left_out_at_every_scale(name):
    import json

    listed = json.loads((published_folder() / name / "expected.json").read_text())["targets"]
    shown = {t["id"] for scale in SCALES for t in load_experiment(name, scale).targets}
    assert {t["id"] for t in listed} == shown
    assert (published_folder() / name / "README.md").stat().st_size > 1000


SLOW = {
    "shumailov-2024-vae",
    "shumailov-2024-opt",
    "bohacek-2023-healing",
    "alemohammad-2023-mnist",
}
"""Networks take a minute each; the test of `genloss demo` runs them and holds their targets."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(NAMES) - SLOW))
def test_every_experiment_meets_its_targets_at_smoke_scale(name, tmp_path):
    _, verdicts = reproduce(load_experiment(name, "smoke"), tmp_path, workers=1)
    assert [v.full() for v in verdicts if not v.passed] == []


def test_first_below_finds_each_chains_first_generation_and_counts_those_that_never_got_there():
    t = np.array([1, 2, 5, 10])
    values = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    found = first_below(t, values, 0.5)
    np.testing.assert_array_equal(found.values, [5, 1, 10])
    assert found.missing == 1
    # Chain 0 got there at 3, 4 or 5: up to 2 late; chain 1 at the first; chain 2 counts 10 - 5 - 1.
    np.testing.assert_allclose(found.late, (2 + 0 + 4) / 3)


def test_first_below_on_a_full_grid_is_exact():
    t = np.arange(6)
    values = (t[:, None] < np.array([3, 5])).astype(float)
    found = first_below(t, values, 0.5)
    np.testing.assert_array_equal(found.values, [3, 5])
    assert (found.late, found.missing) == (0.0, 0)


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
    return {**common, "t": "last", "statistic": "mean", "band": band, **more}


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
    np.testing.assert_allclose(expected_value(element, study), p[2])
    absent = {"law": "discrete.absence_after_one", "args": {"p": "$reality.p.3", "n": "$n_real"}}
    np.testing.assert_allclose(expected_value(absent, study), (1 - p[3]) ** 20)
    scaled = {**absent, "times": "$n_real", "plus": -1}
    np.testing.assert_allclose(expected_value(scaled, study), 20 * (1 - p[3]) ** 20 - 1)
    assert expected_value(0.25, study) == 0.25
