"""Shares of classes over generations, stacked: a class that dies out is a layer that closes."""

from collections.abc import Sequence

import numpy as np

from genloss.report.figures.axes import x_linear
from genloss.report.figures.bands import SPREAD_WORDS, rounded
from genloss.report.figures.beside import constant, last
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
from genloss.report.titles import meaning_of

CONTROL = (1.04, 1.12)
"""Where the bar of the control stands, in units of the last generation."""

MOST_NAMED = 12
"""More classes than this are told by the pointer alone."""


def figure(members: Members, runs: Sequence[Measured]) -> Combined:
    """Return one panel per run: the mean share of each class over chains, stacked to 1."""
    names = having(members.names, runs)
    ends = [int(s.t[-1]) for n in names for s in present(members, n.data).values()]
    panels = tuple(Plate(n.full, chart(n, members, max(ends))) for n in names)
    first = next(iter(members.by_label))
    key = (
        f"each layer is a class, {first} at the bottom; its height is the share of it",
        told_over("means", names, members.names),
        *(["right: control, the same learner on real rows only"] if _has_control(names) else []),
    )
    return Combined(
        kind="area",
        metric=members.metric,
        title=members.title(runs[0].about),
        meaning=meaning_of(members.metric, runs[0].about),
        panels=panels,
        key=key,
        numbers=numbers(names, {m: f"class {v}" for v, m in members.by_label.items()}),
        caption=f"median share of each class over chains, {SPREAD_WORDS}",
    )


def _has_control(names: Sequence[Named]) -> bool:
    return any(constant(n.data) is not None for n in names)


def chart(n: Named, members: Members, end: int) -> Spec:
    """Return the stacked areas of one run, and those of its control as a bar beside them."""
    found = present(members, n.data)
    values = [
        {
            "class": value,
            "rank": i,
            "t": series.t.tolist(),
            "share": rounded(series.values.mean(axis=1), 4),
        }
        for i, (value, series) in enumerate(found.items())
    ]
    bar = _bar(n, members, end)
    x = x_linear(end)
    first = min(int(np.min(series.t)) for series in found.values())
    x["scale"]["domain"] = [first, CONTROL[1] * end if bar else end]
    several = 1 < len(found) <= MOST_NAMED
    legend = {"title": None, "orient": "right", "symbolStrokeWidth": 0} if several else None
    return {
        "description": f"Share of each of {len(found)} classes over generations, {n.full}",
        "title": n.full,
        "width": 320,
        "height": 220,
        "view": {"stroke": None},
        "data": {"values": values},
        "transform": [{"flatten": ["t", "share"]}],
        "layer": [{"mark": {"type": "area", "style": "seam", "line": False}}, *bar],
        "encoding": {
            "x": x,
            "y": {
                "field": "share",
                "type": "quantitative",
                "stack": "zero",
                "scale": {"domain": [0, 1], "nice": False},
                "axis": {"format": "%", "tickCount": 4, "title": None, "grid": False},
            },
            "order": {"field": "rank", "type": "quantitative"},
            # The legend runs from the top down, as the layers do.
            "color": {
                "field": "class",
                "type": "ordinal",
                "sort": list(found)[::-1],
                "legend": legend,
            },
            "tooltip": [
                {"field": "class"},
                {"field": "t", "title": "generation", "format": ",d"},
                {"field": "share", "format": ".1%"},
            ],
        },
    }


def _bar(n: Named, members: Members, end: int) -> list[Spec]:
    """Return the shares in the control, one upon another; nothing for a run without one."""
    control = constant(n.data)
    found = present(members, n.data)
    ends = {s.name: control and last(control, s.name, s.t) for s in found.values()}
    if control is None or not all(ends.values()):
        return []
    # Means, as the areas are, which add up to 1.
    fits = {v: control.spread(s.name, one[0]) for v, s in found.items() if (one := ends[s.name])}
    shares = {v: float(np.mean(x)) for v, x in fits.items() if x is not None}
    left, right = (share * end for share in CONTROL)
    tops = np.cumsum([*shares.values()])
    values = [
        {"class": v, "t": left, "to": right, "share": share, "low": top - share, "high": top}
        for (v, share), top in zip(shares.items(), tops.tolist(), strict=True)
    ]
    told = [{"field": "class"}, {"field": "share", "title": "in the control", "format": ".1%"}]
    name = {"type": "text", "style": "control", "text": "control", "align": "right", "dy": -7}
    return [
        {
            "data": {"values": values},
            "mark": {"type": "rect", "style": "seam"},
            "encoding": {
                "x2": {"field": "to"},
                "y": {"field": "low", "type": "quantitative", "stack": None},
                "y2": {"field": "high"},
                "order": None,
                "tooltip": told,
            },
        },
        {
            "data": {"values": [{"t": right, "share": 1.0}]},
            "mark": name,
            "encoding": {"color": None, "order": None, "tooltip": None},
        },
    ]


AREA = FigureKind(figure, 2, any_label)
