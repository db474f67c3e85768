"""What a chart of another package must be, so that a page can show it on any paper.

Each rule returns what is wrong with a chart, as "a ... ; expected ...", or an empty text.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from genloss.report.theme import STYLES

SEVERAL = ("facet", "hconcat", "vconcat", "concat", "repeat", "spec")
"""What makes several charts of one: a page makes its own panels."""

PAINT = ("color", "fill", "stroke", "background")
"""Properties and channels of colour."""

CODES = ("shape", "strokeDash", "text", "x", "y", "xOffset", "yOffset", "size", "angle")
"""Channels that tell categories apart without colour."""


def it_is_one_chart(chart: Any) -> str:
    """One view with a mark, or layers with a mark each; JSON without NaN; sized and described."""
    if not isinstance(chart, dict):
        return f"{type(chart).__name__} as its chart; expected a dict of Vega-Lite"
    try:
        json.dumps(chart, allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"a chart that is no JSON ({error}); expected plain numbers and texts, None for NaN"
    if several := [key for key in SEVERAL if key in chart]:
        return f"a chart of several ({several[0]}); expected one view, a page has a panel per run"
    if not all(isinstance(view, dict) and "mark" in view for view in _views(chart)):
        return "a view without a mark; expected a mark in the chart, or in each of its layers"
    if not str(chart.get("description", "")).strip():
        return "no description; expected one, for readers who cannot see the chart"
    if not all(isinstance(chart.get(side), int | float) for side in ("width", "height")):
        return "no width and height; expected both as numbers"
    return ""


def it_needs_nothing_from_elsewhere(chart: Any) -> str:
    """A page works without network: data are inside."""
    named = chart.get("datasets", {})
    for view in (chart, *_views(chart)):
        data = view.get("data") or {}
        if not {"values", "name", "sequence"} & data.keys() and data:
            return f"data by {', '.join(data)}; expected values inside the chart"
        if "name" in data and "values" not in data and data["name"] not in named:
            return f"data called {data['name']!r}, which are nowhere; expected values inside"
    for key, value in _below(chart):
        if key in ("url", "href"):
            return f"something from elsewhere ({key}: {value!r}); expected data inside the chart"
    if not any("data" in view for view in (chart, *_views(chart))):
        return "no data; expected values inside the chart"
    return ""


def it_leaves_colours_to_the_theme(chart: Any) -> str:
    """A colour that stands out on white paper vanishes on black, or the other way round."""
    if odd := [key for key in ("config", "background", "usermeta") if key in chart]:
        return f"a {odd[0]}; expected none, those of the page hold"
    for key, value in _below(chart):
        if key in PAINT and isinstance(value, str) and value not in ("transparent", "none"):
            return f"the colour {value!r}; expected none, or a style of {', '.join(STYLES)}"
        if key in PAINT:
            inner = dict(_below(value))
            if isinstance(inner.get("value"), str) and inner["value"] != "transparent":
                return f"the colour {inner['value']!r}; expected none"
            if {"range", "scheme"} & inner.keys():
                return "a scale of its own colours; expected that of the theme"
        if key == "style" and value not in STYLES:
            return f"the style {value!r}; expected one of {', '.join(STYLES)}"
    return ""


def colour_is_never_its_only_code(chart: Any) -> str:
    """Categories in colours have a second channel: a shape, a dash, a text, a place."""
    shared = chart.get("encoding", {})
    views = [{**shared, **view.get("encoding", {})} for view in _views(chart)]
    coded = {
        channel.get("field")
        for encoding in views
        for name, channel in encoding.items()
        if name in CODES and isinstance(channel, dict)
    }
    for encoding in views:
        y = encoding.get("y")
        stacked = "order" in encoding and isinstance(y, dict) and bool(y.get("stack"))
        for name in PAINT:
            channel = encoding.get(name)
            if not isinstance(channel, dict) or channel.get("type") == "quantitative":
                continue
            field, alone = channel.get("field"), _of_one(channel)
            if field and field not in coded and not stacked and not alone:
                return (
                    f"{field!r} told apart by {name} alone; expected a second channel of it, such "
                    "as shape, strokeDash or text"
                )
    return _constants_apart(views)


Rule = Callable[[Any], str]
RULES: tuple[Rule, ...] = (
    it_is_one_chart,
    it_needs_nothing_from_elsewhere,
    it_leaves_colours_to_the_theme,
    colour_is_never_its_only_code,
)
"""The first one that is broken decides: later ones take earlier ones for granted."""


def _constants_apart(views: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong with layers that have a constant colour each, as a legend names them."""
    seen = [(name, v[name], v) for v in views for name in PAINT if isinstance(v.get(name), dict)]
    alone = {
        str(channel["datum"])
        for _, channel, view in seen
        if "datum" in channel
        and not any(
            isinstance(view.get(code), dict) and view[code].get("datum") == channel["datum"]
            for code in CODES
        )
    }
    if len(alone) < 2:
        return ""
    return (
        f"layers told apart by colour alone ({', '.join(sorted(alone))}); expected a second "
        "channel with the same datum, such as strokeDash"
    )


def _of_one(channel: Mapping[str, Any]) -> bool:
    domain = (channel.get("scale") or {}).get("domain")
    return isinstance(domain, list) and len(domain) < 2


def _views(chart: Mapping[str, Any]) -> list[Any]:
    layers = chart.get("layer")
    return list(layers) if isinstance(layers, list) and layers else [chart]


def _below(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, data apart."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            # A row of data may have any field.
            if key not in ("data", "datasets"):
                yield key, inner
                yield from _below(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _below(inner)
