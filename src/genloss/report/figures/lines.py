"""One figure per metric: medians, bands or chains, theory dashed, published values as points.

A spec is complete: it renders as it stands (see `static`). The page takes the legend out, fits the
width, and drives the parameter `hidden`, the labels of series that are switched off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from genloss.core.view import Direction
from genloss.report.captions import Reading, reading
from genloss.report.figures import beside, layers
from genloss.report.figures.axes import LOG_FROM, YAxis, turned, x_channel, y_axes
from genloss.report.figures.bands import SPREAD_WORDS, Curve, curve
from genloss.report.figures.markers import markers
from genloss.report.figures.overlaps import overlaps
from genloss.report.formatting import axis_title, direction_words
from genloss.report.labels import MOST_SERIES, Named, named, sort_of
from genloss.report.measured import Measured
from genloss.report.published_values import Points
from genloss.report.tables import NumberTable, number_table
from genloss.report.titles import entry_of, title_of
from genloss.report.uniform_baseline import no_better
from genloss.store.series import Column

Spec = dict[str, Any]

WIDTH, HEIGHT = 680, 300
HIDDEN = {"filter": layers.HIDDEN}


@dataclass(frozen=True)
class Panel:
    """One chart of a figure of so many points; contrast: how far apart its runs end, in decades.

    other_y: scale and axis of y that the page's button exchanges, log for linear or back; or None.
    """

    title: str
    spec: Spec
    legend: tuple[str, ...]
    runs: tuple[str, ...]
    reading: Reading
    chains: int
    points: int
    contrast: float
    has_theory: bool
    other_y: Spec | None


@dataclass(frozen=True, eq=False)
class Figure:
    """One metric over generations, for all runs that have it.

    legend: labels in colour order where all panels share them, else every panel has its own.
    reading: what it shows; None where runs of different kinds do not compare, then see the panels.
    rows: every run with its label, those without a line (one generation only) included.
    published: what the published points are, or nothing where there are none; fan: likewise of
    forecasts.
    controls: the kinds of those drawn.
    first: the first generation with a value; notes: what a reader could overlook.
    """

    kind: ClassVar[str] = "line"
    metric: str
    title: str
    meaning: str
    headline: bool
    unit: str
    direction: Direction
    first: int
    axis_title: str
    reading: Reading | None
    panels: tuple[Panel, ...]
    legend: tuple[str, ...]
    rows: tuple[tuple[str, Measured], ...]
    theory: tuple[str, ...]
    chains: str
    has_mean: bool
    published: str
    long: bool
    has_bands: bool
    draws_chains: bool
    controls: tuple[str, ...]
    notes: tuple[str, ...]
    fan: str = ""

    @property
    def numbers(self) -> NumberTable:
        """The table of all runs."""
        return number_table([(label, run, self.metric) for label, run in self.rows])

    @property
    def caption(self) -> str:
        """What its numbers are."""
        unit = "none, a ratio or share" if self.unit == "1" else self.unit
        return (
            f"median over chains, {SPREAD_WORDS}. "
            f"Unit: {unit}; {direction_words(self.direction, self.first)}"
        )

    @property
    def turns(self) -> bool:
        """Whether its y axes have another form, log or linear."""
        return all(p.other_y for p in self.panels)

    @property
    def left_out(self) -> int:
        """The number of runs that only the table of numbers shows."""
        return len(self.rows) - sum(len(p.spec["data"]["values"]) for p in self.panels)


def metric_figure(
    metric: str, runs: Sequence[Measured], published: Points | None = None
) -> Figure | None:
    """Return the figure of a metric, or None where no run has it; published: others' values."""
    having = [run for run in runs if metric in run.series]
    if not having:
        return None
    # A chain of one generation is a number, not a line.
    names = named([run for run in having if len(run.series[metric].t) > 2] or having)
    about = having[0].series[metric]
    title = title_of(metric, having[0].about)
    curves = [_curve(n, metric, published or {}) for n in names]
    first = max(int(c.t[0]) for c in curves)
    panels = _panels(names, curves, about, title)
    # A sentence and a table name runs without their panel, so they need the full labels.
    told = [replace(c, label=n.full) for c, n in zip(curves, names, strict=True)]
    labels = {n.run.path: n.full for n in names}
    return Figure(
        metric=metric,
        title=title,
        meaning=entry_of(metric, having[0].about).meaning,
        headline=entry_of(metric, having[0].about).headline,
        unit=about.unit,
        direction=about.direction,
        first=first,
        axis_title=axis_title(about.unit, about.direction, first),
        reading=reading(told, about.direction) if len(panels) == 1 or comparable(names) else None,
        panels=panels,
        legend=panels[0].legend if len({p.legend for p in panels}) == 1 else (),
        rows=tuple((labels.get(r.run.path, r.run.header.name), r) for r in having),
        theory=tuple(dict.fromkeys(c.line.label for c in curves if c.line and c.has_theory)),
        chains=_chains(curves),
        has_mean=any(layers.draws_mean(c) for c in curves),
        published=_said(curves),
        long=max(c.last() for c in curves) > LOG_FROM // 4,
        has_bands=any(c.has_bands for c in curves),
        draws_chains=any(c.draws_chains for c in curves),
        controls=tuple(dict.fromkeys(b.kind for c in curves for b in c.controls)),
        notes=(*overlaps(told), *no_better(metric, [n.data for n in names], told)),
        fan=_fan_words(names, metric),
    )


def _panels(
    names: Sequence[Named], curves: Sequence[Curve], about: Column, heading: str
) -> tuple[Panel, ...]:
    """Draw the panels; those of comparable runs share their axes, and colours if they suffice."""
    shared = tuple(dict.fromkeys(c.label for c in curves))
    titles = list(dict.fromkeys(n.panel for n in names))
    groups = [
        [c for c, n in zip(curves, names, strict=True) if n.panel == title] for title in titles
    ]
    scopes = [list(curves)] * len(groups) if comparable(names) else groups
    axes = y_axes(scopes, about.direction)
    others = turned(scopes, about.direction, axes)
    out = []
    for title, inside, scope, axis, other in zip(titles, groups, scopes, axes, others, strict=True):
        legend = shared if len(shared) <= MOST_SERIES else tuple(c.label for c in inside)
        lasts = [c.end() for c in scope]
        x = x_channel(max(lasts), axis, about.direction, min(lasts))
        out.append(
            Panel(
                title=title,
                spec=chart(inside, axis, x, legend, about, (heading, title)),
                legend=legend,
                runs=tuple(c.label for c in inside),
                reading=reading(inside, about.direction),
                chains=min(c.chains for c in inside),
                points=max(len(c.t) for c in inside),
                contrast=_contrast(inside),
                has_theory=any(c.has_theory for c in inside),
                other_y=other.channel("") if other else None,
            )
        )
    return tuple(out)


def comparable(names: Sequence[Named]) -> bool:
    """Whether runs are of one sort, so that axes and sentences may compare them."""
    return len({sort_of(n.data) for n in names}) == 1


def _curve(n: Named, metric: str, published: Points) -> Curve:
    theirs, data = published.get((n.run.path.name, metric), ()), n.data
    series = data.series[metric]
    controls = beside.beside(data.controls, metric, series.t)
    theory = data.theory.get(metric)
    return curve(n.label, series, theory, theirs, data.fan(metric), controls)


def _said(curves: Sequence[Curve]) -> str:
    """Return what the published points of the curves are, in words."""
    shown = [c for c in curves if c.points().size]
    what = " or ".join(dict.fromkeys(p.what for c in shown for p in c.published))
    bars = any((c.points()[3] > c.points()[2]).any() for c in shown)
    spread = ", with the spread or error that its source gives" if bars else ""
    return f"published: {what}{spread}" if what else ""


def _fan_words(names: Sequence[Named], metric: str) -> str:
    """Return what the fans of a figure are, with what their scores leave in doubt."""
    having = [n.data for n in names if n.data.fan(metric)]
    if not having:
        return ""
    sources = ", ".join(dict.fromkeys(f.source for d in having for f in d.fan(metric)))
    doubts = dict.fromkeys(doubt for d in having for doubt in d.forecasts.doubts)
    return "; ".join((f"forecast of a further chain, nine in ten (from: {sources})", *doubts))


def chart(
    curves: Sequence[Curve],
    axis: YAxis,
    x: Spec,
    legend: Sequence[str],
    about: Column,
    titles: tuple[str, str],
) -> Spec:
    """Return the Vega-Lite spec of one panel.

    axis and x are those of the whole figure, so that panels compare; legend gives the order of
    colours and markers; titles are those of the metric and of the panel.
    """
    first, last = max(int(c.t[0]) for c in curves), x["scale"]["domain"][1]
    y = axis.channel(axis_title(about.unit, about.direction, first))
    rows = layers.aligned([layers.row(c) for c in curves])
    controls = beside.once([c.controls for c in curves])
    drawn = [
        *layers.controls(controls, y),
        *layers.bands(curves, y),
        *layers.fan(curves, y),
        *layers.chains(curves, y),
        *layers.reference(about.direction, axis, y),
        *layers.theory(curves, y),
        layers.median(y),
        *markers(curves, legend, y),
        *layers.published(curves, y),
        *layers.control_names(controls, y),
        layers.hover(rows, y),
    ]
    metric, panel = titles
    where = f" for {panel}" if panel else ""
    names = ", ".join(c.label for c in curves)
    return {
        "description": f"{metric} over generations 0 to {last}{where}: {names}",
        "title": ", ".join(filter(None, titles)),
        "width": WIDTH,
        "height": HEIGHT,
        "view": {"stroke": None},
        "params": [{"name": "hidden", "value": []}],
        "data": {"values": rows},
        "transform": [{"flatten": layers.fields(rows)}, HIDDEN],
        "encoding": {
            "x": x,
            "color": {
                "field": "run",
                "type": "nominal",
                "scale": {"domain": list(legend)},
                "legend": {"title": None, "columns": 4} if len(legend) > 1 else None,
            },
        },
        "layer": drawn,
    }


def _contrast(curves: Sequence[Curve]) -> float:
    ends = np.array([c.median[-1] for c in curves])
    ends = ends[np.isfinite(ends) & (ends > 0)]
    return float(np.log10(ends.max() / ends.min())) if ends.size else 0.0


def _chains(curves: Sequence[Curve]) -> str:
    counts = np.unique([c.chains for c in curves])
    if len(counts) == 1:
        return f"{counts[0]:,}"
    return f"{counts[0]:,} to {counts[-1]:,}"
