"""Running a sweep: every cell an ordinary run, and one that fails does not end the others."""

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from genloss.core.code import CodeChanged
from genloss.core.places import Place
from genloss.core.resources import explained_shortage
from genloss.errors import GenlossError, SpecError, StoreError
from genloss.run.block import ADVICE
from genloss.run.cell_logs import CellLogs
from genloss.run.continuing import check_continued, check_unshared, continued, is_half_renamed
from genloss.run.controls import all_controls, controls_beside
from genloss.run.disk import check_disk, least_bytes
from genloss.run.events import Event, Sink
from genloss.run.executors.executor import Executor
from genloss.run.executors.processes import leave_if_imported
from genloss.run.opening import Cell
from genloss.run.other_machine import OtherMachine
from genloss.run.progress_file import progress_file
from genloss.run.runner import checked_path, header_of, local_executor, run_cells
from genloss.run.setup import check_memory
from genloss.spec.build import describe
from genloss.spec.code import check_loaded
from genloss.spec.parts import check_extras
from genloss.spec.toml import toml_text, value_at
from genloss.store.files import own_folder
from genloss.store.folder import is_control_path, run_path
from genloss.store.header import HEADER, Header, read_header
from genloss.store.lock import locked
from genloss.store.machine_file import paths_of, portable
from genloss.store.reader import Run, folders
from genloss.store.summaries import FEWEST, refresh
from genloss.store.sweep import (
    GROWING,
    LOGS,
    CellEntry,
    SweepFile,
    check_sweep,
    failure_words,
    is_sweep,
    read_failures,
    read_sweep,
    relative,
    write_failures,
    write_sweep,
)
from genloss.study.study import Study
from genloss.study.sweep import TABLE, Sweep

NOTED = 1.0
"""Seconds between two writings of the cells that were given up."""

RUN_FOLDER = re.compile(r".*-([0-9a-f]{16})(-[0-9a-f]{6})?")


@dataclass(frozen=True)
class SweepRuns:
    """What became of a sweep: its folder, the run of every cell, and why some were given up.

    failed: class and message of the error of each, by NAME-FINGERPRINT of the cell.
    """

    folder: Path
    runs: tuple[Run, ...]
    failed: Mapping[str, str]


def run_sweep(
    sweep: Sweep,
    root: Place,
    *,
    workers: int = 0,
    executor: Executor | None = None,
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
    check_room: bool = True,
    controls: bool = False,
) -> SweepRuns:
    """Run or resume a sweep in root/NAME; cells that any run below root made are not run again.

    A cell that fails is noted, with its error, and the others go on. The same call runs what is
    not complete, with cells that were added since; where generations or chains have grown, cells
    are continued (`genloss.run.continuing`). check_room: refuse what cannot fit. controls: run
    those of the cells too (`genloss.run.controls`); where one fails and no cell does, it is among
    those that failed. Other options are those of `run_studies`.

    Raises:
        ResourceError: what is to be run takes more disk than there is, unless check_room is False.
        StoreError: the folder holds another sweep, or somebody else is at work in it.
    """
    leave_if_imported()
    folder = Path(root) / sweep.name
    sweep, paths = _in_their_blocks(sweep, folder), _paths(sweep, folder)
    headers = [header_of(study) for _, study in sweep.cells]
    check_sweep(folder, _file(sweep, headers, [folder] * len(headers), folder))
    shorter = _shorter(folder, sweep, headers)
    if check_room:
        begun = runs_by_fingerprint(Path(root), folder)
        beside = _bytes_beside(sweep, headers, begun, folder) if controls else []
        check_disk([*_bytes_to_write(sweep, headers, shorter, begun), *beside], folder)
    with explained_shortage(ADVICE), locked(folder):
        # Looked at again: somebody may have worked here until the lock was free.
        check_sweep(folder, _file(sweep, headers, [folder] * len(headers), folder))
        for place, study in _shorter(folder, sweep, headers).values():
            continued(place, study, folder)
        known = runs_by_fingerprint(Path(root), folder)
        logs, failures = CellLogs(folder / LOGS, paths), read_failures(folder)
        own_folder(logs.folder)
        places, cells = list[Path](), list[Cell]()

        def ready(study: Study, header: Header, place: Path) -> Cell | None:
            failures.pop(header.fingerprint, None)
            try:
                return _checked(study, header, place, code_changed, other_machine)
            except GenlossError as error:
                failures[header.fingerprint] = logs.failure(error)
                logs.give_up(place, error)
            return None

        for (_, study), header in zip(sweep.cells, headers, strict=True):
            place = known.get(header.fingerprint, run_path(folder, header))
            cell = ready(study, header, place)
            places.append(place if cell is None else cell.path)
            cells += [cell] if cell is not None and not _is_done(cell) else []
        more = list[Cell]()
        for one in all_controls([study for _, study in sweep.cells], places) if controls else ():
            cell = ready(one.study, header_of(one.study), one.path)
            more += [cell] if cell is not None and not _is_done(cell) else []
        write_sweep(folder, _file(sweep, headers, places, folder), _toml(sweep))
        executor = executor or local_executor([cell.study for cell in cells or more], workers)
        _run(folder, [*cells, *more], executor, progress, logs, failures)
        if len(headers) >= FEWEST:
            refresh(Path(root))
    return SweepRuns(folder, tuple(map(Run, places)), _failed(failures, headers, more))


def _failed(
    failures: Mapping[str, Mapping[str, str]], cells: Sequence[Header], controls: Sequence[Cell]
) -> dict[str, str]:
    """Return why cells were given up; controls, which fail as their cells do, where none was."""
    names = {h.fingerprint: f"{h.name}-{h.fingerprint}" for h in cells}
    beside = {c.header.fingerprint: c.path.name for c in controls}
    for one in (names, beside):
        if failed := {
            name: failure_words(failures[fp]) for fp, name in one.items() if fp in failures
        }:
            return failed
    return {}


def _run(
    folder: Path,
    cells: Sequence[Cell],
    executor: Executor,
    progress: Sink | None,
    logs: CellLogs,
    failures: dict[str, dict[str, str]],
) -> None:
    noted = -NOTED
    sinks: list[Sink] = [logs, *([progress] if progress else [])]

    def sink(event: Event) -> None:
        for each in sinks:
            each(event)

    def give_up(number: int, error: Exception) -> None:
        nonlocal noted
        failures[cells[number].header.fingerprint] = logs.failure(error)
        logs.give_up(cells[number].path, error)
        # Ten thousand that fail at once would write it ten thousand times.
        if time.monotonic() - noted >= NOTED:
            write_failures(folder, failures)
            noted = time.monotonic()

    write_failures(folder, failures)
    try:
        with progress_file(folder) as written:
            sinks.append(written)
            run_cells(cells, executor, sink, give_up)
    finally:
        write_failures(folder, failures)


def _in_their_blocks(sweep: Sweep, folder: Path) -> Sweep:
    """Return the sweep with cells in blocks of as many chains as those that are there have.

    Where a spec says nothing of blocks, all chains are one; more of them are further such blocks.
    """
    there, varying = _there(folder, sweep), _varying(folder, sweep)
    blocks = {s: int(h.spec["chains_per_block"]) for s, ((_, h), *_) in there.items()}
    sizes = set(blocks.values())

    def same(study: Study) -> Study:
        if study.chains_per_block < study.chains or sizes <= {study.chains}:
            return study
        block = blocks.get(_setting(describe(study), varying), study.chains)
        return study if study.chains % block else replace(study, chains_per_block=block)

    return replace(sweep, cells=tuple((options, same(study)) for options, study in sweep.cells))


def _varying(folder: Path, sweep: Sweep) -> list[str]:
    return sorted({*read_sweep(folder).varying, *sweep.varying}) if is_sweep(folder) else []


def _there(folder: Path, sweep: Sweep) -> dict[str, list[tuple[Path, Header]]]:
    """Return the cells of a sweep's folder that have begun in it, by what is set in them."""
    if not is_sweep(folder):
        return {}
    varying, there = _varying(folder, sweep), dict[str, list[tuple[Path, Header]]]()
    for cell in read_sweep(folder).cells:
        place = folder / cell.run
        # A run that lies elsewhere belongs to others too.
        if place.parent == folder and (place / HEADER).exists():
            # One that is damaged is refused when it is its turn, and ends no other.
            with suppress(StoreError):
                header = read_header(place)
                there.setdefault(_setting(header.spec, varying), []).append((place, header))
    return there


def _shorter(
    folder: Path, sweep: Sweep, headers: Sequence[Header]
) -> dict[str, tuple[Path, Study]]:
    """Return the cells that are there with fewer chains or generations, by new fingerprint.

    Raises:
        SpecError, StoreError: one of them cannot grow, or another sweep would lose it.
    """
    there, varying, out = _there(folder, sweep), _varying(folder, sweep), {}
    for (_, study), header in zip(sweep.cells, headers, strict=True):
        found = there.get(_setting(header.spec, varying), [(folder, header)])
        place, before = _same(header, found)
        if before.fingerprint != header.fingerprint or is_half_renamed(place, before):
            check_continued(place, study)
            out[header.fingerprint] = place, study
    check_unshared([place for place, _ in out.values()], folder)
    return out


def _same(header: Header, found: Sequence[tuple[Path, Header]]) -> tuple[Path, Header]:
    """Return the cell that a header goes on with; several have paths that end alike."""

    def distance(there: tuple[Path, Header]) -> int:
        if there[1].fingerprint == header.fingerprint:
            return 0
        mine, other = (
            {k: v for k, v in h.identity.items() if k not in (*GROWING, "chains_per_block")}
            for h in (header, there[1])
        )
        return 1 if mine == other else 2

    return min(found, key=distance)


def _setting(spec: Mapping[str, Any], varying: Sequence[str]) -> str:
    """Return what a cell has where cells differ, as its run says it; a key more changes nothing."""
    there = portable(spec)
    return json.dumps([value_at(there, key) for key in varying])


def _bytes_to_write(
    sweep: Sweep,
    headers: Sequence[Header],
    shorter: Mapping[str, tuple[Path, Study]],
    begun: Mapping[str, Path],
) -> list[int]:
    """Return what every run that begins or grows will write at least."""
    out = []
    for (_, study), header in zip(sweep.cells, headers, strict=True):
        if header.fingerprint in shorter:
            spec = read_header(shorter[header.fingerprint][0]).spec
            before = replace(study, **{key: spec[key] for key in GROWING})
            out.append(least_bytes(study) - least_bytes(before))
        elif header.fingerprint not in begun:
            out.append(least_bytes(study))
    return out


def _bytes_beside(
    sweep: Sweep, headers: Sequence[Header], begun: Mapping[str, Path], folder: Path
) -> list[int]:
    """Return what every control that has not begun will write at least."""
    every = {
        one.path: one
        for (_, study), header in zip(sweep.cells, headers, strict=True)
        for one in controls_beside(
            study, header.identity, begun.get(header.fingerprint, run_path(folder, header))
        )
    }
    return [least_bytes(one.study) for path, one in every.items() if not path.exists()]


def _checked(
    study: Study,
    header: Header,
    place: Path,
    code_changed: CodeChanged,
    other_machine: OtherMachine,
) -> Cell:
    """Return a cell with the folder that its code asks for; raises GenlossError if refused."""
    check_extras(study)
    check_loaded(study)
    check_memory(study)
    cell = Cell(study, checked_path(place, study, header, code_changed, other_machine), header)
    _is_done(cell)
    return cell


def _is_done(cell: Cell) -> bool:
    return cell.path.exists() and Run(cell.path).is_complete


def runs_by_fingerprint(root: Path, first: Path) -> dict[str, Path]:
    """Return the run folders below root by the fingerprint of their names; `first` wins."""
    found: dict[str, Path] = {}
    for path, _ in folders(root):
        match = RUN_FOLDER.fullmatch(path.name)
        if (
            match
            and not is_control_path(path)
            and not match[2]
            and (match[1] not in found or path.parent == first)
        ):
            found[match[1]] = path
    return found


def _file(
    sweep: Sweep, headers: Sequence[Header], places: Sequence[Path], folder: Path
) -> SweepFile:
    seen = dict[str, str]()
    entries = []
    for (options, study), header, place in zip(sweep.cells, headers, places, strict=True):
        if (twin := seen.get(header.fingerprint)) is not None:
            raise SpecError(f"cells {twin} and {study.name} differ in nothing; drop one of them")
        seen[header.fingerprint] = study.name
        entries.append(CellEntry(study.name, options, header.fingerprint, relative(place, folder)))
    return SweepFile(sweep.name, sweep.spec, sweep.grid, sweep.varying, tuple(entries))


def _toml(sweep: Sweep) -> str:
    return toml_text(portable({**sweep.spec, TABLE: sweep.grid}))


def _paths(sweep: Sweep, folder: Path) -> tuple[str, ...]:
    """Return the paths that errors may name, and reports must not; as given and in full."""
    data = {*paths_of({**sweep.spec, TABLE: sweep.grid}).values()}
    given = [*data, *(str(PurePath(path).parent) for path in data), str(folder), str(folder.parent)]
    every = {*given, *(os.path.realpath(os.path.expanduser(path)) for path in given)}
    return tuple(path for path in every if len(PurePath(path).parts) > 1)
