"""What a page shows of a sweep: ends over what varies, maps, and every run behind the sliders."""

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.judge.estimates import median_interval
from genloss.report.budget import budget_of
from genloss.report.chapter import chapter
from genloss.report.chart_files import chart_names, save_figure
from genloss.report.figures import doses, explorer, heat, multiples
from genloss.report.measured import measured
from genloss.report.page import write_report
from genloss.report.sections import find_sections
from genloss.report.swept import said
from genloss.run.sweep import run_sweep
from genloss.store.sweep import read_sweep
from genloss.study.sweep import sweep_from

SPEC = {
    "name": "play",
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 10,
    "generations": 3,
    "metrics": ["sigma"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three sizes x three lengths x two regimes; n = 1 fails (no degree of freedom)."""
    grid = {
        "vary": {
            "n_real": [100, 5, 20],
            "generations": [2, 3, 4],
            "regime": ["replace", {"kind": "window", "k": 2}],
        },
        "seeds": 7,
    }
    root = tmp_path_factory.mktemp("runs")
    more = {"vary": {"n_real": [1], "generations": [2], "regime": ["replace"]}, "seeds": 7}
    run_sweep(sweep_from(SPEC, grid), root, workers=1)
    return run_sweep(sweep_from(SPEC, more | {"seeds": 7}), root, workers=1).folder


@pytest.fixture(scope="module")
def section(folder):
    [found] = find_sections([folder])
    return found


@pytest.fixture(scope="module")
def data(section):
    return [measured(run) for run in section.runs]


@pytest.mark.slow
def test_a_section_knows_what_varies_and_what_failed(section, folder):
    assert len(read_sweep(folder).cells) == 19
    assert len(section.runs) == 18
    assert section.sweep.doses == ["n_real", "generations"]
    [(name, why)] = section.sweep.given_up
    assert name.startswith("n_real=1,")
    assert "degrees of freedom" in why


def test_points_are_medians_with_their_intervals_in_the_order_of_doses(section, data):
    points = doses.ends(data, section.sweep, "sigma", "n_real")
    assert len(points) == 18
    for label in {p.run for p in points}:
        assert [p.x for p in points if p.run == label] == [5.0, 20.0, 100.0]
    options = section.sweep.options
    wanted = {"n_real": 20, "generations": 4, "regime": "replace"}
    at = next(i for i, o in enumerate(options) if all(o[k] == v for k, v in wanted.items()))
    expected = median_interval(data[at].series["sigma"].values[-1])
    [point] = [p for p in points if p.x == 20 and p.run == section.sweep.others(at, ["n_real"])]
    assert (point.median, point.low, point.high, point.t) == (*map(float, expected), 4)


def test_what_is_unfinished_has_no_end(section, data):
    """A run of five generations that has three: its last value is another generation's."""
    from dataclasses import replace

    run = data[0]
    header = replace(run.run.header, spec={**run.run.spec, "generations": 5})
    other = type(run.run)(run.run.path)
    other.__dict__["header"] = header
    assert doses.ends([replace(run, run=other)], section.sweep, "sigma", "n_real") == []


@pytest.mark.slow
def test_a_map_has_a_cell_for_every_pair(section, data):
    [figure] = heat.figures(data, section.sweep)
    assert [plate.title for plate in figure.panels] == ["replace", "window (k = 2)"]
    for plate in figure.panels:
        values = plate.spec["data"]["values"]
        assert {(v["x"], v["up"]) for v in values} == {
            (n, t) for n in (5.0, 20.0, 100.0) for t in (2.0, 3.0, 4.0)
        }


def test_every_run_lies_behind_the_sliders_once(section, data):
    made = explorer.explorer(data, section.sweep)
    assert len(set(made.cells)) == len(made.cells) == 18
    words = {slider.name: slider.words for slider in made.sliders}
    assert words["n"] == ("5", "20", "100")
    assert words["regime"] == ("replace", "window (k = 2)")
    values = made.spec["data"]["values"]
    for cell, run in enumerate(data):
        rows = [v for v in values if v["cell"] == cell and v["kind"] == "median"]
        column = run.series["sigma"]
        np.testing.assert_allclose(
            [v["y"] for v in rows], np.median(column.values, axis=1), rtol=1e-3
        )
        # Seven chains carry no band of nine in ten: each is drawn.
        chains = {v["chain"] for v in values if v["cell"] == cell and v["kind"] == "chain"}
        assert chains == set(range(7))
    assert not [v for v in values if v["kind"] == "band"]


@pytest.mark.slow
def test_the_page_holds_all_of_it_and_is_the_same_twice(folder, section, data, tmp_path):
    one, two = (write_report(folder, tmp_path / f"{i}.html").read_bytes() for i in (1, 2))
    assert one == two
    text = one.decode()
    assert text.count('<input type="range"') == 3
    assert "1 cell failed" in text
    made = chapter(1, section, data, budget_of([section]))
    assert made.over[1].title.endswith("by n")


@pytest.mark.slow
def test_one_chart_is_a_file_by_its_name(folder, tmp_path):
    names = chart_names([folder])
    assert {"sigma-by-n-real", "sigma-by-n-real-and-generations-replace"} <= set(names)
    for kind in ("svg", "pdf", "png"):
        assert save_figure([folder], "sigma-by-n-real", tmp_path / f"a.{kind}").stat().st_size
    with pytest.raises(SpecError, match="no figure is called 'sigma-by'"):
        save_figure([folder], "sigma-by", tmp_path / "a.pdf")
    with pytest.raises(SpecError, match=r"expected \.svg, \.pdf or \.png"):
        save_figure([folder], "sigma-by-n-real", tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("n_real", 1000, "n = 1,000"),
        ("regime", "replace", "replace"),
        ("regime", {"kind": "fresh", "n_real": 5}, "fresh (n = 5)"),
        ("warm_start", True, "warm start = True"),
        ("learner.ddof", 0, "ddof = 0"),
    ],
)
def test_values_are_said_as_labels_say_them(key, value, words):
    assert said(key, value) == words


def test_a_number_written_in_two_ways_is_one_place_of_a_slider(tmp_path):
    cases = [{"reality.mean": m, "n_real": n} for m, n in ((1, 5), (1.0, 9), (2, 9))]
    done = run_sweep(sweep_from(SPEC, {"cases": cases}), tmp_path, workers=1)
    [found] = find_sections([done.folder])
    page = explorer.explorer([measured(run) for run in found.runs], found.sweep)
    assert page.cells == ((0, 0), (0, 1), (1, 1))


def test_a_field_that_a_case_leaves_out_has_the_value_of_its_run(tmp_path):
    cases = [
        {"n_real": 5, "regime": "accumulate"},
        {"n_real": 20},
        {"regime": "accumulate"},
        {"regime": {"kind": "window", "k": 2}, "seed": 3, "regime.k": 3},
    ]
    done = run_sweep(sweep_from(SPEC, {"cases": cases}), tmp_path, workers=1)
    [found] = find_sections([done.folder])
    assert [o["n_real"] for o in found.sweep.options] == [5, 20, 10, 10]
    assert found.sweep.options[1]["regime"] == "replace"
    assert found.sweep.levels["n_real"] == [5, 10, 20]
    assert found.sweep.doses == ["n_real"]
    assert said("regime.k", None) == "no k"


def test_small_multiples_have_a_chart_for_each_cell_on_the_same_axes(section, data):
    [figure] = multiples.figures(data, section.sweep)
    assert [plate.title for plate in figure.panels] == [
        section.sweep.others(i, []) for i in range(18)
    ]
    assert len({plate.title for plate in figure.panels}) == 18
    axes = {
        (str(layer["encoding"]["y"]["scale"]), str(plate.spec["encoding"]["x"]["scale"]))
        for plate in figure.panels
        for layer in plate.spec["layer"]
    }
    assert len(axes) == 1
    for plate, run in zip(figure.panels, data, strict=True):
        rows = [v for v in plate.spec["data"]["values"] if v["kind"] == "median"]
        assert [v["t"] for v in rows] == run.series["sigma"].t.tolist()
        middle = np.median(run.series["sigma"].values, axis=1)
        np.testing.assert_allclose([v["y"] for v in rows], middle, rtol=1e-3)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """Three sizes x two regimes x four seeds of three chains: twelve chains of each law."""
    grid = {"n_real": [5, 20, 100], "regime": ["replace", "accumulate"], "seed": [1, 2, 3, 4]}
    shared = {**SPEC, "name": "seeded", "chains": 3}
    folder = run_sweep(
        sweep_from(shared, {"vary": grid}), tmp_path_factory.mktemp("seeded"), workers=1
    ).folder
    [section] = find_sections([folder])
    return section, [measured(run) for run in section.runs]


@pytest.mark.slow
def test_a_seed_is_no_dose_and_its_chains_are_taken_together(seeded):
    section, data = seeded
    assert section.sweep.doses == ["n_real"]
    points = doses.ends(data, section.sweep, "sigma", "n_real")
    assert [(p.run, p.x, p.chains) for p in points] == [
        (regime, n, 12) for regime in ("replace", "accumulate") for n in (5.0, 20.0, 100.0)
    ]
    alike = [
        d.series["sigma"].values[-1]
        for d, o in zip(data, section.sweep.options, strict=True)
        if (o["regime"], o["n_real"]) == ("replace", 5)
    ]
    assert len(alike) == 4
    found = median_interval(np.concatenate(alike))
    assert (points[0].median, points[0].low) == (found.estimate, found.low)
    [figure] = doses.figures(data, section.sweep)
    assert doses.POOLED in figure.key
    assert list(heat.figures(data, section.sweep)) == []


def test_a_page_of_many_cells_says_what_it_leaves_out(seeded, monkeypatch):
    section, data = seeded
    monkeypatch.setattr(explorer, "MOST_CELLS", 10)
    found = explorer.explorer(data, section.sweep)
    assert [slider.words for slider in found.sliders] == [
        ("5", "100"),
        ("replace", "accumulate"),
        ("1", "4"),
    ]
    assert len(found.cells) == 8
    assert found.left_out.startswith(
        "8 of 24 cells can be chosen here (2 of 3 values of n, 2 of 4 values of seed"
    )
    assert explorer.explorer(data[:10], section.sweep.part(range(10))).left_out == ""


def test_single_chains_give_way_to_generations(seeded, monkeypatch):
    section, data = seeded
    assert explorer.room(data) == (80, True)
    monkeypatch.setattr(explorer, "POINTS", 24 * 7 * 20 - 1)
    most, chains = explorer.room(data)
    assert (most, chains) == (34, False)
    found = explorer.explorer(data, section.sweep)
    assert {row["kind"] for row in found.spec["data"]["values"]} == {"median", "law"}


def test_figures_over_many_values_take_evenly_spaced_ones(seeded, monkeypatch):
    section, data = seeded
    monkeypatch.setattr(doses, "MOST_POINTS", 4)
    [figure] = doses.figures(data, section.sweep)
    assert [p["x"] for p in figure.panels[0].spec["data"]["values"]] == [5.0, 100.0] * 2
    assert "2 of 3 values are drawn, evenly spaced; genloss table has all" in figure.key


def test_lists_of_runs_and_failures_end_and_say_so(section, data, monkeypatch):
    monkeypatch.setattr("genloss.report.chapter.LISTED", 5)
    found = chapter(1, section, data, budget_of([section]))
    assert (len(found.runs), found.run_count) == (5, len(section.runs))
    assert (
        found.unlisted == "13 more are not listed here: genloss ls and genloss table have all 18."
    )
    assert found.failures == 1
    assert found.unlisted_failures == ""


def test_a_map_of_many_cells_takes_evenly_spaced_ones(section, data, monkeypatch):
    monkeypatch.setattr(heat, "MOST_CELLS", 4)
    monkeypatch.setattr(heat, "MOST_MAPS", 1)
    [figure] = heat.figures(data, section.sweep)
    [plate] = figure.panels
    drawn = {(v["x"], v["up"]) for v in plate.spec["data"]["values"]}
    assert drawn == {(5.0, 2.0), (5.0, 4.0), (100.0, 2.0), (100.0, 4.0)}
    assert figure.key[-1].startswith(
        "1 of 2 settings and 2 of 3 values across and 2 of 3 values up are drawn"
    )
