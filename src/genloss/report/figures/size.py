"""A chart at the width that a page of print has for it."""

from collections.abc import Mapping
from typing import Any

Spec = dict[str, Any]

COLUMN, PAGE = 89.0, 183.0
"""One and two columns of a journal, in mm."""

SCREEN = 12
"""Size of the type that lines and marks of a chart are made for."""

SHAPE = 0.6
"""Height of a chart over its width, without its legend."""

LETTER, ROW, GAP = 0.5, 1.6, 10
"""Width of a letter and height of a line of a legend over the size of type; pixels between."""


def sized(spec: Mapping[str, Any], width: float, type_size: float) -> Spec:
    """Return a chart that is so wide in all, axes and title included; legends wrap to fit.

    width, and type_size of its letters, are in the same unit.
    """
    if "facet" in spec:
        return _panels(spec, width)
    rows = 0
    encoding = {k: dict(v) if isinstance(v, Mapping) else v for k, v in spec["encoding"].items()}
    layers = [_thin(layer, type_size / SCREEN) for layer in spec.get("layer", [])]
    columns = _columns(encoding.get("color", {}), width, type_size)
    if columns:
        n, across = columns
        rows = -(-n // across)
        encoding["color"]["legend"] = {**encoding["color"]["legend"], "columns": across}
        for layer in layers:
            if shape := layer.get("encoding", {}).get("shape"):
                legend = {**shape["legend"], "columns": across}
                layer["encoding"] = {**layer["encoding"], "shape": {**shape, "legend": legend}}
    out = {**spec, "encoding": encoding} | ({"layer": layers} if layers else {})
    height = SHAPE * width + (rows * ROW + 5) * type_size
    fit = {"type": "fit", "contains": "padding"}
    return {**out, "width": round(width, 2), "height": round(height, 2), "autosize": fit}


def _thin(layer: Mapping[str, Any], share: float) -> Spec:
    """Return a layer with lines and marks that fit to smaller type."""
    mark = dict(layer["mark"])
    powers = dict.fromkeys(("strokeWidth", "size", "fontSize", "dx", "dy"), 1)
    scaled = {k: round(mark[k] * share**n, 2) for k, n in powers.items() if k in mark}
    return {**layer, "mark": mark | scaled}


def _panels(spec: Mapping[str, Any], width: float) -> Spec:
    n = len(spec["data"]["values"])
    # Scatter panels and histograms are square and have no axes; others need room for both.
    bare = spec["spec"]["width"] == spec["spec"]["height"]
    across = min(n, max(1, int(width // (80 if bare else 230))))
    across = -(-n // -(-n // across))
    margin = 12 if bare else 50
    cell = (width - margin - GAP * (across - 1)) / across
    shape = spec["spec"]["height"] / spec["spec"]["width"]
    inner = {**spec["spec"], "width": round(cell, 2), "height": round(cell * shape, 2)}
    return {**spec, "columns": across, "spec": inner}


def _columns(colour: Mapping[str, Any], width: float, size: float) -> tuple[int, int] | None:
    """Return the entries of a legend below a chart, and how many fit side by side."""
    legend, domain = colour.get("legend"), colour.get("scale", {}).get("domain")
    names = domain or colour.get("sort") or []
    if not legend or not names or legend.get("orient") == "right":
        return None
    longest = max(len(name) for name in names) * LETTER * size + 2 * size + GAP
    return len(names), int(max(1, min(len(names), (width - 40) // longest)))
