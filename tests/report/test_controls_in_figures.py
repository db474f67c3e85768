"""Every kind of figure has its control, drawn or in words, with the numbers that lie on disk."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.judge.controls import controls_of
from genloss.report.budget import budget_of
from genloss.report.chapter import chapter
from genloss.report.figures import areas, explorer, families, heat, multiples
from genloss.report.figures.beside import told
from genloss.report.figures.combined import Members
from genloss.report.formatting import number
from genloss.report.measured import measured
from genloss.report.sections import find_sections
from genloss.report.swept import swept
from genloss.run.controls import run_with_controls
from genloss.run.sweep import run_sweep
from genloss.store.sweep import read_sweep
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

SHARES = [{"kind": "mode_share", "mode": 0}, {"kind": "mode_share", "mode": 1}]
TAILS = ["perplexity_tail[low]", "perplexity_tail[high]"]


def made(spec, root):
    [run] = run_with_controls([study_from(spec)], root, workers=1)
    return run


@pytest.fixture(scope="module")
def blobs(tmp_path_factory):
    """Two modes, of which one Gaussian is fitted: shares, precision and recall, kept rows."""
    spec = {
        "reality": "two_blobs",
        "learner": {"kind": "gaussian", "ddof": 0},
        "form": "rows",
        "n_real": 60,
        "held_out": 100,
        "generations": 3,
        "chains": 4,
        "keep": {"at": [0, 3]},
        "metrics": ["trace_ratio", {"kind": "manifold", "rows": 60}, *SHARES],
    }
    return made(spec, tmp_path_factory.mktemp("blobs"))


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Trigrams of Python's help with the tails of their perplexity and the types among n tokens."""
    spec = {
        "reality": {"kind": "text", "vocabulary": 300},
        "learner": {"kind": "ngram", "order": 2},
        "sampler": {"kind": "sampling", "max_new": 32, "min_new": 32},
        "n_real": 30,
        "held_out": 20,
        "generations": 3,
        "chains": 2,
        "keep": {"at": [0, 3]},
        "metrics": ["perplexity_tail", {"kind": "rarefied_types", "tokens": [10, 30, 100]}],
    }
    return made(spec, tmp_path_factory.mktemp("texts"))


def middle(run, metric):
    return float(np.median(controls_of(run)[0].fits(metric)))


def grey(plate):
    return [x for x in plate.spec["layer"] if x["mark"].get("style") == "control"]


def of_kind(run, kind):
    [figure] = [f for f in families.drawn([measured(run)]) if getattr(f, "kind", "") == kind]
    return figure, figure.panels[0]


def test_areas_have_the_control_as_a_bar_beside_them(blobs):
    members = Members("share", {"0": "mode_share(0)", "1": "mode_share(1)"})
    figure = areas.figure(members, [measured(blobs)])
    [plate] = figure.panels
    _, bar, name = plate.spec["layer"]
    means = [float(controls_of(blobs)[0].fits(m).mean()) for m in members.names]
    rows = bar["data"]["values"]
    assert [row["share"] for row in rows] == pytest.approx(means)
    assert [row["high"] for row in rows] == pytest.approx(np.cumsum(means).tolist())
    assert plate.spec["encoding"]["x"]["scale"]["domain"][1] >= rows[0]["to"] > 3
    assert name["mark"]["text"] == "control"
    assert any("control" in line for line in figure.key)
    without = areas.figure(members, [replace(measured(blobs), controls=())])
    assert len(without.panels[0].spec["layer"]) == 1
    assert not any("control" in line for line in without.key)


@pytest.mark.slow
def test_a_path_ends_beside_a_diamond_of_the_control(blobs):
    figure, plate = of_kind(blobs, "path")
    recall, precision = (middle(blobs, f"manifold(rows=60)[{m}]") for m in ("recall", "precision"))
    diamond, name = grey(plate)
    assert diamond["data"]["values"] == [
        {"x": pytest.approx(recall, abs=1e-3), "y": pytest.approx(precision, abs=1e-3)}
    ]
    assert name["mark"]["text"] == "control: real rows only"
    words = f"recall {number(recall)}, precision {number(precision)}"
    assert f"control: real rows only, at t = 3: {words}" in figure.key
    low, high = plate.spec["encoding"]["x"]["scale"]["domain"]
    assert low <= recall <= high


@pytest.mark.slow
def test_rarefaction_has_the_line_of_the_control(texts):
    figure, plate = of_kind(texts, "rarefaction")
    line, _ = grey(plate)
    expected = [middle(texts, f"rarefied_types[{m}]") for m in (10, 30, 100)]
    assert [row["types"] for row in line["data"]["values"]] == pytest.approx(expected, rel=1e-4)
    assert "grey: control: real rows only, at the last generation" in figure.key


def test_histograms_name_the_tails_of_the_control(texts):
    figure, _ = of_kind(texts, "spread")
    low, high = (number(middle(texts, m)) for m in TAILS)
    line = (
        f"control: real rows only, at t = 3: Low perplexity tail {low} times that of real text, "
        f"High perplexity tail {high} times that of real text"
    )
    assert line in figure.key


def test_kept_rows_and_texts_name_the_control(blobs, texts):
    for run in (blobs, texts):
        [section] = find_sections([run.path.parent])
        page = chapter(1, section, [measured(run)], budget_of([section]))
        readings = [f.reading for _, f in page.samples] + [f.reading for f in page.texts]
        assert readings
        assert all("control: real rows only, at t = 3: " in text for text in readings)
        metric = "trace_ratio" if run is blobs else TAILS[0]
        assert all(number(middle(run, metric)) in text for text in readings)


def test_runs_that_share_a_control_share_its_line(blobs):
    one = measured(blobs)
    called = {"trace_ratio": "spread"}
    [line] = told([("a", one), ("b", one)], called)
    value = number(middle(blobs, "trace_ratio"))
    assert line == f"control: real rows only, at t = 3: spread {value}"
    assert told([("a", replace(one, controls=()))], called) == ()


@pytest.mark.deep
def test_maps_multiples_and_the_explorer_have_the_control_of_each_cell(tmp_path):
    spec = {
        "name": "s",
        "reality": "gaussian",
        "learner": {"kind": "gaussian", "ddof": 0},
        "form": "moments",
        "generations": 2,
        "chains": 6,
        "metrics": ["squared_mean_error"],
    }
    vary = {"n_real": [5, 20, 80], "n_synthetic": [5, 20, 80]}
    done = run_sweep(sweep_from(spec, {"vary": vary}, "spec"), tmp_path, workers=1, controls=True)
    what, runs = swept(done.folder, read_sweep(done.folder))
    data = [measured(run) for run in runs]
    middles = sorted(middle(run, "squared_mean_error") for run in runs)
    [figure] = heat.figures(data, what)
    ends = f"{number(middles[0])} to {number(middles[-1])}"
    assert f"control: real rows only, at t = 2: {ends} over the cells; the pointer has each" in (
        figure.key
    )
    told_in_cells = {row["control"] for row in figure.panels[0].spec["data"]["values"]}
    marked = {row["median"].endswith("?") for row in figure.panels[0].spec["data"]["values"]}
    assert (heat.OPEN in figure.key) == (True in marked)
    assert told_in_cells == {number(m) for m in middles}
    [cells] = multiples.figures(data, what)
    assert "grey: control: real rows only" in cells.key
    chooser = explorer.explorer(data, what)
    rows = chooser.spec["data"]["values"]
    drawn = [r for r in rows if r["kind"] == "control" and r["cell"] == 0]
    own = middle(runs[0], "squared_mean_error")
    assert [r["y"] for r in drawn] == pytest.approx(len(drawn) * [own], rel=1e-3)
    assert drawn
    assert chooser.control == "control: real rows only"
