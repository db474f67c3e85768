"""The fan that a report draws ahead of a run, when asked."""

import json

import pytest

from genloss.judge.forecast.forecasts import forecast
from genloss.report.figures.lines import metric_figure
from genloss.report.measured import FAN, measured
from genloss.run.runner import run_study
from genloss.study.study import study_from

SPEC = {
    "reality": {"kind": "gaussian", "d": 1},
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 50,
    "generations": 8,
    "chains": 20,
    "metrics": ["trace_ratio", "real_share"],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_study(study_from(SPEC), tmp_path_factory.mktemp("runs"), workers=1)


def rows(figure):
    """Return the rows of the fan's layers, by its last generation."""
    layers = [layer for panel in figure.panels for layer in panel.spec["layer"]]
    values = [layer.get("data", {}).get("values", []) for layer in layers]
    return [v for v in values if v and "low" in v[0]]


@pytest.mark.slow
def test_a_fan_goes_from_what_was_measured_to_what_is_forecast(run):
    figure = metric_figure("trace_ratio", [measured(run, ahead=40)])
    area, line = rows(figure)
    assert area == line
    assert len(area) == FAN + 1
    [there] = forecast(run, 40, metrics=["trace_ratio"]).values
    last = area[-1]
    assert (area[0]["t"], last["t"]) == (8, 40)
    assert last["value"] == pytest.approx(there.chain.median, rel=1e-3)
    assert last["low"] == pytest.approx(there.chain.low, rel=1e-3)
    assert figure.panels[0].spec["encoding"]["x"]["scale"]["domain"] == [0, 40]
    assert "forecast of a further chain, nine in ten (from: expected ratio (exact))" in figure.fan


@pytest.mark.slow
def test_without_being_asked_or_without_a_forecast_there_is_none(run):
    assert not rows(metric_figure("trace_ratio", [measured(run)]))
    # The study sets it: there is nothing to forecast.
    share = metric_figure("real_share", [measured(run, ahead=40)])
    assert not rows(share)
    assert share.fan == ""
    # A generation that is there is no forecast.
    asked = metric_figure("trace_ratio", [measured(run, ahead=8)])
    plain = metric_figure("trace_ratio", [measured(run)])
    assert json.dumps([p.spec for p in asked.panels]) == json.dumps([p.spec for p in plain.panels])


@pytest.mark.slow
def test_doubts_stand_in_the_key(run):
    figure = metric_figure("trace_ratio", [measured(run, ahead=200)])
    assert "not scored: generation 200 lies more than 10 times as far" in figure.fan
