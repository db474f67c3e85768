"""Figures: what the numbers are, before any browser sees them."""

import numpy as np
import pytest

from genloss.report import theme
from genloss.report.figures.lines import metric_figure
from genloss.report.figures.samples import sample_figure
from genloss.report.reading import measured
from genloss.report.runtime import VEGA_LITE
from genloss.report.static import figure_png, figure_svg
from genloss.store.reader import find_runs

from .conftest import decay, make_run


@pytest.fixture(scope="module")
def experiment(lab):
    return [measured(run) for run in find_runs(lab / "kazdan-2024-gaussian-smoke")]


def marks(spec):
    return [layer["mark"]["type"] for layer in spec["layer"]]


def test_rows_hold_numpys_quantiles_and_theory(experiment):
    figure = metric_figure("trace_ratio", experiment)
    (panel,) = figure.panels
    by_label = dict(figure.rows)
    for row in panel.spec["data"]["values"]:
        data = by_label[row["run"]]
        run = data.run
        values = run.series["trace_ratio"].values
        assert row["t"] == list(range(21))
        for field, level in zip(
            ("p05", "p25", "p50", "p75", "p95"), (5, 25, 50, 75, 95), strict=True
        ):
            expected = np.percentile(values, level, axis=1)
            np.testing.assert_allclose(row[field], expected, rtol=1e-4)
        np.testing.assert_allclose(row["mean"], values.mean(axis=1), rtol=1e-4)
        law = data.theory["trace_ratio"]["value"]
        np.testing.assert_allclose(row["theory"], law, rtol=1e-4)
    assert figure.theory == ("exp(-t/n)",)


def test_theory_is_dashed_and_the_mean_it_is_about_dotted(experiment):
    spec = metric_figure("trace_ratio", experiment).panels[0].spec
    assert marks(spec) == ["area", "area", "rule", "line", "line", "line", "point"]
    dashes = [layer["mark"].get("strokeDash") for layer in spec["layer"]]
    assert dashes == [None, None, None, [1, 3], [7, 5], None, None]
    without = metric_figure("w2_squared", experiment).panels[0].spec
    assert marks(without) == ["area", "area", "line", "point"]


def test_every_run_is_named_once_in_one_colour_order(experiment):
    figure = metric_figure("trace_ratio", experiment)
    labels = [row["run"] for row in figure.panels[0].spec["data"]["values"]]
    domain = figure.panels[0].spec["encoding"]["color"]["scale"]["domain"]
    assert sorted(labels) == sorted(domain) == sorted(figure.legend)
    assert set(figure.legend) == {
        "n = 10 · replace",
        "n = 10 · accumulate",
        "n = 100 · replace",
        "n = 100 · accumulate",
    }


def test_axis_carries_unit_and_direction(experiment):
    spec = metric_figure("w2_squared", experiment).panels[0].spec
    titles = {layer["encoding"]["y"]["axis"]["title"] for layer in spec["layer"]}
    assert titles == {"squared units · ↓ lower is closer to reality"}
    assert "generations 0 to 20" in spec["description"]


def test_a_run_with_one_chain_has_no_bands(tmp_path):
    run = measured(make_run(tmp_path, metrics={"trace_ratio": decay(5, 1)}))
    spec = metric_figure("trace_ratio", [run]).panels[0].spec
    assert "area" not in marks(spec)
    assert set(spec["data"]["values"][0]) == {"run", "t", "p50"}


def test_rows_of_a_chart_have_the_same_fields(tmp_path):
    law = {"trace_ratio": {"label": "law", "t": [0, 5], "value": [1.0, 0.5]}}
    runs = [
        measured(make_run(tmp_path, "a", metrics={"trace_ratio": decay(5, 4)}, theory=law)),
        measured(make_run(tmp_path, "b", metrics={"trace_ratio": decay(5, 1)}, n_real=7)),
    ]
    rows = metric_figure("trace_ratio", runs).panels[0].spec["data"]["values"]
    assert {frozenset(row) for row in rows} == {frozenset(rows[0])}
    assert rows[1]["theory"] == rows[1]["p05"] == []


def test_runs_of_one_generation_are_numbers_and_no_lines(tmp_path):
    short = measured(make_run(tmp_path, "short", metrics={"trace_ratio": decay(1, 4)}))
    long = measured(make_run(tmp_path, "long", metrics={"trace_ratio": decay(9, 4)}, n_real=7))
    figure = metric_figure("trace_ratio", [short, long])
    assert figure.left_out == 1
    assert [label for label, _ in figure.rows] == ["short", "long"]
    assert len(figure.panels[0].spec["data"]["values"]) == 1
    assert metric_figure("trace_ratio", [short]).left_out == 0


def test_panels_of_comparable_runs_share_their_axes(tmp_path):
    runs = [
        measured(
            make_run(
                tmp_path,
                f"{regime},n={n}",
                metrics={"trace_ratio": decay(9, 4, 1 / n)},
                n_real=n,
                regime={"kind": regime},
            )
        )
        for n in (1, 2, 4, 8, 16)
        for regime in ("replace", "accumulate")
    ]
    figure = metric_figure("trace_ratio", runs)
    assert [p.title for p in figure.panels] == [f"n = {n}" for n in (1, 2, 4, 8, 16)]
    domains = [p.spec["layer"][0]["encoding"]["y"]["scale"]["domain"] for p in figure.panels]
    assert all(domain == domains[0] for domain in domains)
    assert {p.legend for p in figure.panels} == {("replace", "accumulate")}


def test_a_metric_that_no_run_has_gives_no_figure(experiment):
    assert metric_figure("precision", experiment) is None


def test_every_spec_compiles_without_a_warning(lab, experiment, capfd):
    import vl_convert

    specs = [metric_figure(m, experiment).panels[0].spec for m in ("trace_ratio", "w2_squared")]
    loose = [sample_figure(run, "x") for run in find_runs(lab / "loose")]
    specs += [figure.spec for figure in loose if figure and figure.spec]
    assert len(specs) == 5
    for spec in specs:
        vega = vl_convert.vegalite_to_vega(spec, vl_version=VEGA_LITE, config=theme.config("dark"))
        assert vega["marks"]
    assert "WARN" not in capfd.readouterr().err


def test_a_chart_becomes_a_file(experiment, tmp_path):
    spec = metric_figure("trace_ratio", experiment).panels[0].spec
    svg = figure_svg(spec, tmp_path / "a.svg", "dark").read_text()
    assert svg.startswith("<svg")
    assert theme.SERIES["dark"][0] in svg
    assert "n = 10 · replace" in svg
    image = figure_png(spec, tmp_path / "a.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    # Two pixels a unit: the chart alone is 680 units wide.
    assert int.from_bytes(image[16:20], "big") > 2 * 680


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_stand_out_from_the_paper(mode):
    paper = luminance(theme.PAPER[mode])

    def contrast(colour):
        pair = sorted([luminance(colour), paper])
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    assert min(contrast(c) for c in theme.SERIES[mode]) >= 3.0
    assert min(contrast(c) for c in (theme.INK[mode], theme.QUIET[mode])) >= 4.5
