"""Running a sweep: every cell an ordinary run, and one that fails does not end the others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genloss.core.code import CodeChanged
from genloss.core.places import Place
from genloss.core.resources import explained_shortage
from genloss.errors import GenlossError, SpecError
from genloss.run.block import ADVICE
from genloss.run.cell_logs import CellLogs
from genloss.run.continuing import check_continued, continued, is_half_renamed
from genloss.run.controls import all_controls
from genloss.run.disk import check_disk
from genloss.run.events import Event, Sink
from genloss.run.executors.executor import Executor
from genloss.run.executors.processes import leave_if_imported
from genloss.run.opening import Cell
from genloss.run.other_machine import OtherMachine
from genloss.run.progress_file import progress_file
from genloss.run.runner import checked_path, header_of, local_executor, run_cells
from genloss.run.setup import check_memory
from genloss.spec.code import check_loaded
from genloss.spec.parts import check_extras
from genloss.spec.toml import toml_text
from genloss.store.files import own_folder
from genloss.store.folder import is_control_path, run_path
from genloss.store.header import HEADER, Header, read_header
from genloss.store.lock import locked
from genloss.store.machine_file import portable
from genloss.store.provenance import now
from genloss.store.reader import Run, folders
from genloss.store.sweep import (
    LOGS,
    CellEntry,
    SweepFile,
    cell_key,
    check_sweep,
    is_sweep,
    read_failures,
    read_sweep,
    relative,
    write_failures,
    write_sweep,
)
from genloss.study.study import Study
from genloss.study.sweep import TABLE, Sweep

RUN_FOLDER = re.compile(r".*-([0-9a-f]{16})(-[0-9a-f]{6})?")


@dataclass(frozen=True)
class SweepRuns:
    """What became of a sweep: its folder, the run of every cell, and why some were given up."""

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
    headers = [header_of(study) for _, study in sweep.cells]
    check_sweep(folder, _file(sweep, headers, [folder] * len(headers), folder))
    _shorter(folder, sweep, headers)
    if check_room:
        # What has begun lies on the disk already, as far as it is done.
        begun = {*runs_by_fingerprint(Path(root), folder)}
        new = [h.fingerprint not in begun for h in headers]
        check_disk(
            [cell[1] for cell, is_new in zip(sweep.cells, new, strict=True) if is_new], folder
        )
    with explained_shortage(ADVICE), locked(folder):
        # Looked at again: somebody may have worked here until the lock was free.
        check_sweep(folder, _file(sweep, headers, [folder] * len(headers), folder))
        for place, study in _shorter(folder, sweep, headers):
            continued(place, study)
        known = runs_by_fingerprint(Path(root), folder)
        failures = read_failures(folder)
        places, cells = list[Path](), list[Cell]()
        for (_, study), header in zip(sweep.cells, headers, strict=True):
            place = known.get(header.fingerprint, run_path(folder, header))
            cell = _checked(study, header, place, code_changed, other_machine, failures)
            places.append(place if cell is None else cell.path)
            cells += [cell] if cell is not None and not _is_done(cell) else []
        beside = all_controls([study for _, study in sweep.cells], places) if controls else []
        more = list[Cell]()
        for one in beside:
            header = header_of(one.study)
            cell = _checked(one.study, header, one.path, code_changed, other_machine, failures)
            more += [cell] if cell is not None and not _is_done(cell) else []
        write_sweep(folder, _file(sweep, headers, places, folder), _toml(sweep))
        executor = executor or local_executor([cell.study for cell in cells or more], workers)
        _run(folder, [*cells, *more], executor, progress, failures)
    return SweepRuns(folder, tuple(map(Run, places)), _failed(failures, headers, more))


def _failed(
    failures: Mapping[str, Mapping[str, str]], cells: Sequence[Header], controls: Sequence[Cell]
) -> dict[str, str]:
    """Return why cells were given up; controls, which fail as their cells do, where none was."""
    failed = {h.fingerprint: h.name for h in cells if h.fingerprint in failures}
    beside = {c.header.fingerprint for c in controls if c.header.fingerprint in failures}
    return {fp: failures[fp]["message"] for fp in failed or sorted(beside)}


def _run(
    folder: Path,
    cells: Sequence[Cell],
    executor: Executor,
    progress: Sink | None,
    failures: dict[str, dict[str, str]],
) -> None:
    own_folder(folder / LOGS)
    sinks: list[Sink] = [CellLogs(folder / LOGS, cells), *([progress] if progress else [])]

    def sink(event: Event) -> None:
        for each in sinks:
            each(event)

    def give_up(number: int, error: Exception) -> None:
        failures[cells[number].header.fingerprint] = _failure(error)
        write_failures(folder, failures)

    for cell in cells:
        failures.pop(cell.header.fingerprint, None)
    write_failures(folder, failures)
    with progress_file(folder) as written:
        sinks.append(written)
        run_cells(cells, executor, sink, give_up)


def _shorter(folder: Path, sweep: Sweep, headers: Sequence[Header]) -> list[tuple[Path, Study]]:
    """Return the cells that are there with fewer chains or generations; refuse what cannot grow."""
    if not is_sweep(folder):
        return []
    file = read_sweep(folder)
    varying = {*file.varying, *sweep.varying}
    places = {cell_key(cell.options, varying): folder / cell.run for cell in file.cells}
    out = []
    for (options, study), header in zip(sweep.cells, headers, strict=True):
        place = places.get(cell_key(options, varying))
        # A run that lies elsewhere belongs to others too.
        if place is None or place.parent != folder or not (place / HEADER).exists():
            continue
        there = read_header(place)
        if there.fingerprint != header.fingerprint or is_half_renamed(place, there):
            check_continued(place, study)
            out.append((place, study))
    return out


def _checked(
    study: Study,
    header: Header,
    place: Path,
    code_changed: CodeChanged,
    other_machine: OtherMachine,
    failures: dict[str, dict[str, str]],
) -> Cell | None:
    """Return a cell with the folder that its code asks for; None where it is refused: noted."""
    try:
        check_extras(study)
        check_loaded(study)
        check_memory(study)
        path = checked_path(place, study, header, code_changed, other_machine)
        cell = Cell(study, path, header)
        _is_done(cell)
    except GenlossError as error:
        failures[header.fingerprint] = _failure(error)
        return None
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
    seen: dict[str, str] = {}
    entries = []
    for (options, study), header, place in zip(sweep.cells, headers, places, strict=True):
        if (twin := seen.setdefault(header.fingerprint, study.name)) != study.name:
            raise SpecError(f"cells {twin} and {study.name} differ in nothing; drop one of them")
        entries.append(CellEntry(study.name, options, header.fingerprint, relative(place, folder)))
    return SweepFile(sweep.name, sweep.spec, sweep.grid, sweep.varying, tuple(entries))


def _toml(sweep: Sweep) -> str:
    return toml_text({**portable(sweep.spec), TABLE: sweep.grid})


def _failure(error: Exception) -> dict[str, str]:
    return {"error": type(error).__name__, "message": str(error), "time": now()}
