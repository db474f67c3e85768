"""The numbers of runs with their chains taken together: a row per generation, metric, component.

Columns: run, the fields in which the runs differ, generation, metric, component, n_chains, median,
low and high (the 95 % interval of the median, see `genloss.judge.estimates.median_interval`; none
with fewer than six chains), unit, direction, theory and theory_for as in the long table, control
and matched_control: medians over the same chains on real rows alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from genloss.core.arrays import Floats
from genloss.judge.estimates import Interval, median_interval
from genloss.report.long_table import Chunk, LongTable

ESTIMATES = ("n_chains", "median", "low", "high")
BESIDE = ("theory", "theory_for", "control", "matched_control")


@dataclass(frozen=True)
class OverChains:
    """A long table with its chains taken together; the values of one run are held at a time."""

    table: LongTable

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        what = ("generation", "metric", "component")
        return ("run", *self.table.fields, *what, *ESTIMATES, "unit", "direction", *BESIDE)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows, by run, metric and generation; None for what is not there."""
        for run, chunks in groupby(self.table.chunks(), lambda chunk: chunk.run):
            head = (self.table.names[run], *(v[run] for v in self.table.fields.values()))
            for row in _of_run(self.table, list(chunks)):
                yield (*head, *row)


def _of_run(table: LongTable, chunks: Sequence[Chunk]) -> Iterator[tuple[Any, ...]]:
    quantity, t = (_joined(chunks, name) for name in ("quantity", "generation"))
    value, theory = (_joined(chunks, name) for name in ("value", "theory"))
    beside = [_joined(chunks, name) for name in ("control", "matched_control")]
    order = np.lexsort((t, quantity))
    pairs = np.stack((quantity[order], t[order]))
    begins = np.flatnonzero(np.any(pairs[:, 1:] != pairs[:, :-1], axis=0)) + 1
    for mine in np.split(order, begins):
        q, law = table.quantities[quantity[mine[0]]], theory[mine[0]]
        there = not np.isnan(law)
        over = chunks[0].theory_for[quantity[mine[0]]] if there else None
        yield (
            *(int(t[mine[0]]), q.metric, q.component, *_estimates(value[mine])),
            *(q.unit, q.direction, float(law) if there else None, over),
            *(_median(column[mine]) for column in beside),
        )


def _joined(chunks: Sequence[Chunk], name: str) -> Any:
    return np.concatenate([getattr(chunk, name) for chunk in chunks])


def _estimates(values: Floats) -> tuple[int, float | None, float | None, float | None]:
    """Return the chains that have a value, their median and the ends of its interval."""
    values = values[~np.isnan(values)]
    if isinstance(found := median_interval(values), Interval):
        return len(values), float(found.estimate), float(found.low), float(found.high)
    return len(values), float(np.median(values)), None, None


def _median(values: Floats) -> float | None:
    values = values[~np.isnan(values)]
    return float(np.median(values)) if values.size else None
