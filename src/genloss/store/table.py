"""The table of one block: a line per generation and metric, written and read here alone.

{"t":3,"metric":"sigma","values":[0.5,"inf"],"chain":"..."}              one number per chain
{"t":3,"metric":"q","components":[[0.1,0.2],"too few rows"],"chain":...} a list per label, or why
{"t":3,"metric":"kl","absent":"no held-out rows","chain":"..."}          why there is none

Floats come back to the bit; infinities are text, as JSON has none.
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.parsing import parsing_reason
from genloss.errors import StoreError
from genloss.store.digest_chain import Mark, first_link, verified
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
        if not self.path.exists():
            if self.mark is None or not self.mark.bytes:
                return
            raise StoreError(
                f"{self.path} is half-deleted: its manifest vouches for it, and it is gone; delete "
                "the run folder and run again, or put the file back"
            )
        with open_regular(self.path) as file:
            yield from verified(file, self.path, table_link(self.origin, self.block), self.mark)

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
        names: dict[bytes, str] = {}
        for line in self.lines():
            t, raw, _ = self._start(line)
            name = names.get(raw) or names.setdefault(raw, json.loads(raw))
            if wanted is None or t in wanted.get(name, ()):
                yield t, name, row_value(self._parsed(line))

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
