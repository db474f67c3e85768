"""The table of one block: a line per generation and metric, written and read here alone.

{"t":3,"metric":"sigma","values":[0.5,"inf"],"chain":"..."}              one number per chain
{"t":3,"metric":"q","components":[[0.1,0.2],"too few rows"],"chain":...} a list per label, or why
{"t":3,"metric":"kl","absent":"no held-out rows","chain":"..."}          why there is none

Floats come back to the bit; infinities are text, as JSON has none.
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.parsing import parsing_reason
from genloss.errors import StoreError
from genloss.store.digest_chain import Mark, Piece, first_link, verified_pieces
from genloss.store.files import open_regular
from genloss.store.schema import expect

TABLE = "metrics.jsonl"

START = re.compile(rb'\{"t":(\d+),"metric":("(?:[^"\\]|\\.)*"),"(values|components|absent)":')
"""How every line begins."""

LINE = {
    "t": int,
    "metric": str,
    "values?": [(float, str)],
    "components?": [(str, [(float, str)])],
    "absent?": str,
}

Row = tuple[int, str, "Floats | Absent"]
"""Generation, metric, and values (C,) or (C, K), NaN where a component is absent; or why not."""


@dataclass(frozen=True)
class Absent:
    """Why a metric has no value at a generation."""

    why: str


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows of numbers: of row i the generation t[i], metrics[metric[i]] and values[i] (C,)."""

    t: Ints
    metrics: tuple[str, ...]
    metric: Ints
    values: Floats


@dataclass(frozen=True)
class Table:
    """The table of a block, read only; every line is verified in the pass that parses it.

    origin, block: what it belongs to. mark: how far the manifest vouches for it, None without one.
    """

    path: Path
    origin: str
    block: int
    mark: Mark | None

    def lines(self) -> Iterator[bytes]:
        """Yield the lines; raises StoreError for a damaged table or one that is gone."""
        for piece in self.pieces():
            yield from piece.lines()

    def pieces(self, compiled: bool = False) -> Iterator[Piece]:
        """Yield the lines, as many together as were verified together; raises as `lines` does.

        compiled: see `genloss.store.digest_chain.verified_pieces`.
        """
        if not self.path.exists():
            if self.mark is None or not self.mark.bytes:
                return
            raise StoreError(
                f"{self.path} is half-deleted: its manifest vouches for it, and it is gone; delete "
                "the run folder and run again, or put the file back"
            )
        with open_regular(self.path) as file:
            link = table_link(self.origin, self.block)
            yield from verified_pieces(file, self.path, link, self.mark, compiled)

    def vouched(self) -> Iterator[bytes]:
        """Yield the lines that the manifest vouches for, whatever stands behind them."""
        left = 0 if self.mark is None else self.mark.bytes
        for line in self.lines() if left else ():
            yield line
            left -= len(line)
            if left <= 0:
                return

    def times(self) -> tuple[dict[str, list[int]], dict[str, str]]:
        """Return the generations with values by metric, and the last reason of those without."""
        times: dict[str, list[int]] = {}
        reasons: dict[str, str] = {}
        names: dict[bytes, str] = {}
        for line in self.lines():
            t, raw, kind = self._start(line)
            name = names.get(raw) or names.setdefault(raw, json.loads(raw))
            if kind == b"absent":
                reasons[name] = self._parsed(line)["absent"]
            else:
                times.setdefault(name, []).append(t)
        return times, reasons

    def rows(self, wanted: Mapping[str, Collection[int]] | None = None) -> Iterator[Row]:
        """Yield the rows in the order of writing; wanted: only these generations of metrics."""
        for piece in self.pieces():
            yield from self._rows_of(piece.lines(), wanted)

    def _rows_of(
        self, lines: Sequence[bytes], wanted: Mapping[str, Collection[int]] | None
    ) -> Iterator[Row]:
        names: dict[bytes, str] = {}
        for line in lines:
            t, raw, _ = self._start(line)
            name = names.get(raw) or names.setdefault(raw, json.loads(raw))
            if wanted is None or t in wanted.get(name, ()):
                yield t, name, row_value(self._parsed(line))

    def columns(self, compiled: bool = False) -> Iterator[Columns | Row]:
        """Yield what `rows` does, but rows of finite numbers, where there are no others, together.

        Several times as fast where rows are short; compiled: see `pieces`.
        """
        for piece in self.pieces(compiled):
            if (together := _columns(piece, compiled)) is not None:
                yield together
            else:
                yield from self._rows_of(piece.lines(), None)

    def generation_bytes(self) -> float:
        """Return the bytes of a measured generation on average; 0 for an empty table."""
        times, size = set[int](), 0
        for line in self.lines():
            times.add(self._start(line)[0])
            size += len(line)
        return size / max(len(times), 1)

    def _start(self, line: bytes) -> tuple[int, bytes, bytes]:
        if (match := START.match(line)) is None:
            raise StoreError(f"{self.path}: a line begins {line[:60]!r}; see docs/format.md")
        return int(match[1]), match[2], match[3]

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            row: dict[str, Any] = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise StoreError(
                f"{self.path} holds a broken line ({parsing_reason(error)})"
            ) from error
        if "values" not in row:
            expect(row, LINE, self.path)
        return row


MOST_NAMES = 1000
"""Metrics that are read in a compiled loop, at most."""

BETWEEN = (b'],"chain":"', b'"}\n{"t":', b',"metric":', b',"values":[')
"""What stands between the parts of lines of numbers: t, metric, values, link."""


def _columns(piece: Piece, compiled: bool) -> Columns | None:
    """Return verified lines as columns; None where some are not finite numbers of as many chains.

    JSON escapes quotes and line ends inside of names, so that nothing else looks like what stands
    between the parts of such a line, and other lines have fewer parts.
    """
    if compiled and (together := _columns_compiled(piece)) is not None:
        return together
    n, text = piece.ends.size, piece.text
    if b'inf"' in text:
        return None
    for words in BETWEEN:
        text = text.replace(words, b"\n")
    parts = text.split(b"\n")
    if len(parts) != 4 * n + 1:
        return None
    parts[0] = parts[0].removeprefix(b'{"t":')
    names = parts[1::4]
    index = {raw: i for i, raw in enumerate(dict.fromkeys(names))}
    commas = {part.count(b",") for part in parts[2::4]}
    if len(commas) != 1:
        return None
    t = np.fromstring(b",".join(parts[:-1:4]), dtype=np.int64, sep=",")
    values = np.fromstring(b",".join(parts[2::4]), sep=",").reshape(n, -1)
    metric = np.fromiter(map(index.__getitem__, names), np.int64, n)
    return Columns(t, tuple(json.loads(raw) for raw in index), metric, values)


def _columns_compiled(piece: Piece) -> Columns | None:
    """Do `_columns` twenty times as fast; None as well for names or numbers beyond the usual."""
    from genloss.store.numbers_loop import numbers_in

    n, text = piece.ends.size, np.frombuffer(piece.text, np.uint8)
    t, metric = np.empty(n, np.int64), np.empty(n, np.int64)
    places, values = np.empty((MOST_NAMES, 2), np.int64), np.empty(text.size // 2)
    known, chains = numbers_in(text, piece.ends, t, metric, places, values)
    if not known:
        return None
    names = tuple(json.loads(piece.text[a:b]) for a, b in places[:known].tolist())
    return Columns(t, names, metric, values[: n * chains].reshape(n, chains))


def table_link(origin: str, block: int) -> bytes:
    """Return the link before the first line of a block's table."""
    return first_link(f"{origin}/{block:04d}")


def metric_row(
    t: int, metric: str, values: Floats, absent: Mapping[int, str] | None = None
) -> dict[str, Any]:
    """Return one row of values (C,), or (C, K) of a metric with K labels.

    absent: why a component has no values, by its place among the labels.

    Raises:
        StoreError: a value is NaN; the message names the metric, generation and chain.
    """
    if values.ndim == 1:
        return {"t": t, "metric": metric, "values": _numbers(t, metric, values)}
    reasons = absent or {}
    parts = [
        reasons[k] if k in reasons else _numbers(t, metric, values[:, k])
        for k in range(values.shape[1])
    ]
    return {"t": t, "metric": metric, "components": parts}


def absent_row(t: int, metric: str, why: str) -> dict[str, Any]:
    """Return the row of a metric that does not apply."""
    return {"t": t, "metric": metric, "absent": why}


def _numbers(t: int, metric: str, values: Floats) -> list[Any]:
    if np.isfinite(values).all():
        return values.tolist()
    bad = np.flatnonzero(np.isnan(values))
    if bad.size:
        raise StoreError(
            f"metric {metric} is NaN at generation {t}, chain {bad[0]} of its block; what came "
            "before is kept; check the learner there, or drop the metric"
        )
    return [v if math.isfinite(v) else ("inf" if v > 0 else "-inf") for v in values.tolist()]


def row_value(row: Mapping[str, Any]) -> Floats | Absent:
    """Return the values of a row, (C,) or (C, K), or why there are none."""
    if "values" in row:
        return np.array(row["values"], dtype=np.float64)
    if "absent" in row:
        return Absent(row["absent"])
    parts = row["components"]
    n = max((len(p) for p in parts if not isinstance(p, str)), default=0)
    blank = np.full(n, np.nan)
    columns = [blank if isinstance(p, str) else np.array(p, dtype=np.float64) for p in parts]
    return np.stack(columns, axis=1)
