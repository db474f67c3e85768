"""One metric against another, a path per run through the generations: where quality went."""

from collections.abc import Sequence

import numpy as np

from genloss.report.figures import layers
from genloss.report.figures.bands import SPREAD_WORDS, rounded
from genloss.report.figures.beside import WORDS, constant, last, told
from genloss.report.figures.combined import (
    Combined,
    FigureKind,
    Members,
    Plate,
    Spec,
    any_label,
    numbers,
    told_over,
    typical,
)
from genloss.report.figures.markers import shape
from genloss.report.labels import MOST_SERIES, Named, named
from genloss.report.measured import Measured, places
from genloss.report.titles import entry_of, options_of, plain_title

LABELLED = 5
"""Generations that may be written beside a path, its ends included."""

APART = 0.08
"""Share of an axis that labels keep from one another."""


def figure(members: Members, runs: Sequence[Measured]) -> Combined:
    """Return the paths of all runs: the first component up, the second across."""
    up, across = members.names[:2]
    having = [run for run in runs if across in run.series and up in run.series]
    return _figure(members, named(having))


def _figure(members: Members, names: Sequence[Named]) -> Combined:
    up, across = members.names[:2]
    about = names[0].data.about
    x, y = plain_title(across, about), plain_title(up, about)
    together = dict.fromkeys(n.label for n in names)
    shared = tuple(together) if len(together) <= MOST_SERIES else ()
    panels = []
    limits = [shown(across, names), shown(up, names)]
    for title in dict.fromkeys(n.panel for n in names):
        inside = [n for n in names if n.panel == title]
        legend = shared or tuple(n.label for n in inside)
        panels.append(Plate(title, chart(inside, (across, up), (x, y), limits, legend)))
    said = {across: x, up: y}
    options = ", ".join(f"{k}={v}" for k, v in options_of(across).items())
    return Combined(
        kind="path",
        metric=members.metric,
        title=f"{entry_of(up, about).title} against {x}" + (f" ({options})" if options else ""),
        meaning=f"One path per run through the generations: {y} up, {x} across.",
        panels=tuple(panels),
        key=(
            "ring: the first generation; large dot: the last; numbers: generations",
            told_over("medians", names, [across]),
            *(
                ["grey diamond: the control"]
                if any(_control(n, (across, up)) for n in names)
                else []
            ),
            *told([(n.label, n.data) for n in names], {across: x, up: y}),
        ),
        numbers=numbers(names, said),
        caption=f"median over chains, {SPREAD_WORDS}",
        legend=shared,
    )


def _control(n: Named, metrics: tuple[str, str]) -> tuple[float, float] | None:
    """Return where the control of a run stands: its middles beside the last generation drawn."""
    control = constant(n.data)
    x, y = (control and last(control, m, n.data.series[m].t) for m in metrics)
    return (x[1], y[1]) if x and y else None


def shown(metric: str, names: Sequence[Named]) -> list[float]:
    """Return the limits of an axis: whole tenths around all medians drawn, and the controls'."""
    grey = [end[0] for n in names if (end := _control(n, (metric, metric)))]
    every = np.concatenate([*(typical(n.data.series[metric]) for n in names), grey])
    every = every[np.isfinite(every)]
    if not every.size:
        return [0.0, 1.0]
    low, high = np.floor(every.min() * 10) / 10, np.ceil(every.max() * 10) / 10
    return [float(round(v, 9)) for v in (low, high if high > low else low + 0.1)]


def chart(
    names: Sequence[Named],
    metrics: tuple[str, str],
    titles: tuple[str, str],
    limits: Sequence[list[float]],
    legend: Sequence[str],
) -> Spec:
    """Return the paths of one panel; metrics, titles and limits are those of x and y."""
    rows = _labelled([_row(n, metrics) for n in names], limits)
    x, y = (_channel(*about) for about in zip("xy", titles, limits, strict=True))
    # Above the labels of points at the top.
    y["axis"]["titleY"] = -20
    dot = {"type": "point", "filled": True, "opacity": 1}
    text = {"type": "text", "align": "left", "dx": 8, "dy": -9, "fontSize": 12}
    label = {"field": "label", "type": "nominal"}
    runs = ", ".join(n.label for n in names)
    shapes = {"shape": shape(legend)} if len(legend) > 1 else {}
    return {
        "description": f"{titles[1]} against {titles[0]} through the generations: {runs}",
        "title": f"{titles[1]} against {titles[0]}",
        "width": 460,
        "height": 340,
        "view": {"stroke": None},
        "params": [{"name": "hidden", "value": []}],
        "data": {"values": rows},
        "transform": [{"flatten": ["t", "x", "y", "mark", "label"]}, {"filter": layers.HIDDEN}],
        "encoding": {
            "x": x,
            "y": y,
            "color": {
                "field": "run",
                "type": "nominal",
                "scale": {"domain": list(legend)},
                "legend": {"title": None, "columns": 4} if len(legend) > 1 else None,
            },
            "tooltip": [
                {"field": "run"},
                {"field": "t", "title": "generation", "format": ",d"},
                {"field": "x", "title": titles[0], "format": ".3~g"},
                {"field": "y", "title": titles[1], "format": ".3~g"},
            ],
        },
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 1.75, "strokeJoin": "round"},
                "encoding": {"order": {"field": "t", "type": "quantitative"}},
            },
            {"mark": {**dot, "size": 36}, "encoding": shapes},
            {
                "transform": [{"filter": "datum.mark == 'first'"}],
                "mark": {"type": "point", "size": 130, "strokeWidth": 2, "opacity": 1},
            },
            {
                "transform": [{"filter": "datum.mark == 'last'"}],
                "mark": {**dot, "size": 130},
            },
            *_control_layers(names, metrics),
            {"mark": {**text, "style": "halo"}, "encoding": {"text": label, "color": None}},
            {"mark": text, "encoding": {"text": label}},
        ],
    }


def _control_layers(names: Sequence[Named], metrics: tuple[str, str]) -> list[Spec]:
    """Return a grey diamond where each control stands, the first of them with its name."""
    places = dict.fromkeys(end for n in names if (end := _control(n, metrics)))
    if not places:
        return []
    values = [dict(zip("xy", rounded(np.array(place), 4), strict=True)) for place in places]
    mark = {"type": "point", "style": "control", "shape": "diamond", "size": 130, "opacity": 1}
    text = {"type": "text", "style": "control", "align": "right", "dx": -4, "dy": 20}
    return [
        {
            "data": {"values": values},
            "mark": {**mark, "filled": True},
            "encoding": {"color": None, "tooltip": None},
        },
        {
            "data": {"values": values[:1]},
            "mark": {**text, "text": WORDS["constant"]},
            "encoding": {"color": None, "tooltip": None},
        },
    ]


def _channel(field: str, title: str, limits: list[float]) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": limits, "nice": False, "zero": False},
        "axis": {"title": title, "tickCount": 5, "grid": True},
    }


def _row(n: Named, metrics: tuple[str, str]) -> Spec:
    x, y = (n.data.series[m] for m in metrics)
    times = np.intersect1d(x.t, y.t)
    marks = [""] * len(times)
    marks[0], marks[-1] = "first", "last"
    at_x, at_y = (typical(s)[np.searchsorted(s.t, times)] for s in (x, y))
    return {
        "run": n.label,
        "t": times.tolist(),
        "x": rounded(at_x, 4),
        "y": rounded(at_y, 4),
        "mark": marks,
    }


def _labelled(rows: Sequence[Spec], limits: Sequence[list[float]]) -> list[Spec]:
    """Add labels to points that are far enough from one another: the ends first."""
    out = [{**row, "label": [""] * len(row["t"])} for row in rows]
    inner = [(row, i) for row in out for i in places(len(row["t"]), LABELLED).tolist()]
    taken: list[tuple[float, float]] = []
    for row, i in [*((r, -1) for r in out), *((r, 0) for r in out), *inner]:
        if row["x"][i] is None or row["y"][i] is None:
            continue
        where = tuple(
            (row[axis][i] - low) / (high - low)
            for axis, (low, high) in zip("xy", limits, strict=True)
        )
        if all(
            max(abs(a - b) for a, b in zip(where, other, strict=True)) > APART for other in taken
        ):
            taken.append((where[0], where[1]))
            row["label"][i] = f"{row['t'][i]:,}"
    return out


PATH = FigureKind(figure, 2, any_label, besides=True)
