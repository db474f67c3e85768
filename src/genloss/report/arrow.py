"""The long table in Arrow's form, a batch at a time; the only place that builds it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from genloss.core.extras import optional
from genloss.report.long_table import Chunk, LongTable

AFTER = (
    "chain",
    "generation",
    "metric",
    "component",
    "value",
    "unit",
    "direction",
    "theory",
    "theory_for",
)


def arrow_reader(table: LongTable, what: str) -> Any:
    """Return a pyarrow.RecordBatchReader over the table, which reads the runs as it goes.

    Raises:
        MissingExtra: pyarrow is not installed; `what` is what needs it.
    """
    pa = optional("pyarrow", what)
    schema = pa.schema(_types(pa, table))
    return pa.RecordBatchReader.from_batches(schema, _batches(pa, table, schema))


def _batches(pa: Any, table: LongTable, schema: Any) -> Iterator[Any]:
    codes = {name: _coded(table, name) for name in ("metric", "component", "unit", "direction")}
    for chunk in table.chunks():
        yield pa.record_batch(_arrays(pa, table, chunk, codes, schema), schema=schema)


def _types(pa: Any, table: LongTable) -> list[tuple[str, Any]]:
    text = pa.dictionary(pa.int32(), pa.string())
    fields = [(name, _field_type(pa, values)) for name, values in table.fields.items()]
    numbers = {"chain": pa.int32(), "generation": pa.int32()}
    numbers |= {"value": pa.float64(), "theory": pa.float64()}
    return [("run", text), *fields, *((name, numbers.get(name, text)) for name in AFTER)]


def _field_type(pa: Any, values: Sequence[Any]) -> Any:
    there = [v for v in values if v is not None]
    if all(isinstance(v, bool) for v in there):
        return pa.bool_()
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in there):
        return pa.string()
    whole = all(isinstance(v, int) and abs(v) < 1 << 63 for v in there)
    return pa.int64() if whole else pa.float64()


def _coded(table: LongTable, name: str) -> tuple[list[str], Any]:
    """Return the distinct texts of a column, and the place of each quantity's among them."""
    texts = [getattr(q, name) for q in table.quantities]
    known = list(dict.fromkeys(texts))
    return known, np.array([known.index(text) for text in texts], dtype=np.int32)


def _arrays(
    pa: Any, table: LongTable, chunk: Chunk, codes: Mapping[str, Any], schema: Any
) -> list[Any]:
    n = len(chunk.value)
    run = np.full(n, chunk.run, dtype=np.int32)
    out = [pa.DictionaryArray.from_arrays(run, table.names)]
    for name, values in table.fields.items():
        kind, value = schema.field(name).type, values[chunk.run]
        scalar = value if value is None or kind != pa.string() else _text(value)
        out.append(pa.repeat(pa.scalar(scalar, kind), n))
    for name in AFTER:
        if name in codes:
            texts, places = codes[name]
            out.append(pa.DictionaryArray.from_arrays(places[chunk.quantity], texts))
        elif name == "theory":
            out.append(pa.array(chunk.theory, mask=np.isnan(chunk.theory)))
        elif name == "theory_for":
            out.append(_statistics(pa, chunk))
        else:
            out.append(pa.array(getattr(chunk, name), schema.field(name).type))
    return out


def _statistics(pa: Any, chunk: Chunk) -> Any:
    known = list(dict.fromkeys(chunk.theory_for))
    codes = np.array([known.index(text) for text in chunk.theory_for], dtype=np.int32)
    without = np.isnan(chunk.theory)
    return pa.DictionaryArray.from_arrays(pa.array(codes[chunk.quantity], mask=without), known)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
