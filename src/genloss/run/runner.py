"""Run studies: every block of every study, by an executor, each in the folder of its run."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from genloss.core.arrays import checked_count
from genloss.core.code import Code, CodeChanged
from genloss.core.places import Place
from genloss.core.resources import explained_shortage
from genloss.errors import StoreError
from genloss.run.block import ADVICE
from genloss.run.events import Event, Sink
from genloss.run.executors.executor import Executor
from genloss.run.executors.here import Here
from genloss.run.executors.processes import Processes, leave_if_imported
from genloss.run.importable import processes_for
from genloss.run.opening import Cell
from genloss.run.other_machine import OtherMachine, check_machine
from genloss.run.schedule import GiveUp, Schedule
from genloss.run.setup import check_memory
from genloss.run.task import Task
from genloss.spec.build import describe
from genloss.spec.code import check_loaded, code_of
from genloss.spec.parts import check_extras
from genloss.store.folder import check_place, run_path
from genloss.store.header import HEADER, Header
from genloss.store.lock import check_free
from genloss.store.reader import Run
from genloss.store.same_code import place_of
from genloss.study.study import DescribesData, Study, identity

LOOKS = 3
"""How often a folder is looked at before what it holds is refused."""


def header_of(study: Study) -> Header:
    """Return the header of a study's run folder."""
    data = study.reality.data_summary() if isinstance(study.reality, DescribesData) else ""
    metrics = tuple(study.metric_header())
    code = code_of(study)
    codes = () if code == Code() else (code,)
    return Header(study.name, identity(study), describe(study), metrics, data, code=codes)


def run_study(
    study: Study,
    root: Place,
    *,
    workers: int = 0,
    executor: Executor | None = None,
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
) -> Run:
    """Run or resume one study in its folder below root; see `run_studies`."""
    [run] = run_studies(
        [study],
        root,
        workers=workers,
        executor=executor,
        progress=progress,
        code_changed=code_changed,
        other_machine=other_machine,
    )
    return run


def run_studies(
    studies: Sequence[Study],
    root: Place,
    *,
    folders: Sequence[Place] | None = None,
    workers: int = 0,
    executor: Executor | None = None,
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
) -> list[Run]:
    """Run or resume studies and return their folders.

    folders overrides the default root/NAME-FINGERPRINT. workers: processes, 0 for one per core and
    never more than blocks; a class of a notebook cell, which no other process can import, keeps all
    in this one. executor: where tasks run instead, whatever workers says. Killed at any moment, the
    same call resumes to the same bytes. code_changed: what to do where a folder was written by
    other code of your own classes; other_machine: where other instruction sets or package versions
    began an unfinished block. progress takes the events, see `genloss.run.events`.

    Bad input that shows before a new run's first generation is done leaves no folder of it.

    Raises:
        GenlossError: the first failure of any block; the folders resume. ResourceError where this
            machine lacks memory, threads, file handles or disk for it.
    """
    leave_if_imported()
    checked_count(workers, "workers", 0)
    for study in studies:
        check_extras(study)
        check_loaded(study)
        check_memory(study)
    with explained_shortage(ADVICE):
        headers = [header_of(study) for study in studies]
        own = [Path(folder) for folder in folders or ()]
        paths = own or [run_path(Path(root), header) for header in headers]
        cells = [
            Cell(study, checked_path(path, study, header, code_changed, other_machine), header)
            for study, path, header in zip(studies, paths, headers, strict=True)
        ]
        # Two studies that are one run are run once.
        once = list({cell.path: cell for cell in cells}.values())
        executor = executor or local_executor(studies, workers)
        run_cells(once, executor, progress or _ignored, _raised)
        return [Run(cell.path) for cell in cells]


def checked_path(
    path: Path,
    study: Study,
    header: Header,
    code_changed: CodeChanged,
    other_machine: OtherMachine,
) -> Path:
    """Return the folder of a run, which may be one beside `path`; nothing is written.

    Raises:
        StoreError: it holds something else, or other code or another machine began it; or another
            process is at work there.
    """

    def look() -> Path:
        check_place(path, header)
        place = place_of(path, header, code_changed)
        if (place / HEADER).exists():
            check_machine(Run(place), study, other_machine)
        return place

    for _ in range(LOOKS - 1):
        try:
            return look()
        except StoreError:
            # Another process may be beginning a run there, or taking one back.
            if not (path / HEADER).exists():
                check_free(path)
            time.sleep(0.05)
    return look()


def local_executor(studies: Sequence[Study], workers: int) -> Executor:
    """Return this process or several, for studies of so many blocks; workers 0: one per core.

    Raises:
        SpecError: workers are asked for, and a class cannot be imported by them.
    """
    most = min(workers or os.cpu_count() or 1, sum(study.n_blocks for study in studies))
    count = processes_for(studies, workers, most)
    return Here() if count < 2 else Processes(count)


def run_cells(cells: Sequence[Cell], executor: Executor, progress: Sink, give_up: GiveUp) -> None:
    """Run all blocks of some runs; see `genloss.run.schedule.Schedule`."""
    tasks = list(_tasks(cells, executor))
    with Schedule(cells, tasks, executor.side_by_side, progress, give_up) as schedule:
        executor.run(schedule, schedule.hear)


def _tasks(cells: Sequence[Cell], executor: Executor) -> Iterator[tuple[int, Task]]:
    for i, cell in enumerate(cells):
        threads = executor.threads(cell.study)
        for block in range(cell.study.n_blocks):
            yield i, Task(cell.study, cell.path, block, threads)


def _raised(cell: int, error: Exception) -> None:
    raise error


def _ignored(event: Event) -> None:
    pass
