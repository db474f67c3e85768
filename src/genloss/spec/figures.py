"""The names of figures, and what is behind each: ours, then those of other packages.

A line in FIGURES is all that a figure of ours needs; another package installs its own under the
group `genloss.figures`. A figure is never named by a path: about.json of somebody's run must not
choose what code runs when a report is made.
"""

from collections.abc import Mapping
from typing import Any

from genloss.errors import SpecError
from genloss.spec.plugins import loaded, plugin_named, plugins
from genloss.spec.wording import nearest

FIGURES: Mapping[str, str] = {
    "area": "genloss.report.figures.areas:AREA",
    "fan": "genloss.report.figures.fans:FAN",
    "rarefaction": "genloss.report.figures.rarefaction:RAREFACTION",
    "path": "genloss.report.figures.paths:PATH",
}
"""Name in `About.figure` to where it is."""


def figure_names() -> list[str]:
    """Return the names of figures: ours, then those of other packages."""
    return list(dict.fromkeys([*FIGURES, *plugins("figure")]))


def check_figure_name(name: str, where: str) -> None:
    """Check that there is a figure of that name, without loading it.

    Raises:
        SpecError: no such name (with the nearest), or two packages with it.
    """
    if name in FIGURES or plugin_named("figure", name, where):
        return
    known = figure_names()
    raise SpecError(
        f"{where}: unknown figure {name!r}{nearest(name, known)}; known: {', '.join(known)}; "
        "another one needs the package that brings it"
    )


def find_figure(name: str, where: str) -> Any:
    """Return what is behind a name.

    Raises:
        SpecError: as in `check_figure_name`, or a package that cannot be loaded.
    """
    check_figure_name(name, where)
    if name in FIGURES:
        return loaded(FIGURES[name])
    plugin = plugin_named("figure", name, where)
    assert plugin
    try:
        return loaded(plugin.path)
    except Exception as error:
        raise SpecError(
            f"{where}: cannot load {plugin.path} of {plugin.origin} ({error})"
        ) from error
