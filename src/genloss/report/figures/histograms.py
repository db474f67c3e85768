"""Histograms of the perplexity of single texts beside real ones: the middle, and both tails."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Array, Floats
from genloss.core.chain_quantiles import spread
from genloss.report.figures.bands import SPREAD_WORDS, rounded
from genloss.report.figures.beside import told
from genloss.report.figures.combined import Combined, Plate, Spec
from genloss.report.formatting import number, percent
from genloss.report.kept_samples import heading, kept_histograms
from genloss.report.labels import Named, named
from genloss.report.measured import Measured, places
from genloss.report.tables import NumberTable
from genloss.report.titles import base_name, options_of, plain_title, split_address

JUDGES = {
    "first": ("the first model", "the first model, generation 0 of Shumailov et al. 2024"),
    "base": ("the base", "the pretrained model that fits begin at"),
}
"""Who judges: in a heading, and in a sentence."""

PANELS = 4
"""Generations shown of one run."""

BARS = 40
"""Bars of a panel, about."""

OUTSIDE = 0.0005
"""Share of the texts at either end that the outermost bars may swallow."""

TAILS = "perplexity_tail"
"""The metric whose numbers are the tails of these histograms."""

TAIL = 0.05
"""The share of real text in each tail."""


@dataclass(frozen=True, eq=False)
class Bars:
    """The bars of all panels: `edges`, each bar `step` of the bins kept, from bin `first` on."""

    edges: Floats
    first: int
    step: int

    def heights(self, counts: Array) -> Floats:
        """Return the share of each bar of counts (C, K); what lies outside is in the outermost."""
        n = len(self.edges) - 1
        bar = np.clip((np.arange(counts.shape[1]) - self.first) // self.step, 0, n - 1)
        return np.bincount(bar, counts.sum(axis=0), minlength=n) / counts.sum()


@dataclass(frozen=True, eq=False)
class Spread:
    """What one run kept of one judge: its arrays by generation, over all chains."""

    name: Named
    kept: Mapping[int, Mapping[str, Array]]

    def shown(self) -> list[int]:
        """Return the generations that have a panel."""
        times = [t for t in self.kept if t]
        return [times[i] for i in places(len(times), PANELS)]


def figures(runs: Sequence[Measured]) -> Iterator[Combined]:
    """Yield a figure for each judge for which runs kept histograms."""
    for judge in JUDGES:
        having = [run for run in runs if any(kept_histograms(run.run, judge))]
        spreads = [Spread(n, kept_histograms(n.run, judge)) for n in named(having)]
        if spreads := [s for s in spreads if s.shown()]:
            yield figure(judge, spreads)


def figure(judge: str, spreads: Sequence[Spread]) -> Combined:
    """Return one panel per run: histograms at a few generations, on the same bins and axes."""
    bars = bars_of(spreads)
    whose, told = JUDGES[judge]
    return Combined(
        kind="spread",
        metric=f"texts-under-{judge}",
        title=f"Perplexity of single texts under {whose}",
        meaning=f"How surprising each generated text is to {told}: tame ones left, odd ones right.",
        panels=tuple(Plate(s.name.full, chart(s, whose, bars)) for s in spreads),
        key=(
            "bars: share of the generated texts, of all chains together; line: held-out real text",
            f"the tails begin where {percent(TAIL)} of real text lies beyond, on either side",
            "heights on a square-root scale, so that tails can be seen",
            *_controls(judge, spreads),
        ),
        numbers=_numbers(spreads),
        caption=(
            f"share of the generated texts in the low and in the high tail of real text, each of "
            f"which holds {percent(TAIL)} of real text; median over chains, {SPREAD_WORDS}"
        ),
    )


def _controls(judge: str, spreads: Sequence[Spread]) -> tuple[str, ...]:
    """Return what the controls reach, of which no histograms are kept: their tails, else medians.

    Whatever metrics of single texts there are under the same judge.
    """
    runs = [(s.name.full, s.name.data) for s in spreads]
    columns = dict.fromkeys(m for _, run in runs for m in run.series)
    theirs = [m for m in columns if options_of(m).get("under", "first") == judge]
    tails = {m: plain_title(m, runs[0][1].about) for m in theirs if base_name(m) == TAILS}
    lines = {
        m: f"quantile {split_address(m)[1] or '50 %'}"
        for m in theirs
        if base_name(m) == "sequence_perplexity"
    }
    if tails:
        return told(runs, tails, lambda share: f"{number(share)} times that of real text")
    return told(runs, lines)


def bars_of(spreads: Sequence[Spread]) -> Bars:
    """Return the bars that show all panels but for `OUTSIDE` at either end."""
    parts = [s.kept[t] for s in spreads for t in s.shown()]
    shares = [p[who].sum(axis=0) / p[who].sum() for p in parts for who in ("made", "real")]
    below = np.cumsum(shares, axis=1)
    first = int((below > OUTSIDE).argmax(axis=1).min())
    n = int((below >= 1.0 - OUTSIDE).argmax(axis=1).max()) + 1 - first
    step = -(-n // BARS)
    edges = parts[0]["edges"]
    at = first + step * np.arange(-(-n // step) + 1)
    return Bars(edges[np.minimum(at, len(edges) - 1)], first, step)


def chart(s: Spread, whose: str, bars: Bars) -> Spec:
    """Return the histograms of one run, one small panel per generation."""
    rows = [_row(t, s.kept[t], bars) for t in s.shown()]
    x = {
        "field": "a",
        "type": "quantitative",
        "scale": {"type": "log", "domain": rounded(bars.edges[[0, -1]]), "nice": False},
        "axis": {
            "title": "perplexity",
            "values": _ticks(bars.edges),
            "format": "~s",
            "grid": False,
        },
    }
    y = {
        "field": "share",
        "type": "quantitative",
        "scale": {"type": "sqrt", "zero": True, "nice": False},
        "axis": {"title": None, "format": "~%", "tickCount": 4},
    }
    colour = {
        "field": "where",
        "type": "nominal",
        "scale": {"domain": ["between", "low tail", "high tail"]},
        "legend": {"title": None, "values": ["low tail", "between", "high tail"]},
    }
    told = [
        {"field": "where"},
        {"field": "a", "title": "perplexity from", "format": ".3~g"},
        {"field": "b", "title": "to", "format": ".3~g"},
        {"field": "share", "title": "generated", "format": ".2~%"},
        {"field": "real", "format": ".2~%"},
    ]
    bar = {
        "mark": {"type": "bar", "binSpacing": 0, "opacity": 0.9},
        "encoding": {"x2": {"field": "b"}, "y": y, "y2": {"datum": 0}, "color": colour},
    }
    line = {
        "mark": {"type": "line", "interpolate": "step-after", "style": "real", "strokeWidth": 1.25},
        "encoding": {"y": {**y, "field": "real"}},
    }
    return {
        "description": f"Histograms of the perplexity of texts under {whose}, {s.name.full}: "
        + ", ".join(row["panel"] for row in rows),
        "data": {"values": rows},
        "transform": [{"flatten": ["a", "b", "share", "real", "where"]}],
        "facet": {
            "field": "panel",
            "type": "ordinal",
            "sort": [row["panel"] for row in rows],
            "title": None,
        },
        "columns": 2,
        "spec": {
            "width": 300,
            "height": 130,
            "encoding": {"x": x, "tooltip": told},
            "layer": [bar, line],
        },
    }


def _row(t: int, kept: Mapping[str, Array], bars: Bars) -> Spec:
    """Return the bars of one generation as columns, with its tails in the heading."""
    edges = bars.edges
    low, high = kept["quantiles"].mean(axis=0)
    middle = np.sqrt(edges[:-1] * edges[1:])
    where = np.where(middle < low, "low tail", np.where(middle > high, "high tail", "between"))
    below, above = kept["beyond"].mean(axis=0)
    made, real = rounded(bars.heights(kept["made"])), rounded(bars.heights(kept["real"]))
    # One column more than bars, where the line of steps ends.
    return {
        "panel": f"{heading(t)}: {percent(below)} in the low tail, {percent(above)} in the high",
        "a": rounded(edges),
        "b": rounded(edges[[*range(1, len(edges)), -1]]),
        "share": [*made, 0.0],
        "real": [*real, real[-1]],
        "where": [*where.tolist(), "between"],
    }


def _ticks(edges: Floats) -> list[float]:
    every = [m * 10.0**k for k in range(7) for m in (1, 2, 5)]
    inside = [tick for tick in every if edges[0] <= tick <= edges[-1]]
    return inside if len(inside) <= 7 else [tick for tick in inside if f"{tick:.0f}"[0] == "1"]


def _numbers(spreads: Sequence[Spread]) -> NumberTable:
    rows = [
        (
            f"{s.name.full} · {heading(t)}" if len(spreads) > 1 else heading(t),
            (
                f"{len(s.kept[t]['beyond']):,}",
                *(_spread(s.kept[t]["beyond"][:, tail]) for tail in (0, 1)),
            ),
        )
        for s in spreads
        for t in s.kept
        if t
    ]
    return NumberTable(("chains", "low tail", "high tail"), tuple(rows))


def _spread(values: Floats) -> str:
    low, median, high = spread(values)
    said = percent(median)
    return said if len(values) == 1 else f"{said} [{percent(low)}, {percent(high)}]"
