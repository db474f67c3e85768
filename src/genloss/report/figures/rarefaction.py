"""Rarefaction curves: different types among a number of tokens, one line per generation."""

import re
from collections.abc import Sequence

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import quantiles
from genloss.report.figures.axes import YAxis, log_axis
from genloss.report.figures.bands import FEWEST, LEVELS, SPREAD_WORDS, rounded
from genloss.report.figures.beside import WORDS, constant, last
from genloss.report.figures.combined import (
    Combined,
    FigureKind,
    Members,
    Plate,
    Spec,
    having,
    numbers,
    present,
    told_over,
)
from genloss.report.figures.markers import SHAPES
from genloss.report.kept_samples import heading
from genloss.report.labels import Named
from genloss.report.measured import Measured, places
from genloss.report.titles import meaning_of
from genloss.store.series import Column

LINES = 6
"""Generations shown of one run, reality among them."""

Points = dict[int, dict[int, Floats]]
"""Generation to tokens to values (C,)."""


def figure(members: Members, runs: Sequence[Measured]) -> Combined:
    """Return one panel per run on the same log axes; more tokens are further right."""
    names = having(members.names, runs)
    first = next(iter(present(members, names[0].data).values()))
    about = runs[0].about
    points = [curves(present(members, n.data)) for n in names]
    every = np.concatenate([v for p in points for line in p.values() for v in line.values()])
    grey = [_control(n, members) for n in names]
    every = np.concatenate([every, *([v for _, v in line] for line in grey)])
    axis = log_axis(every[np.isfinite(every) & (every > 0)])
    chains = max(len(v) for p in points for line in p.values() for v in line.values())
    key = [f"log scales; up: {first.unit}; a lower line has fewer of them in as much text"]
    key += ["band: nine chains in ten"] if chains >= FEWEST else []
    key += ["thin: each chain"] if 1 < chains < FEWEST else []
    key.append(told_over("medians", names, members.names))
    key += [f"grey: {WORDS['constant']}, at the last generation"] if any(grey) else []
    return Combined(
        kind="rarefaction",
        metric=members.metric,
        title=members.title(about),
        meaning=meaning_of(members.metric, about),
        panels=tuple(
            Plate(n.full, chart(n, p, axis, first.unit, line))
            for n, p, line in zip(names, points, grey, strict=True)
        ),
        key=tuple(key),
        numbers=numbers(names, {m: f"among {int(v):,}" for v, m in members.by_label.items()}),
        caption=f"types expected: median over chains, {SPREAD_WORDS}",
    )


def curves(found: dict[str, Column]) -> Points:
    """Return the lines of the generations shown; a short text's line ends early."""
    times = sorted(set.union(*(set(s.t.tolist()) for s in found.values())))
    shown = [times[i] for i in places(len(times), LINES)]
    out: Points = {t: {} for t in shown}
    for tokens, series in found.items():
        for t in shown:
            if (at := np.flatnonzero(series.t == t)).size:
                out[t][int(tokens)] = series.values[at[0]]
    return out


def _control(n: Named, members: Members) -> list[tuple[int, float]]:
    """Return the line of a run's control as (tokens, types); empty for a run without one."""
    control = constant(n.data)
    found = present(members, n.data)
    ends = {int(v): control and last(control, s.name, s.t) for v, s in found.items()}
    return [(tokens, end[1]) for tokens, end in sorted(ends.items()) if end]


def _grey(line: Sequence[tuple[int, float]], y: Spec) -> list[Spec]:
    values = [{"tokens": m, "types": rounded(np.array([v]))[0]} for m, v in line]
    up = {"y": {"field": "types", "type": "quantitative", **y}, "color": None, "tooltip": None}
    mark = {"type": "line", "style": "control", "strokeWidth": 1.5}
    text = {"type": "text", "style": "control", "align": "right", "dy": 18}
    return [
        {"data": {"values": values}, "mark": mark, "encoding": up},
        {
            "data": {"values": values[-1:]},
            "mark": {**text, "text": WORDS["constant"]},
            "encoding": up,
        },
    ]


def chart(
    n: Named, points: Points, axis: YAxis, unit: str, grey: Sequence[tuple[int, float]] = ()
) -> Spec:
    """Return the lines of one run, and that of its control."""
    rows = [_row(t, dict(sorted(line.items()))) for t, line in points.items() if line]
    columns = [name for name in rows[0] if re.fullmatch(r"c\d+", name)]
    tokens = sorted({m for line in points.values() for m in line})
    order = [row["generation"] for row in rows]
    y = axis.channel("")
    y["axis"]["title"] = None
    x = {
        "field": "tokens",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [tokens[0], tokens[-1]], "nice": False},
        "axis": {"title": "number drawn", "format": "~s", "values": tokens, "grid": False},
    }
    colour = {
        "field": "generation",
        "type": "ordinal",
        "sort": order,
        "legend": {"title": None, "columns": 4},
    }
    told = [
        {"field": "generation"},
        {"field": "tokens", "format": ",d"},
        {"field": "p50", "title": unit, "format": ",.4~g"},
    ]
    chains = max(len(v) for line in points.values() for v in line.values())
    middle = {"y": {"field": "p50", "type": "quantitative", **y}}
    line = {"mark": {"type": "line", "strokeWidth": 2}, "encoding": middle}
    scale = {"domain": order, "range": list(SHAPES[: len(order)])}
    shape = {**colour, "type": "nominal", "scale": scale}
    mark = {"type": "point", "filled": True, "size": 50, "opacity": 1}
    dots = {"mark": mark, "encoding": {**middle, "shape": shape}}
    band = {
        "mark": {"type": "area", "opacity": 0.18},
        "encoding": {"y": {"field": "p05", "type": "quantitative", **y}, "y2": {"field": "p95"}},
    }
    thin = {
        "transform": [{"fold": columns, "as": ["chain", "of_chain"]}],
        "mark": {"type": "line", "strokeWidth": 0.8, "opacity": 0.55},
        "encoding": {
            "y": {"field": "of_chain", "type": "quantitative", **y},
            "detail": {"field": "chain"},
        },
    }
    spread = [] if chains == 1 else [band] if chains >= FEWEST else [thin]
    return {
        "description": f"{unit} by number drawn, {n.full}: {', '.join(order)}",
        "title": n.full,
        "width": 320,
        "height": 260,
        "view": {"stroke": None},
        "data": {"values": rows},
        "transform": [{"flatten": list(rows[0])[1:]}],
        "encoding": {"x": x, "color": colour, "tooltip": told},
        "layer": [*(_grey(grey, y) if grey else []), *spread, line, dots],
    }


def _row(t: int, line: dict[int, Floats]) -> Spec:
    values = np.stack(list(line.values()), axis=1)
    row: Spec = {"generation": heading(t), "tokens": list(line)}
    levels = {"p05": LEVELS[0], "p50": 0.5, "p95": LEVELS[-1]}
    if len(values) < FEWEST:
        levels = {"p50": 0.5}
    bands = zip(levels, quantiles(values, tuple(levels.values())), strict=True)
    row |= {name: rounded(b, 5) for name, b in bands}
    if 1 < len(values) < FEWEST:
        row |= {f"c{i}": rounded(chain, 4) for i, chain in enumerate(values)}
    return row


RAREFACTION = FigureKind(figure, 3, str.isdecimal)
