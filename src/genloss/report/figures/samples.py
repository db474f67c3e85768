"""Kept rows that one can look at: scatter panels, histograms, rank-frequency lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.report.figures.bands import rounded
from genloss.report.figures.images import image_side
from genloss.report.figures.markers import SHAPES
from genloss.report.formatting import count, number
from genloss.report.kept_samples import heading, kept_rows
from genloss.report.measured import places
from genloss.store.reader import Run

Spec = dict[str, Any]

POINTS = 400
"""Rows shown in one scatter panel."""

BINS = 40
"""Bins of a histogram, shared by all generations."""

CELL = 150
"""Pixels of one panel's side where nothing fits it to a page."""


BARE = {
    "title": None,
    "tickCount": 3,
    "grid": True,
    "labels": False,
    "ticks": False,
    "domain": False,
}
"""Small panels show their frame and grid; the caption says where the axes end."""


@dataclass(frozen=True)
class SampleFigure:
    """Samples of one run as a Vega-Lite spec, and how to read it."""

    label: str
    reading: str
    spec: Spec


def sample_figure(
    run: Run, label: str, points: int = POINTS, beside: str = ""
) -> SampleFigure | None:
    """Return what the first chain of a run kept; None for no rows, no token, or images (a reel).

    Real data (generation 0) lie in grey behind every later generation, on the same axes. beside:
    what its reading ends with.
    """
    kept = kept_rows(run)
    if not kept or image_side(run):
        return None
    first = kept[min(kept)]
    whose = f"Chain 1 of {run.spec['chains']:,}"
    if first.dtype.kind in "iu":
        what = "token" if first.ndim > 1 else "symbol"
        text = f"{whose}: share of each {what}, the most frequent first."
        spec = ranks(kept, what)
        return SampleFigure(label, text + beside, spec) if spec["data"]["values"] else None
    rows = {t: x.reshape(len(x), -1) for t, x in kept.items()}
    d = rows[min(rows)].shape[1]
    behind = " Real data lie in grey behind." if 0 in rows and len(rows) > 1 else ""
    if d == 1:
        low, high = _range(rows, 0)
        text = f"{whose}: histograms of its rows, {BINS} bins from {low} to {high}.{behind}"
        return SampleFigure(label, text + beside, histograms(rows))
    plane, names = _plane(rows)
    (left, right), (low, high) = _range(plane, 0), _range(plane, 1)
    text = (
        f"{whose}, {count(min(points, len(first)), 'row')} a panel: {names}; all rows lie within "
        f"{left} to {right} across and {low} to {high} up.{behind}"
    )
    return SampleFigure(label, text + beside, scatter(plane, points))


def scatter(plane: Mapping[int, Floats], points: int = POINTS) -> Spec:
    """Return scatter panels of rows (m, 2) per generation; both axes of all have one scale."""
    every = np.concatenate(list(plane.values()))
    low, high = every.min(axis=0), every.max(axis=0)
    half = 0.54 * float((high - low).max()) or 1.0
    middle = (low + high) / 2
    limits = [rounded(np.array([m - half, m + half])) for m in middle]
    x, y = (
        {"field": f, "type": "quantitative", "scale": {"domain": d, "nice": False}, "axis": BARE}
        for f, d in zip("xy", limits, strict=True)
    )
    mark = {"type": "circle", "size": 9, "opacity": 0.75, "clip": True}
    front = {"mark": mark, "encoding": {"x": x, "y": y}}
    back = {"mark": {**mark, "style": "ghost", "opacity": 0.3}, "encoding": {"x": x, "y": y}}
    values = _points(plane, points)
    return _panels(values, ["x", "y"], front, back, f"Scatter plots at {_times(plane)}")


def histograms(rows: Mapping[int, Floats]) -> Spec:
    """Return histograms of rows (m, 1) per generation on shared bins."""
    every = np.concatenate([x[:, 0] for x in rows.values()])
    low, high = float(every.min()), float(every.max())
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    scale = {"domain": rounded(edges[[0, -1]]), "nice": False, "zero": False}
    encoding = {
        "x": {"field": "a", "type": "quantitative", "axis": BARE, "scale": scale},
        "x2": {"field": "b"},
        "y": {"field": "share", "type": "quantitative", "axis": BARE},
        "y2": {"datum": 0},
    }
    front = {"mark": {"type": "bar", "opacity": 0.85}, "encoding": encoding}
    back = {"mark": {"type": "bar", "style": "ghost", "opacity": 0.35}, "encoding": encoding}
    values = [_bins(t, x, edges) for t, x in rows.items()]
    return _panels(values, ["a", "b", "share"], front, back, f"Histograms at {_times(rows)}")


def ranks(kept: Mapping[int, Array], what: str = "symbol") -> Spec:
    """Return rank-frequency lines, one per generation, on log axes.

    Rows of text end early: what fills them up is negative, and no symbol.
    """
    rows = []
    symbols = {t: x[x >= 0] for t, x in kept.items()}
    for t, x in symbols.items():
        if not x.size:
            continue
        counts = np.sort(np.bincount(x))[::-1]
        share: Floats = counts[counts > 0] / x.size
        at = places(len(share), 120)
        row = {"panel": heading(t), "rank": (at + 1).tolist(), "share": rounded(share[at])}
        rows.append({**row, "marked": [i % 3 == 0 for i in range(len(at))]})
    log = {"scale": {"type": "log", "nice": False}, "type": "quantitative"}
    tens = [10.0**k for k in range(-6, 7)]
    across = {"title": f"rank of the {what}", "format": "~s", "values": tens[6:], "grid": False}
    up = {"title": f"share of all {what}s", "format": "~g", "values": tens[:7]}
    least = 0.8 / max(1, *(x.size for x in symbols.values()))
    shares = {"type": "log", "domain": [least, 1], "nice": False}
    order = [row["panel"] for row in rows]
    colour = {
        "field": "panel",
        "type": "ordinal",
        "sort": order,
        "legend": {"title": None, "columns": 4},
    }
    # More generations than shapes share them in turn.
    symbols_of = [SHAPES[i % len(SHAPES)] for i in range(len(order))]
    shape = {**colour, "type": "nominal", "scale": {"domain": order, "range": symbols_of}}
    return {
        "description": f"Share of each {what} by rank, one line per kept generation",
        "width": 680,
        "height": 280,
        "view": {"stroke": None},
        "data": {"values": rows},
        "transform": [{"flatten": ["rank", "share", "marked"]}],
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2}},
            {
                "transform": [{"filter": "datum.marked"}],
                "mark": {"type": "point", "filled": True, "size": 36, "opacity": 1},
                "encoding": {"shape": shape},
            },
        ],
        "encoding": {
            "x": {"field": "rank", "axis": across, **log},
            "y": {"field": "share", "axis": up, "type": "quantitative", "scale": shares},
            "color": colour,
            "tooltip": [
                {"field": "panel", "title": "generation"},
                {"field": "rank", "format": ",d"},
                {"field": "share", "format": ".2~%"},
            ],
        },
    }


def _panels(
    values: list[Spec], fields: list[str], front: Spec, back: Spec, description: str
) -> Spec:
    """Return one small panel per row of values; where the first is reality it lies behind all."""
    layers = [front]
    if values[0]["panel"] == heading(0) and len(values) > 1:
        # Not faceted, so this layer is drawn in every panel.
        data = {"values": [{k: values[0][k] for k in fields}]}
        layers = [{"data": data, "transform": [{"flatten": fields}], **back}, front]
    order = [row["panel"] for row in values]
    return {
        "description": description,
        "data": {"values": values},
        "transform": [{"flatten": fields}],
        "facet": {"field": "panel", "type": "ordinal", "sort": order, "title": None},
        "columns": min(len(order), 4),
        "spacing": 14,
        "spec": {"width": CELL, "height": CELL, "layer": layers},
    }


def _times(rows: Mapping[int, Floats]) -> str:
    return f"generations {', '.join(map(str, rows))}"


def _points(plane: Mapping[int, Floats], points: int) -> list[Spec]:
    return [
        {"panel": heading(t), "x": rounded(p[:points, 0], 4), "y": rounded(p[:points, 1], 4)}
        for t, p in plane.items()
    ]


def _bins(t: int, x: Floats, edges: Floats) -> Spec:
    counts: Ints = np.histogram(x[:, 0], edges)[0]
    full = np.flatnonzero(counts)
    return {
        "panel": heading(t),
        "a": rounded(edges[full]),
        "b": rounded(edges[full + 1]),
        "share": rounded(counts[full] / len(x)),
    }


def _plane(rows: Mapping[int, Floats]) -> tuple[dict[int, Floats], str]:
    """Project rows on the two principal directions of real data, fixed for all generations."""
    first = rows[min(rows)]
    if first.shape[1] == 2:
        return dict(rows), "both coordinates"
    centre = first.mean(axis=0)
    _, _, directions = np.linalg.svd(first - centre, full_matrices=False)
    axes = directions[:2]
    # A direction has no sign of its own: its largest coordinate is made positive.
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    axes = axes * np.sign(largest)
    whose = "real data" if min(rows) == 0 else f"generation {min(rows)}"
    names = f"the first two principal directions of {whose}, of {first.shape[1]} coordinates"
    return {t: (x - centre) @ axes.T for t, x in rows.items()}, names


def _range(rows: Mapping[int, Floats], i: int) -> tuple[str, str]:
    every = np.concatenate([x[:, i] for x in rows.values()])
    return number(float(every.min()), 2), number(float(every.max()), 2)
