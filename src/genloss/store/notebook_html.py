"""What a notebook shows of a run and of a series: small tables without a script."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.chain_quantiles import TAIL, fewest_chains, spread
from genloss.store.series import Series, columns, left_out

MOST = 12
"""Generations of a series that are shown."""


def run_html(
    title: str, state: str, series: Mapping[str, Series], absent: Mapping[str, str]
) -> str:
    """Return a run: a row per number, at the first, the middle and the last generation."""
    rows = []
    for name, column in columns(series).items():
        places = sorted({0, len(column.t) // 2, len(column.t) - 1})
        cells = [f"t = {column.t[i]}: {cell(column.values[i])}" for i in places]
        rows.append([name, *cells, *[""] * (3 - len(cells)), column.unit])
    notes = [f"{name}: not applicable ({why})" for name, why in absent.items()]
    notes += [f"{name}: {why}" for name, why in left_out(series).items()]
    head = ["metric: median over chains", "first", "middle", "last", "unit"]
    parts = [f"<p><b>{escape(title)}</b>, {escape(state)}</p>", _table(head, rows)]
    return "".join([*parts, *(f"<p>{escape(note)}</p>" for note in notes)])


def series_html(series: Series) -> str:
    """Return a series: a row per generation, at most a dozen of them."""
    places = np.unique(np.linspace(0, len(series.t) - 1, min(MOST, len(series.t))).astype(int))
    labels = series.labels or (series.name,)
    values = series.values if series.labels else series.values[:, :, None]
    rows = [
        [str(series.t[i]), *(cell(values[i, :, k]) for k in range(len(labels)))] for i in places
    ]
    chains = values.shape[1]
    title = f"{series.name}: median over {chains} chain{'s' if chains > 1 else ''}"
    if len(places) < len(series.t):
        title += f", {len(places)} of {len(series.t)} generations"
    return f"<p><b>{escape(title)}</b></p>" + _table(["t", *labels], rows)


def cell(values: Floats) -> str:
    """Return the median and [5 %, 95 %] of chains, or the extremes of few, or the only value."""
    there = values[~np.isnan(values)]
    if not there.size:
        return "not applicable"
    low, median, high = spread(there)
    if there.size == 1:
        return f"{median:.4g}"
    if there.size >= fewest_chains(1 - 2 * TAIL):
        return f"{median:.4g} [{low:.4g}, {high:.4g}]"
    return f"{median:.4g} ({low:.4g} to {high:.4g})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
