"""Charts as files: light, at the width that was asked for, with everything inside."""

import re

import pytest

from genloss.errors import StoreError
from genloss.report import theme
from genloss.report.chart_files import figure_pdf, figure_png, figure_svg, save_figures
from genloss.report.figures.lines import metric_figure
from genloss.report.figures.samples import sample_figure
from genloss.report.figures.size import COLUMN, PAGE, SCREEN, sized
from genloss.report.measured import measured
from genloss.store.reader import find_runs

from .conftest import make_experiment, make_run


@pytest.fixture(scope="module")
def spec(lab):
    runs = [measured(run) for run in find_runs(lab / "kazdan-2024-gaussian-smoke")]
    return metric_figure("trace_ratio", runs).panels[0].spec


def extent(svg):
    return [float(x) for x in re.search(r'width="([\d.]+)" height="([\d.]+)"', svg).groups()]


@pytest.mark.slow
@pytest.mark.parametrize("width", [COLUMN, PAGE, 60.0])
def test_a_file_is_as_wide_as_was_asked(spec, tmp_path, width):
    svg = figure_svg(spec, tmp_path / "a.svg", width_mm=width).read_text()
    assert extent(svg)[0] == pytest.approx(width / 25.4 * 96, abs=1)
    pdf = figure_pdf(spec, tmp_path / "a.pdf", width_mm=width).read_bytes()
    assert pdf.startswith(b"%PDF")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert float(box[1]) == pytest.approx(width / 25.4 * 72, abs=1)
    png = figure_png(spec, tmp_path / "a.png", width_mm=width).read_bytes()
    assert int.from_bytes(png[16:20], "big") == pytest.approx(width / 25.4 * 300, abs=4)


@pytest.mark.slow
def test_a_file_is_light_unless_asked_otherwise(spec, tmp_path):
    light = figure_svg(spec, tmp_path / "a.svg", width_mm=COLUMN).read_text()
    assert theme.PAPER["light"] in light
    assert theme.PAPER["dark"] not in light
    assert theme.PAPER["dark"] in figure_svg(spec, tmp_path / "b.svg", "dark").read_text()


def test_a_legend_wraps_instead_of_running_out(spec):
    def columns(width):
        out = sized(spec, width, 7.0)
        shape = next(k["encoding"]["shape"] for k in out["layer"] if "shape" in k["encoding"])
        assert shape["legend"] == out["encoding"]["color"]["legend"]
        return shape["legend"]["columns"]

    assert columns(150) < columns(250) < columns(520)
    assert spec["encoding"]["color"]["legend"]["columns"] == 4


@pytest.mark.slow
def test_panels_of_samples_share_the_width(lab, tmp_path):
    (moons,) = find_runs(next((lab / "loose").glob("moons-*")))
    rows = sample_figure(moons, "x").spec
    svg = figure_svg(rows, tmp_path / "a.svg", width_mm=COLUMN).read_text()
    assert extent(svg)[0] <= COLUMN / 25.4 * 96 + 1
    assert extent(svg)[0] >= 0.9 * COLUMN / 25.4 * 96


@pytest.mark.slow
def test_every_chart_of_a_report_is_saved(tmp_path):
    make_experiment(tmp_path)
    found = save_figures([tmp_path], tmp_path / "figures")
    names = ["trace-ratio.pdf", "trace-ratio.svg", "w2-squared.pdf", "w2-squared.svg"]
    assert sorted(path.name for path in found) == names
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == names


def test_charts_are_not_saved_into_a_run(tmp_path):
    run = make_run(tmp_path)
    with pytest.raises(StoreError, match="belongs to the run"):
        save_figures([tmp_path], run.path / "blocks")


def test_words_in_a_chart_are_as_large_as_those_around_it():
    words = {"type": "text", "fontSize": SCREEN, "dy": 8}
    spec = {"width": 300, "height": 200, "encoding": {}, "layer": [{"mark": words, "encoding": {}}]}
    [layer] = sized(spec, 250, 9.0)["layer"]
    assert (layer["mark"]["fontSize"], layer["mark"]["dy"]) == (9.0, 6.0)
    assert theme.config("light", 9.0)["text"]["fontSize"] == 8.0
