"""From one file to its documents, before they are cut."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from genloss.corpus.document import Document
from genloss.corpus.origins import claims_in, field_called
from genloss.corpus.readers import arrow_rows, csv_rows, json_rows
from genloss.corpus.readers.bounded import content_if_small, read_text
from genloss.corpus.readers.byte_stream import decoded, endings
from genloss.corpus.readers.fields import field_among, text_in
from genloss.corpus.splits_by_name import split_called
from genloss.errors import DataError

SPLIT = "split"
"""Field of a row that says which split it is of."""

PROSE = (".txt", ".text", ".md", ".raw", ".tokens")
"""Suffixes of plain text; the last two are WikiText's."""

READERS: Mapping[str, Callable[[Path, str], json_rows.Rows]] = {
    ".jsonl": lambda file, field: json_rows.lines(file),
    ".ndjson": lambda file, field: json_rows.lines(file),
    ".ldjson": lambda file, field: json_rows.lines(file),
    ".jsonlines": lambda file, field: json_rows.lines(file),
    ".jl": lambda file, field: json_rows.lines(file),
    ".json": lambda file, field: json_rows.document(file),
    ".csv": csv_rows.records,
    ".tsv": csv_rows.records,
    ".parquet": lambda file, field: arrow_rows.parquet(file, field, _beside(file)),
    ".arrow": lambda file, field: arrow_rows.arrow(file, field, _beside(file)),
    ".feather": lambda file, field: arrow_rows.arrow(file, field, _beside(file)),
}
"""Suffixes of files of rows, one document each."""


def _beside(file: Path) -> list[str]:
    """Return the columns of a file that are looked at beside its text."""
    return [n for n in arrow_rows.column_names(file) if n == SPLIT or field_called(n)]


def is_prose(file: Path) -> bool:
    """Return whether a file is read as one plain text."""
    return endings(file)[0] not in READERS


def rows_of(file: Path, text_field: str) -> Iterator[Document]:
    """Yield the text of a plain file, or of each row of a file of rows.

    Raises:
        DataError: not UTF-8 (with the line), damaged, or rows without such a text.
        MissingExtra: Parquet, Arrow or Zstandard without pyarrow.
    """
    reader = READERS.get(endings(file)[0])
    if reader is None:
        yield Document(_prose(file).replace("\r\n", "\n"), str(file))
        return
    field = ""
    for row, where in reader(file, text_field):
        # One field for the whole file, that of its first row.
        field = field or field_among(map(str, row), text_field, where)
        yield document_of(row, field, where)


def _prose(file: Path) -> str:
    """Return a plain text; a short one is opened once."""
    content = content_if_small(file)
    if content is not None and not content.lstrip(json_rows.SPACE).startswith(b"{"):
        return decoded(content, str(file)).removeprefix("\ufeff")
    if json_rows.is_lines(file):
        raise DataError(
            f"{file}: looks like rows of JSON, and would be read as prose with their syntax; "
            "rename it to .jsonl"
        )
    return read_text(file)


def document_of(row: Mapping[str, Any], field: str, where: str) -> Document:
    """Return the document of one row; see `text_in`, `claims_in` and `split_called`."""
    split = split_called(str(row.get(SPLIT) or "")) if field != SPLIT else None
    return Document(text_in(row, field, where), where, claims_in(row, field), split=split or "")
