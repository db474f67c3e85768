"""Tables of runs as files: Parquet, CSV, JSON for programs; Markdown and LaTeX for papers."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.errors import SpecError
from genloss.report.arrow import AFTER, MASKED, arrow_reader, column_type, text_of
from genloss.report.long_table import LongTable
from genloss.report.over_chains import ESTIMATES, OverChains
from genloss.store.output import output_file

MOST_PRINTED = 2000
"""Rows of a table that somebody reads on paper."""


Row = tuple[Any, ...]


def write_table(table: LongTable | OverChains, out: Path) -> int:
    """Write the table to a file of the kind that its suffix says; return the number of rows.

    Raises:
        SpecError: another suffix, or more rows than somebody reads in Markdown or LaTeX.
        MissingExtra: Parquet without pyarrow.
        StoreError: a damaged run, or a place that cannot be written.
    """
    if (suffix := out.suffix.lower()) not in WRITERS:
        raise SpecError(f"{out} ends in {out.suffix!r}; expected {', '.join(WRITERS)}")
    with output_file(out) as place:
        if isinstance(table, OverChains):
            return WRITERS[suffix](table.columns, table.rows(), place)
        if suffix in LONG:
            return LONG[suffix](table, place)
        return WRITERS[suffix](columns(table), rows(table), place)


def columns(table: LongTable) -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("run", *table.fields, *AFTER)


def rows(table: LongTable) -> Iterator[Row]:
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


def _long_csv(table: LongTable, out: Path) -> int:
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


def _csv(names: Sequence[str], lines: Iterable[Row], out: Path) -> int:
    n = 0
    with out.open("x", encoding="utf-8", newline="") as file:
        file.write(",".join(map(_cell, names)) + "\n")
        for row in lines:
            file.write(",".join(repr(v) if isinstance(v, float) else _cell(v) for v in row) + "\n")
            n += 1
    return n


def _json(names: Sequence[str], lines: Iterable[Row], out: Path) -> int:
    n = 0
    with out.open("x", encoding="utf-8") as file:
        file.write("[")
        for row in lines:
            record = {
                name: str(v) if isinstance(v, float) and math.isinf(v) else v
                for name, v in zip(names, row, strict=True)
            }
            file.write(("," if n else "") + "\n" + json.dumps(record))
            n += 1
        file.write("\n]\n")
    return n


def _parquet(names: Sequence[str], lines: Iterable[Row], out: Path) -> int:
    pa = optional("pyarrow", "Parquet")
    every = list(lines)
    arrays = []
    for i, name in enumerate(names):
        values = [row[i] for row in every]
        kind = pa.float64() if name in MAYBE else column_type(pa, values)
        texts = [v if v is None or kind != pa.string() else text_of(v) for v in values]
        arrays.append(pa.array(texts, kind))
    import_module("pyarrow.parquet").write_table(pa.table(arrays, names=list(names)), out)
    return len(every)


MAYBE = frozenset(("low", "high", *MASKED))
"""Columns of numbers of which none may be there."""


def _long_parquet(table: LongTable, out: Path) -> int:
    n, reader = 0, arrow_reader(table, "Parquet")
    with import_module("pyarrow.parquet").ParquetWriter(out, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            n += batch.num_rows
    return n


def _few(lines: Iterable[Row]) -> list[list[str]]:
    few: list[list[str]] = []
    for row in lines:
        if len(few) == MOST_PRINTED:
            raise SpecError(
                f"more than {MOST_PRINTED:,} rows, too many to read as Markdown or LaTeX; choose "
                "some with --metric and --at, or write .parquet or .csv"
            )
        few.append(
            ["" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in row]
        )
    return few


def _markdown(names: Sequence[str], lines: Iterable[Row], out: Path) -> int:
    few = _few(lines)
    text = "".join(
        "| " + " | ".join(map(_markdown_cell, line)) + " |\n"
        for line in (names, ["---"] * len(names), *few)
    )
    out.write_text(text, encoding="utf-8")
    return len(few)


def _markdown_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


TEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}

NUMBERS = frozenset(("chain", "generation", "value", *ESTIMATES, *MASKED))
"""Columns that LaTeX sets to the right."""


def _latex(names: Sequence[str], lines: Iterable[Row], out: Path) -> int:
    few = _few(lines)
    kinds = "".join("r" if c in NUMBERS else "l" for c in names)
    body = [
        " & ".join("".join(TEX.get(c, c) for c in cell) for cell in line) + r" \\"
        for line in (names, *few)
    ]
    text = [rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", body[0], r"\midrule", *body[1:]]
    out.write_text("\n".join([*text, r"\bottomrule", r"\end{tabular}", ""]), encoding="utf-8")
    return len(few)


WRITERS: Mapping[str, Callable[[Sequence[str], Iterable[Row], Path], int]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".md": _markdown,
    ".tex": _latex,
}

LONG: Mapping[str, Callable[[LongTable, Path], int]] = {
    ".parquet": _long_parquet,
    ".csv": _long_csv,
}
"""Faster for millions of rows of the same shape."""
