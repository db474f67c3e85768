"""Markers: each run has a shape as well as a colour, so that colour is never the only code."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genloss.core.arrays import Ints
from genloss.report.figures import layers
from genloss.report.figures.bands import Curve, rounded

Spec = dict[str, Any]

SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "cross",
    "triangle-down",
    "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z",
    "triangle-right",
    "triangle-left",
)
"""Shapes in the order of the colours; the diamond is that of published values."""

PATHS = (
    "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z",
    "M-.9,-.9H.9V.9H-.9Z",
    "M0,-1L1,.8H-1Z",
    "M-.35,-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z",
    "M0,1L1,-.8H-1Z",
    SHAPES[5],
    "M1,0L-.8,-1V1Z",
    "M-1,0L.8,-1V1Z",
)
"""The same shapes as paths, for legends of our own."""

ALONG = 6
"""Markers along a line, about."""


def shape(legend: Sequence[str]) -> Spec:
    """Return the channel that gives each run of a legend its shape."""
    return {
        "field": "run",
        "type": "nominal",
        "scale": {"domain": list(legend), "range": list(SHAPES[: len(legend)])},
        "legend": {"title": None, "columns": 4},
    }


def markers(curves: Sequence[Curve], legend: Sequence[str], y: Spec) -> list[Spec]:
    """Return markers along the medians; nothing for a single run."""
    if len(legend) < 2:
        return []
    rows = [
        {"run": c.label, "t": t, "at": value}
        for i, c in enumerate(curves)
        for t, value in _points(c, i, len(curves))
    ]
    return [
        {
            "data": {"values": rows},
            "transform": [{"filter": layers.HIDDEN}],
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "style": "seam"},
            "encoding": {
                "y": {"field": "at", "type": "quantitative", **y},
                "shape": shape(legend),
            },
        }
    ]


def _points(c: Curve, i: int, of: int) -> list[tuple[int, float | None]]:
    at = along(len(c.t), i, of)
    return list(zip(c.t[at].tolist(), rounded(c.median[at]), strict=True))


def along(n: int, i: int, of: int) -> Ints:
    """Return about ALONG places of 0 .. n - 1, for line i of so many: others have theirs between.

    Of few places a line has every second or third, so that lines on one another show both.
    """
    if n <= ALONG + 2:
        step = max(1, min(of, 3, n // 2))
        return np.arange(i % step, n, step)
    return np.unique(((np.arange(ALONG) + i / of + 0.5) / ALONG * (n - 1)).astype(np.int64) % n)
