"""A figure of several metrics: what the page needs of it, and what its charts share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.core.about import Entries
from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import quantiles
from genloss.report.figures.bands import rounded
from genloss.report.labels import Named, named
from genloss.report.measured import Measured
from genloss.report.tables import NumberTable, number_table
from genloss.report.titles import title_of
from genloss.store.series import Column

Spec = dict[str, Any]


@dataclass(frozen=True)
class Members:
    """The components of one metric: `by_label` maps their labels to the names of their series."""

    metric: str
    by_label: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """The names of their series."""
        return list(self.by_label.values())

    def title(self, about: Entries) -> str:
        """Return the heading of their figure."""
        return title_of(self.metric, about)


@dataclass(frozen=True)
class Plate:
    """One chart of a figure of several metrics."""

    title: str
    spec: Spec


@dataclass(frozen=True, eq=False)
class Combined:
    """Several metrics in one figure.

    kind: how the page fits its charts ('area', 'fan', 'rarefaction', 'path', 'multiple' or
    'other'); key: sentences on how to read them; legend: the runs in colour order where a chart
    holds several.
    """

    kind: str
    metric: str
    title: str
    meaning: str
    panels: tuple[Plate, ...]
    key: tuple[str, ...]
    numbers: NumberTable
    caption: str
    legend: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigureKind:
    """How the components of a metric are drawn together, and which.

    With fewer than `fewest`, a label that it does not take, or besides, each has lines of its own.
    """

    draw: Callable[[Members, Sequence[Measured]], Combined]
    fewest: int
    takes: Callable[[str], bool]
    besides: bool = False


def any_label(label: str) -> bool:
    """Whether a figure that needs nothing of labels can draw one: it can."""
    return True


def having(metrics: Sequence[str], runs: Sequence[Measured]) -> list[Named]:
    """Return the runs that have one of the metrics, with labels that tell them apart."""
    return named([run for run in runs if any(m in run.series for m in metrics)])


def present(members: Members, run: Measured) -> dict[str, Column]:
    """Return the series that a run has, by label."""
    found = {label: run.series.get(name) for label, name in members.by_label.items()}
    return {value: series for value, series in found.items() if series is not None}


def medians(series: Column) -> list[float | None]:
    """Return the medians over chains (T,) as JSON numbers."""
    return rounded(typical(series))


def typical(series: Column) -> Floats:
    """Return the medians over chains (T,)."""
    return np.asarray(quantiles(series.values.T, (0.5,))[0])


def told_over(what: str, names: Sequence[Named], metrics: Sequence[str]) -> str:
    """Return over how many chains `what` (medians, means) is taken, in words."""
    found = [n.data.series[m] for n in names for m in metrics if m in n.data.series]
    counts = sorted({s.values.shape[1] for s in found})
    if counts == [1]:
        return "one chain"
    many = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return f"{what} over {many} chains"


def numbers(names: Sequence[Named], said: Mapping[str, str]) -> NumberTable:
    """Return the table of all members in all runs; said: metric to what a row says of it."""
    rows = [
        (" · ".join([n.full] * (len(names) > 1) + [word] * (len(said) > 1)) or word, n.data, metric)
        for n in names
        for metric, word in said.items()
        if metric in n.data.series
    ]
    return number_table(rows)
