"""Entries that vary: one table of an experiment's file stands for a product of runs."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from genloss.errors import SpecError
from genloss.spec.build import nearest


def combinations(vary: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """Yield every combination of {name: values}, the last name fastest.

    Raises:
        SpecError: values that are not a list.
    """
    for name, values in vary.items():
        if not isinstance(values, list):
            raise SpecError(f"{where}: {name} varies over {values!r}; expected a list")
    for values in product(*vary.values()):
        yield dict(zip(vary, values, strict=True))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Return the text with each {name} replaced by its value."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", str(value))
    return template


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
