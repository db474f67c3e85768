"""The long table as a file: Parquet, CSV, JSON for programs; Markdown and LaTeX for papers."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from genloss.errors import SpecError
from genloss.report.arrow import AFTER, MASKED, arrow_reader
from genloss.report.long_table import LongTable
from genloss.store.output import output_file

MOST_PRINTED = 2000
"""Rows of a table that somebody reads on paper."""


def write_table(table: LongTable, out: Path) -> int:
    """Write the table to a file of the kind that its suffix says; return the number of rows.

    Raises:
        SpecError: another suffix, or more rows than somebody reads in Markdown or LaTeX.
        MissingExtra: Parquet without pyarrow.
        StoreError: a damaged run, or a place that cannot be written.
    """
    if (write := WRITERS.get(out.suffix.lower())) is None:
        raise SpecError(f"{out} ends in {out.suffix!r}; expected {', '.join(WRITERS)}")
    with output_file(out) as place:
        return write(table, place)


def columns(table: LongTable) -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("run", *table.fields, *AFTER)


def rows(table: LongTable) -> Iterator[tuple[Any, ...]]:
    """Yield the rows; None for no theory or control, and for a field that a run lacks."""
    for chunk in table.chunks():
        before = (table.names[chunk.run], *(v[chunk.run] for v in table.fields.values()))
        parts = (chunk.chain, chunk.generation, chunk.quantity, chunk.value, chunk.theory)
        beside = [map(_or_none, p.tolist()) for p in (chunk.control, chunk.matched_control)]
        every = zip(*(p.tolist() for p in parts), *beside, strict=True)
        for chain, t, place, value, theory, *controls in every:
            q = table.quantities[place]
            law = (None, None) if math.isnan(theory) else (theory, chunk.theory_for[place])
            head = (*before, chain, t, q.metric, q.component, value, q.unit, q.direction)
            yield (*head, *law, *controls)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _csv(table: LongTable, out: Path) -> int:
    names, n = table.names, 0
    tails = [[_cell(q.metric), _cell(q.component)] for q in table.quantities]
    units = [[_cell(q.unit), _cell(q.direction)] for q in table.quantities]
    heads = [",".join(a) for a in tails]
    ends = [",".join(a) for a in units]
    with out.open("x", encoding="utf-8", newline="") as file:
        file.write(",".join(map(_cell, columns(table))) + "\n")
        for chunk in table.chunks():
            fields = (names[chunk.run], *(v[chunk.run] for v in table.fields.values()))
            prefix = ",".join(map(_cell, fields))
            parts = (chunk.chain, chunk.generation, chunk.quantity, chunk.value)
            beside = [map(_or_blank, p.tolist()) for p in (chunk.control, chunk.matched_control)]
            laws = [
                f"{',' if math.isnan(v) else f'{v!r},{chunk.theory_for[q]}'},{one},{other}"
                for v, q, one, other in zip(
                    chunk.theory.tolist(), chunk.quantity.tolist(), *beside, strict=True
                )
            ]
            file.writelines(
                f"{prefix},{chain},{t},{heads[q]},{value!r},{ends[q]},{law}\n"
                for chain, t, q, value, law in zip(*(p.tolist() for p in parts), laws, strict=True)
            )
            n += len(chunk.value)
    return n


def _or_blank(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _json(table: LongTable, out: Path) -> int:
    names, n = columns(table), 0
    with out.open("x", encoding="utf-8") as file:
        file.write("[")
        for row in rows(table):
            record = dict(zip(names, row, strict=True))
            if math.isinf(record["value"]):
                record["value"] = str(record["value"])
            file.write(("," if n else "") + "\n" + json.dumps(record))
            n += 1
        file.write("\n]\n")
    return n


def _parquet(table: LongTable, out: Path) -> int:
    n, reader = 0, arrow_reader(table, "Parquet")
    with import_module("pyarrow.parquet").ParquetWriter(out, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            n += batch.num_rows
    return n


def _few(table: LongTable) -> list[list[str]]:
    few: list[list[str]] = []
    for row in rows(table):
        if len(few) == MOST_PRINTED:
            raise SpecError(
                f"more than {MOST_PRINTED:,} rows, too many to read as Markdown or LaTeX; choose "
                "some with --metric and --at, or write .parquet or .csv"
            )
        few.append(
            ["" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in row]
        )
    return few


def _markdown(table: LongTable, out: Path) -> int:
    few = _few(table)
    lines = [columns(table), ["---"] * len(columns(table)), *few]
    text = "".join("| " + " | ".join(map(_markdown_cell, line)) + " |\n" for line in lines)
    out.write_text(text, encoding="utf-8")
    return len(few)


def _markdown_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


TEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _latex(table: LongTable, out: Path) -> int:
    few = _few(table)
    kinds = "".join(
        "r" if c in ("chain", "generation", "value", *MASKED) else "l" for c in columns(table)
    )
    body = [columns(table), *few]
    lines = [
        " & ".join("".join(TEX.get(c, c) for c in cell) for cell in line) + r" \\" for line in body
    ]
    text = [rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", lines[0], r"\midrule", *lines[1:]]
    out.write_text("\n".join([*text, r"\bottomrule", r"\end{tabular}", ""]), encoding="utf-8")
    return len(few)


WRITERS: Mapping[str, Callable[[LongTable, Path], int]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".md": _markdown,
    ".tex": _latex,
}
