"""Which figures the metrics of some runs make: a line each, or the components of one together.

A new way to draw components is one function and one line in FIGURES.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genloss.report.figures import areas, fans, histograms, paths, rarefaction
from genloss.report.figures.combined import Combined, Members
from genloss.report.figures.lines import Figure, metric_figure
from genloss.report.measured import Measured
from genloss.report.published_values import Points
from genloss.report.titles import base_name, entry_of

Draw = Callable[[Members, Sequence[Measured]], Combined]


@dataclass(frozen=True)
class Together:
    """How components are drawn: with fewer than `fewest`, or besides, each has its own lines."""

    draw: Draw
    fewest: int
    besides: bool = False
    takes: Callable[[str], bool] = bool
    """Which labels it can draw; a metric with others has lines for each component."""


def _is_share(label: str) -> bool:
    try:
        return 0.0 < float(label) < 1.0
    except ValueError:
        return False


FIGURES: Mapping[str, Together] = {
    "area": Together(areas.figure, 2),
    "fan": Together(fans.figure, 3, takes=_is_share),
    "rarefaction": Together(rarefaction.figure, 3, takes=str.isdecimal),
    "path": Together(paths.figure, 2, besides=True),
}
"""By the name that `About.figure` gives."""

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
    way = FIGURES.get(entry_of(metric, runs[0].about).figure)
    labels = _shared(members, runs)
    enough = way is not None and len(labels) >= way.fewest and all(map(way.takes, labels))
    if way is None or not enough or way.besides:
        figures = (metric_figure(name, runs, published) for name in members.names)
        yield from (figure for figure in figures if figure)
    if way is not None and enough:
        yield way.draw(members, runs)


def _shared(members: Members, runs: Sequence[Measured]) -> set[str]:
    """Return the labels of the run that has the most of them."""
    return max(
        ({label for label, name in members.by_label.items() if name in run.series} for run in runs),
        key=len,
    )
