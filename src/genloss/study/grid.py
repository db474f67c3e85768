"""Grid: one table of a spec that stands for many; that of sweeps and of experiments' runs.

vary = { n_real = [100, 1000], regime = ["replace", "accumulate"] }       # every combination
vary = { "n_real, n_synthetic" = [[100, 50], [200, 100]] }                # together, row by row
cases = [{ regime = "replace" }, { regime = "fresh", "regime.n_real" = 10 }]   # one by one
exclude = [{ n_real = 1000, regime = "accumulate" }]                      # what is left out
resources = { cpus = 2, gpus = 1, memory = "8GB" }             # of a block on a cluster
seeds = 8            # chains of one run; a list, such as [0, 1], makes a run of each seed
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from genloss.errors import SpecError
from genloss.spec.toml import checked_keys
from genloss.spec.wording import nearest

KEYS = ("vary", "cases", "exclude", "seeds")

RESOURCES = "resources"
"""What a block takes of a cluster stands in the table too, and changes no number."""

Options = dict[str, Any]
"""Dotted keys of a spec and what they are set to."""


@dataclass(frozen=True)
class Grid:
    """What varies: the product of vary and cases, without what exclude matches.

    seeds: chains of every run, or the seeds of which each gets a run of its own.
    """

    vary: Mapping[str, Any] = field(default_factory=dict)
    cases: Sequence[Mapping[str, Any]] = ()
    exclude: Sequence[Mapping[str, Any]] = ()
    seeds: int | Sequence[int] | None = None

    @classmethod
    def of(cls, table: Mapping[str, Any], where: str) -> "Grid":
        """Read a grid from a table; raises SpecError where it is laid out otherwise."""
        checked_keys(table, where, optional=(*KEYS, RESOURCES))
        if not isinstance(vary := table.get("vary", {}), Mapping):
            raise SpecError(f"{where}: vary is {vary!r}; expected a table of lists")
        for key in ("cases", "exclude"):
            rows = table.get(key, [])
            if not isinstance(rows, list) or not all(isinstance(r, Mapping) and r for r in rows):
                raise SpecError(f"{where}: {key} is {rows!r}; expected a list of tables")
        seeds = table.get("seeds")
        each = seeds if isinstance(seeds, list) else [seeds]
        if seeds is not None and (not each or not all(type(n) is int for n in each)):
            raise SpecError(f"{where}: seeds is {seeds!r}; expected a number of chains or a list")
        return cls(vary, table.get("cases", ()), table.get("exclude", ()), seeds)

    def cells(self, where: str) -> Iterator[Options]:
        """Yield what is set in every cell, the last key of vary fastest.

        Raises:
            SpecError: values that are no list, rows of another length, an exclusion that names
                what does not vary or that matches nothing.
        """
        vary: dict[str, Any] = dict(self.vary)
        fixed: Options = {}
        if isinstance(self.seeds, int):
            fixed["chains"] = self.seeds
        taken = "chains" if isinstance(self.seeds, int) else "seed"
        if self.seeds is not None and taken in self._names:
            raise SpecError(f"{where}: {taken} varies, and seeds sets it; drop one of them")
        if self.seeds is not None and not isinstance(self.seeds, int):
            vary["seed"] = list(self.seeds)
        matched = [False] * len(self.exclude)
        for case in self.cases or ({},):
            for options in combinations(vary, where):
                if twice := sorted({*case} & {*options}):
                    raise SpecError(f"{where}: {twice[0]} stands in vary and in cases")
                cell = {**case, **options}
                _check_lost([*cell], where)
                out = [_matches(row, cell, self.varying, where) for row in self.exclude]
                matched = [a or b for a, b in zip(matched, out, strict=True)]
                if not any(out):
                    yield fixed | cell
        for row, hit in zip(self.exclude, matched, strict=True):
            if not hit:
                raise SpecError(f"{where}: exclude has {dict(row)}, which matches no cell")

    @property
    def varying(self) -> list[str]:
        """Return the keys whose values differ from cell to cell, in the order written."""
        keys = [*self._names, *(["seed"] if isinstance(self.seeds, Sequence) else [])]
        return list(dict.fromkeys(keys))

    @property
    def _names(self) -> list[str]:
        return [key for case in self.cases for key in case] + names_of(self.vary)


def names_of(vary: Mapping[str, Any]) -> list[str]:
    """Return the fields that a table of lists names."""
    return [name.strip() for key in vary for name in key.split(",")]


def _check_lost(keys: Sequence[str], where: str) -> None:
    """Raise SpecError where a key is undone by a later one, which sets the whole part."""
    for i, key in enumerate(keys):
        part = key.removesuffix(".kind")
        lost = [k for k in keys[:i] if k.startswith(f"{part}.")]
        if lost:
            raise SpecError(
                f"{where}: {key} sets all of {part}, and undoes {lost[0]}; write {key} first"
            )


def _matches(
    row: Mapping[str, Any], cell: Mapping[str, Any], varying: Sequence[str], where: str
) -> bool:
    for key in row:
        if key not in varying:
            raise SpecError(
                f"{where}: exclude names {key!r}{nearest(key, varying)}, which does not vary; "
                f"expected some of {', '.join(varying)}"
            )
    return all(key in cell and cell[key] == value for key, value in row.items())


def combinations(vary: Mapping[str, Any], where: str) -> Iterator[Options]:
    """Yield every combination of {name: list of values}, the last name fastest.

    A key "a, b" names several that vary together: its values are the rows [a, b] of a table.

    Raises:
        SpecError: values that are not a list, a row of another length, or a name twice.
    """
    all_names = names_of(vary)
    if twice := [name for name in all_names if all_names.count(name) > 1]:
        raise SpecError(f"{where}: {twice[0]} stands twice in vary; name it once")
    columns: list[list[Options]] = []
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
