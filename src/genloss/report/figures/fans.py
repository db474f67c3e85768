"""The quantiles of one law over generations as a fan: both tails, and the middle between them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from genloss.report.figures.axes import YAxis, log_axis, x_linear
from genloss.report.figures.bands import SPREAD_WORDS
from genloss.report.figures.beside import WORDS, Beside, beside
from genloss.report.figures.combined import (
    Combined,
    FigureKind,
    Members,
    Plate,
    Spec,
    having,
    medians,
    numbers,
    present,
    told_over,
    typical,
)
from genloss.report.figures.layers import controls
from genloss.report.formatting import percent
from genloss.report.labels import Named
from genloss.report.measured import Measured
from genloss.report.titles import meaning_of

FAINT, STEP = 0.13, 0.12
"""Opacity of the widest band, and how much each narrower one adds."""


def figure(members: Members, runs: Sequence[Measured]) -> Combined:
    """Return one panel per run on one log axis: bands between the quantiles q and 1 - q."""
    names = having(members.names, runs)
    series = [s for n in names for s in present(members, n.data).values()]
    grey = [one for n in names for one in controls_of_ends(n, members)]
    axis = shared_axis([*(typical(s) for s in series), *(one.spread[1] for one in grey)])
    last = max(int(s.t[-1]) for s in series)
    pairs, _ = split(list(members.by_label))
    spans = ", ".join(f"{percent(float(a))} to {percent(float(b))}" for a, b in pairs)
    key = [f"log scale; bands: {spans} of the values within a generation"] if spans else []
    key.append("dotted: ends and middle of the first generation shown")
    if grey:
        key.append(f"grey: {WORDS['constant']}, the same ends and middle")
    key.append(told_over("medians", names, members.names))
    unit = series[0].unit
    return Combined(
        kind="fan",
        metric=members.metric,
        title=members.title(runs[0].about),
        meaning=meaning_of(members.metric, runs[0].about),
        panels=tuple(Plate(n.full, chart(n, members, axis, last, unit)) for n in names),
        key=tuple(key),
        numbers=numbers(names, {m: f"quantile {v}" for v, m in members.by_label.items()}),
        caption=f"median over chains of each quantile, {SPREAD_WORDS}",
    )


def split(values: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the pairs of quantiles q and 1 - q, the widest first, and the others."""
    ordered = sorted(values, key=float)
    low = {round(float(q), 9): q for q in ordered if float(q) < 0.5}
    pairs = []
    for q in ordered:
        partner = round(1 - float(q), 9)
        if float(q) > 0.5 and partner in low:
            pairs.append((low[partner], q))
    paired = {q for pair in pairs for q in pair}
    return pairs[::-1], [q for q in ordered if q not in paired]


def ends_of(values: Sequence[str]) -> list[str]:
    """Return the widest pair of quantiles, and the middle if there is one."""
    pairs, others = split(values)
    return [q for pair in pairs[:1] for q in pair] + [q for q in others if float(q) == 0.5]


def controls_of_ends(n: Named, members: Members) -> list[Beside]:
    """Return what a run's control of as many real rows reaches: its ends and its middle."""
    found = present(members, n.data)
    return [
        one
        for q in ends_of(list(found))
        for one in beside(n.data.controls, members.by_label[q], found[q].t)
        if one.kind == "constant"
    ]


def shared_axis(drawn: Sequence[Any]) -> YAxis:
    """Return the log axis of all values drawn, or a linear one where there is nothing above 0."""
    every = np.concatenate(drawn)
    every = every[np.isfinite(every) & (every > 0)]
    return log_axis(every) if every.size else YAxis(False, 0.0, 1.0)


def chart(n: Named, members: Members, axis: YAxis, last: int, unit: str) -> Spec:
    """Return the fan of one run; one column per quantile, under the names q0, q1, ..."""
    found = present(members, n.data)
    times = sorted(set.intersection(*(set(s.t.tolist()) for s in found.values())))
    field = {q: f"q{i}" for i, q in enumerate(found)}
    row: Spec = {"t": times}
    for q, series in found.items():
        by_t = dict(zip(series.t.tolist(), medians(series), strict=True))
        row[field[q]] = [by_t[t] for t in times]
    y = axis.channel("" if unit == "1" else unit)
    y["axis"]["title"] = None
    pairs, others = split(list(found))
    layers = [_band(field[a], field[b], i, y) for i, (a, b) in enumerate(pairs)]
    layers += [_line(field[q], float(q) == 0.5, y) for q in others]
    ends = ends_of(list(found))
    layers += [
        layer
        for one in controls_of_ends(n, members)
        for layer in controls([one], y)
        if layer["mark"]["type"] == "line"
    ]
    layers.append(_first([v for q in ends for v in row[field[q]][:1] if v is not None], y))
    layers.append(_hover(field))
    return {
        "description": f"Quantiles over generations 0 to {last}, {n.full}",
        "title": n.full,
        "width": 320,
        "height": 240,
        "view": {"stroke": None},
        "data": {"values": [row]},
        "transform": [{"flatten": list(row)}],
        "encoding": {"x": x_linear(last)},
        "layer": layers,
    }


def _band(low: str, high: str, i: int, y: Spec) -> Spec:
    return {
        "mark": {"type": "area", "opacity": round(FAINT + STEP * i, 2)},
        "encoding": {"y": {"field": low, "type": "quantitative", **y}, "y2": {"field": high}},
    }


def _line(field: str, middle: bool, y: Spec) -> Spec:
    mark = {"type": "line", "strokeWidth": 2.25 if middle else 1}
    return {"mark": mark, "encoding": {"y": {"field": field, "type": "quantitative", **y}}}


def _first(starts: Sequence[float], y: Spec) -> Spec:
    values = [{"at": v} for v in starts]
    return {
        "data": {"values": values},
        "mark": {"type": "rule", "style": "reality"},
        "encoding": {"x": None, "y": {"field": "at", "type": "quantitative", **y}},
    }


def _hover(field: Mapping[str, str]) -> Spec:
    told = [{"field": "t", "title": "generation", "format": ",d"}]
    for q, name in reversed(list(field.items())):
        told.append({"field": name, "title": percent(float(q)), "format": ".3~g"})
    pick = {"type": "point", "encodings": ["x"], "on": "pointermove", "clear": "pointerout"}
    return {
        "params": [{"name": "near", "select": {**pick, "nearest": True}}],
        "mark": {"type": "rule", "style": "reality", "strokeDash": [1, 0]},
        "encoding": {
            "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
            "tooltip": told,
        },
    }


def _is_share(label: str) -> bool:
    try:
        return 0.0 < float(label) < 1.0
    except ValueError:
        return False


FAN = FigureKind(figure, 3, _is_share)
