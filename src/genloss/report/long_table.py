"""The numbers of runs as one tidy long table: a row per value.

Columns: run, the fields of the spec in which the runs differ, chain (from 0), generation, metric,
component ('' for a metric of one number), value, unit, direction, theory (the closed form at this
generation) and theory_for, the statistic over chains that it is for (mean, median or quantile:Q):
no value of one chain compares with the theory for a mean. Both are none where there is no theory.
control and matched_control are what the same chain reaches on real rows alone, see
`genloss.judge.controls`; none where there is no such control. Where a metric does not apply there
is no row.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.errors import SpecError
from genloss.judge.controls import ControlRun, controls_of
from genloss.judge.theory_lines import theory_of
from genloss.spec.wording import offered
from genloss.store.reader import Block, Run
from genloss.store.table import Absent, Columns
from genloss.store.theory_file import Lines

CHUNK_VALUES = 1 << 18
"""Values of one chunk, about: memory stays bounded however long the table is."""

COMPILED_BYTES = 1 << 25
"""Bytes of tables from which on loading compiled loops is soon made up for."""

FEW_TIMES = 8
"""Generations that an error lists, at most."""

KINDS = ("constant", "matched")
"""Of controls, in the order of their columns."""

UNVARIED = ("name", "metrics", "controls")
"""Fields of a spec that say nothing of a single value."""


@dataclass(frozen=True)
class Quantity:
    """One component of one metric of one run."""

    metric: str
    component: str
    unit: str
    direction: str

    @property
    def label(self) -> str:
        """Return metric, or metric[component], as specs and targets name it."""
        return f"{self.metric}[{self.component}]" if self.component else self.metric


Places = dict[str, list[tuple[int, str]]]
"""By metric, the place among the quantities (-1 if not wanted) and label of each component."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Values of one run: quantity (n,) indexes LongTable.quantities; NaN for no theory or control.

    theory_for: the statistic over chains that theory is for, '' for none, by quantity.
    """

    run: int
    chain: Ints
    generation: Ints
    quantity: Ints
    value: Floats
    theory: Floats
    theory_for: Sequence[str]
    control: Floats
    matched_control: Floats


@dataclass(frozen=True)
class LongTable:
    """The long table of runs, not read yet.

    metrics: only these, as metric or metric[component]; at: only these generations, -1 for the
    last one of a run. Empty for all.
    """

    runs: Sequence[Run]
    metrics: tuple[str, ...] = ()
    at: tuple[int, ...] = ()

    @cached_property
    def names(self) -> list[str]:
        """Return what each run is called: its folder's name, with more of the path if need be."""
        count = Counter(run.path.name for run in self.runs)
        return [str(run.path) if count[run.path.name] > 1 else run.path.name for run in self.runs]

    @cached_property
    def fields(self) -> dict[str, list[Any]]:
        """Return {field of the spec: its value in each run} where they differ; None for none."""
        flat = [dict(_flat(run.spec, "")) for run in self.runs]
        names = dict.fromkeys(name for one in flat for name in one)
        columns = {name: [one.get(name) for one in flat] for name in names}
        return {
            name: values
            for name, values in columns.items()
            if any(value != values[0] for value in values)
        }

    @cached_property
    def quantities(self) -> list[Quantity]:
        """Return every component of every metric of all runs that was asked for.

        Raises:
            SpecError: a metric asked for that no run has.
        """
        distinct = {id(parts): parts for parts in self._parts}.values()
        known = list(dict.fromkeys(q for parts in distinct for qs in parts.values() for q in qs))
        labels = {name for q in known for name in (q.metric, q.label)}
        if odd := [name for name in self.metrics if name not in labels]:
            raise SpecError(
                f"no run has the metric {odd[0]!r}{offered(odd[0], sorted(labels), 'genloss show')}"
            )
        if not self.metrics:
            return known
        return [q for q in known if {q.metric, q.label} & set(self.metrics)]

    @cached_property
    def _parts(self) -> list[dict[str, list[Quantity]]]:
        """Return the components of each run's metrics, by name; runs alike share one table."""
        said = [json.dumps(run.header.metrics) for run in self.runs]
        heads = {text: run.header.metrics for text, run in zip(said, self.runs, strict=True)}
        known = {text: {h["name"]: _quantities(h) for h in some} for text, some in heads.items()}
        return [known[text] for text in said]

    @cached_property
    def _places(self) -> list[Places]:
        """Return the place and label of each run's components; runs alike share one table."""
        index = {q: i for i, q in enumerate(self.quantities)}
        known = {id(parts): _wanted(parts, index) for parts in self._parts}
        return [known[id(parts)] for parts in self._parts]

    def chunks(self) -> Iterator[Chunk]:
        """Read all runs, verified, a chunk at a time.

        Raises:
            StoreError: a damaged table; what was yielded before it is right.
            SpecError: something was asked for by name of which no run has a value.
        """
        with_values: set[int] = set()
        times: set[int] = set()
        compiled = self._bytes() >= COMPILED_BYTES
        for i, run in enumerate(self.runs):
            lines = theory_of(run)
            controls: dict[str, ControlRun] = {c.kind: c for c in controls_of(run)}
            for block in run.blocks:
                for chunk in self._chunks_of(i, block, lines, controls, compiled):
                    with_values |= set(np.unique(chunk.quantity).tolist())
                    times |= set(np.unique(chunk.generation).tolist()) if self.at else set()
                    yield chunk
        self._check_asked({self.quantities[i] for i in with_values}, times)

    def _bytes(self) -> int:
        """Return the bytes of all tables, as far as manifests vouch for them."""
        marks = [block.table.mark for run in self.runs for block in run.blocks]
        return sum(mark.bytes for mark in marks if mark is not None)

    def _check_asked(self, with_values: set[Quantity], times: set[int]) -> None:
        """Refuse a table that lacks what was asked for by name."""
        if lacking := sorted(t for t in self.at if t >= 0 and t not in times):
            measured = sorted({t for r in self.runs for m in r.measured() for t in r.times(m)})
            raise SpecError(
                f"no run has a value at generation {lacking[0]}; there are values of "
                f"{_few(measured)}"
            )
        labels = {name for q in with_values for name in (q.metric, q.label)}
        if lacking_names := [name for name in self.metrics if name not in labels]:
            name = lacking_names[0]
            reasons = {
                why for run in self.runs for n, why in run.not_applicable.items() if n == name
            }
            why = f" ({'; '.join(sorted(reasons))})" if reasons else ""
            raise SpecError(f"no run has a value of {name}{why}; leave it out")

    def _chunks_of(
        self,
        run: int,
        block: Block,
        lines: Lines,
        controls: Mapping[str, ControlRun],
        compiled: bool,
    ) -> Iterator[Chunk]:
        theory = _values(lines)
        over = [str(lines[q.label].statistic) if q.label in lines else "" for q in self.quantities]
        places = self._places[run]
        first = block.number * int(block.header.spec["chains_per_block"])
        times = {block.t if t < 0 else t for t in self.at}
        wanted = dict.fromkeys(places, times) if times else None
        rows: list[tuple[int, int, float]] = []
        values: list[Values] = []
        size = 0
        for row in block.table.columns(compiled) if wanted is None else block.table.rows(wanted):
            if isinstance(row, Columns):
                if rows:
                    yield _chunk(run, first, rows, values, over)
                    rows, values, size = [], [], 0
                yield from _together(run, first, row, places, theory, over, controls)
                continue
            t, metric, value = row
            if isinstance(value, Absent) or metric not in places:
                continue
            columns = [value] if value.ndim == 1 else value.T
            for (quantity, label), column in zip(places[metric], columns, strict=True):
                if quantity >= 0 and not np.isnan(column[0]):
                    rows.append((t, quantity, theory.get((label, t), np.nan)))
                    chains = slice(first, first + len(column))
                    values.append((column, *_beside(controls, label, t, chains)))
                    size += len(column)
            if size >= CHUNK_VALUES:
                yield _chunk(run, first, rows, values, over)
                rows, values, size = [], [], 0
        if rows:
            yield _chunk(run, first, rows, values, over)


def _few(times: Sequence[int]) -> str:
    if len(times) <= FEW_TIMES:
        return f"generations {', '.join(map(str, times))}" if times else "no generation"
    return f"{len(times):,} generations from {times[0]} to {times[-1]}"


Values = tuple[Floats, Floats, Floats]
"""Of a quantity at a generation: the chains of a block, and their controls."""


def _beside(
    controls: Mapping[str, ControlRun], label: str, t: int, chains: slice
) -> tuple[Floats, Floats]:
    nothing = np.full(chains.stop - chains.start, np.nan)
    both = (c.at(label, t) if (c := controls.get(kind)) else None for kind in KINDS)
    constant, matched = (nothing if one is None else one[chains] for one in both)
    return constant, matched


def _chunk(
    run: int,
    first: int,
    rows: Sequence[tuple[int, int, float]],
    values: Sequence[Values],
    theory_for: Sequence[str],
) -> Chunk:
    n = np.array([len(column) for column, _, _ in values])
    generation, quantity, theory = (np.repeat(np.array(c), n) for c in zip(*rows, strict=True))
    begins = np.repeat(np.cumsum(n) - n, n)
    chain = first + np.arange(len(begins)) - begins
    ours, control, matched = (np.concatenate(column) for column in zip(*values, strict=True))
    return Chunk(run, chain, generation, quantity, ours, theory, theory_for, control, matched)


def _together(
    run: int,
    first: int,
    rows: Columns,
    places: Mapping[str, list[tuple[int, str]]],
    theory: Mapping[tuple[str, int], float],
    theory_for: Sequence[str],
    controls: Mapping[str, ControlRun],
) -> Iterator[Chunk]:
    """Yield the chunk of rows of one value a chain."""
    quantity = np.array([places.get(name, [(-1, "")])[0][0] for name in rows.metrics])[rows.metric]
    kept = np.flatnonzero(quantity >= 0)
    if not kept.size:
        return
    t, quantity, values = rows.t[kept], quantity[kept], rows.values[kept]
    law = np.full(len(kept), np.nan)
    if theory:
        labels = [places[name][0][1] if name in places else "" for name in rows.metrics]
        pairs = zip((labels[i] for i in rows.metric[kept].tolist()), t.tolist(), strict=True)
        law = np.array([theory.get(pair, np.nan) for pair in pairs])
    c = values.shape[1]
    beside = [_along(controls.get(k), rows.metrics, rows.metric[kept], t, first, c) for k in KINDS]
    chain = np.tile(np.arange(first, first + c), len(kept))
    generation, quantity, law = (np.repeat(column, c) for column in (t, quantity, law))
    yield Chunk(run, chain, generation, quantity, values.ravel(), law, theory_for, *beside)


def _along(
    control: ControlRun | None, metrics: Sequence[str], metric: Ints, t: Ints, first: int, c: int
) -> Floats:
    """Return what a control has beside rows of metrics[metric] at t, a value for each chain."""
    out = np.full((len(t), c), np.nan)
    for i, name in enumerate(metrics if control is not None else ()):
        mine = np.flatnonzero(metric == i)
        found = control.along(name, t[mine]) if control is not None and mine.size else None
        if found is not None:
            out[mine] = found[:, first : first + c]
    return out.ravel()


def _wanted(parts: Mapping[str, Sequence[Quantity]], index: Mapping[Quantity, int]) -> Places:
    places = {name: [(index.get(q, -1), q.label) for q in qs] for name, qs in parts.items()}
    return {name: each for name, each in places.items() if any(i >= 0 for i, _ in each)}


def _quantities(head: Mapping[str, Any]) -> list[Quantity]:
    labels = head.get("labels") or [""]
    units, directions = (
        [said] * len(labels) if isinstance(said, str) else said
        for said in (head["unit"], head["direction"])
    )
    return [
        Quantity(head["name"], label, unit, direction)
        for label, unit, direction in zip(labels, units, directions, strict=True)
    ]


def _values(lines: Lines) -> dict[tuple[str, int], float]:
    return {
        (label, t): value
        for label, line in lines.items()
        for t, value in zip(line.t, line.value, strict=True)
    }


def _flat(spec: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in spec.items():
        if not prefix and key in UNVARIED:
            continue
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat({k: v for k, v in value.items() if k != "kind"}, f"{name}.")
            if "kind" in value:
                yield name, value["kind"]
        else:
            yield name, json.dumps(value) if isinstance(value, list) else value
