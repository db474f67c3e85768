"""Which classes of a spec are not ours, so that building them runs other people's code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from genloss.spec.plugins import is_declared

CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def foreign_classes(spec: Any) -> list[str]:
    """Return the classes "package.module:Class" that a spec names by path.

    Not those of genloss, nor those that an installed package declares as an entry point.
    """
    return [path for path in sorted(set(_paths(spec))) if not is_declared(path)]


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _paths(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _paths(inner)
    elif isinstance(value, str) and CLASS.fullmatch(value):
        yield value
