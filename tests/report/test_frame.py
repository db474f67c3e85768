"""One frame of the numbers of runs, in the form of any library, and tables in notebooks."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import genloss
from genloss.errors import MissingExtra, SpecError
from genloss.report.frame import frame
from genloss.store.notebook_html import cell, series_html
from genloss.store.series import Series


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    for regime in ("replace", "accumulate"):
        study = genloss.Study(
            "gaussian",
            {"kind": "gaussian", "ddof": 1},
            20,
            6,
            regime=regime,
            chains=5,
            chains_per_block=3,
            metrics=["sigma", "w2", "held_out_nll"],
            name=regime,
        )
        genloss.run_study(study, root, workers=1)
    return genloss.find_runs(root)


def test_every_value_of_every_run_is_a_row(runs):
    table = frame(runs).to_pandas()
    assert {"run", "regime", "chain", "generation", "metric", "value", "theory"} <= set(table)
    for run in runs:
        mine = table[table["run"] == run.path.name]
        for name, series in run.series.items():
            part = mine[mine["metric"] == name].pivot(
                index="generation", columns="chain", values="value"
            )
            np.testing.assert_array_equal(part.index, series.t)
            np.testing.assert_array_equal(part.to_numpy(), series.values)
    assert len(table) == sum(s.values.size for run in runs for s in run.series.values())


def test_arrow_takes_the_frame_as_it_is(runs):
    whole = frame(runs)
    streamed = pa.table(whole)
    assert streamed.equals(whole.to_arrow())
    ours = whole.to_pandas()
    for name in ("chain", "generation", "value"):
        np.testing.assert_array_equal(streamed[name].to_numpy(), ours[name])
    assert streamed["run"].to_pylist() == list(ours["run"])


def test_runs_are_named_in_any_way_and_each_counts_once(runs):
    root = runs[0].path.parent
    whole = frame(runs).to_pandas()
    for named in (root, str(root), [str(run.path) for run in runs], [*runs, root]):
        assert frame(named).to_pandas().equals(whole)
    last = frame(runs[0], metrics=["sigma"], at=[-1]).to_pandas()
    assert list(last["value"]) == list(runs[0].series["sigma"].values[-1])
    with pytest.raises(SpecError, match="no run has the metric 'sigmo'"):
        frame(runs, metrics=["sigmo"])
    with pytest.raises(SpecError, match="there are no runs"):
        frame(Path("nowhere"))


def test_a_library_that_is_not_there_is_named(runs, monkeypatch):
    for module in ("pyarrow", "polars", "pandas"):
        monkeypatch.setitem(sys.modules, module, None)
    whole = frame(runs)
    with pytest.raises(MissingExtra, match=r"to_arrow needs pyarrow.*'genloss\[text\]'"):
        whole.to_arrow()
    with pytest.raises(MissingExtra, match=r"to_polars needs polars, .*; pip install polars"):
        whole.to_polars()
    with pytest.raises(MissingExtra, match="to_pandas needs pandas"):
        whole.to_pandas()


def test_notebooks_show_runs_and_series_without_their_arrays(runs):
    html = runs[0]._repr_html_()
    assert "complete" in html
    assert "held_out_nll: not applicable" in html
    assert f"{np.median(runs[0].series['sigma'].values[-1]):.4g}" in html
    assert "<td>6</td>" in runs[0].series["sigma"]._repr_html_()
    assert len(html) < 4000
    wild = Series("<b>&", "1", genloss.Direction.ZERO, np.arange(100), np.ones((100, 2)))
    assert "<b>&lt;b&gt;&amp;: median over 2 chains, 12 of 100 generations</b>" in series_html(wild)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([3.0], "3"),
        ([1.0, 2.0, 4.0], "2 (1 to 4)"),
        (list(range(101)), "50 [4.1, 95.9]"),
        ([1.0, np.inf], "1 (1 to inf)"),
        ([np.nan], "not applicable"),
    ],
)
def test_few_chains_show_their_extremes(values, shown):
    assert cell(np.array(values, dtype=float)) == shown
