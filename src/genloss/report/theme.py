"""Colours and type of the charts. Specs name no colour, so a page can change its theme."""

from typing import Any, Literal

Mode = Literal["light", "dark"]
MODES: tuple[Mode, Mode] = ("light", "dark")

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

SERIES = {
    "light": (
        "#0072b2", "#d55e00", "#00876c", "#a9428f", "#a87400", "#3d9bd4", "#5b5b5b", "#8f8a00",
    ),
    "dark": (
        "#56a9e8", "#f28a4b", "#2fc6a0", "#e08cc6", "#e5b13a", "#9fd4f5", "#b9bdc4", "#d9d46a",
    ),
}  # fmt: skip
"""Eight colours in the order of Okabe and Ito (2008), shifted until each stands out by 3 : 1."""

EXTENT = {"light": [0.0, 0.85], "dark": [0.28, 1.0]}
"""The part of viridis that can be seen on either paper."""

INK = {"light": "#1b1f24", "dark": "#e8eaed"}
QUIET = {"light": "#59616b", "dark": "#a4acb6"}
GRID = {"light": "#e3e6ea", "dark": "#31373f"}
PAPER = {"light": "#ffffff", "dark": "#16191d"}


def config(mode: Mode, size: float = 12) -> dict[str, Any]:
    """Return the Vega-Lite config of a theme with type of so many pixels."""
    ink, quiet, grid = INK[mode], QUIET[mode], GRID[mode]
    return {
        "background": PAPER[mode],
        "font": FONT,
        "view": {"stroke": grid},
        "facet": {"spacing": 14},
        "range": {
            "category": list(SERIES[mode]),
            "ordinal": {"scheme": "viridis", "extent": EXTENT[mode]},
        },
        "mark": {"color": SERIES[mode][0]},
        "text": {"fontSize": size - 1},
        "axis": {
            "labelColor": quiet,
            "labelFontSize": size,
            "titleColor": quiet,
            "titleFontSize": size,
            "titleFontWeight": "normal",
            "gridColor": grid,
            "domainColor": quiet,
            "tickColor": grid,
            "labelPadding": 6,
            "titlePadding": 8,
        },
        "axisX": {"grid": False, "tickColor": quiet},
        "axisY": {
            "domain": False,
            "ticks": False,
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -8,
        },
        "legend": {
            "labelColor": ink,
            "titleColor": quiet,
            "labelFontSize": size,
            "titleFontSize": size,
            "titleFontWeight": "normal",
            "labelLimit": 260,
            "orient": "bottom",
            "symbolOpacity": 1,
            "symbolType": "square",
            "symbolBaseFillColor": quiet,
            "symbolBaseStrokeColor": quiet,
            "symbolSize": 0.7 * size**2,
        },
        "title": {
            "color": ink,
            "fontSize": size + 1,
            "fontWeight": 600,
            "anchor": "start",
            "offset": 10,
        },
        "header": {"labelColor": ink, "labelFontSize": size, "labelPadding": 4, "title": None},
        "style": _styles(mode),
    }


def _styles(mode: Mode) -> dict[str, Any]:
    """Return the styles that marks may name."""
    ink, quiet, paper = INK[mode], QUIET[mode], PAPER[mode]
    return {
        "reality": {"color": quiet, "strokeWidth": 1, "strokeDash": [1, 3]},
        "ghost": {"color": quiet, "fill": quiet},
        # No fill: it would close a line to an area.
        "control": {"color": quiet},
        "seam": {"stroke": paper, "strokeWidth": 1},
        "real": {"color": ink, "stroke": ink},
        "halo": {"stroke": paper, "strokeWidth": 4, "strokeJoin": "round"},
    }


STYLES = tuple(_styles("light"))
"""Their names."""
