"""A metric over two swept numbers as a map: colour and figure say the median of each cell."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from genloss.report.figures.axes import DECADES
from genloss.report.figures.bands import rounded
from genloss.report.figures.beside import WORDS
from genloss.report.figures.combined import Combined, Plate, Spec
from genloss.report.figures.doses import POOLED, Point, ends, left_out, of_ends
from genloss.report.formatting import number
from genloss.report.measured import Measured
from genloss.report.swept import SEED, Swept, evenly, word
from genloss.report.tables import NumberTable
from genloss.report.titles import meaning_of, title_of

MOST_MAPS = 8
"""Maps of one figure, at most."""

MOST_CELLS = 400
"""Cells of one map, at most."""

MOST_TEXT = 48
"""More cells than this have no room for their numbers, which the table and the pointer say."""

KEY = (
    "colour and number: median over chains at the last generation",
    "small: its interval at 95 %, where there are six chains or more",
)


def figures(runs: Sequence[Measured], sweep: Swept) -> Iterator[Combined]:
    """Yield, for every metric, a map over the two numbers that vary most."""
    if len(sweep.doses) < 2:
        return
    across, up = sweep.doses[:2]
    for metric in dict.fromkeys(name for run in runs for name in run.series):
        rows = _rows(runs, sweep, metric, (across, up))
        if rows:
            yield _figure(metric, (across, up), rows, runs, sweep.pools)


OPEN = "?: its interval meets that of the control: cannot tell them apart"

Row = tuple[float, str, Point]
"""The second number, a label for the rest, and the cell's end."""


def _rows(runs: Sequence[Measured], sweep: Swept, metric: str, keys: tuple[str, str]) -> list[Row]:
    groups: dict[tuple[float, str], list[int]] = {}
    for i in range(len(runs)):
        key = float(sweep.options[i][keys[1]]), sweep.others(i, (*keys, SEED))
        groups.setdefault(key, []).append(i)
    return [
        (up, label, point)
        for (up, label), cells in groups.items()
        for point in ends([runs[i] for i in cells], sweep.part(cells), metric, keys[0])
    ]


def _thinned(rows: Sequence[Row]) -> tuple[list[Row], str]:
    """Return the rows of at most `MOST_MAPS` maps of `MOST_CELLS` cells, and what is left out."""
    side = int(MOST_CELLS**0.5)
    labels, ups = list(dict.fromkeys(r[1] for r in rows)), sorted({r[0] for r in rows})
    acrosses = sorted({r[2].x for r in rows})
    maps, some, up = evenly(labels, MOST_MAPS), evenly(acrosses, side), evenly(ups, side)
    kept = [r for r in rows if r[1] in maps and r[2].x in some and r[0] in up]
    cuts = [
        ("settings", len(maps), len(labels)),
        ("values across", len(some), len(acrosses)),
        ("values up", len(up), len(ups)),
    ]
    return kept, left_out(cuts)


def _figure(
    metric: str,
    keys: tuple[str, str],
    every: Sequence[Row],
    runs: Sequence[Measured],
    pools: bool,
) -> Combined:
    about = runs[0].about
    rows, cut = _thinned(every)
    title = f"{title_of(metric, about)} by {word(keys[0])} and {word(keys[1])}"
    finite = [r[2].median for r in rows if np.isfinite(r[2].median)]
    domain = [min(finite), max(finite)] if finite else [0.0, 1.0]
    panels = []
    for label in dict.fromkeys(r[1] for r in rows):
        inside = [r for r in rows if r[1] == label]
        panels.append(Plate(label, chart(inside, keys, f"{title} {label}".strip(), domain)))
    doses = sorted({r[2].x for r in rows})
    table = []
    for label, up in dict.fromkeys((r[1], r[0]) for r in rows):
        cells = {r[2].x: r[2].words for r in rows if (r[1], r[0]) == (label, up)}
        name = " · ".join(filter(None, [label, f"{word(keys[1])} = {number(up)}"]))
        table.append((name, tuple(cells.get(x, "–") for x in doses)))
    heads = tuple(f"{word(keys[0])} = {number(x)}" for x in doses)
    name = f"{metric} by {keys[0]} and {keys[1]}"
    grey = _controls([r[2] for r in rows])
    unsure = OPEN if any(r[2].apart is False for r in rows) else ""
    key = tuple(filter(None, [*KEY, *grey, unsure, POOLED if pools else "", cut]))
    return of_ends(
        name, title, meaning_of(metric, about), panels, key, NumberTable(heads, tuple(table))
    )


def _controls(points: Sequence[Point]) -> list[str]:
    """Return what the controls of all cells reach, in words; empty where there are none."""
    found = sorted(p.control for p in points if p.control is not None)
    if not found:
        return []
    ends = list(dict.fromkeys(number(v) for v in (found[0], found[-1])))
    line = f"{WORDS['constant']}, at t = {max(p.t for p in points):,}: {' to '.join(ends)}"
    return [f"{line} over the cells; the pointer has each" if len(ends) > 1 else line]


def chart(rows: Sequence[Row], keys: tuple[str, str], title: str, domain: Sequence[float]) -> Spec:
    """Return one map; both numbers stand in their order, evenly spaced."""
    axes = {
        "x": {"field": "x", "type": "ordinal", "axis": {"title": word(keys[0]), "labelAngle": 0}},
        "y": {
            "field": "up",
            "type": "ordinal",
            "sort": "descending",
            "axis": {"title": word(keys[1])},
        },
    }
    return {
        "description": title,
        "title": title,
        "width": 460,
        "height": max(160, 44 * len({r[0] for r in rows})),
        "data": {"values": [_row(row, domain) for row in rows]},
        "encoding": {
            **axes,
            "tooltip": [
                {"field": "x", "title": word(keys[0])},
                {"field": "up", "title": word(keys[1])},
                {"field": "median"},
                {"field": "interval", "title": "95 % interval"},
                {"field": "control", "title": WORDS["constant"]},
            ],
        },
        "layer": _layers(domain, len(rows) <= MOST_TEXT),
    }


def _row(row: Row, domain: Sequence[float]) -> Spec:
    up, _, p = row
    return {
        "x": p.x,
        "up": up,
        "y": rounded(np.array([p.median]), 5)[0],
        "median": number(p.median) + (" ?" if p.apart is False else ""),
        "interval": p.words.partition(" ")[2],
        "control": "none" if p.control is None else number(p.control),
        "high": bool(p.median > _middle(domain)),
    }


def _is_wide(domain: Sequence[float]) -> bool:
    return domain[0] > 0 and domain[1] > 10**DECADES * domain[0]


def _middle(domain: Sequence[float]) -> float:
    if _is_wide(domain):
        return math.sqrt(domain[0] * domain[1])
    return (domain[0] + domain[1]) / 2


def _layers(domain: Sequence[float], says_numbers: bool) -> list[Spec]:
    text = {"type": "text", "fontSize": 12, "baseline": "middle"}
    scale: dict[str, Any] = {"scheme": "viridis", "domain": list(domain)}
    if _is_wide(domain):
        scale["type"] = "log"
    dark = {"condition": {"test": "datum.high", "value": "#111"}, "value": "#fff"}
    layers: list[Spec] = [
        {
            "mark": {"type": "rect"},
            "encoding": {
                "color": {
                    "field": "y",
                    "type": "quantitative",
                    "scale": scale,
                    "legend": {"title": None, "orient": "right"},
                }
            },
        }
    ]
    if says_numbers:
        layers += [
            {
                "mark": {**text, "dy": -6},
                "encoding": {"text": {"field": "median"}, "color": dark},
            },
            {
                "mark": {**text, "dy": 10, "fontSize": 10},
                "encoding": {"text": {"field": "interval"}, "color": dark},
            },
        ]
    return layers
