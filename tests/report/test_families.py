"""Metrics that are read together: shares, fans, paths, and which of them find one another."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.core.about import Component, Entry
from genloss.report import theme
from genloss.report.figures import families, fans
from genloss.report.figures.chart_rules import RULES
from genloss.report.figures.combined import Combined
from genloss.report.figures.drawing import Drawing
from genloss.report.figures.lines import Figure
from genloss.report.measured import measured
from genloss.report.page import render
from genloss.report.sections import find_sections
from genloss.report.titles import options_of
from genloss.report.vega import VEGA_LITE
from genloss.spec import figures as names_of_figures
from genloss.spec import plugins

from .conftest import decay, make_run

LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def shares(seed=0):
    """Return the shares of three classes, (T, C) each, that add up to 1."""
    w = np.random.default_rng(seed).random((6, 4, 3))
    w /= w.sum(axis=2, keepdims=True)
    return {f"class_share[{k}]": w[:, :, k] for k in range(3)}


def quantiles(spread=1.0):
    levels = {q: f"sequence_perplexity[{q}]" for q in LEVELS}
    t = np.arange(6)[:, None] * np.ones(3)
    return {name: np.exp(3 + spread * (q - 0.5) * (1 + t)) for q, name in levels.items()}


def scores():
    return {
        "manifold[precision]": 0.5 + 0.05 * decay(5, 3),
        "manifold[recall]": 0.8 * decay(5, 3, seed=1),
    }


def figures(root, metrics, **changes):
    return list(families.drawn([measured(make_run(root, metrics=metrics, **changes))]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("recall", {}),
        ("tail_mass(q=0.01)", {"q": "0.01"}),
        ("x(a=Map(k=1, n=[2, 3]), b=y)", {"a": "Map(k=1, n=[2, 3])", "b": "y"}),
    ],
)
def test_options_are_read_from_names(name, expected):
    assert options_of(name) == expected


def test_a_family_is_one_figure_at_the_place_of_its_first_member(tmp_path):
    found = figures(
        tmp_path, {"trace_ratio": decay(5, 4), **shares(), "class_entropy": decay(5, 4)}
    )
    assert [f.metric for f in found] == ["trace_ratio", "class_share", "class_entropy"]
    assert [type(f) for f in found] == [Figure, Combined, Figure]


def test_components_belong_to_the_metric_with_its_options(tmp_path):
    names = ["class_share(rows=9)[10]", "class_share(rows=9)[2]", "class_share[0]", "tail_mass"]
    run = make_run(tmp_path, metrics=dict.fromkeys(names, decay(5, 3)))
    found = families.grouped([measured(run)])
    assert list(found) == ["class_share(rows=9)", "class_share", "tail_mass"]
    members = found["class_share(rows=9)"]
    assert list(members.by_label.items()) == [("10", names[0]), ("2", names[1])]
    assert members.title({}) == "Class share (rows=9)"
    assert found["tail_mass"].by_label == {"": "tail_mass"}


def test_a_member_alone_stays_a_line(tmp_path):
    found = figures(tmp_path, {"sequence_perplexity[0.5]": decay(5, 4)})
    assert [f.metric for f in found] == ["sequence_perplexity[0.5]"]


def test_shares_are_stacked_means_over_chains(tmp_path):
    metrics = shares()
    (figure,) = figures(tmp_path, metrics)
    spec = figure.panels[0].spec
    rows = spec["data"]["values"]
    assert [row["class"] for row in rows] == ["0", "1", "2"]
    for row, values in zip(rows, metrics.values(), strict=True):
        np.testing.assert_allclose(row["share"], values.mean(axis=1), rtol=1e-3)
    np.testing.assert_allclose(np.sum([row["share"] for row in rows], axis=0), 1.0, atol=1e-3)
    assert spec["encoding"]["color"]["sort"] == ["2", "1", "0"]
    assert [label for label, _ in figure.numbers.rows] == ["class 0", "class 1", "class 2"]


def test_quantiles_pair_into_bands_from_the_widest_in(tmp_path):
    assert fans.split(["0.1", "0.5", "0.9", "0.99"]) == ([("0.1", "0.9")], ["0.5", "0.99"])
    metrics = quantiles()
    (figure,) = figures(tmp_path, metrics)
    spec = figure.panels[0].spec
    (row,) = spec["data"]["values"]
    areas = [x["encoding"] for x in spec["layer"] if x["mark"]["type"] == "area"]
    for area, (low, high) in zip(areas, ((0.01, 0.99), (0.05, 0.95), (0.25, 0.75)), strict=True):
        for field, q in ((area["y"]["field"], low), (area["y2"]["field"], high)):
            expected = np.median(metrics[f"sequence_perplexity[{q}]"], axis=1)
            np.testing.assert_allclose(row[field], expected, rtol=1e-4)
    (line,) = [x["encoding"] for x in spec["layer"] if x["mark"]["type"] == "line"]
    assert set(row[line["y"]["field"]]) == {round(float(np.exp(3)), 3)}
    assert "1 % to 99 %, 5 % to 95 %, 25 % to 75 %" in figure.key[0]


def test_fans_of_all_runs_share_a_log_axis_that_holds_both_tails(tmp_path):
    tame = make_run(tmp_path, "tame", metrics=quantiles(0.1))
    wild = make_run(tmp_path, "wild", metrics=quantiles(2.0), n_real=7)
    (figure,) = families.drawn([measured(tame), measured(wild)])
    scales = [x["encoding"]["y"]["scale"] for p in figure.panels for x in p.spec["layer"][:3]]
    assert all(scale == scales[0] for scale in scales)
    assert scales[0]["type"] == "log"
    low, high = scales[0]["domain"]
    assert low <= np.exp(3 - 2 * 0.49 * 6)
    assert high >= np.exp(3 + 2 * 0.49 * 6)


def test_infinite_quantiles_leave_the_axis_finite(tmp_path):
    metrics = quantiles()
    metrics["sequence_perplexity[0.99]"] = np.full((6, 3), np.inf)
    (figure,) = figures(tmp_path, metrics)
    scale = figure.panels[0].spec["layer"][0]["encoding"]["y"]["scale"]
    assert np.isfinite(scale["domain"]).all()


def test_a_path_runs_from_the_first_generation_to_the_last(tmp_path):
    metrics = scores()
    *lines, figure = figures(tmp_path, metrics)
    assert [f.metric for f in lines] == ["manifold[precision]", "manifold[recall]"]
    assert figure.title == "Precision against recall"
    (row,) = figure.panels[0].spec["data"]["values"]
    for field, label in (("x", "recall"), ("y", "precision")):
        expected = np.median(metrics[f"manifold[{label}]"], axis=1)
        np.testing.assert_allclose(row[field], expected, rtol=1e-3)
    assert row["mark"] == ["first", "", "", "", "", "last"]
    assert (row["label"][0], row["label"][-1]) == ("0", "5")
    (x0, x1), (y0, y1) = (figure.panels[0].spec["encoding"][c]["scale"]["domain"] for c in "xy")
    assert x0 <= min(row["x"]) <= max(row["x"]) <= x1
    assert y0 <= min(row["y"]) <= max(row["y"]) <= y1


def test_labels_of_paths_keep_apart(tmp_path):
    runs = [measured(make_run(tmp_path, f"r{i}", metrics=scores(), n_real=9 + i)) for i in range(3)]
    *_, figure = families.drawn(runs)
    rows = figure.panels[0].spec["data"]["values"]
    # The same path three times: each generation is written once at most.
    labels = [label for row in rows for label in row["label"] if label]
    assert sorted(set(labels)) == sorted(labels)
    assert {"0", "5"} <= set(labels)


def test_a_metric_that_some_runs_lack(tmp_path):
    one = measured(make_run(tmp_path, "one", metrics={**scores(), **shares(), **quantiles()}))
    lone = measured(make_run(tmp_path, "lone", metrics={"manifold[recall]": decay(5, 3)}, n_real=7))
    found = {f.metric: f for f in families.drawn([one, lone])}
    path = found["manifold"]
    assert [len(p.spec["data"]["values"]) for p in path.panels] == [1]
    assert len(found["class_share"].panels) == len(found["sequence_perplexity"].panels) == 1


@pytest.mark.slow
def test_their_specs_compile_without_a_warning(tmp_path, capfd):
    import vl_convert

    metrics = {**scores(), **quantiles(), **shares()}
    for figure in figures(tmp_path, {k: v[:, :3] for k, v in metrics.items()}):
        for mode in ("light", "dark"):
            vega = vl_convert.vegalite_to_vega(
                figure.panels[0].spec, vl_version=VEGA_LITE, config=theme.config(mode)
            )
            assert vega["marks"]
    assert "WARN" not in capfd.readouterr().err


def test_reality_is_drawn_in_the_colour_of_the_theme():
    import vl_convert

    rule = {"mark": {"type": "rule", "style": "reality"}, "encoding": {"y": {"datum": 1}}}
    spec = {"data": {"values": [{}]}, **rule}
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, config=theme.config("dark"))
    assert f'stroke="{theme.QUIET["dark"]}" stroke-width="1" stroke-dasharray="1,3"' in svg


@pytest.mark.slow
def test_the_page_draws_them_once_and_the_same_each_time(tmp_path):
    metrics = {k: v[:, :3] for k, v in {**scores(), **quantiles(), **shares()}.items()}
    make_run(tmp_path, "a", metrics=metrics)
    make_run(tmp_path, "b", metrics=metrics, n_real=7)
    html = render(find_sections([tmp_path]), title="t")
    assert render(find_sections([tmp_path]), title="t") == html
    # Two lines, one path, and a fan and shares for each run.
    assert html.count('class="chart"') == 2 + 1 + 2 + 2
    for heading in ("Class share", "Sequence perplexity", "Precision against recall"):
        assert html.count(f">{heading}</h3>") == 1


@pytest.mark.parametrize("figure", ["fan", "rarefaction"])
def test_labels_that_a_figure_cannot_place_have_lines(tmp_path, figure):
    """A fan needs shares, a rarefaction whole numbers; other labels are no error of the page."""
    about = {"metric": {"way": Entry("way", "Way", figure=figure)}}
    metrics = {f"way[{label}]": decay(5, 9) for label in ("near", "far", "middle")}
    found = figures(tmp_path, metrics, about=about)
    assert [f.metric for f in found] == list(metrics)


def asking(figure, labels=("near", "far"), **metrics):
    """Return metrics and an about.json whose metric `way` asks for a figure."""
    about = {"metric": {"way": Entry("way", "Way", "How far.", figure=figure)}}
    return {f"way[{k}]": decay(5, 9, seed=i) for i, k in enumerate(labels)} | metrics, about


@pytest.fixture
def installed(monkeypatch):
    """Return a function that installs a figure under the name 'odd'."""

    def install(brought):
        known = {"odd": (plugins.Plugin("figure", "odd", "odd:ODD", "odd", "1.0"),)}
        monkeypatch.setattr(names_of_figures, "plugins", lambda role: known)
        monkeypatch.setattr(
            names_of_figures, "plugin_named", lambda role, kind, where: known.get(kind, [None])[0]
        )
        monkeypatch.setattr(
            names_of_figures, "loaded", lambda path: brought if path == "odd:ODD" else loaded(path)
        )

    loaded = names_of_figures.loaded
    return install


def dots(c):
    medians = [c.quantile(k) for k in range(len(c.labels))]
    rows = [
        {"t": t, "y": ys[i], "k": k}
        for k, ys in enumerate(medians)
        for i, t in enumerate(c.t.tolist())
    ]
    x, y = ({"field": f, "type": "quantitative"} for f in "ty")
    return {
        "description": f"dots of {c.run} to {c.last}, {c.titles}",
        "width": 200,
        "height": 100,
        "data": {"values": rows},
        "mark": "point",
        "encoding": {"x": x, "y": {**y, "scale": {"domain": [c.low, c.high]}}},
    }


def test_components_that_mean_something_of_their_own_say_so(tmp_path, installed):
    installed(Drawing(dots, "dots"))
    parts = (Component("near", "Near end", "What is near."), Component("far", "Far end"))
    about = {"metric": {"way": Entry("way", "Way", "How far.", figure="odd", components=parts)}}
    (figure,) = figures(tmp_path, asking("odd")[0], about=about)
    assert figure.key[1:-1] == ("Near end: What is near.",)
    assert figure.panels[0].spec["description"].endswith("('Near end', 'Far end')")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pathh", "my.module:FIGURE", "<b>"])
def test_an_unknown_figure_gives_way_to_lines_and_says_so(tmp_path, name):
    metrics, about = asking(name)
    found = figures(tmp_path, metrics, about=about)
    assert [f.metric for f in found] == list(metrics)
    (note,) = found[0].notes
    assert note.startswith(f"Drawn as lines: the figure of way, {name!r}, is not known here")
    assert ("did you mean 'path'?" in note) is (name == "pathh")
    assert found[1].notes == ()
    html = render(find_sections([tmp_path]), title="t")
    assert html.count("Drawn as lines: ") == 1


def test_a_figure_of_another_package_draws_a_panel_for_each_run(tmp_path, installed):
    installed(Drawing(dots, "a dot is a median"))
    metrics, about = asking("odd")
    runs = [
        measured(make_run(tmp_path, name, metrics=metrics, about=about, n_real=n))
        for name, n in (("one", 7), ("two", 9))
    ]
    (figure,) = families.drawn(runs)
    assert (figure.title, figure.meaning) == ("Way", "How far.")
    assert figure.key == ("a dot is a median", "taken over 9 chains")
    assert len(figure.panels) == 2
    for panel in figure.panels:
        chart = panel.spec
        assert panel.title in chart["description"]
        assert chart["mark"] == {"type": "point"}
        rows = chart["data"]["values"]
        for k, values in enumerate(metrics.values()):
            right = np.median(values, axis=1)
            np.testing.assert_allclose([r["y"] for r in rows if r["k"] == k], right, rtol=1e-4)
        every = np.stack(list(metrics.values()))
        assert chart["encoding"]["y"]["scale"]["domain"] == [every.min(), every.max()]
    assert [label for label, _ in figure.numbers.rows] == [
        f"{p.title} · Way, {k}" for p in figure.panels for k in ("near", "far")
    ]


def test_it_sees_what_is_absent_as_nan_and_a_metric_of_one_number_as_a_component(
    tmp_path, installed
):
    seen = []
    installed(Drawing(lambda c: seen.append(c) or dots(c), "dots"))
    metrics, about = asking("odd")
    data = measured(make_run(tmp_path, metrics=metrics, about=about))
    far = data.series["way[far]"]
    late = replace(far, t=far.t[2:], values=far.values[2:])
    list(families.drawn([replace(data, series={**data.series, "way[far]": late})]))
    assert seen[0].values.shape == (6, 9, 2)
    assert np.isnan(seen[0].values[:2, :, 1]).all()
    assert seen[0].quantile(1)[:3] == [
        None,
        None,
        pytest.approx(np.median(far.values[2]), rel=1e-4),
    ]
    with pytest.raises(ValueError, match="read-only"):
        seen[0].values[0] = 1.0
    metrics, about = asking("odd", labels=("",))
    run = make_run(tmp_path, "lone", metrics={"way": decay(5, 3)}, about=about)
    list(families.drawn([measured(run)]))
    assert seen[1].labels == ("",)
    assert seen[1].values.shape == (6, 3, 1)


def fails(c):
    raise RuntimeError("no\nway")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("brought", "why"),
    [
        (Drawing(fails, "fails"), "the figure 'odd' failed (RuntimeError: no"),
        (Drawing(lambda c: None, "none"), "has NoneType as its chart; expected a dict"),
        (Drawing(lambda c: dots(c) | {"background": "red"}, "red"), "has a background; expected"),
        (Drawing(dots, "never", takes=lambda label: 1 / 0), "failed (ZeroDivisionError"),
        (dots, "'odd' is a function; expected a Drawing"),
    ],
)
def test_a_figure_that_fails_gives_way_to_lines_and_says_so(tmp_path, installed, brought, why):
    installed(brought)
    metrics, about = asking("odd", trace_ratio=decay(5, 9))
    found = figures(tmp_path, metrics, about=about)
    assert [f.metric for f in found] == list(metrics)
    assert why in found[0].notes[0]
    assert render(find_sections([tmp_path]), title="t").count("Drawn as lines") == 1


def test_our_own_charts_keep_the_rules_for_those_of_other_packages(tmp_path):
    metrics = {**scores(), **quantiles(), **shares()}
    metrics |= {f"rarefied_types[{n}]": n * decay(5, 3) for n in (10, 30, 100)}
    run = {k: v[:, :3] for k, v in metrics.items()}
    both = [
        measured(make_run(tmp_path, name, metrics=run, n_real=n))
        for name, n in (("a", 7), ("b", 9))
    ]
    kinds = set()
    for figure in families.drawn(both):
        kinds.add(figure.kind)
        for panel in figure.panels:
            assert [rule(panel.spec) for rule in RULES] == [""] * len(RULES), figure.metric
    assert kinds == {"line", "path", "fan", "area", "rarefaction"}
