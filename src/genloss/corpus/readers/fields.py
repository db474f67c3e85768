"""The text of a row: a column, a dotted path into it, or the messages of a chat, joined."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from genloss.corpus.readers.byte_stream import printable
from genloss.errors import DataError

DEFAULT = "text"
"""The field of the text, unless another one is named."""

CHATS = ("messages", "conversations")
"""Fields of a chat, read where a row has no `text`: a list of messages, oldest first."""

CONTENTS = ("content", "value", "text")
"""Fields of a message that hold what is said, the first that it has."""

SHOWN = 20
"""Fields that are named, at most."""

GAP = "\n\n"
"""Stands between two messages, or between the texts that a dotted path finds in a list."""


def field_among(names: Iterable[str], text_field: str, where: str) -> str:
    """Return the field that holds the text of rows with these fields.

    That is text_field itself, or where it is a dotted path and no field is called so, the path;
    rows without `text` may hold a chat instead.

    Raises:
        DataError: none of these, with the fields that there are.
    """
    known = list(names)
    if text_field in known or text_field.partition(".")[0] in known:
        return text_field
    if text_field == DEFAULT:
        chats = [name for name in CHATS if name in known]
        if len(chats) == 1:
            return chats[0]
    near = get_close_matches(text_field, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise DataError(
        f"{where}: no field {text_field!r}{hint}; it has {_listed(known)}; "
        "name the one that holds the text by reality.text_field, with dots into inner ones, or "
        "the files to be read by reality.files"
    )


def text_in(row: Mapping[str, Any], field: str, where: str) -> str:
    """Return the text of one row, empty where it is null.

    field: see `field_among`. Messages and lists on a dotted path are joined by blank lines.

    Raises:
        DataError: no such field, or no text in it.
    """
    if field in row:
        return _joined(_messages(row[field], field, where))
    if field.partition(".")[0] not in row:
        field_among([str(name) for name in row], field, where)
    return _joined(_along(row, field.split("."), field, where))


def _listed(names: Iterable[Any]) -> str:
    known = [printable(str(name)) for name in names]
    more = f" and {len(known) - SHOWN:,} more" if len(known) > SHOWN else ""
    return (", ".join(known[:SHOWN]) or "none") + more


def _joined(parts: Iterable[str]) -> str:
    return GAP.join(parts)


def _along(value: Any, path: list[str], field: str, where: str) -> list[str]:
    """Return the texts at the end of a dotted path; a list on the way stands for all it holds."""
    if value is None:
        return []
    if isinstance(value, list):
        return [text for item in value for text in _along(item, path, field, where)]
    if not path:
        return [_text(value, field, where)]
    if not isinstance(value, Mapping):
        raise _no_text(f"{path[0]} of {field}", value, where, "a table of fields before the dot")
    if path[0] not in value:
        raise DataError(
            f"{where}: no field {path[0]!r} on the way of {field!r}; it has {_listed(value)}; "
            "correct reality.text_field"
        )
    return _along(value[path[0]], path[1:], field, where)


def _messages(value: Any, field: str, where: str) -> list[str]:
    """Return a text, or what the messages of a chat say; null says nothing."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(m, Mapping) for m in value):
        return [_text(value, field, where)]
    texts = []
    for message in value:
        content = next((message[name] for name in CONTENTS if name in message), message)
        # A message of several parts: those of text count, pictures and calls have none.
        parts = content if isinstance(content, list) else [content]
        texts += [_content(part, field, where) for part in parts if part is not None]
    return [text for text in texts if text]


def _content(part: Any, field: str, where: str) -> str:
    if isinstance(part, Mapping) and part.get("type", "text") != "text":
        return ""
    text = part.get("text") if isinstance(part, Mapping) else part
    return _text(text, f"a message of {field}", where)


def _text(value: Any, field: str, where: str) -> str:
    if not isinstance(value, str):
        raise _no_text(field, value, where, "text")
    return value


def _no_text(field: str, value: Any, where: str, expected: str) -> DataError:
    return DataError(
        f"{where}: {field} is {type(value).__name__}; expected {expected}; correct the row, or "
        "name another field by reality.text_field"
    )
