"""Run studies: every block of every study, by an executor, each in the folder of its run."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from genloss.core.about import Entries
from genloss.core.arrays import checked_count
from genloss.core.code import Code, CodeChanged
from genloss.core.places import Place
from genloss.core.resources import explained_shortage
from genloss.errors import (
    DataError,
    FitError,
    MissingExtra,
    RealityExhausted,
    SpecError,
)
from genloss.run.events import Event, Failed, Planned, Sink
from genloss.run.executors.executor import Executor
from genloss.run.executors.here import Here
from genloss.run.executors.processes import Processes, leave_if_imported
from genloss.run.importable import processes_for
from genloss.run.other_machine import OtherMachine, check_machine
from genloss.run.setup import check_memory
from genloss.run.task import Task
from genloss.run.threads import threads_of
from genloss.spec.build import describe
from genloss.spec.code import code_of
from genloss.spec.parts import check_extras, entries
from genloss.store.folder import PROVENANCE, check_place, create_or_match, run_path, withdraw
from genloss.store.header import HEADER, Header, read_header
from genloss.store.lock import locked
from genloss.store.provenance import session
from genloss.store.reader import Run
from genloss.store.same_code import place_of, record_code
from genloss.study.study import DescribesData, Study, identity

BAD_INPUT = (SpecError, DataError, FitError, RealityExhausted, MissingExtra)


ADVICE = (
    "run the same command again: it resumes; fewer workers, and fewer chains that advance together "
    "(chains_per_block, of a new run), need less"
)


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
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
) -> Run:
    """Run or resume one study in its folder below root; see `run_studies`."""
    options: dict[str, Any] = {"workers": workers, "progress": progress}
    options |= {"code_changed": code_changed, "other_machine": other_machine}
    return run_studies([study], root, **options)[0]


def run_studies(
    studies: Sequence[Study],
    root: Place,
    *,
    folders: Sequence[Place] | None = None,
    workers: int = 0,
    progress: Sink | None = None,
    code_changed: CodeChanged = "refuse",
    other_machine: OtherMachine = "refuse",
) -> list[Run]:
    """Run or resume studies and return their folders.

    folders overrides the default root/NAME-FINGERPRINT. workers: processes, 0 for one per core and
    never more than blocks; a class of a notebook cell, which no other process can import, keeps all
    in this one. Killed at any moment, the same call resumes to the same bytes. code_changed: what
    to do where a folder was written by other code of your own classes; other_machine: where other
    instruction sets or package versions began an unfinished block. progress takes the events, see
    `genloss.run.events`.

    Bad input that shows before a new run's first generation is done leaves no folder of it.

    Raises:
        GenlossError: the first failure of any block; the folders resume. ResourceError where this
            machine lacks memory, threads, file handles or disk for it.
    """
    leave_if_imported()
    checked_count(workers, "workers", 0)
    for study in studies:
        check_extras(study)
        check_memory(study)
    with explained_shortage(ADVICE):
        return _run_studies(studies, root, folders, workers, progress, code_changed, other_machine)


def _run_studies(
    studies: Sequence[Study],
    root: Place,
    folders: Sequence[Place] | None,
    workers: int,
    progress: Sink | None,
    code_changed: CodeChanged,
    other_machine: OtherMachine,
) -> list[Run]:
    headers = [header_of(study) for study in studies]
    own = [Path(folder) for folder in folders or ()]
    paths = own or [run_path(Path(root), header) for header in headers]
    for path, header in zip(paths, headers, strict=True):
        check_place(path, header)
    most = min(workers or os.cpu_count() or 1, sum(study.n_blocks for study in studies))
    count = processes_for(studies, workers, most)
    paths = [place_of(p, header, code_changed) for p, header in zip(paths, headers, strict=True)]
    for path, study in zip(paths, studies, strict=True):
        if (path / HEADER).exists():
            check_machine(Run(path), study, other_machine)
    tasks = [
        Task(study, path, block, threads_of(study, count))
        for study, path in zip(studies, paths, strict=True)
        for block in range(study.n_blocks)
    ]
    with ExitStack() as stack:
        for path, study, header in _once(paths, studies, headers):
            stack.enter_context(_opened(path, header, entries(study)))
        sink = _raising(progress)
        sink(Planned(tuple(tasks)))
        _executor(count).run(tasks, sink)
    return [Run(path) for path in paths]


def _executor(workers: int) -> Executor:
    return Here() if workers < 2 else Processes(workers)


def _raising(progress: Sink | None) -> Sink:
    """Return a sink that passes events on and ends the run at the first failure."""

    def sink(event: Event) -> None:
        if progress is not None:
            progress(event)
        if isinstance(event, Failed):
            raise event.error

    return sink


def _once(
    paths: Sequence[Path], studies: Sequence[Study], headers: Sequence[Header]
) -> list[tuple[Path, Study, Header]]:
    """Return every folder once, with what runs there."""
    rows = zip(paths, studies, headers, strict=True)
    return list({path: (path, study, header) for path, study, header in rows}.values())


@contextmanager
def _opened(run: Path, header: Header, about: Entries) -> Iterator[None]:
    """Lock a run's folder, create it where it is new, and note when work starts and ends."""
    made = not run.exists()
    with locked(run):
        new = create_or_match(run, header, about)
        record_code(run, header)
        with (
            _withdrawn_on_bad_input(run, made) if new else nullcontext(),
            session(run / PROVENANCE, read_header(run).origin, header.spec["seed"], header.code),
        ):
            yield


@contextmanager
def _withdrawn_on_bad_input(run: Path, made: bool) -> Iterator[None]:
    """Remove a new run that bad input ends before it holds anything; it is locked meanwhile.

    A model or text that does not fit shows where it is read, which only a learner can tell.
    """
    try:
        yield
    except BAD_INPUT:
        if Run(run).is_blank:
            withdraw(run, with_folder=made)
        raise
