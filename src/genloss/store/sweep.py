"""The folder of a sweep: what it is, which runs are its cells, and which of them failed.

NAME/
  sweep.json     the spec that cells share, the grid, and every cell with its run
  sweep.toml     the same spec, to read and to run again
  failed.json    cells that were given up, with their errors
  progress.json  where the sweep is, while it runs and afterwards
  machine.json   absolute paths of this machine
  logs/          a file for each cell that began
  CELL-FINGERPRINT/   ordinary run folders; a cell that another folder had is not run again
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.store.files import TEMPORARY, explained, read_sealed, write_bytes, write_sealed
from genloss.store.folder import holds_run
from genloss.store.lock import LOCK
from genloss.store.machine_file import (
    MACHINE,
    local_spec,
    portable,
    short_paths,
    shortened,
    write_machine,
)
from genloss.store.schema import expect

SWEEP = "sweep.json"
SPEC = "sweep.toml"
FAILED = "failed.json"
LOGS = "logs"

GRID = "sweep"
"""The table of a spec that holds the grid."""

BEGUN = (LOCK, MACHINE, SPEC, FAILED, LOGS, "progress.json", ".index.json")
"""What a folder may hold, beside runs, whose sweep.json is not there or not there yet."""

REMEDY = "remove this file alone and run the spec again (sweep.toml, same root): runs are kept"
"""Of a file of the sweep's own, which is made again."""

GROWING = ("generations", "chains")
"""Fields that may grow in the same sweep."""

CELL = {"name": str, "options": {str: object}, "fingerprint": str, "run": str}

SHAPE = {
    "name": str,
    "spec": {str: object},
    "grid": {str: object},
    "varying": [str],
    "cells": [CELL],
}


@dataclass(frozen=True)
class CellEntry:
    """A cell of a sweep: what is set in it, and the folder of its run, relative to the sweep's."""

    name: str
    options: Mapping[str, Any]
    fingerprint: str
    run: str


@dataclass(frozen=True)
class SweepFile:
    """What sweep.json holds; cells of earlier grids come first."""

    name: str
    spec: Mapping[str, Any]
    grid: Mapping[str, Any]
    varying: tuple[str, ...]
    cells: tuple[CellEntry, ...]


def is_sweep(folder: Path) -> bool:
    """Return whether a folder is that of a sweep."""
    return (folder / SWEEP).is_file()


def read_sweep(folder: Path) -> SweepFile:
    """Read sweep.json; raises StoreError where it is damaged or missing."""
    value = read_sealed(folder / SWEEP, REMEDY)
    expect(value, SHAPE, folder / SWEEP)
    cells = tuple(CellEntry(**{k: c[k] for k in CELL}) for c in value["cells"])
    return SweepFile(value["name"], value["spec"], value["grid"], tuple(value["varying"]), cells)


def sweeps_with(runs: Iterable[Path], places: Iterable[Path]) -> Iterator[Path]:
    """Yield the sweeps that lie in some folders and have one of these runs as a cell, by path.

    Raises:
        StoreError: one of them is damaged, so that nobody knows.
    """
    wanted = {run.resolve() for run in runs}
    beside: set[Path] = set()
    for place in places:
        # Folders of others above ours may be closed.
        with suppress(PermissionError):
            beside |= {*place.resolve().iterdir()}
    for folder in sorted(beside):
        if os.path.isfile(folder / SWEEP):
            cells = read_sweep(folder).cells
            if any((folder / cell.run).resolve() in wanted for cell in cells):
                yield folder


def local_sweep_spec(folder: Path, file: SweepFile) -> dict[str, Any]:
    """Return the spec that cells share and its grid, as `GRID`, with the paths of this machine."""
    return local_spec(folder, {**file.spec, GRID: file.grid})


def write_sweep(folder: Path, file: SweepFile, toml: str) -> None:
    """Write what a sweep is; the caller holds its lock.

    Cells of an earlier grid stay if their folders are there; generations and chains may have grown
    since, see `genloss.run.continuing`.
    """
    before: tuple[CellEntry, ...] = ()
    varying = [*file.varying]
    if is_sweep(folder):
        there = read_sweep(folder)
        varying = list(dict.fromkeys((*there.varying, *file.varying)))
        now = {cell.fingerprint for cell in file.cells}
        before = tuple(
            cell
            for cell in there.cells
            if cell.fingerprint not in now and (folder / cell.run).is_dir()
        )
    short = short_paths(file.grid)
    cells = [
        {**vars(cell), "options": shortened(cell.options, short)} for cell in (*before, *file.cells)
    ]
    write_machine(folder, {**file.spec, GRID: file.grid})
    write_bytes(folder / SPEC, toml.encode())
    write_sealed(
        folder / SWEEP,
        {
            "name": file.name,
            "spec": portable(file.spec),
            "grid": portable(file.grid),
            "varying": varying if before else list(file.varying),
            "cells": cells,
        },
    )


def check_sweep(folder: Path, file: SweepFile) -> None:
    """Raise StoreError where a folder holds another sweep, or files that no sweep began with.

    Generations and chains may differ.
    """
    if not is_sweep(folder):
        _check_foreign(folder)
        return
    there, here = (
        {k: v for k, v in spec.items() if k not in GROWING}
        for spec in map(portable, (read_sweep(folder).spec, file.spec))
    )
    if there != here:
        raise StoreError(
            f"{folder} holds another sweep: {_difference(there, here)}; give this one another "
            "name (name=...), or delete the folder"
        )


def _check_foreign(folder: Path) -> None:
    """Raise StoreError where a folder without sweep.json holds more than what a sweep leaves."""
    if not folder.exists():
        return
    with explained("read", folder):
        foreign = [
            path.name
            for path in sorted(folder.iterdir())
            if path.name not in BEGUN
            and not path.name.endswith(TEMPORARY)
            and not (path.is_dir() and holds_run(os.listdir(path)))
        ]
    if foreign:
        raise StoreError(
            f"{folder} has files but no {SWEEP} ({foreign[0]}): it is not the folder of a sweep; "
            "give the sweep another name (name=...), or choose another root"
        )


def relative(run: Path, folder: Path) -> str:
    """Return the place of a run as sweep.json writes it."""
    return os.path.relpath(run, folder)


def failure_words(failure: Mapping[str, str]) -> str:
    """Return class and message of the error of a cell that was given up."""
    return f"{failure['error']}: {failure['message']}"


def read_failures(folder: Path) -> dict[str, dict[str, str]]:
    """Return the cells that were given up, by fingerprint: error, message, time."""
    path = folder / FAILED
    if not path.exists():
        return {}
    value = read_sealed(path, REMEDY)
    expect(value, {"cells": {str: {"error": str, "message": str, "time": str}}}, path)
    return dict(value["cells"])


def write_failures(folder: Path, cells: Mapping[str, Mapping[str, str]]) -> None:
    """Write the cells that were given up; none leaves none."""
    write_sealed(folder / FAILED, {"cells": {k: dict(v) for k, v in cells.items()}})


def _difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    keys: Sequence[str] = sorted({*there, *here})
    odd = [k for k in keys if there.get(k) != here.get(k)]
    return f"{odd[0]} is {there.get(odd[0])!r} there and {here.get(odd[0])!r} here" if odd else ""
