"""Figures: what the numbers are, before any browser sees them."""

import numpy as np
import pytest

from genloss.core.over_chains import MEAN
from genloss.report import theme
from genloss.report.chart_files import figure_png, figure_svg
from genloss.report.figures.lines import metric_figure
from genloss.report.figures.markers import PATHS, SHAPES, along
from genloss.report.figures.samples import sample_figure
from genloss.report.labels import MOST_SERIES
from genloss.report.measured import measured
from genloss.report.vega import VEGA_LITE
from genloss.store.reader import find_runs
from genloss.store.theory_file import TheoryLine

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
            expected = np.percentile(values, level, axis=1, method="weibull")
            np.testing.assert_allclose(row[field], expected, rtol=1e-4)
        np.testing.assert_allclose(row["mean"], values.mean(axis=1), rtol=1e-4)
        law = data.theory["trace_ratio"].value
        np.testing.assert_allclose(row["theory"], law, rtol=1e-4)
    assert figure.theory == ("exp(-t/n)",)


def test_theory_is_dashed_and_the_mean_it_is_about_dotted(experiment):
    spec = metric_figure("trace_ratio", experiment).panels[0].spec
    assert marks(spec) == ["area", "area", "rule", "line", "line", "line", "point", "point"]
    dashes = [layer["mark"].get("strokeDash") for layer in spec["layer"]]
    assert dashes == [None, None, None, [1, 3], [7, 5], None, None, None]
    without = metric_figure("w2_squared", experiment).panels[0].spec
    assert marks(without) == ["area", "area", "line", "point", "point"]


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


def test_few_chains_are_drawn_instead_of_a_band(tmp_path):
    values = decay(5, 3)
    run = measured(make_run(tmp_path, metrics={"trace_ratio": values}))
    figure = metric_figure("trace_ratio", [run])
    spec = figure.panels[0].spec
    assert (figure.has_bands, figure.draws_chains) == (False, True)
    assert marks(spec) == ["line", "rule", "line", "point"]
    assert spec["layer"][0]["transform"][0]["fold"] == ["c0", "c1", "c2"]
    (row,) = spec["data"]["values"]
    for i in range(3):
        np.testing.assert_allclose(row[f"c{i}"], values[:, i], rtol=1e-3)


def test_runs_are_told_apart_by_shape_as_well_as_by_colour(experiment):
    figure = metric_figure("trace_ratio", experiment)
    layer = figure.panels[0].spec["layer"][-2]
    shapes = layer["encoding"]["shape"]["scale"]
    assert shapes["domain"] == list(figure.legend)
    assert len(set(shapes["range"])) == len(figure.legend)
    by_run = {}
    for row in layer["data"]["values"]:
        by_run.setdefault(row["run"], []).append(row)
    assert set(by_run) == set(figure.legend)
    of = {r["run"]: r for r in figure.panels[0].spec["data"]["values"]}
    for run, rows in by_run.items():
        assert all(of[run]["p50"][of[run]["t"].index(row["t"])] == row["at"] for row in rows)
    # Lines that lie on one another show the markers of both.
    assert not set(along(6, 0, 2)) & set(along(6, 1, 2))
    assert not set(along(300, 0, 4)) & set(along(300, 1, 4))
    assert len(set(SHAPES)) == len(SHAPES) == len(PATHS) >= MOST_SERIES


def test_curves_that_lie_on_one_another_are_said_to(tmp_path):
    values, other = decay(9, 4), decay(9, 4, 0.4)
    runs = [
        measured(make_run(tmp_path, f"n={n}", metrics={"trace_ratio": v}, n_real=n))
        for n, v in ((1, values), (2, other), (3, values), (4, values[:6]))
    ]
    (note,) = metric_figure("trace_ratio", runs).notes
    assert note.startswith("**n = 1**, **n = 3** and **n = 4** lie on one another")
    assert metric_figure("trace_ratio", runs[:2]).notes == ()


def test_small_values_on_a_log_axis_are_not_taken_for_one_line(tmp_path):
    runs = [
        measured(make_run(tmp_path, f"n={n}", metrics={"trace_ratio": decay(30, 4, n)}, n_real=n))
        for n in (1, 2)
    ]
    assert metric_figure("trace_ratio", runs).notes == ()


@pytest.mark.parametrize(("level", "warned"), [(4137.0, True), (4000.0, False)])
def test_a_model_no_better_than_uniform_is_said_to_be_none(tmp_path, level, warned):
    text = {"kind": "text", "vocabulary": 8192, "tokeniser": ""}
    values = np.full((4, 2), level)
    what = {"metrics": {"perplexity": values}, "t": range(1, 5), "reality": text}
    run = measured(make_run(tmp_path, vocabulary=4096, **what))
    notes = metric_figure("perplexity", [run]).notes
    assert bool(notes) is warned
    assert all("no better than a model that takes all symbols" in note for note in notes)
    # Where the run has not noted how many there are, nothing is claimed.
    run = measured(make_run(tmp_path / "b", **what))
    assert metric_figure("perplexity", [run]).notes == ()


def test_a_metric_without_a_value_at_0_names_no_reality(tmp_path):
    values = {"rarefied_types": decay(4, 2)}
    late = measured(make_run(tmp_path, metrics=values, t=range(1, 6)))
    figure = metric_figure("rarefied_types", [late])
    assert figure.axis_title == "different tokens · no value at t = 0 to compare with"
    assert "reality is at t = 0" not in figure.caption
    start = measured(make_run(tmp_path / "b", metrics=values))
    assert "reality is at t = 0" in metric_figure("rarefied_types", [start]).axis_title


def test_arms_of_unlike_length_are_drawn_on_one_pair_of_axes(tmp_path):
    runs = [
        measured(
            make_run(
                tmp_path,
                name,
                metrics={"trace_ratio": decay(last, 4, rate)},
                regime={"kind": name},
            )
        )
        for name, last, rate in (("replace", 8, 2.0), ("accumulate", 6, 0.0), ("mix", 5, 0.1))
    ]
    figure = metric_figure("trace_ratio", runs)
    assert [p.runs for p in figure.panels] == [("replace", "accumulate", "mix")]


def test_rows_of_a_chart_have_the_same_fields(tmp_path):
    law = {"trace_ratio": TheoryLine("law", MEAN, (0, 5), (1.0, 0.5))}
    runs = [
        measured(make_run(tmp_path, "a", metrics={"trace_ratio": decay(5, 30)}, theory=law)),
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


@pytest.mark.slow
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
