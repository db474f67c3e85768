"""A metric over a swept number: a line for each setting of the rest, with intervals over chains."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from genloss.core.arrays import Floats
from genloss.judge.estimates import Interval, NoInterval, median_interval
from genloss.report.figures.bands import rounded
from genloss.report.figures.beside import WORDS
from genloss.report.figures.combined import Combined, Plate, Spec
from genloss.report.figures.explorer import upright
from genloss.report.figures.markers import shape
from genloss.report.formatting import number
from genloss.report.labels import MOST_SERIES
from genloss.report.measured import Measured
from genloss.report.swept import SEED, Swept, evenly, said, word
from genloss.report.tables import NumberTable
from genloss.report.titles import meaning_of, title_of

WIDE = 30.0
"""A positive dose whose largest value is so many times the smallest gets a log axis."""

APART = 0.008
"""Share of the axis between two settings at one dose."""

MOST_LINES = 24
"""Settings of the rest in one figure, at most."""

MOST_POINTS = 1200
"""Points of one figure, at most."""

KEY = (
    "dot: median over chains at the last generation; settings stand side by side",
    "bar: its interval at 95 %, where there are six chains or more",
)

POOLED = "chains of cells that differ in their seed alone are taken together"


@dataclass(frozen=True)
class Point:
    """The end of a cell, or of several that differ in their seed alone.

    The dose, a label for the rest, and the median over all chains with its interval; control: the
    median over their controls' fits on real rows, if they have any; apart: whether the intervals of
    both are, None where one has none.
    """

    x: float
    run: str
    t: int
    chains: int
    median: float
    low: float | None
    high: float | None
    control: float | None = None
    apart: bool | None = None

    @property
    def words(self) -> str:
        """Return the median, with its interval if there is one."""
        if self.low is None or self.high is None:
            return number(self.median)
        return f"{number(self.median)} [{number(self.low)}, {number(self.high)}]"


def figures(runs: Sequence[Measured], sweep: Swept) -> Iterator[Combined]:
    """Yield, for every metric, the figure over the number that varies most."""
    if not sweep.doses:
        return
    dose = sweep.doses[0]
    for metric in dict.fromkeys(name for run in runs for name in run.series):
        points = ends(runs, sweep, metric, dose)
        if len({p.x for p in points}) > 1:
            yield _figure(metric, dose, points, runs, sweep.pools)


def ends(runs: Sequence[Measured], sweep: Swept, metric: str, dose: str) -> list[Point]:
    """Return a metric at the last generation of finished runs, ordered by label and dose."""
    cells: dict[tuple[str, float], list[Measured]] = {}
    for i, run in enumerate(runs):
        # A cell that is unfinished has another last generation.
        if metric in run.series and is_finished(run, metric):
            key = sweep.others(i, [dose, SEED]), float(sweep.options[i][dose])
            cells.setdefault(key, []).append(run)
    out = [_point(x, label, pooled, metric) for (label, x), pooled in cells.items()]
    order = {label: i for i, label in enumerate(dict.fromkeys(p.run for p in out))}
    return sorted(out, key=lambda p: (order[p.run], p.x))


def is_finished(run: Measured, metric: str) -> bool:
    """Return whether a metric was measured at the last generation of a run's spec."""
    return int(run.series[metric].t[-1]) >= int(run.run.spec["generations"])


def _point(x: float, label: str, cells: Sequence[Measured], metric: str) -> Point:
    last = np.concatenate([run.series[metric].values[-1] for run in cells])
    found = median_interval(last)
    low, high = (None, None) if isinstance(found, NoInterval) else (found.low, found.high)
    median = np.median(last) if isinstance(found, NoInterval) else found.estimate
    t = max(int(run.series[metric].t[-1]) for run in cells)
    bar = [None if v is None else float(v) for v in (low, high)]
    fits = _fits(cells, metric, t)
    beside = float(np.median(fits)) if fits.size else None
    theirs = median_interval(fits) if fits.size else None
    apart = None
    if isinstance(found, Interval) and isinstance(theirs, Interval):
        apart = bool(found.low > theirs.high or found.high < theirs.low)
    return Point(x, label, t, len(last), float(median), bar[0], bar[1], beside, apart)


def _fits(cells: Sequence[Measured], metric: str, t: int) -> Floats:
    constant = [c for run in cells for c in run.controls if c.kind == "constant"]
    found = [v for c in constant if (v := c.spread(metric, t)) is not None]
    return np.concatenate(found) if found else np.empty(0)


def thinned(points: Sequence[Point], most: int) -> tuple[list[Point], str]:
    """Return points of at most `MOST_LINES` settings and `most` in all, and what is left out."""
    labels, doses = list(dict.fromkeys(p.run for p in points)), sorted({p.x for p in points})
    lines = evenly(labels, MOST_LINES)
    some = evenly(doses, max(2, most // len(lines)))
    kept = [p for p in points if p.run in {*lines} and p.x in {*some}]
    cuts = [("settings", len(lines), len(labels)), ("values", len(some), len(doses))]
    return kept, left_out(cuts)


def left_out(cuts: Sequence[tuple[str, int, int]]) -> str:
    """Return what a figure leaves out, of things as (what, drawn, all); '' for nothing."""
    words = [f"{drawn:,} of {n:,} {what}" for what, drawn, n in cuts if drawn < n]
    if not words:
        return ""
    return f"{' and '.join(words)} are drawn, evenly spaced; genloss table has all"


def _figure(
    metric: str, dose: str, every: Sequence[Point], runs: Sequence[Measured], pools: bool
) -> Combined:
    about = runs[0].about
    points, cut = thinned(every, MOST_POINTS)
    title = f"{title_of(metric, about)} by {word(dose)}"
    labels = list(dict.fromkeys(p.run for p in points))
    parts = [labels[i : i + MOST_SERIES] for i in range(0, len(labels), MOST_SERIES)]
    y = _upright(points)
    panels = []
    for i, part in enumerate(parts, start=1):
        inside = [p for p in points if p.run in part]
        name = f"{i} of {len(parts)}" if len(parts) > 1 else ""
        panels.append(Plate(name, chart(inside, part, word(dose), title, y)))
    doses = sorted({p.x for p in points})
    rows = []
    for label, group in groupby(points, key=lambda p: p.run):
        by_dose = {p.x: p.words for p in group}
        rows.append((label or "all", tuple(by_dose.get(x, "–") for x in doses)))
    heads = tuple(said(dose, int(x) if x.is_integer() else x) for x in doses)
    name = f"{metric} by {dose}"
    grey = f"grey: {WORDS['constant']}" if any(p.control is not None for p in points) else ""
    key = tuple(filter(None, [*KEY, grey, POOLED if pools else "", cut]))
    return of_ends(
        name, title, meaning_of(metric, about), panels, key, NumberTable(heads, tuple(rows))
    )


def of_ends(
    name: str,
    title: str,
    meaning: str,
    panels: Sequence[Plate],
    key: tuple[str, ...],
    numbers: NumberTable,
) -> Combined:
    """Return a figure of medians at the last generation, with their intervals."""
    caption = "median over chains at the last generation, and its interval at 95 %"
    return Combined("other", name, title, meaning, tuple(panels), key, numbers, caption)


def _upright(points: Sequence[Point]) -> Spec:
    drawn = [v for p in points for v in (p.median, p.low, p.high, p.control) if v is not None]
    finite = [v for v in drawn if np.isfinite(v)]
    if log := upright(np.array(finite)):
        return log
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    edge = 0.05 * (high - low) or 0.5
    scale = {"domain": [low - edge, high + edge], "zero": False, "nice": True}
    return {"type": "quantitative", "axis": {"title": None, "tickCount": 5}, "scale": scale}


def chart(points: Sequence[Point], legend: Sequence[str], x: str, title: str, y: Spec) -> Spec:
    """Return one chart: lines through medians, with a bar for each interval."""
    doses = sorted({p.x for p in points})
    log = doses[0] > 0 and doses[-1] / doses[0] >= WIDE
    many = len(legend) > 1
    return {
        "description": f"{title}: {', '.join(legend)}",
        "title": title,
        "width": 460,
        "height": 300,
        "view": {"stroke": None},
        "data": {"values": [_row(p, _beside(p, legend, doses, log)) for p in points]},
        "encoding": {
            "x": {
                "field": "at",
                "type": "quantitative",
                "scale": {"type": "log" if log else "linear", "zero": False, "nice": False}
                | {"padding": 12},
                "axis": {"title": x, "values": doses, "labelOverlap": True, "grid": False},
            },
            "color": {
                "field": "run",
                "type": "nominal",
                "scale": {"domain": list(legend)},
                "legend": {"title": None, "columns": 4} if many else None,
            },
            "tooltip": [
                {"field": "run", "title": "setting"},
                {"field": "x", "title": x},
                {"field": "y", "title": "median", "format": ".4~g"},
                {"field": "low", "title": "95 % from", "format": ".4~g"},
                {"field": "high", "title": "to", "format": ".4~g"},
                {"field": "t", "title": "generation"},
                {"field": "chains"},
            ],
        },
        "layer": [
            *_controls(points, y),
            {
                "mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.7},
                "encoding": {"y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.75},
                "encoding": {"y": {"field": "y", **y}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"y": {"field": "y", **y}} | ({"shape": shape(legend)} if many else {}),
            },
        ],
    }


def _controls(points: Sequence[Point], y: Spec) -> Iterator[Spec]:
    """Yield the line of every control, in grey; settings that share theirs have one."""
    labels = dict.fromkeys(p.run for p in points)
    lines = dict.fromkeys(
        tuple((p.x, p.control) for p in points if p.run == label and p.control is not None)
        for label in labels
    )
    for i, line in enumerate(line for line in lines if line):
        values = [{"at": x, "y": rounded(np.array([v]), 5)[0]} for x, v in line]
        channels = {"color": None, "tooltip": None, "y": {"field": "y", **y}}
        mark = {"type": "line", "style": "control", "strokeWidth": 1.5, "point": False}
        yield {"data": {"values": values}, "mark": mark, "encoding": channels}
        if not i:
            text = {"type": "text", "style": "control", "align": "right", "dy": -8}
            yield {
                "data": {"values": values[-1:]},
                "mark": {**text, "text": WORDS["constant"]},
                "encoding": channels,
            }


def _beside(p: Point, legend: Sequence[str], doses: Sequence[float], log: bool) -> float:
    """Return where a point is drawn: settings stand side by side, or their bars would hide bars."""
    away = APART * (legend.index(p.run) - (len(legend) - 1) / 2)
    if log:
        return float(p.x * (doses[-1] / doses[0]) ** away)
    return float(p.x + away * (doses[-1] - doses[0]))


def _row(p: Point, at: float) -> Spec:
    values = [np.nan if v is None else v for v in (p.median, p.low, p.high)]
    numbers = zip(("y", "low", "high"), rounded(np.array(values), 5), strict=True)
    return {"x": p.x, "at": at, "run": p.run, "t": p.t, "chains": p.chains, **dict(numbers)}
