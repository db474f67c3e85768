"""A record as one line of JSON, and back; what it must hold is checked here and nowhere else."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any, TypeVar

from genloss.corpus.record.dated import Dated, dated
from genloss.corpus.record.record import KINDS, ORIGINS, Evidence, Generator, Record
from genloss.errors import DataError

FORMAT = 1
"""The format of the line; a reader refuses any other."""

MARK = "record"
"""The first field of a line, which holds its format."""

ID = re.compile(r"sha256:[0-9a-f]{64}")

TEXTS = ("text", "path", "source", "licence", "origin")
LISTS = ("consent", "parents")
FIELDS = (
    *("id", *TEXTS, *LISTS, "claimed", "captured", "evidence", "generator"),
    *("depth", "grounded", "attributes"),
)

ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)

T = TypeVar("T")


def is_record(row: Mapping[str, Any]) -> bool:
    """Return whether a row of JSON says that it is a record."""
    return MARK in row and "id" in row


def line_of(record: Record) -> str:
    """Return a record as JSON without a line end; what is not known is left out."""
    row: dict[str, Any] = {MARK: FORMAT, "id": record.id}
    if record.text is not None:
        row["text"] = record.text
    for name in (*TEXTS[1:], *LISTS):
        if value := getattr(record, name):
            row[name] = value
    for name in ("claimed", "captured"):
        if when := getattr(record, name):
            row[name] = when.as_json()
    if record.evidence:
        row["evidence"] = [asdict(e) for e in record.evidence]
    if record.generator:
        row["generator"] = {k: v for k, v in asdict(record.generator).items() if v}
    for name in ("depth", "grounded"):
        if (value := getattr(record, name)) is not None:
            row[name] = value
    if record.attributes:
        row["attributes"] = dict(record.attributes)
    return ENCODER.encode(row)


def record_from(row: Mapping[str, Any]) -> Record:
    """Return the record that a parsed line holds; its id is not compared with its text here.

    Raises:
        DataError: another format, an unknown field, or a value that its field cannot have.
    """
    if row.get(MARK) != FORMAT or isinstance(row.get(MARK), bool):
        raise DataError(f"a record of format {row.get(MARK)!r}; this version reads {FORMAT}")
    if unknown := [name for name in row if name not in FIELDS and name != MARK]:
        raise DataError(f"no field {unknown[0]!r} in a record; put it among its attributes")
    if not isinstance(row.get("id"), str) or not ID.fullmatch(row["id"]):
        raise DataError(f"id is {str(row.get('id'))[:80]!r}; expected sha256: and 64 hex digits")
    if row.get("text") is None and not row.get("path"):
        raise DataError("holds neither text nor a path; expected one of them")
    texts = {name: _a(str, row[name], name) for name in TEXTS if row.get(name) is not None}
    lists = {name: tuple(_texts(row.get(name, ()), name)) for name in LISTS}
    _check_origin(texts.get("origin", "unknown"), "origin")
    depth, grounded = row.get("depth"), row.get("grounded")
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 0):
        raise DataError(f"depth is {depth!r}; expected a whole number from 0 on")
    return Record(
        id=row["id"],
        claimed=_dated(row, "claimed"),
        captured=_dated(row, "captured"),
        evidence=tuple(_evidence(e) for e in _a(list, row.get("evidence", []), "evidence")),
        generator=_generator(row.get("generator")),
        depth=depth,
        grounded=None if grounded is None else _a(bool, grounded, "grounded"),
        attributes=_attributes(row.get("attributes", {})),
        **texts,  # type: ignore[arg-type]
        **lists,  # type: ignore[arg-type]
    )


def _a(kind: type[T], value: Any, name: str) -> T:
    if not isinstance(value, kind):
        raise DataError(f"{name} is {type(value).__name__}; expected {kind.__name__}")
    return value


def _texts(value: Any, name: str) -> list[str]:
    return [_a(str, item, name) for item in (value if value == () else _a(list, value, name))]


def _check_origin(value: str, name: str) -> None:
    if value not in ORIGINS:
        raise DataError(f"{name} is {value!r}; expected one of {', '.join(ORIGINS)}")


def _dated(row: Mapping[str, Any], name: str) -> Dated | None:
    if row.get(name) is None:
        return None
    value = _a(dict, row[name], name)
    if missing := [part for part in ("first", "last", "grade") if part not in value]:
        raise DataError(f"{name} has no {missing[0]}; expected first, last and grade")
    try:
        return dated(value)
    except DataError as error:
        raise DataError(f"{name}: {error}") from None


def _evidence(value: Any) -> Evidence:
    piece = _a(dict, value, "evidence")
    if piece.get("kind") not in KINDS:
        raise DataError(
            f"evidence of kind {piece.get('kind')!r}; expected one of {', '.join(KINDS)}"
        )
    _check_origin(piece.get("says", ""), "what evidence says")
    return Evidence(piece["kind"], piece["says"], _a(str, piece.get("detail", ""), "detail"))


def _generator(value: Any) -> Generator | None:
    if value is None:
        return None
    parts = _a(dict, value, "generator")
    names = ("name", "revision", "sampling")
    if not parts.get("name") or (set(parts) - set(names)):
        raise DataError(f"generator has {', '.join(parts) or 'nothing'}; expected {names}")
    return Generator(**{name: _a(str, parts[name], name) for name in parts})


def _attributes(value: Any) -> dict[str, str | float | int]:
    given = _a(dict, value, "attributes")
    for name, item in given.items():
        if not isinstance(item, str | int | float):
            raise DataError(f"attribute {name} is {type(item).__name__}; expected text or a number")
        if not isinstance(item, str) and not is_finite(item):
            said = str(item)[:40]
            raise DataError(f"attribute {name} is {said}; expected text or a finite number")
    return given


def is_finite(number: float) -> bool:
    """Return whether a number of JSON is one that a float can hold."""
    try:
        return isfinite(number)
    except OverflowError:
        return False
