"""What varies in the runs of a sweep, as its own file says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from genloss.report.factors import WORDS
from genloss.spec.toml import value_at
from genloss.store.reader import Run
from genloss.store.sweep import SweepFile, failure_words, read_failures

SEED = "seed"
"""A field whose values are no doses: cells that differ in it alone are more chains of one law."""

Level = Any
"""A value of a field that varies."""


@dataclass(frozen=True)
class Swept:
    """The cells of a sweep that are there: what is set in each, in the order of their runs.

    given_up: cells without an end, with their errors. cells: all of the sweep, also those of which
    nothing is measured yet; begun: their runs, as far as they are there.
    """

    name: str
    keys: tuple[str, ...]
    options: tuple[Mapping[str, Level], ...]
    given_up: tuple[tuple[str, str], ...] = ()
    cells: int = 0
    begun: tuple[Run, ...] = ()

    @cached_property
    def levels(self) -> dict[str, list[Level]]:
        """Return the values of each key: numbers in their order, others as written."""
        out = {}
        for key in self.keys:
            values = list(dict.fromkeys(level_of(o.get(key)) for o in self.options))
            numeric = all(is_number(v) for v in values)
            out[key] = sorted(values) if numeric else values
        return out

    @property
    def doses(self) -> list[str]:
        """Return the keys of numbers with three values or more, the one with most values first.

        A seed is none of them.
        """
        found = [
            key
            for key, values in self.levels.items()
            if key != SEED and len(values) > 2 and all(map(is_number, values))
        ]
        return sorted(found, key=lambda key: -len(self.levels[key]))

    @property
    def pools(self) -> bool:
        """Whether cells that differ in their seed alone are drawn as one."""
        return SEED in self.keys

    def part(self, cells: Sequence[int]) -> "Swept":
        """Return some of its cells."""
        return replace(self, options=tuple(self.options[i] for i in cells))

    def others(self, cell: int, without: Sequence[str]) -> str:
        """Return what is set in a cell beside some keys, as a label."""
        rest = [key for key in self.keys if key not in without]
        return " · ".join(said(key, self.options[cell].get(key)) for key in rest)


def swept(folder: Path, file: SweepFile) -> tuple[Swept, tuple[Run, ...]]:
    """Return what varies, and the runs of the cells that have begun."""
    there = [cell for cell in file.cells if (folder / cell.run).is_dir()]
    failures = read_failures(folder)
    given_up = tuple(
        (cell.name, failure_words(failures[cell.fingerprint]))
        for cell in file.cells
        if cell.fingerprint in failures
    )
    runs = tuple(Run(folder / cell.run) for cell in there)
    whole = [(cell, run) for cell, run in zip(there, runs, strict=True) if run.measured()]
    varying = tuple(k for k in file.varying if len({level_of(c.options.get(k)) for c in there}) > 1)
    options = tuple(
        {**{k: _of_spec(run.spec, k) for k in varying}, **cell.options} for cell, run in whole
    )
    what = Swept(file.name, varying, options, given_up, len(file.cells), runs)
    return what, tuple(run for _, run in whole)


def _of_spec(spec: Mapping[str, Any], key: str) -> Level:
    """Return what a run has where its cell sets nothing; None where it has no such field."""
    place = value_at(spec, key)
    # A part without fields of its own is written by its kind.
    return place["kind"] if isinstance(place, Mapping) and {*place} == {"kind"} else place


def said(key: str, value: Level) -> str:
    """Return a value with its field, as labels say it: n = 100, replace."""
    if isinstance(value, Mapping):
        inner = ", ".join(said(k, v) for k, v in value.items() if k != "kind")
        kind = str(value.get("kind", "")).replace("_", " ")
        return f"{kind} ({inner})" if inner and kind else kind or inner
    if value is None:
        return f"no {word(key)}"
    if isinstance(value, list | tuple):
        parts = [said(key, v) if isinstance(v, Mapping) else str(v) for v in value]
        return f"{word(key)} = {', '.join(parts)}"
    if isinstance(value, str):
        return value.replace("_", " ")
    return f"{word(key)} = {value:,}" if is_number(value) else f"{word(key)} = {value}"


def word(key: str) -> str:
    """Return how labels say a field."""
    last = key.rpartition(".")[2]
    return WORDS.get(key, WORDS.get(last, last.replace("_", " ")))


def evenly(values: Sequence[Any], most: int) -> list[Any]:
    """Return `most` of some values, evenly spaced with both ends, or all where they are fewer."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / max(most - 1, 1))] for i in range(most)]


def is_number(value: Level) -> bool:
    """Return whether a value is a number, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def level_of(value: Level) -> Level:
    """Return a value as one of `Swept.levels`, which tables and lists are as text."""
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)
