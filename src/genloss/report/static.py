"""One chart as a file: PNG or SVG, without a browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genloss.report.runtime import VEGA_LITE, optional
from genloss.report.theme import Mode, config
from genloss.store.files import write_bytes


def figure_svg(spec: Mapping[str, Any], path: Path, mode: Mode = "light") -> Path:
    """Write a Vega-Lite spec as SVG; raises MissingExtra where vl-convert is not installed."""
    convert = optional("vl_convert")
    text = convert.vegalite_to_svg(dict(spec), vl_version=VEGA_LITE, config=config(mode))
    write_bytes(path, str(text).encode())
    return path


def figure_png(
    spec: Mapping[str, Any], path: Path, mode: Mode = "light", scale: float = 2.0
) -> Path:
    """Write a Vega-Lite spec as PNG, `scale` pixels per unit.

    Raises:
        MissingExtra: vl-convert is not installed.
    """
    convert = optional("vl_convert")
    image = convert.vegalite_to_png(
        dict(spec), vl_version=VEGA_LITE, config=config(mode), scale=scale
    )
    write_bytes(path, bytes(image))
    return path
