import numpy as np
import pytest

from genloss.report.figures.samples import sample_figure
from genloss.report.kept_samples import PANELS, kept_rows
from genloss.store.reader import find_runs

from .conftest import make_run


def figure_of(lab, name):
    (run,) = [r for r in find_runs(lab / "loose") if r.header.name == name]
    return run, sample_figure(run, name)


def test_scatter_panels_share_axes_and_show_reality_behind(lab):
    run, figure = figure_of(lab, "moons")
    spec = figure.spec
    assert [row["panel"] for row in spec["data"]["values"]] == ["reality", "t = 5", "t = 20"]
    assert spec["facet"]["sort"] == ["reality", "t = 5", "t = 20"]
    ghost, front = spec["spec"]["layer"]
    np.testing.assert_allclose(
        ghost["data"]["values"][0]["x"], run.arrays(0, "samples")["x"][0][:, 0], rtol=1e-3
    )
    (x0, x1), (y0, y1) = (front["encoding"][c]["scale"]["domain"] for c in "xy")
    assert x1 - x0 == pytest.approx(y1 - y0, rel=1e-3)
    for row in spec["data"]["values"]:
        assert x0 < min(row["x"]) <= max(row["x"]) < x1
        assert y0 < min(row["y"]) <= max(row["y"]) < y1


def test_one_dimension_gives_histograms_that_hold_every_row(lab):
    _, figure = figure_of(lab, "line")
    for row in figure.spec["data"]["values"]:
        assert sum(row["share"]) == pytest.approx(1.0, abs=1e-3)
    assert figure.reading.startswith("Chain 1 of 8")


def test_symbols_give_rank_frequency_lines(lab):
    run, figure = figure_of(lab, "tokens")
    first, last = figure.spec["data"]["values"]
    counts = np.sort(np.unique(run.arrays(0, "samples")["x"][0], return_counts=True)[1])[::-1]
    np.testing.assert_allclose(first["share"], counts / 200, rtol=1e-4)
    assert first["rank"] == list(range(1, len(counts) + 1))
    assert len(last["rank"]) == 1


def test_rows_of_text_are_filled_up_with_what_is_no_symbol(tmp_path):
    first = np.array([[0, 0, 1, -1], [0, 2, -1, -1]])
    run = make_run(tmp_path, "text", kept={0: first, 20: np.full((2, 4), -1)})
    (row,) = sample_figure(run, "x").spec["data"]["values"]
    columns = {"rank": [1, 2, 3], "share": [0.6, 0.2, 0.2], "marked": [True, False, False]}
    assert row == {"panel": "reality", **columns}
    empty = make_run(tmp_path, "empty", kept={0: np.full((2, 4), -1)})
    assert sample_figure(empty, "x") is None


def test_more_dimensions_are_projected_on_the_directions_of_real_data(tmp_path):
    rng = np.random.default_rng(0)
    real = rng.standard_normal((200, 5)) * [0.1, 9.0, 0.1, 3.0, 0.1]
    run = make_run(tmp_path, kept={0: real, 20: real * 0.5})
    figure = sample_figure(run, "x")
    first, last = figure.spec["data"]["values"]
    # The widest coordinates are the second and the fourth. A sample correlation r of 200 rows turns
    # the directions by about r * 9 * 3 / (81 - 9), a y error of 9 / 3 times that: 4 standard errors
    # of r (0.28) leave a correlation above 0.95.
    centred = real - real.mean(axis=0)
    assert np.corrcoef(first["x"], centred[:, 1])[0, 1] > 0.99
    assert np.corrcoef(first["y"], centred[:, 3])[0, 1] > 0.95
    assert "principal directions of real data, of 5 coordinates" in figure.reading
    np.testing.assert_allclose(np.std(last["x"]), np.std(first["x"]) / 2, rtol=1e-2)


def test_few_of_many_kept_generations_are_shown(tmp_path):
    run = make_run(tmp_path, kept={t: np.ones((3, 2)) * t for t in range(21)})
    shown = list(kept_rows(run))
    assert shown[0] == 0
    assert shown[-1] == 20
    assert len(shown) <= PANELS


def test_a_run_without_rows_has_no_samples(tmp_path):
    assert sample_figure(make_run(tmp_path), "x") is None


def test_equal_rows_still_give_axes(tmp_path):
    flat = make_run(tmp_path, "flat", kept={0: np.zeros((4, 2)), 20: np.zeros((4, 2))})
    low, high = sample_figure(flat, "x").spec["spec"]["layer"][0]["encoding"]["x"]["scale"][
        "domain"
    ]
    assert low < 0 < high
    line = make_run(tmp_path, "line", kept={0: np.zeros((4, 1))})
    (row,) = sample_figure(line, "x").spec["data"]["values"]
    assert row["share"] == [1.0]
