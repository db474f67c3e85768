"""Documents written to files in every way that is read, for tests."""

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq


def _lines(texts: Sequence[str], field: str) -> bytes:
    rows = ({"id": i, field: text} for i, text in enumerate(texts))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _array(texts: Sequence[str], field: str) -> bytes:
    return json.dumps([{"id": i, field: t} for i, t in enumerate(texts)], indent=1).encode()


def _columns(texts: Sequence[str], field: str) -> bytes:
    return json.dumps({"id": list(range(len(texts))), field: list(texts)}).encode()


def _table(separator: str):
    def written(texts: Sequence[str], field: str) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=separator)
        writer.writerow(["id", field])
        writer.writerows(enumerate(texts))
        return out.getvalue().encode()

    return written


def _parquet(texts: Sequence[str], field: str) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"id": range(len(texts)), field: texts}), out, row_group_size=2)
    return out.getvalue()


def _stream(texts: Sequence[str], field: str) -> bytes:
    table, out = pa.table({"id": range(len(texts)), field: texts}), io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table, max_chunksize=2)
    return out.getvalue()


def _feather(texts: Sequence[str], field: str) -> bytes:
    out = io.BytesIO()
    feather.write_feather(pa.table({"id": range(len(texts)), field: texts}), out)
    return out.getvalue()


ROWS = {
    "lines.jsonl": _lines,
    "lines.ndjson": _lines,
    "lines.json": _lines,
    "array.json": _array,
    "columns.json": _columns,
    "comma.csv": _table(","),
    "semicolon.csv": _table(";"),
    "tab.tsv": _table("\t"),
    "rows.parquet": _parquet,
    "stream.arrow": _stream,
    "file.arrow": _feather,
    "rows.feather": _feather,
}
"""How rows are written; the suffix is that of the file."""

PACKED = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, "zstd", asbytes=True),
}


def write_rows(
    folder: Path, stem: str, texts: Sequence[str], way: str, packing: str = "", field: str = "text"
) -> Path:
    """Write texts as the rows of one file."""
    file = folder / f"{stem}{Path(way).suffix}{packing}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(PACKED[packing](ROWS[way](texts, field)))
    return file


def write_prose(
    folder: Path, stem: str, text: str, suffix: str = ".txt", packing: str = ""
) -> Path:
    """Write one text as a file of its own."""
    file = folder / f"{stem}{suffix}{packing}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(PACKED[packing](text.encode()))
    return file
