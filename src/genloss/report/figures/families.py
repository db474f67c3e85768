"""Which figures the metrics of some runs make: lines, or the components of one together.

A figure that is unknown here, of a package that is not installed, or that fails gives way to lines,
and a note says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from genloss.errors import SpecError
from genloss.report.figures import histograms
from genloss.report.figures.combined import Combined, FigureKind, Members
from genloss.report.figures.drawing import Drawing, kind_of_drawing
from genloss.report.figures.lines import Figure, metric_figure
from genloss.report.measured import Measured
from genloss.report.published_values import Points
from genloss.report.titles import base_name, entry_of
from genloss.spec.figures import FIGURES, figure_names, find_figure
from genloss.spec.wording import nearest

OF_TEXTS = ("sequence_perplexity", "perplexity_tail")
"""Metrics whose histograms are kept, drawn after the first figure of any of them."""


def drawn(runs: Sequence[Measured], published: Points | None = None) -> Iterator[Figure | Combined]:
    """Yield the figures of all metrics of some runs."""
    single = True
    for metric, members in grouped(runs).items():
        yield from _figures(metric, members, runs, published)
        if single and base_name(metric) in OF_TEXTS:
            single = False
            yield from histograms.figures(runs)


def grouped(runs: Sequence[Measured]) -> dict[str, Members]:
    """Return the metrics of some runs with their components, in the order of the runs."""
    found: dict[str, dict[str, str]] = {}
    for run in runs:
        for name, column in run.series.items():
            found.setdefault(column.metric, {})[column.label] = name
    return {metric: Members(metric, by_label) for metric, by_label in found.items()}


def _figures(
    metric: str, members: Members, runs: Sequence[Measured], published: Points | None
) -> Iterator[Figure | Combined]:
    name = entry_of(metric, runs[0].about).figure
    together, lines, note = None, True, ""
    try:
        kind = figure_kind(name, metric) if name else None
        if kind is not None and _takes(kind, _shared(members, runs)):
            together, lines = kind.draw(members, runs), kind.besides
    except SpecError as error:
        note = f"Drawn as lines: {error}."
    if lines:
        figures = [f for m in members.names if (f := metric_figure(m, runs, published))]
        if figures and note:
            figures[0] = replace(figures[0], notes=(note, *figures[0].notes))
        yield from figures
    if together:
        yield together


def figure_kind(name: str, metric: str) -> FigureKind:
    """Return the figure of a name that the `about` of a metric gives.

    Raises:
        SpecError: an unknown name, two packages with it, one that cannot be loaded, or no Drawing.
    """
    where = f"the figure of {metric}"
    if name not in (known := figure_names()):
        near = nearest(name, known)
        raise SpecError(f"{where}, {name!r}, is not known here{near}; install what brings it")
    brought = find_figure(name, where)
    if isinstance(brought, Drawing):
        return kind_of_drawing(name, brought)
    if name not in FIGURES:
        raise SpecError(f"{where}: {name!r} is a {type(brought).__name__}; expected a Drawing")
    ours: FigureKind = brought
    return ours


def _takes(kind: FigureKind, labels: set[str]) -> bool:
    return len(labels) >= kind.fewest and all(map(kind.takes, labels))


def _shared(members: Members, runs: Sequence[Measured]) -> set[str]:
    """Return the labels of the run that has the most of them."""
    return max(
        ({label for label, name in members.by_label.items() if name in run.series} for run in runs),
        key=len,
    )
