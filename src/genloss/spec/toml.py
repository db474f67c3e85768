"""Specs as text: TOML in and out, key=value overrides on top."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from genloss.core.parsing import parsing_reason
from genloss.core.places import regular_file
from genloss.errors import DataError, SpecError
from genloss.spec.wording import nearest

BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Keys of TOML that need no quotes."""


def read_spec(path: Path) -> dict[str, Any]:
    """Read a TOML spec; raises SpecError where it is missing or not TOML."""
    try:
        # TOML is UTF-8, whatever the locale says; some editors put a mark before it.
        return tomllib.loads(regular_file(path).read_text("utf-8-sig"))
    except DataError as error:
        raise SpecError(f"cannot read the spec {error}") from error
    except OSError as error:
        raise SpecError(f"cannot read the spec {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SpecError(f"{path} is not TOML: {parsing_reason(error)}") from error


def overridden(spec: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return the spec with 'a.b=value' applied; values are TOML, bare words are text.

    Raises:
        SpecError: an override without '=', or a path through something that is not a table.
    """
    return merged(spec, changes_of(overrides))


def changes_of(overrides: Sequence[str]) -> dict[str, Any]:
    """Return what 'a.b=value' sets, by dotted key; raises SpecError without '='."""
    changes: dict[str, Any] = {}
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise SpecError(f"override {text!r}; expected key=value, such as n_real=500")
        changes[key.strip()] = parsed(value)
    return changes


def parsed(text: str) -> Any:
    """Return text as a TOML value, or as it stands where it is none.

    Raises:
        SpecError: text that begins as a list, a table or a quoted word and is none.
    """
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError as error:
        if text.strip()[:1] not in ("[", "{", '"', "'"):
            return text
        raise SpecError(
            f"value {text!r} is not TOML ({error}); numbers are written 0.9, words in quotes, and "
            "such text as it stands in quotes of its own, as in '\"[a]\"'"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SpecError(f"value {text[:20]!r}...: {parsing_reason(error)}") from error


def merged(spec: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with dotted keys set: {'learner.ddof': 0}; other entries are untouched.

    Setting a kind drops the fields of the kind that stood there; a key that ends in '+' adds to a
    list: {'metrics+': ['entropy']}.

    Raises:
        SpecError: a path through something that is not a table, or an addition to no list.
    """
    out = {k: dict(v) if isinstance(v, Mapping) else v for k, v in spec.items()}
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        place = out
        for i, key in enumerate(path):
            inner = place.get(key, {})
            if isinstance(inner, str):
                inner = {"kind": inner}
            if not isinstance(inner, Mapping):
                raise SpecError(f"{dotted}: {'.'.join(path[: i + 1])} is {inner!r}, not a table")
            place[key] = dict(inner)
            place = place[key]
        if last.endswith("+"):
            last, value = last[:-1], _longer(dotted, place.get(last[:-1], []), value)
        if last == "kind" and place.get("kind") not in (None, value):
            place.clear()
        place[last] = dict(value) if isinstance(value, Mapping) else value
    return out


def value_at(spec: Mapping[str, Any], key: str) -> Any:
    """Return what a spec has at a dotted key, as `merged` takes it; None where it has nothing."""
    place: Any = spec
    for part in key.removesuffix("+").split("."):
        if not isinstance(place, Mapping) or part not in place:
            return None
        place = place[part]
    return place


def _longer(dotted: str, old: Any, new: Any) -> list[Any]:
    if not isinstance(old, list) or not isinstance(new, list):
        raise SpecError(f"{dotted}: {new!r} cannot be added to {old!r}; expected two lists")
    return [*old, *new]


def checked_keys(
    table: Any, where: str, needed: Iterable[str] = (), optional: Iterable[str] = ()
) -> Mapping[str, Any]:
    """Return the table; raises SpecError for what is none, an unknown key or a missing one."""
    if not isinstance(table, Mapping):
        raise SpecError(f"{where} is {table!r}; expected a table")
    known = [*needed, *optional]
    for key in table:
        if key not in known:
            raise SpecError(
                f"{where}: unknown key {key!r}{nearest(key, known)}; expected {', '.join(known)}"
            )
    for key in needed:
        if key not in table:
            raise SpecError(f"{where} has no {key!r}; expected {', '.join(known)}")
    return table


def checked_number(value: Any, where: str) -> float:
    """Return a finite number; raises SpecError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise SpecError(f"{where} is {value!r}; expected a finite number")
    return value


def toml_text(spec: Mapping[str, Any]) -> str:
    """Return a described study as TOML; tomllib reads it back to the same dict.

    None has no TOML form and means the default, so such keys are left out.
    """
    plain = {k: v for k, v in spec.items() if not _is_table(v)}
    tables = [f"\n[{_key(k)}]\n" + "\n".join(_pairs(v)) for k, v in spec.items() if _is_table(v)]
    return "\n".join([*_pairs(plain), *tables]) + "\n"


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(k)} = {_value(v)}" for k, v in table.items() if v is not None]


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_pairs(value))} }}"
    if isinstance(value, (list, tuple)):
        items = [_value(v) for v in value]
        if items and isinstance(value[0], Mapping):
            return "[\n  " + ",\n  ".join(items) + ",\n]"
        return f"[{', '.join(items)}]"
    # Numbers, booleans and text look the same in JSON and TOML.
    return json.dumps(value, ensure_ascii=False)
