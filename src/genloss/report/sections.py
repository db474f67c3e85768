"""Which runs belong together on the page."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.report.factors import kind_of
from genloss.report.swept import Swept, swept, word
from genloss.store.files import read_sealed
from genloss.store.fingerprint import canonical_json
from genloss.store.header import HEADER
from genloss.store.reader import Run, find_runs, folders, runs_below
from genloss.store.sweep import SWEEP, is_sweep, read_sweep

TARGETS = "targets.json"

NUMBER = re.compile(r"((?:(?<=[=:])-)?\d+(?:\.\d+)?(?:e[+-]?\d+(?![\w.]))?)")
"""A number in a name; a dash before it is a sign only after an equals sign or a colon."""


@dataclass(frozen=True, eq=False)
class Section:
    """Runs that are read together: an experiment with its targets, or runs on one reality.

    targets: the content of targets.json, or None. sweep: what varies in the runs of a sweep.
    """

    title: str
    runs: tuple[Run, ...]
    targets: Mapping[str, Any] | None = None
    sweep: Swept | None = None

    @property
    def fell_short(self) -> bool:
        """Whether it is a sweep with cells that failed."""
        return self.sweep is not None and bool(self.sweep.given_up)

    @property
    def all_runs(self) -> tuple[Run, ...]:
        """Return its runs, and those of cells of which nothing is measured yet."""
        return self.runs + (self.sweep.begun if self.sweep is not None else ())


def find_sections(paths: Sequence[Path]) -> list[Section]:
    """Return experiments and sweeps below the paths, then loose runs by folder and reality.

    A path is a run folder, the folder of an experiment, or any folder above some of them.

    Raises:
        StoreError: a path without any run, or an experiment whose runs are gone.
    """
    experiments: dict[Path, Section] = {}
    for path in paths:
        for folder in [f for f, names in folders(path) if TARGETS in names]:
            experiments.setdefault(folder.resolve(), _experiment(folder))
    sweeps: dict[Path, Section] = {}
    for path in paths:
        for folder in [f for f, names in folders(path) if SWEEP in names]:
            sweeps.setdefault(folder.resolve(), _sweep(folder))
    own = [s for s in (*experiments.values(), *sweeps.values()) if s.runs or s.fell_short]
    # A sweep of which all cells failed may have left no run.
    bare = [path for path in paths if is_sweep(path) and not find_runs(path)]
    loose = {run.path.resolve(): run for run in runs_below([p for p in paths if p not in bare])}
    taken = {run.path.resolve() for section in own for run in section.all_runs}
    rest = [run for path, run in loose.items() if path not in taken]
    return [*own, *_by_reality(rest)]


def natural(text: str) -> list[Any]:
    """Return a sort key by which n=32 comes before n=100, and 0.05 before 0.1."""
    parts = NUMBER.split(text)
    # Split by a group: every second part is a number.
    return [(float(p), "") if i % 2 else (-math.inf, p) for i, p in enumerate(parts)]


def _experiment(folder: Path) -> Section:
    targets = read_sealed(folder / TARGETS)
    try:
        runs = tuple(Run(folder / place) for place in targets["runs"].values())
        section = Section(targets["title"], runs, targets)
        _ = [verdict["id"] for verdict in targets["targets"]], targets["address"], targets["scale"]
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{folder / TARGETS} is not a list of verdicts ({error}); reproduce again"
        ) from error
    for run in runs:
        if not (run.path / HEADER).is_file():
            raise StoreError(
                f"{folder / TARGETS} names the run {run.path.name}, which is gone; "
                f"reproduce {targets['experiment']} again (it resumes)"
            )
    return section


def _sweep(folder: Path) -> Section:
    what, runs = swept(folder, read_sweep(folder))
    title = ": ".join(filter(None, [f"Sweep {what.name}", ", ".join(map(word, what.keys))]))
    return Section(title, runs, sweep=what)


def _by_reality(runs: Sequence[Run]) -> list[Section]:
    groups: dict[tuple[Path, str], list[Run]] = {}
    for run in sorted(runs, key=_place):
        kind = kind_of(run.spec["reality"])
        groups.setdefault((run.path.parent.resolve(), kind), []).append(run)
    kinds = [kind for _, kind in groups]
    titles = [
        f"Runs on {kind}" if kinds.count(kind) == 1 else f"Runs on {kind}: {_names(group)}"
        for (_, kind), group in groups.items()
    ]
    grouped = zip(titles, groups.values(), strict=True)
    return [Section(title, tuple(group)) for title, group in grouped]


def _place(run: Run) -> tuple[Any, ...]:
    # Runs of one name are told apart by their spec, where a dose is a number too.
    spec = {key: value for key, value in run.spec.items() if key != "name"}
    return natural(run.header.name), natural(canonical_json(spec)), run.header.fingerprint


def _names(runs: Sequence[Run]) -> str:
    first = runs[0].header.name
    return first if len(runs) == 1 else f"{first} and {len(runs) - 1} more"
