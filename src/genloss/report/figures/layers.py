"""The layers of a chart over generations: bands, lines, reality, published points, and numbers.

Every layer reads the rows of `row`, opened by `flatten`; y is the scale and axis they share.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from genloss.core.view import Direction
from genloss.report.figures.axes import YAxis
from genloss.report.figures.bands import Curve, rounded
from genloss.report.figures.beside import WORDS, Beside

Spec = dict[str, Any]

FIELDS = ("p05", "p25", "p50", "p75", "p95")
SPREAD = ("value", "low", "high")

HIDDEN = "indexof(hidden, datum.run) < 0"
"""Rows of series that are not switched off."""


def row(c: Curve) -> Spec:
    """Return a run as one row of columns: a third of the bytes that plain rows would take."""
    out: Spec = {"run": c.label, "t": c.t.tolist()}
    out |= {f: rounded(b) for f, b in zip(FIELDS, c.bands, strict=True)}
    if not c.has_bands:
        out = {k: v for k, v in out.items() if k in ("run", "t", "p50")}
    if c.draws_chains:
        out |= {f"c{i}": rounded(chain, 4) for i, chain in enumerate(c.values.T)}
        ends = {"least": c.values.min(axis=1), "most": c.values.max(axis=1)}
        out |= {name: rounded(values, 4) for name, values in ends.items()}
    if c.has_theory:
        out["theory"] = rounded(c.theory)
    if draws_mean(c):
        out["mean"] = rounded(c.mean)
    if c.controls and c.controls[0].kind == "constant":
        out["control"] = rounded(c.controls[0].middle_at(c.t))
    if c.points().size:
        theirs = {t: value for t, value, *_ in c.points().T.tolist()}
        out["published"] = rounded(np.array([theirs.get(t, np.nan) for t in c.t.tolist()]))
    return out


def aligned(rows: Sequence[Spec]) -> list[Spec]:
    """Give all rows the same fields, empty where a run has nothing: `flatten` needs them all."""
    columns = fields(rows)
    return [{**{key: [] for key in columns}, **row} for row in rows]


def fields(rows: Sequence[Spec]) -> list[str]:
    """Return the columns to open, in the order of their first occurrence."""
    return list(dict.fromkeys(k for row in rows for k in row if k != "run"))


def draws_mean(c: Curve) -> bool:
    """Whether the mean over chains is drawn: where theory or a published value is about it."""
    theirs = any(p.statistic is not None and p.statistic.is_mean for p in c.published)
    return c.chains > 1 and (theirs or c.has_theory_of_mean)


def bands(curves: Sequence[Curve], y: Spec) -> list[Spec]:
    """Return the middle 90 % and 50 % of the chains as areas, of runs with enough chains."""
    if not any(c.has_bands for c in curves):
        return []
    # Many bands on top of each other turn to mud: the more there are, the fainter.
    faint = min(1.0, 4 / len(curves))
    pairs = (("p05", "p95", 0.16 * faint), ("p25", "p75", 0.12 + 0.16 * faint))
    return [
        {
            "mark": {"type": "area", "opacity": round(opacity, 3)},
            "encoding": {"y": _y(low, y), "y2": {"field": high}},
        }
        for low, high, opacity in pairs
    ]


def chains(curves: Sequence[Curve], y: Spec) -> list[Spec]:
    """Return each chain as a thin line, of runs with too few for bands."""
    most = max((c.chains for c in curves if c.draws_chains), default=0)
    if not most:
        return []
    columns = [f"c{i}" for i in range(most)]
    return [
        {
            "transform": [
                {"fold": columns, "as": ["chain", "of_chain"]},
                {"filter": "isValid(datum.of_chain)"},
            ],
            "mark": {"type": "line", "strokeWidth": 0.8, "opacity": 0.55},
            "encoding": {"y": _y("of_chain", y), "detail": {"field": "chain"}},
        }
    ]


def controls(beside: Sequence[Beside], y: Spec) -> Iterator[Spec]:
    """Yield band and line of every control, in grey; every line of a run lies above them."""
    faint = round(0.14 / max(len(beside), 1), 3)
    for one in beside:
        flat = (one.spread == one.spread[:, :1]).all()
        places = [0, -1] if flat and len(one.t) > 1 else range(len(one.t))
        at = {"data": {"values": [_control_row(one, place) for place in places]}}
        dash = {"strokeDash": [2, 2]} if one.kind == "matched" else {}
        yield {
            **at,
            "mark": {"type": "area", "style": "control", "opacity": faint},
            "encoding": {"color": None, "y": _y("low", y), "y2": {"field": "high"}},
        }
        yield {
            **at,
            "mark": {"type": "line", "style": "control", "strokeWidth": 1.5, **dash},
            "encoding": {"color": None, "y": _y("middle", y)},
        }


def control_names(beside: Sequence[Beside], y: Spec) -> Iterator[Spec]:
    """Yield the name of the first control of each kind, at its end, of the matched one half way."""
    for one in {b.kind: b for b in reversed(beside)}.values():
        matched = one.kind == "matched"
        place = {"align": "center" if matched else "right", "dy": -7}
        for style in ("halo", "control"):
            yield {
                "data": {"values": [_control_row(one, len(one.t) // 2 if matched else -1)]},
                "mark": {"type": "text", "style": style, "text": WORDS[one.kind], **place},
                "encoding": {"color": None, "y": _y("middle", y)},
            }


def _control_row(one: Beside, place: int) -> Spec:
    low, middle, high = rounded(one.spread[:, place])
    return {"t": int(one.t[place]), "low": low, "middle": middle, "high": high}


def median(y: Spec) -> Spec:
    """Return the median over chains as a line."""
    mark = {"type": "line", "strokeWidth": 2.25, "strokeJoin": "round"}
    return {"mark": mark, "encoding": {"y": _y("p50", y)}}


def theory(curves: Sequence[Curve], y: Spec) -> list[Spec]:
    """Return theory dashed, and the mean over chains dotted where theory is about the mean."""
    lines = [("mean", [1, 3], any(draws_mean(c) for c in curves), 2.25)]
    lines.append(("theory", [7, 5], any(c.has_theory for c in curves), 1.75))
    return [
        {
            "transform": [{"filter": f"isValid(datum.{name})"}],
            "mark": {
                "type": "line",
                "strokeDash": dash,
                "strokeWidth": width,
                "strokeCap": "round",
            },
            "encoding": {"y": _y(name, y)},
        }
        for name, dash, wanted, width in lines
        if wanted
    ]


def fan(curves: Sequence[Curve], y: Spec) -> list[Spec]:
    """Return forecasts of a further chain: the median dotted, nine in ten as an area."""
    rows = [
        {"run": c.label, "t": int(t), **dict(zip(SPREAD, rounded(np.array(where)), strict=True))}
        for c in curves
        if c.fan.size
        for t, *where in [_now(c), *c.fan.T.tolist()]
    ]
    if not rows:
        return []
    shown = {"data": {"values": rows}, "transform": [{"filter": HIDDEN}]}
    area = {"mark": {"type": "area", "opacity": 0.1, "clip": True}}
    area |= {"encoding": {"y": _y("low", y), "y2": {"field": "high"}}}
    line = {"type": "line", "strokeDash": [1, 4], "strokeWidth": 2, "strokeCap": "round"}
    dots = {"mark": line | {"clip": True}, "encoding": {"y": _y("value", y)}}
    return [{**shown, **area}, {**shown, **dots}]


def _now(c: Curve) -> tuple[float, ...]:
    """Return the last generation measured, where a fan begins."""
    return (float(c.last()), float(c.median[-1]), *c.ends())


REALITY = {Direction.ONE: 1.0, Direction.ZERO: 0.0}
"""Where reality is."""


def reference(direction: Direction, axis: YAxis, y: Spec) -> list[Spec]:
    """Return a dotted rule where reality is, for the metrics that have it at 0 or 1."""
    value = REALITY.get(direction)
    if value is None or not axis.low <= value <= axis.high:
        return []
    channel = {"datum": value, "type": "quantitative", **y}
    return [
        {
            "data": {"values": [{}]},
            "mark": {"type": "rule", "style": "reality"},
            "encoding": {"x": None, "color": None, "y": channel},
        }
    ]


def published(curves: Sequence[Curve], y: Spec) -> list[Spec]:
    """Return published values as diamonds, with the spread or error of their source as bars."""
    values = [
        {"run": c.label, "t": int(t), **dict(zip(SPREAD, rounded(np.array(where)), strict=True))}
        for c in curves
        for t, *where in c.points().T.tolist()
    ]
    if not values:
        return []
    data = {"values": values}
    bar: Spec = {"mark": {"type": "rule", "strokeWidth": 1.5}}
    bar |= {"encoding": {"y": _y("low", y), "y2": {"field": "high"}}}
    # Paper around each keeps it apart from a line of its own colour.
    mark = {"type": "point", "filled": True, "shape": "diamond", "size": 90, "style": "seam"}
    diamond = {
        "mark": {**mark, "opacity": 1},
        "encoding": {"y": _y("value", y)},
    }
    shown = {"data": data, "transform": [{"filter": HIDDEN}]}
    return [{**shown, **bar}, {**shown, **diamond}]


def hover(rows: Sequence[Spec], y: Spec) -> Spec:
    """Return invisible points: the one nearest to the pointer shows itself and its numbers."""
    pick = {"type": "point", "fields": ["run", "t"], "on": "pointermove", "clear": "pointerout"}
    shown = {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0}
    has = {name for row in rows for name in row}
    told = ["title: datum.run", "generation: format(datum.t, ',d')", _said("median", "p50")]
    if "c0" in has:
        told.append(_span("lowest to highest chain", "least", "most"))
    if "p25" in has:
        told += [_span("half of the chains", "p25", "p75"), _span("nine in ten", "p05", "p95")]
    told += [_said(name, name) for name in ("mean", "theory", "control") if name in has]
    if "published" in has:
        told.append(_said("published", "published"))
    return {
        "params": [{"name": "near", "select": {**pick, "nearest": True}}],
        "transform": [{"calculate": "{" + ", ".join(told) + "}", "as": "told"}],
        "mark": {"type": "point", "filled": True, "size": 60},
        "encoding": {
            "y": _y("p50", y),
            "opacity": shown,
            # The pointer meets the cell around a point, which holds the point's row as its datum.
            "tooltip": {"value": {"expr": "datum.datum ? datum.datum.told : datum.told"}},
        },
    }


def _said(name: str, field: str) -> str:
    return f"'{name}': isValid(datum.{field}) ? format(datum.{field}, '.4~g') : '–'"


def _span(name: str, low: str, high: str) -> str:
    text = f"format(datum.{low}, '.3~g') + ' to ' + format(datum.{high}, '.3~g')"
    return f"'{name}': isValid(datum.{low}) && isValid(datum.{high}) ? {text} : '–'"


def _y(field: str, y: Mapping[str, Any]) -> Spec:
    return {"field": field, "type": "quantitative", **y}
