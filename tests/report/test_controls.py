"""Controls in the report and in the long table: named, grey, and the same numbers as on disk."""

import csv
import json
import re

import numpy as np
import pytest

from genloss.judge.controls import controls_of
from genloss.report.figures import doses, families
from genloss.report.figures.lines import metric_figure
from genloss.report.long_table import LongTable
from genloss.report.measured import measured
from genloss.report.page import write_report
from genloss.report.swept import swept
from genloss.report.table_files import write_table
from genloss.report.theme import MODES, config
from genloss.run.controls import run_with_controls
from genloss.run.runner import run_studies
from genloss.run.sweep import run_sweep
from genloss.store.sweep import read_sweep
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 0},
    "form": "moments",
    "n_real": 20,
    "generations": 9,
    "chains": 25,
    "metrics": ["trace_ratio", "squared_mean_error"],
}


def arms():
    return [
        study_from({**SPEC, "name": kind, "regime": kind}) for kind in ("replace", "accumulate")
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return run_with_controls(arms(), tmp_path_factory.mktemp("runs"), workers=1)


def drawn(runs, metric="trace_ratio"):
    [panel] = metric_figure(metric, [measured(run) for run in runs]).panels
    return [one for one in panel.spec["layer"] if one["mark"].get("style") == "control"]


@pytest.mark.slow
def test_a_figure_draws_every_control_once_and_names_its_kinds(runs):
    marks = [one["mark"]["type"] for one in drawn(runs)]
    assert marks == ["area", "line", "area", "line", "text", "text"]
    names = {one["mark"]["text"] for one in drawn(runs) if one["mark"]["type"] == "text"}
    assert names == {"control: real rows only", "control: as many real rows"}
    assert len(drawn(runs[:1])) == 3


def test_a_constant_control_is_as_wide_as_single_fits_are(runs):
    [control] = controls_of(runs[0])
    low, high = np.quantile(control.fits("trace_ratio"), (0.05, 0.95), method="weibull")
    [area, line, _] = drawn(runs[:1])
    rows = area["data"]["values"]
    assert [row["t"] for row in rows] == [1, 9]
    assert [row["low"] for row in rows] == 2 * [pytest.approx(low, rel=1e-4)]
    assert [row["high"] for row in rows] == 2 * [pytest.approx(high, rel=1e-4)]
    assert line["data"]["values"] == rows


def test_the_pointer_is_told_the_control(runs):
    [panel] = metric_figure("trace_ratio", [measured(runs[0])]).panels
    [row] = panel.spec["data"]["values"]
    middle = float(np.median(controls_of(runs[0])[0].fits("trace_ratio")))
    assert row["control"][0] is None
    assert row["control"][1:] == 9 * [pytest.approx(middle, rel=1e-4)]


def test_the_line_of_a_control_is_not_filled():
    """A fill closes a line that bends to an area."""
    assert all("fill" not in config(mode)["style"]["control"] for mode in MODES)


@pytest.mark.slow
def test_without_controls_nothing_is_drawn_of_them(tmp_path):
    alone = run_studies(arms(), tmp_path, workers=1)
    assert drawn(alone) == []
    page = write_report([tmp_path], tmp_path / "report.html").read_text()
    assert "control: " not in page


@pytest.mark.slow
def test_the_page_names_them_beside_the_figure(runs):
    root = runs[0].path.parent
    page = write_report([root], root / "report.html").read_text()
    assert "grey: control: real rows only" in page
    # Controls have no section, row or line of their own.
    specs = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S)
    assert not any('"run": "real-only' in text for text in specs)


@pytest.mark.slow
def test_a_figure_over_what_varies_has_the_control_of_every_dose(tmp_path):
    spec = {**SPEC, "metrics": ["squared_mean_error"]}
    sweep = sweep_from({**spec, "name": "s"}, {"vary": {"n_real": [5, 20, 80]}}, "spec")
    done = run_sweep(sweep, tmp_path, workers=1, controls=True)
    what, runs = swept(done.folder, read_sweep(done.folder))
    [figure] = doses.figures([measured(run) for run in runs], what)
    [panel] = figure.panels
    [line, name] = [x for x in panel.spec["layer"] if x["mark"].get("style") == "control"]
    middles = [float(np.median(controls_of(run)[0].fits("squared_mean_error"))) for run in runs]
    assert [row["y"] for row in line["data"]["values"]] == pytest.approx(middles, rel=1e-4)
    assert name["mark"]["text"] == "control: real rows only"
    assert "grey: control: real rows only" in figure.key


def test_an_axis_holds_the_control(tmp_path):
    """Fits of 2 rows spread far beyond a run that collapses at once."""
    spec = {**SPEC, "n_real": 3, "chains": 30, "measure": {"at": [9]}}
    [run] = run_with_controls([study_from(spec)], tmp_path, workers=1)
    [panel] = metric_figure("trace_ratio", [measured(run)]).panels
    low, high = panel.spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    [area, *_] = drawn([run])
    assert low <= area["data"]["values"][0]["low"]
    assert high >= area["data"]["values"][0]["high"]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_the_long_table_has_what_each_chain_reaches(runs, tmp_path, suffix):
    table = LongTable(runs, ("trace_ratio",), (9,))
    out = tmp_path / f"table{suffix}"
    assert write_table(table, out) == 50
    text = out.read_text()
    rows = json.loads(text) if suffix == ".json" else list(csv.DictReader(text.splitlines()))
    constant = controls_of(runs[0])[0].at("trace_ratio", 9)
    matched = controls_of(runs[1])[1].at("trace_ratio", 9)
    for row in rows:
        chain = int(row["chain"])
        assert float(row["control"]) == constant[chain]
        if row["regime"] == "replace":
            assert row["matched_control"] in (None, "")
        else:
            assert float(row["matched_control"]) == matched[chain]


def test_parquet_has_the_same_numbers(runs, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    write_table(LongTable(runs), tmp_path / "table.parquet")
    table = pq.read_table(tmp_path / "table.parquet").to_pylist()
    without = [row for row in table if row["control"] is None]
    assert without == []
    assert {row["regime"] for row in table if row["matched_control"] is None} == {"replace"}


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Trigrams of Python's help, a perplexity of every text, and the control beside it."""
    spec = {
        "reality": {"kind": "text", "vocabulary": 300},
        "learner": {"kind": "ngram", "order": 2},
        "sampler": {"kind": "sampling", "max_new": 64, "min_new": 64},
        "n_real": 40,
        "held_out": 20,
        "generations": 3,
        "chains": 4,
        "metrics": [{"kind": "sequence_perplexity", "q": [0.05, 0.25, 0.5, 0.75, 0.95]}],
    }
    [run] = run_with_controls([study_from(spec)], tmp_path_factory.mktemp("texts"), workers=1)
    return run


@pytest.mark.slow
def test_a_fan_has_its_control_at_both_ends_and_in_the_middle(texts):
    data = measured(texts)
    [figure] = [f for f in families.drawn([data], {}) if f.kind == "fan"]
    [plate] = figure.panels
    lines = [one for one in plate.spec["layer"] if one["mark"].get("style") == "control"]
    assert [one["mark"]["type"] for one in lines] == ["line"] * 3
    [control] = [c for c in controls_of(texts) if c.kind == "constant"]
    for one, q in zip(lines, ("0.05", "0.95", "0.5"), strict=True):
        fits = control.fits(f"sequence_perplexity[{q}]")
        middle = pytest.approx(float(np.median(fits)), rel=1e-3)
        assert {row["t"]: row["middle"] for row in one["data"]["values"]} == {1: middle, 3: middle}
    assert "grey: control: real rows only, the same ends and middle" in figure.key
