"""What a JSON file must look like; valid JSON of another shape is one line that names the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genloss.errors import StoreError

WORDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    None: "null",
}


def expect(value: Any, shape: Any, path: Path, where: str = "") -> None:
    """Check a parsed JSON value against a shape.

    shape: a type; object for anything; None; [shape] for a list; {key: shape} for a table with at
    least these keys ("key?" where it may be absent) or {str: shape} for any keys; a tuple for one
    of several.

    Raises:
        StoreError: the first value that differs, with its place in the file.
    """
    if (what := _mismatch(value, shape, where)) is not None:
        raise StoreError(f"{path}: {what}; it was damaged or is foreign; run the study again")


def _mismatch(value: Any, shape: Any, where: str) -> str | None:
    if type(value) is shape:
        return None
    if isinstance(shape, tuple):
        tried = [_mismatch(value, one, where) for one in shape]
        return None if None in tried else tried[-1]
    if isinstance(shape, list) and isinstance(value, list):
        inner = (_mismatch(v, shape[0], f"{where}[{i}]") for i, v in enumerate(value))
        return next(filter(None, inner), None)
    if isinstance(value, dict) and isinstance(shape, Mapping):
        return _table(value, shape, where)
    if shape is object or (shape is None and value is None) or _is(value, shape):
        return None
    kind = type(shape) if isinstance(shape, (list, dict)) else shape
    return f"{where or 'the content'} is {_short(value)}, expected {WORDS[kind]}"


def _table(value: dict[str, Any], shape: Mapping[Any, Any], where: str) -> str | None:
    prefix = f"{where}." if where else ""
    if str in shape:
        inner = (_mismatch(v, shape[str], prefix + key) for key, v in value.items())
        return next(filter(None, inner), None)
    for key, wanted in shape.items():
        name = key.removesuffix("?")
        if name not in value:
            if key.endswith("?"):
                continue
            return f"{prefix}{name} is missing"
        found = value[name]
        # Most are: ten thousand headers are read without a text for each of their fields.
        if type(found) is not wanted and (what := _mismatch(found, wanted, prefix + name)):
            return what
    return None


def _is(value: Any, shape: Any) -> bool:
    if not isinstance(shape, type):
        return False
    if isinstance(value, bool):
        return shape is bool
    return isinstance(value, (int, float) if shape is float else shape)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"
