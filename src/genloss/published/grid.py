"""Scales, and entries that vary: one table of an experiment's file stands for many."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from genloss.errors import SpecError

SMOKE = "smoke"
SCALES = (SMOKE, "laptop", "paper")


def combinations(vary: Mapping[str, Any], where: str) -> Iterator[dict[str, Any]]:
    """Yield every combination of {name: list of values}, the last name fastest.

    A key "a, b" names several that vary together: its values are the rows [a, b] of a table.

    Raises:
        SpecError: values that are not a list, or a row of another length.
    """
    columns: list[list[dict[str, Any]]] = []
    for key, values in vary.items():
        if not isinstance(values, list):
            raise SpecError(f"{where}: {key} varies over {values!r}; expected a list")
        names = [name.strip() for name in key.split(",")]
        rows = values if len(names) > 1 else [[value] for value in values]
        for row in rows:
            if not isinstance(row, list) or len(row) != len(names):
                raise SpecError(f"{where}: {key} takes {row!r}; expected a row of {len(names)}")
        columns.append([dict(zip(names, row, strict=True)) for row in rows])
    for parts in product(*columns):
        yield {name: value for part in parts for name, value in part.items()}


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Return the text with each {name} replaced by its value."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", str(value))
    return template


def checked_scales(scales: Any, where: str) -> Sequence[str]:
    """Return scales; raises SpecError for others than there are."""
    if not isinstance(scales, (list, tuple)) or not set(scales) <= set(SCALES) or not scales:
        raise SpecError(f"{where}: scales is {scales!r}; expected some of {', '.join(SCALES)}")
    return scales
