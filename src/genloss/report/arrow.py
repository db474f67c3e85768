"""The long table in Arrow's form, a batch at a time; the only place that builds it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from genloss.core.extras import optional
from genloss.report.long_table import CHUNK_VALUES, Chunk, LongTable

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
    "control",
    "matched_control",
)

MASKED = ("theory", "control", "matched_control")
"""Numbers that may not be there."""


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
    codes["run"] = table.names, np.arange(len(table.names), dtype=np.int32)
    known = {
        name: (pa.array(texts, pa.string()), places) for name, (texts, places) in codes.items()
    }
    held: list[Chunk] = []
    size = 0
    for chunk in table.chunks():
        held.append(chunk)
        size += len(chunk.value)
        # Ten thousand small runs are a few batches, not ten thousand.
        if size >= CHUNK_VALUES:
            yield pa.record_batch(_arrays(pa, table, held, known, schema), schema=schema)
            held, size = [], 0
    if held:
        yield pa.record_batch(_arrays(pa, table, held, known, schema), schema=schema)


def _types(pa: Any, table: LongTable) -> list[tuple[str, Any]]:
    text = pa.dictionary(pa.int32(), pa.string())
    fields = [(name, column_type(pa, values)) for name, values in table.fields.items()]
    numbers = {"chain": pa.int32(), "generation": pa.int32()}
    numbers |= {"value": pa.float64(), **dict.fromkeys(MASKED, pa.float64())}
    return [("run", text), *fields, *((name, numbers.get(name, text)) for name in AFTER)]


def column_type(pa: Any, values: Sequence[Any]) -> Any:
    """Return the type of a column of these values, None among them; text for mixed ones."""
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
    pa: Any, table: LongTable, chunks: Sequence[Chunk], codes: Mapping[str, Any], schema: Any
) -> list[Any]:
    runs = np.array([chunk.run for chunk in chunks])
    of = np.repeat(np.arange(len(chunks)), [len(chunk.value) for chunk in chunks])
    names, places = codes["run"]
    out = [pa.DictionaryArray.from_arrays(places[runs[of]], names)]
    for name, values in table.fields.items():
        kind = schema.field(name).type
        there = [values[run] for run in runs]
        texts = [v if v is None or kind != pa.string() else text_of(v) for v in there]
        out.append(pa.array(texts, kind).take(pa.array(of)))
    for name in AFTER:
        if name in codes:
            texts, places = codes[name]
            out.append(pa.DictionaryArray.from_arrays(places[_joined(chunks, "quantity")], texts))
        elif name in MASKED:
            numbers = _joined(chunks, name)
            out.append(pa.array(numbers, mask=np.isnan(numbers)))
        elif name == "theory_for":
            out.append(_statistics(pa, chunks))
        else:
            out.append(pa.array(_joined(chunks, name), schema.field(name).type))
    return out


def _joined(chunks: Sequence[Chunk], name: str) -> Any:
    return np.concatenate([getattr(chunk, name) for chunk in chunks])


def _statistics(pa: Any, chunks: Sequence[Chunk]) -> Any:
    known = list(dict.fromkeys(text for chunk in chunks for text in chunk.theory_for))
    place = {text: i for i, text in enumerate(known)}
    codes = [
        np.array([place[text] for text in chunk.theory_for], dtype=np.int32)[chunk.quantity]
        for chunk in chunks
    ]
    without = np.isnan(_joined(chunks, "theory"))
    return pa.DictionaryArray.from_arrays(pa.array(np.concatenate(codes), mask=without), known)


def text_of(value: Any) -> str:
    """Return a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
