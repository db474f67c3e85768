"""Tables: metrics in numbers, and what did not apply."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genloss.core.chain_quantiles import spread
from genloss.judge.estimates import location
from genloss.report.formatting import number, statistic_words
from genloss.report.measured import Measured
from genloss.report.titles import title_of
from genloss.store.series import Column

MOST_NAMES = 20
"""Runs that are named where a metric does not apply, at most."""


@dataclass(frozen=True)
class NumberTable:
    """One metric in numbers: headings, and per run a label and its cells."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def number_table(rows: Sequence[tuple[str, Measured, str]]) -> NumberTable:
    """Return medians with the spread of the chains at the first, middle and last generation.

    rows: a label, a run, and the metric of it that the row is about.
    """
    found = [(label, data, data.series[metric]) for label, data, metric in rows]
    times = [_three(series) for _, _, series in found]
    same = len(set(times)) == 1
    heads = [f"t = {t:,}" for t in times[0]] if same else ["first", "middle", "last"]
    law = any(series.name in data.theory for _, data, series in found)
    out = []
    for (label, data, series), wanted in zip(found, times, strict=True):
        cells = [_cell(series, t, "" if same else f"t = {t:,}: ") for t in wanted]
        cells += [""] * (len(heads) - len(cells)) + ([_law_cell(data, series)] if law else [])
        out.append((label, (f"{series.values.shape[1]:,}", *cells)))
    last = ("last generation: theory / measured",) if law else ()
    return NumberTable(("chains", *heads, *last), tuple(out))


def not_applicable(runs: Sequence[Measured]) -> list[tuple[str, str, str]]:
    """Return (metric, reason, which runs) for metrics that had no value somewhere."""
    found: dict[tuple[str, str], list[str]] = {}
    for data in runs:
        for name, why in data.not_applicable.items():
            found.setdefault((name, why), []).append(data.run.header.name)
    return [
        (
            title_of(name, runs[0].about),
            why,
            "all runs" if len(who) == len(runs) else _some(who),
        )
        for (name, why), who in found.items()
    ]


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return "; ".join([*names[:MOST_NAMES], *([f"{more:,} more"] if more > 0 else [])])


def _three(series: Column) -> tuple[int, ...]:
    middle = int(np.abs(series.t - series.t[-1] / 2).argmin())
    return tuple(dict.fromkeys(int(series.t[i]) for i in (0, middle, len(series.t) - 1)))


def _cell(series: Column, t: int, prefix: str) -> str:
    at = int(np.flatnonzero(series.t == t)[0])
    low, median, high = spread(series.values[at])
    if series.values.shape[1] == 1:
        return prefix + number(median)
    return f"{prefix}{number(median)} [{number(low)}, {number(high)}]"


def _law_cell(data: Measured, series: Column) -> str:
    line = data.theory.get(series.name)
    expected = line.at(int(series.t[-1])) if line else None
    if line is None or expected is None:
        return "–"
    ours = float(location(series.values[-1], line.statistic))
    return f"{number(expected)} / {number(ours)} ({statistic_words(line.statistic)})"
