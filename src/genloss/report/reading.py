"""The metrics of a run at the generations that are drawn, without parsing all the others.

A table of 2,050 generations times 200 chains is mostly numbers that no page can show. One pass
finds where each line begins; then only the lines that are wanted are parsed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.about import Entries
from genloss.core.arrays import Floats, Ints
from genloss.errors import StoreError
from genloss.store.block import TABLE
from genloss.store.files import explained
from genloss.store.reader import Run, Series

Offsets = Mapping[str, Mapping[int, int]]
"""Metric to generation to the byte at which its line begins."""

START = re.compile(rb'\{"t":(\d+),"metric":"([^"\\]*)","values":')
"""How a line of values begins; a line that begins otherwise is parsed as a whole."""

FEW = 50
"""A theory line with fewer points than this keeps all of them."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A run with what is drawn of its metrics: series, why others have none, words for all."""

    run: Run
    series: Mapping[str, Series]
    not_applicable: Mapping[str, str]
    about: Entries


@dataclass(frozen=True, eq=False)
class Table:
    """Where the lines of a run's metrics begin, per block, and why some metrics have none."""

    run: Run
    blocks: tuple[Offsets, ...]
    reasons: Mapping[str, str]

    def metrics(self) -> list[str]:
        """Return the metrics with values in every block, in the order of the header."""
        names = [a["name"] for a in self.run.header.metrics]
        return [n for n in names if self.blocks and all(n in block for block in self.blocks)]

    def times(self, metric: str) -> Ints:
        """Return the generations at which every block has a metric."""
        shared = set.intersection(*(set(block[metric]) for block in self.blocks))
        return np.array(sorted(shared), dtype=np.int64)


def measured(run: Run, most: int = 300) -> Measured:
    """Read a run at about `most` generations per metric; see `chosen`."""
    return read(scan(run), most)


def scan(run: Run) -> Table:
    """Find the lines of a run's tables.

    Raises:
        StoreError: a broken line, or a table that cannot be read.
    """
    blocks, reasons = [], {}
    for i, block in enumerate(run.blocks):
        offsets: dict[str, dict[int, int]] = {}
        for at, line in _lines(block.path / TABLE):
            if found := START.match(line):
                offsets.setdefault(found[2].decode(), {})[int(found[1])] = at
                continue
            row = _parsed(line, block.path / TABLE)
            if "values" in row:
                offsets.setdefault(row["metric"], {})[row["t"]] = at
            elif i == 0:
                reasons[row["metric"]] = row["not_applicable"]
        blocks.append(offsets)
    return Table(run, tuple(blocks), reasons)


def read(table: Table, most: int, about: Entries | None = None) -> Measured:
    """Parse the lines of the generations drawn; raises StoreError for a broken one.

    about: the words of a whole page, instead of the run's own.
    """
    run = table.run
    head = {a["name"]: a for a in run.header.metrics}
    wanted = {m: chosen(table.times(m), most, run.header.theory.get(m)) for m in table.metrics()}
    parts: dict[str, list[list[Floats]]] = {m: [] for m in wanted}
    for block, offsets in zip(run.blocks, table.blocks, strict=True):
        path = block.path / TABLE
        for metric, times in wanted.items():
            at = [offsets[metric][t] for t in times.tolist()]
            parts[metric].append(list(_values(path, at)))
    series = {
        m: Series(m, head[m]["unit"], head[m]["direction"], wanted[m], _joined(blocks))
        for m, blocks in parts.items()
        if len(wanted[m])
    }
    absent = {m: why for m, why in table.reasons.items() if m not in series}
    return Measured(run, series, absent, run.about if about is None else about)


def chosen(times: Ints, most: int, theory: Mapping[str, Any] | None = None) -> Ints:
    """Return about `most` of the generations: the ends, the middle one, and those of a short law.

    They look dense on linear and on log axes.
    """
    if not times.size:
        return times
    middle = [int(np.abs(times - times[-1] / 2).argmin())]
    law = theory["t"] if theory and len(theory["t"]) < FEW else []
    kept = np.concatenate([middle, np.flatnonzero(np.isin(times, law))])
    return times[np.union1d(places(len(times), most), kept).astype(np.int64)]


def places(n: int, most: int) -> Ints:
    """Return at most about `most` of 0 .. n - 1, ends included, denser at the start than after."""
    if n <= most:
        return np.arange(n)
    even = np.linspace(0, n - 1, most - most // 3).round()
    early = np.geomspace(1, n, most // 3).round() - 1
    return np.unique(np.concatenate([even, early])).astype(np.int64)


def _values(path: Path, offsets: Sequence[int]) -> Iterator[Floats]:
    with explained("read", path), path.open("rb") as file:
        for at in offsets:
            file.seek(at)
            row = _parsed(file.readline(), path)
            yield np.array([float(v) for v in row["values"]])


def _joined(blocks: list[list[Floats]]) -> Floats:
    """Return values (T, C) over the chains of all blocks."""
    return np.concatenate([np.array(rows) for rows in blocks], axis=1)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if not path.exists():
        return
    at = 0
    with explained("read", path), path.open("rb") as file:
        for line in file:
            # A last line without its end is one being written, or cut off by a kill.
            if line.endswith(b"\n") and line.strip():
                yield at, line
            at += len(line)


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError as error:
        raise StoreError(f"{path} holds a broken line ({error}); delete the run folder") from error
    return row
