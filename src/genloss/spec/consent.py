"""Consent to a stored spec: building its classes may run other people's code."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genloss.core.consent import CodeRefused, refusing_code
from genloss.spec.plugins import is_declared

CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


STORED = "run the spec that the folder was made from, or, if you trust where the folder comes from"
"""What to do about the folder of a run or sweep."""


@contextmanager
def consent(
    place: Path, spec: Any, *, trust: bool, command: str = "run", remedy: str = STORED
) -> Iterator[None]:
    """Build what the spec of a folder describes; without trust, no code of others is imported.

    command: the one that takes --trust. remedy: what to do, up to that command.

    Raises:
        CodeRefused: it names such code, with all that is seen to be named.
    """
    if trust:
        yield
        return
    try:
        with refusing_code():
            yield
    except CodeRefused as refused:
        named = ", ".join(sorted({refused.what, *foreign_classes(spec)}))
        refused.args = (
            f"{place} names {named}, whose code would run: it is neither genloss's nor an "
            f"installed plug-in's; {remedy}, genloss {command} --trust",
        )
        raise


def foreign_classes(spec: Any) -> list[str]:
    """Return the classes "package.module:Class" that a spec is seen to name by path.

    Not those of genloss, nor those that an installed package declares as an entry point. Only for
    what is said: what may be imported is decided where it is (`core.consent`).
    """
    return [path for path in sorted(set(_paths(spec))) if not is_declared(path)]


def _paths(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _paths(inner, name)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _paths(inner)
    elif isinstance(value, str) and (CLASS.fullmatch(value) or (key == "kind" and ":" in value)):
        yield value
