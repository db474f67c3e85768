"""Published values: which targets have them, where they lie, and that the axis shows them."""

import json

import numpy as np
import pytest

from genloss.report.figures.lines import metric_figure
from genloss.report.measured import measured
from genloss.report.published_values import point_of, points
from genloss.report.sections import find_sections

from .conftest import decay, make_experiment, make_run, verdict


def asked(**changes):
    target = {
        "id": "T",
        "published": 0.7,
        "run": "n=10,replace",
        "metric": "trace_ratio",
        "t": 5,
        "statistic": "mean",
        "band": {"kind": "ensemble", "chains": 5},
    }
    return target | changes


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        ({"kind": "ensemble", "chains": 5}, (0.7, 0.7, 0.7, "mean")),
        ({"kind": "ensemble", "chains": 5, "sd": 0.1}, (0.7, 0.6, 0.8, "mean")),
        ({"kind": "ensemble", "error": 0.02}, (0.7, 0.68, 0.72, "mean")),
        ({"kind": "readoff", "reading": 0.05}, (0.7, 0.65, 0.75, "mean")),
        ({"kind": "interval", "low": 0.5, "high": 0.8}, (0.7, 0.5, 0.8, "mean")),
        ({"kind": "one_draw"}, (0.7, 0.7, 0.7, "one chain")),
    ],
)
def test_every_kind_of_published_value_is_a_point(band, expected):
    p = point_of(asked(band=band))
    assert (p.t, p.what) == (5, expected[3])
    np.testing.assert_allclose((p.value, p.low, p.high), expected[:3])


def test_a_range_without_a_value_has_its_middle():
    p = point_of(asked(published=None, band={"kind": "interval", "low": 1.0, "high": 2.0}))
    assert (p.value, p.low, p.high) == (1.5, 1.0, 2.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"band": {"kind": "law", "expected": 1.0}},
        {"band": {"kind": "between", "lower": {}, "upper": {}}},
        {"minus": {"t": 0}},
        {"t": "first_below:0.5"},
        {"statistic": "variance"},
        {"statistic": "share_below:0.1"},
        {"published": None},
    ],
)
def test_what_is_no_value_of_the_metric_is_no_point(changes):
    assert point_of(asked(**changes)) is None


def test_points_belong_to_the_folder_of_their_run():
    runs = {"n=10,replace": "n=10,replace-ab12"}
    targets = {"targets": [verdict(asked=asked()), verdict(asked=asked(t="last"))], "runs": runs}
    ((key, found),) = points(targets).items()
    assert key == ("n=10,replace-ab12", "trace_ratio")
    assert [p.t for p in found] == [5, None]
    assert points(None) == points({"targets": [verdict()], "runs": runs}) == {}


def test_points_lie_beside_the_line_of_their_run_on_its_axis(tmp_path):
    told = [asked(), asked(t="last", published=3.0, band={"kind": "one_draw"})]
    folder = make_experiment(tmp_path, [verdict(asked=target) for target in told])
    (section,) = find_sections([folder])
    data = [measured(run) for run in section.runs]
    figure = metric_figure("trace_ratio", data, points(section.targets))
    layers = figure.panels[0].spec["layer"]
    (diamonds,) = [x for x in layers if x["mark"].get("shape") == "diamond"]
    assert [(v["run"], v["t"], v["value"]) for v in diamonds["data"]["values"]] == [
        ("n = 10 · replace", 5, 0.7),
        ("n = 10 · replace", 20, 3.0),
    ]
    assert diamonds["encoding"]["y"]["scale"]["domain"][1] >= 3.0
    assert figure.published == "published: mean or one chain"
    rows = {row["run"]: row for row in figure.panels[0].spec["data"]["values"]}
    assert rows["n = 10 · replace"]["published"][5] == 0.7
    assert rows["n = 10 · replace"]["published"][6] is None
    assert rows["n = 100 · replace"]["published"] == []


def test_a_published_mean_brings_our_mean(tmp_path):
    run = measured(make_run(tmp_path, metrics={"trace_ratio": decay(9, 6)}))
    plain = metric_figure("trace_ratio", [run])
    assert not plain.has_mean
    assert plain.published == ""
    theirs = {(run.run.path.name, "trace_ratio"): (point_of(asked()),)}
    assert metric_figure("trace_ratio", [run], theirs).has_mean


def test_an_error_bar_below_zero_leaves_the_axis_logarithmic(tmp_path):
    run = measured(make_run(tmp_path, metrics={"trace_ratio": decay(60, 6, rate=0.2)}))
    p = point_of(asked(published=0.001, band={"kind": "readoff", "reading": 0.02}))
    figure = metric_figure("trace_ratio", [run], {(run.run.path.name, "trace_ratio"): (p,)})
    y = figure.panels[0].spec["layer"][0]["encoding"]["y"]
    assert y["scale"]["type"] == "log"
    assert y["scale"]["domain"][0] > 0


def test_points_after_the_last_generation_are_left_out(tmp_path):
    run = measured(make_run(tmp_path, metrics={"trace_ratio": decay(9, 6)}))
    theirs = {(run.run.path.name, "trace_ratio"): (point_of(asked(t=50, published=9e9)),)}
    figure = metric_figure("trace_ratio", [run], theirs)
    assert figure.published == ""
    assert "9e9" not in json.dumps(figure.panels[0].spec)
