"""Runs that were really made, one at a time, chosen by a slider for each field that varies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import quantiles
from genloss.report.figures.axes import DECADES, log_axis
from genloss.report.figures.bands import FEWEST, LEVELS, rounded
from genloss.report.figures.beside import WORDS, beside
from genloss.report.figures.combined import Spec
from genloss.report.formatting import statistic_words
from genloss.report.measured import Measured, places
from genloss.report.swept import Level, Swept, evenly, level_of, said, word
from genloss.report.titles import entry_of, meaning_of, title_of

POINTS = 60_000
"""Points of all curves together."""

LONGEST = 80
"""Generations of one curve, at most."""

SHORTEST = 20
"""Where there is no room for so many generations, single chains are left out."""

MOST_CELLS = 600
"""Cells that can be chosen, at most."""


@dataclass(frozen=True)
class Slider:
    """A field that varies, and its values as a reader sees them."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Explorer:
    """One chart for all cells; cells: the places of each on the sliders, in the chart's order.

    theory: what the dashed lines are; control: what the grey ones are, '' for none. chains: whether
    each chain is drawn where they are few. left_out: what cannot be chosen, '' for nothing.
    """

    title: str
    meaning: str
    sliders: tuple[Slider, ...]
    cells: tuple[tuple[int, ...], ...]
    spec: Spec
    theory: str
    chains: bool = True
    left_out: str = ""
    control: str = ""


def explorer(runs: Sequence[Measured], sweep: Swept) -> Explorer | None:
    """Return the explorer of the metric that tells most; None where there is nothing to choose."""
    metric = headline(runs)
    if len(runs) < 2 or not sweep.keys or not metric:
        return None
    levels = _levels([i for i, run in enumerate(runs) if metric in run.series], sweep)
    having = [
        (i, run)
        for i, run in enumerate(runs)
        if metric in run.series and _is_among(sweep, i, levels)
    ]
    most, chains = room([run for _, run in having])
    sliders = tuple(
        Slider(word(key), tuple(_word(key, value, sweep) for value in levels[key]))
        for key in sweep.keys
    )
    cells = tuple(
        tuple(levels[key].index(_level(sweep, i, key)) for key in sweep.keys) for i, _ in having
    )
    about = runs[0].about
    return Explorer(
        title_of(metric, about),
        meaning_of(metric, about),
        sliders,
        cells,
        _spec(metric, [run for _, run in having], title_of(metric, about), most, chains),
        ", ".join(
            dict.fromkeys(_law_words(run, metric) for _, run in having if metric in run.theory)
        ),
        chains,
        _left_out(levels, sweep, len(having), len(runs)),
        WORDS["constant"] if any(run.controls for _, run in having) else "",
    )


def _levels(cells: Sequence[int], sweep: Swept) -> dict[str, list[Level]]:
    """Return the values that sliders have: all, or where cells are many evenly spaced ones."""
    levels, left = dict(sweep.levels), list(cells)
    while len(left) > MOST_CELLS:
        longest = max(levels, key=lambda key: len(levels[key]))
        if len(levels[longest]) < 3:
            break
        levels[longest] = evenly(levels[longest], (len(levels[longest]) + 1) // 2)
        some = {*levels[longest]}
        left = [i for i in left if _level(sweep, i, longest) in some]
    return levels


def _is_among(sweep: Swept, cell: int, levels: Mapping[str, Sequence[Level]]) -> bool:
    return all(_level(sweep, cell, key) in levels[key] for key in sweep.keys)


def _left_out(levels: Mapping[str, Sequence[Level]], sweep: Swept, n: int, of: int) -> str:
    cut = [
        f"{len(levels[key]):,} of {len(all_of):,} values of {word(key)}"
        for key, all_of in sweep.levels.items()
        if len(levels[key]) < len(all_of)
    ]
    if not cut:
        return ""
    return (
        f"{n:,} of {of:,} cells can be chosen here ({', '.join(cut)}, evenly spaced), so that the "
        "page stays light; genloss table has all of them."
    )


def room(runs: Sequence[Measured]) -> tuple[int, bool]:
    """Return the generations of a curve that there is room for, and whether chains are drawn."""
    few = [c for run in runs if 1 < (c := int(run.run.spec["chains"])) < FEWEST]
    with_chains = POINTS // max(4 * len(runs) + sum(few), 1)
    chains = with_chains >= SHORTEST or not few
    most = with_chains if chains else POINTS // (4 * len(runs))
    return min(LONGEST, max(10, most)), chains


def _law_words(run: Measured, metric: str) -> str:
    line = run.theory[metric]
    return f"{statistic_words(line.statistic)}: {line.label}"


def _level(sweep: Swept, cell: int, key: str) -> Level:
    return level_of(sweep.options[cell].get(key))


def _word(key: str, level: Any, sweep: Swept) -> str:
    for options in sweep.options:
        value = options.get(key)
        if level_of(value) == level:
            words = said(key, value)
            return words if isinstance(value, Mapping) else words.partition(" = ")[2] or words
    return str(level)


def headline(runs: Sequence[Measured]) -> str:
    """Return the metric that tells most of some runs; '' where nothing is measured."""
    metrics = dict.fromkeys(name for run in runs for name in run.series)
    return next(
        (m for m in metrics if entry_of(m, runs[0].about).headline), next(iter(metrics), "")
    )


def _spec(metric: str, runs: Sequence[Measured], title: str, most: int, chains: bool) -> Spec:
    rows = [row for i, run in enumerate(runs) for row in curves(i, run, metric, most, chains)]
    return {
        **chart(rows, scale_of(rows), max(int(run.series[metric].t[-1]) for run in runs)),
        "description": f"{title} by generation, of the run that is chosen",
        "title": title,
        "params": [{"name": "cell", "value": 0}],
        "transform": [{"filter": "datum.cell == cell"}],
    }


def scale_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the upright axis that has room for some curves."""
    drawn = [v for r in rows for k in ("y", "low", "high", "law") if (v := r.get(k)) is not None]
    low, high = (min(drawn), max(drawn)) if drawn else (0.0, 1.0)
    return upright(np.array(drawn)) or {
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 5},
        "scale": {"domain": [low, high], "nice": True},
    }


def upright(drawn: Floats) -> dict[str, Any] | None:
    """Return a log axis for finite values of more than `DECADES`, all positive; None for others."""
    if not drawn.size or drawn.min() <= 0 or drawn.max() <= 10**DECADES * drawn.min():
        return None
    channel = log_axis(drawn).channel("")
    return {"type": "quantitative", **channel, "axis": channel["axis"] | {"title": None}}


def chart(rows: Sequence[Mapping[str, Any]], y: Mapping[str, Any], last: int) -> Spec:
    """Return the chart of curves over generations up to `last`."""
    group = {"detail": {"field": "chain", "type": "nominal"}}

    def layer(kind: str, mark: Spec, **encoding: Any) -> Spec:
        return {
            "transform": [{"filter": f"datum.kind == '{kind}'"}],
            "mark": mark,
            "encoding": {"y": {"field": "y", **y}, **encoding},
        }

    return {
        "width": 460,
        "height": 300,
        "view": {"stroke": None},
        "data": {"values": rows},
        "encoding": {
            "x": {
                "field": "t",
                "type": "quantitative",
                "scale": {"domain": [0, last], "nice": False},
                "axis": {"title": "generation", "tickMinStep": 1, "grid": False},
            }
        },
        "layer": [
            layer(
                "band",
                {"type": "area", "opacity": 0.2},
                y={"field": "low", **y},
                y2={"field": "high"},
            ),
            layer("control", {"type": "line", "style": "control", "strokeWidth": 1.5}),
            layer("chain", {"type": "line", "strokeWidth": 0.7, "opacity": 0.5}, **group),
            layer("median", {"type": "line", "strokeWidth": 2.25}),
            layer("law", {"type": "line", "strokeWidth": 1.75, "strokeDash": [7, 5]}),
        ],
    }


def curves(
    cell: int, run: Measured, metric: str, most: int, chains: bool = True
) -> list[dict[str, Any]]:
    """Return median, band or chains, control and theory of a run at some generations.

    chains: False leaves single chains out, which stand in for the band of few.
    """
    column = run.series[metric]
    at = places(len(column.t), most)
    t, values = column.t[at].tolist(), column.values[at]
    low, median, high = quantiles(values.T, (LEVELS[0], 0.5, LEVELS[-1]))
    out = _line(cell, "median", t, median)
    if values.shape[1] >= FEWEST:
        ends = zip(t, rounded(low, 4), rounded(high, 4), strict=True)
        out += [
            {"cell": cell, "kind": "band", "t": s, "low": a, "high": b}
            for s, a, b in ends
            if a is not None and b is not None
        ]
    elif chains and values.shape[1] > 1:
        for c in range(values.shape[1]):
            out += _line(cell, "chain", t, values[:, c], chain=c)
    for one in beside(run.controls, metric, column.t[at]):
        if one.kind == "constant":
            out += _line(cell, "control", one.t.tolist(), one.spread[1])
    line = run.theory.get(metric)
    if line is not None:
        kept = [i for i, s in enumerate(line.t) if s <= column.t[-1]]
        some = [kept[i] for i in places(len(kept), most)] if kept else []
        law = np.array([line.value[i] for i in some], dtype=np.float64)
        out += _line(cell, "law", [int(line.t[i]) for i in some], law)
    return out


def _line(cell: int, kind: str, t: Sequence[int], values: Any, **more: Any) -> list[dict[str, Any]]:
    return [
        {"cell": cell, "kind": kind, "t": s, "y": v, **more}
        for s, v in zip(t, rounded(np.asarray(values), 4), strict=True)
        if v is not None
    ]
