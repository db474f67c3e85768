"""Charts as files, without a browser: light, as wide as a page of print has room, SVG, PDF, PNG."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.errors import SpecError
from genloss.report.budget import budget_of
from genloss.report.chapter import Chapter, chapter
from genloss.report.figures.size import COLUMN, sized
from genloss.report.markup import slug
from genloss.report.measured import measured
from genloss.report.sections import find_sections
from genloss.report.theme import Mode, config
from genloss.report.titles import wording
from genloss.report.vega import VEGA_LITE
from genloss.spec.wording import offered
from genloss.store.files import explained, write_bytes
from genloss.store.output import check_output

TYPE = 7.0
"""Points of type in print."""

SCREEN, PAPER = 96 / 72, 1.0
"""Units of an SVG or PNG, and of a PDF, in a point."""

DOTS = 300 / 96
"""Dots of print in a pixel."""

Save = Callable[[Mapping[str, Any], Path, Mode, float | None], Path]


def figure_svg(
    spec: Mapping[str, Any], path: Path, mode: Mode = "light", width_mm: float | None = None
) -> Path:
    """Write a Vega-Lite spec as SVG; width_mm: of all of it, or None for its own.

    Raises:
        MissingExtra: vl-convert is not installed.
    """
    convert = optional("vl_convert", "a chart")
    text = convert.vegalite_to_svg(**_options(spec, mode, width_mm))
    write_bytes(path, str(text).encode())
    return path


def figure_pdf(
    spec: Mapping[str, Any], path: Path, mode: Mode = "light", width_mm: float | None = None
) -> Path:
    """Write a Vega-Lite spec as PDF with fonts in it; see `figure_svg`."""
    convert = optional("vl_convert", "a chart")
    write_bytes(path, bytes(convert.vegalite_to_pdf(**_options(spec, mode, width_mm, PAPER))))
    return path


def figure_png(
    spec: Mapping[str, Any], path: Path, mode: Mode = "light", width_mm: float | None = None
) -> Path:
    """Write a Vega-Lite spec as PNG of 300 dots an inch; see `figure_svg`."""
    convert = optional("vl_convert", "a chart")
    write_bytes(path, bytes(convert.vegalite_to_png(**_options(spec, mode, width_mm), scale=DOTS)))
    return path


KINDS: Mapping[str, Save] = {"svg": figure_svg, "pdf": figure_pdf, "png": figure_png}


def save_figures(
    paths: Sequence[Path],
    folder: Path,
    width_mm: float = COLUMN,
    kinds: Sequence[str] = ("svg", "pdf"),
    ahead: int | None = None,
) -> list[Path]:
    """Write every chart of the report on some runs to a folder, and return the files.

    Raises:
        StoreError: a path without runs, or a file that may not be written.
        MissingExtra: vl-convert is not installed.
    """
    with explained("make", folder):
        folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, spec in _charts(paths, ahead):
        for kind in kinds:
            path = folder / f"{name}.{kind}"
            check_output(path)
            files.append(KINDS[kind](spec, path, "light", width_mm))
    return files


def chart_names(paths: Sequence[Path]) -> list[str]:
    """Return the names of all charts of the report on some runs, as `save_figure` takes them."""
    return [name for name, _ in _charts(paths)]


def save_figure(paths: Sequence[Path], name: str, out: Path, width_mm: float = COLUMN) -> Path:
    """Write one chart of the report on some runs; the ending of `out` says as what.

    Raises:
        SpecError: no chart of that name, or another ending than svg, pdf or png.
        StoreError: a path without runs, or a file that may not be written.
        MissingExtra: vl-convert is not installed.
    """
    kind = out.suffix.removeprefix(".").lower()
    if kind not in KINDS:
        raise SpecError(f"{out} ends in {out.suffix!r}; expected .svg, .pdf or .png")
    charts = dict(_charts(paths))
    if slug(name) not in charts:
        known = offered(slug(name), sorted(charts), "genloss figure RUNS")
        raise SpecError(f"no figure is called {name!r}{known}")
    check_output(out)
    return KINDS[kind](charts[slug(name)], out, "light", width_mm)


def _charts(
    paths: Sequence[Path], ahead: int | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every chart with a name for a file; sections are counted where there are several."""
    sections = find_sections(paths)
    words = wording(run for section in sections for run in section.runs)
    budget = budget_of(sections)
    for i, section in enumerate(sections, start=1):
        runs = [measured(run, budget.points, words.entries, ahead) for run in section.runs]
        prefix = f"{i}-" if len(sections) > 1 else ""
        for name, spec in _named(chapter(i, section, runs, budget)):
            yield prefix + slug(name), spec


def _named(c: Chapter) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for _, figure in c.figures:
        for panel in figure.panels:
            yield f"{figure.metric} {panel.title}", panel.spec
    for _, rows in c.samples:
        yield f"samples {rows.label}", rows.spec


def _options(
    spec: Mapping[str, Any], mode: Mode, width_mm: float | None, point: float = SCREEN
) -> dict[str, Any]:
    """Return what vl-convert takes; point: its unit in points."""
    if width_mm is None:
        return {"vl_spec": dict(spec), "vl_version": VEGA_LITE, "config": config(mode)}
    size, width = TYPE * point, width_mm * 72 / 25.4 * point
    out = {"vl_version": VEGA_LITE, "config": config(mode, size)}
    shown = sized(spec, width, size)
    if "facet" in spec:
        # Panels have fixed sizes: what stands around them is known once they are drawn.
        svg = optional("vl_convert", "a chart").vegalite_to_svg(vl_spec=shown, **out)
        shown = sized(spec, 2 * width - _width(str(svg)), size)
    return {"vl_spec": shown, **out}


def _width(svg: str) -> float:
    found = re.search(r'width="([\d.]+)"', svg)
    assert found
    return float(found[1])
