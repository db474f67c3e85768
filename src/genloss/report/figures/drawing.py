"""A figure of another package: one function from the numbers of a run to a Vega-Lite chart.

    RANGE = Drawing(draw, "band: from the smallest to the largest value", fewest=2)

    [project.entry-points."genloss.figures"]
    range = "my_package.figure:RANGE"

A metric asks for it by `About(..., figure="range")`. Title, meaning, the panel of each run and the
table of numbers are the page's; `genloss.testing.check_figure` has the laws.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.chain_quantiles import quantiles
from genloss.core.view import Direction
from genloss.errors import SpecError
from genloss.report.figures.bands import SPREAD_WORDS, rounded
from genloss.report.figures.beside import told
from genloss.report.figures.chart_rules import RULES
from genloss.report.figures.combined import (
    Combined,
    FigureKind,
    Members,
    Plate,
    Spec,
    any_label,
    having,
    numbers,
    present,
    told_over,
)
from genloss.report.labels import Named
from genloss.report.measured import Measured
from genloss.report.titles import entry_of, meaning_of


@dataclass(frozen=True, eq=False)
class Components:
    """What one run measured of a metric: K components at the generations that are drawn.

    t (T,); values (T, C, K) over chains, NaN where a component does not apply, possibly infinite,
    not writable; labels (K,), '' for a metric of one number; titles (K,) for readers; unit and
    direction of the first component. run: what the run is called. last, low, high: the last
    generation, and the least and largest finite value, of all runs of the figure, so that panels
    that use them compare.
    """

    run: str
    t: Ints
    values: Floats
    labels: tuple[str, ...]
    titles: tuple[str, ...]
    unit: str
    direction: Direction
    last: int
    low: float
    high: float

    def quantile(self, k: int, level: float = 0.5) -> list[float | None]:
        """Return a quantile over chains of component k (T,) as JSON numbers; None for none."""
        x = self.values[:, :, k]
        there = ~np.isnan(x).any(axis=1)
        out = np.full(len(x), np.nan)
        if there.any():
            out[there] = quantiles(x[there].T, (level,))[0]
        return rounded(out)


@dataclass(frozen=True)
class Drawing:
    """A way to draw the components of a metric together.

    draw: a chart of one run, as a plain dict: one view or a layered one, with its data inside,
    width, height and description, and no colour, which are the theme's. key: how to read it, in a
    sentence. fewest: with fewer components, each has lines. takes: which labels it can place.
    besides: whether each component has lines as well.
    """

    draw: Callable[[Components], Spec]
    key: str
    fewest: int = 1
    takes: Callable[[str], bool] = any_label
    besides: bool = False


def kind_of_drawing(name: str, drawing: Drawing) -> FigureKind:
    """Return the figure that a page draws: a panel for each run."""

    def takes(label: str) -> bool:
        try:
            return bool(drawing.takes(label))
        except Exception as error:
            raise SpecError(_failed(name, error)) from error

    return FigureKind(partial(_figure, name, drawing), drawing.fewest, takes, drawing.besides)


def chart_of(name: str, drawing: Drawing, components: Components) -> Spec:
    """Return the chart of one run, ready for a page.

    Raises:
        SpecError: the function fails, or what it returns breaks a rule of charts.
    """
    try:
        chart = drawing.draw(components)
    except Exception as error:
        raise SpecError(_failed(name, error)) from error
    for rule in RULES:
        if fault := rule(chart):
            raise SpecError(f"the figure {name!r} has {fault}")
    return _completed(chart)


def _failed(name: str, error: Exception) -> str:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"the figure {name!r} failed ({what})"


def _completed(chart: Spec) -> Spec:
    """Return a chart with what pages and printed figures fill in: marks and encodings as tables."""
    out = {"encoding": {}, **copy.deepcopy(chart)}
    for view in (out, *out.get("layer", ())):
        if isinstance(view.get("mark"), str):
            view["mark"] = {"type": view["mark"]}
    return out


def _figure(name: str, drawing: Drawing, members: Members, runs: Sequence[Measured]) -> Combined:
    names = having(members.names, runs)
    about = runs[0].about
    meaning = meaning_of(members.metric, about)
    entries = {label: entry_of(m, about) for label, m in members.by_label.items()}
    titles = {label: entry.title for label, entry in entries.items()}
    own = [e for e in entries.values() if e.meaning not in ("", meaning)]
    panels = tuple(
        Plate(c.run, chart_of(name, drawing, c)) for c in _components(members, names, titles)
    )
    return Combined(
        kind="other",
        metric=members.metric,
        title=members.title(about),
        meaning=meaning,
        panels=panels,
        key=(
            drawing.key,
            *(f"{e.title}: {e.meaning}" for e in own),
            told_over("taken", names, members.names),
            *told(
                [(n.full, n.data) for n in names],
                {m: titles[label] for label, m in members.by_label.items()},
            ),
        ),
        numbers=numbers(names, {m: titles[label] for label, m in members.by_label.items()}),
        caption=f"median over chains, {SPREAD_WORDS}",
    )


def _components(
    members: Members, names: Sequence[Named], titles: dict[str, str]
) -> list[Components]:
    series = [s for n in names for s in present(members, n.data).values()]
    finite = np.concatenate([s.values[np.isfinite(s.values)] for s in series])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    last = max(int(s.t[-1]) for s in series)
    out = []
    for n in names:
        found = present(members, n.data)
        first = next(iter(found.values()))
        t = np.unique(np.concatenate([s.t for s in found.values()]))
        values = np.full((len(t), first.values.shape[1], len(found)), np.nan)
        for k, s in enumerate(found.values()):
            values[np.searchsorted(t, s.t), :, k] = s.values
        values.flags.writeable = t.flags.writeable = False
        out.append(
            Components(
                run=n.full,
                t=t,
                values=values,
                labels=tuple(found),
                titles=tuple(titles[label] for label in found),
                unit=first.unit,
                direction=first.direction,
                last=last,
                low=low,
                high=high,
            )
        )
    return out
