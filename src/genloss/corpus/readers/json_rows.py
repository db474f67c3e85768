"""Rows of JSON: one object a line, an array of objects, one object, or an object of columns."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genloss.corpus.readers import bounded
from genloss.corpus.readers.byte_stream import decoded, opened
from genloss.corpus.readers.fields import field_among
from genloss.corpus.readers.json_array import elements
from genloss.corpus.readers.json_values import RepeatedFieldError, not_json, value_of
from genloss.errors import DataError

Rows = Iterator[tuple[Mapping[str, Any], str]]
"""The fields of each row, and where it stands."""

LARGEST_OBJECT = 1 << 30
"""Characters of a .json file that is one object, whose columns are read as a whole."""

SPACE = b"\xef\xbb\xbf \t\r\n"
"""What may stand before JSON: white space, and a byte order mark."""

HEAD = 1 << 20
"""Bytes that are looked at to tell rows from something else."""


def lines(file: Path) -> Rows:
    """Yield the objects of a file that has one a line; blank lines are skipped.

    Raises:
        DataError: not UTF-8, not JSON, no object, two values of one field or longer than the limit,
            with the line.
    """
    for number, content in bounded.bounded_lines(file):
        where = f"{file}: line {number}"
        if content is None:
            raise DataError(f"{where}: more than {bounded.LONGEST >> 20} MiB; cut the text")
        line = decoded(content, str(file), number).removeprefix("\ufeff").strip()
        if line:
            yield _object(_parsed(line, where), where), where


def document(file: Path) -> Rows:
    """Yield the rows of a .json file: lines, an array, one object, or an object of columns.

    One row of lines or of an array is in memory at a time; an object is as a whole.

    Raises:
        DataError: not UTF-8, not JSON, rows that are not objects, two values of one field, columns
            of different lengths, an object of more than LARGEST_OBJECT characters.
    """
    if is_lines(file):
        yield from lines(file)
    elif _first_sign(file) == b"[":
        for number, row in enumerate(elements(file), start=1):
            where = f"{file}: row {number}"
            yield _object(row, where), where
    else:
        text = bounded.read_text(file, LARGEST_OBJECT, "one JSON object")
        yield from _columns(_object(_parsed(text, str(file)), str(file)), file)


def _columns(row: Mapping[str, Any], file: Path) -> Rows:
    if not row or not all(isinstance(column, list) for column in row.values()) or _is_chat(row):
        yield row, str(file)
        return
    sizes = {name: len(column) for name, column in row.items()}
    if len(set(sizes.values())) > 1:
        raise DataError(f"{file}: columns of {sizes} entries; expected equally many")
    for number, values in enumerate(zip(*row.values(), strict=True), start=1):
        yield dict(zip(row, values, strict=True)), f"{file}: row {number}"


def reason_against(file: Path, text_field: str) -> str:
    """Return why a .json file is not a file of rows of text, or '' where it may be one.

    Settings and lists of names lie beside data; only the beginning of the file is read.
    """
    with opened(file) as stream:
        head = stream.read(HEAD).decode("utf-8", "ignore").removeprefix("\ufeff").lstrip()
    if not head:
        return ""
    start = len(head) - len(head[1:].lstrip()) if head.startswith("[") else 0
    if head[start : start + 1] == "]":
        return "an empty list"
    try:
        value, end = json.JSONDecoder().raw_decode(head, start)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return f"JSON of {type(value).__name__}, not of rows"
    if start or head[end:].strip():
        return ""
    try:
        field_among(value, text_field, "")
    except DataError:
        inner = [
            k for k, v in value.items() if isinstance(v, list) and v and isinstance(v[0], dict)
        ]
        hint = f"; write the rows in its field {inner[0]} to a file of their own" if inner else ""
        return f"one JSON object without the field {text_field}{hint}"
    return ""


def is_lines(file: Path) -> bool:
    """Return whether the first line is an object of its own, and the next begins another one."""
    if _first_sign(file) != b"{":
        return False
    filled = (line for _, line in bounded.bounded_lines(file) if line is None or line.strip(SPACE))
    first, second = next(filled, b"") or b"", next(filled, b"") or b""
    if not second.lstrip(SPACE).startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(first.decode("utf-8-sig")), dict)
    except (ValueError, RecursionError):
        return False


def _first_sign(file: Path) -> bytes:
    begun = (rest[:1] for chunk in bounded.chunks(file) if (rest := chunk.lstrip(SPACE)))
    return next(begun, b"")


def _is_chat(row: Mapping[str, Any]) -> bool:
    """Return whether lists of one object are the messages of a chat rather than columns."""
    return all(isinstance(item, Mapping) for column in row.values() for item in column)


def _parsed(text: str, where: str) -> Any:
    try:
        return value_of(text)
    except RepeatedFieldError as error:
        raise DataError(f"{where}: {error}") from None
    # Numbers of thousands of digits and brackets too deep are errors of other kinds.
    except (ValueError, RecursionError) as error:
        raise not_json(error, where) from None


def _object(row: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise DataError(
            f"{where}: is {type(row).__name__}; expected a table of fields, such as "
            '{"text": "..."}'
        )
    return row
