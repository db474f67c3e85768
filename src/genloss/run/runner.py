"""Run studies: every block of every study, in this process or in workers.

A block is the unit of work: a pure function of (spec, run folder, block number) that can be killed
and asked again. Another executor (a cluster) would take the same triples.
"""

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

from genloss.core.about import Entries
from genloss.core.arrays import checked_count
from genloss.core.code import Code, CodeChanged
from genloss.errors import (
    DataError,
    FitError,
    MissingExtra,
    RealityExhausted,
    SpecError,
    StoreError,
)
from genloss.run.block import run_block
from genloss.run.threads import threads_of
from genloss.spec.build import describe
from genloss.spec.code import code_of
from genloss.spec.parts import entries
from genloss.store.folder import PROVENANCE, check_place, create_or_match, run_path, withdraw
from genloss.store.header import Header, read_header
from genloss.store.lock import locked
from genloss.store.provenance import session
from genloss.store.reader import Run
from genloss.store.same_code import place_of, record_code
from genloss.study.study import Study, Telling, identity, study_from

Progress = Callable[[int, int], None]
"""Called with generations done and generations in all, over all blocks."""

BAD_INPUT = (SpecError, DataError, FitError, RealityExhausted, MissingExtra)

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """One block of one run, and the threads that its networks compute on."""

    study: Study
    run: Path
    block: int
    threads: int


def header_of(study: Study) -> Header:
    """Return the header of a study's run folder."""
    data = study.reality.told() if isinstance(study.reality, Telling) else ""
    metrics = tuple(study.metric_header())
    code = code_of(study)
    codes = () if code == Code() else (code,)
    return Header(study.name, identity(study), describe(study), metrics, data, code=codes)


def run_study(
    study: Study,
    root: Path,
    *,
    workers: int = 0,
    progress: Progress | None = None,
    code_changed: CodeChanged = "refuse",
) -> Run:
    """Run or resume one study in its folder below root; see `run_studies`."""
    options: dict[str, Any] = {"workers": workers, "progress": progress}
    return run_studies([study], root, code_changed=code_changed, **options)[0]


def run_studies(
    studies: Sequence[Study],
    root: Path,
    *,
    folders: Sequence[Path] | None = None,
    workers: int = 0,
    progress: Progress | None = None,
    code_changed: CodeChanged = "refuse",
) -> list[Run]:
    """Run or resume studies and return their folders.

    folders overrides the default root/NAME-FINGERPRINT. workers: processes, 0 for one per core and
    never more than blocks. Killed at any moment, the same call resumes to the same bytes.
    code_changed: what to do where a folder was written by other code of your own classes.

    Bad input that shows before a new run's first generation is done leaves no folder of it.

    Raises:
        GenlossError: the first failure of any block; the folders resume.
    """
    checked_count(workers, "workers", 0)
    headers = [header_of(study) for study in studies]
    paths = list(folders or (run_path(root, header) for header in headers))
    for path, header in zip(paths, headers, strict=True):
        check_place(path, header)
    count = min(workers or os.cpu_count() or 1, sum(study.n_blocks for study in studies))
    paths = [place_of(p, header, code_changed) for p, header in zip(paths, headers, strict=True)]
    tasks = [
        Task(study, path, block, threads_of(study, count))
        for study, path in zip(studies, paths, strict=True)
        for block in range(study.n_blocks)
    ]
    total = sum(task.study.generations for task in tasks)
    with ExitStack() as stack:
        for path, study, header in _once(paths, studies, headers):
            stack.enter_context(_opened(path, header, entries(study)))
        steps = _here(tasks) if count < 2 else _in_workers(tasks, count)
        # Closed before the locks are given up, whatever `progress` raises.
        for done in stack.enter_context(closing(steps)):
            if progress is not None:
                progress(min(done, total), total)
    if progress is not None:
        progress(total, total)
    return [Run(path) for path in paths]


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


def _here(tasks: Sequence[Task]) -> Generator[int, None, None]:
    before = 0
    for task in tasks:
        for t in run_block(task.study, task.run, task.block, task.threads):
            yield before + t
        before += task.study.generations


def _in_workers(tasks: Sequence[Task], workers: int) -> Generator[int, None, None]:
    context = multiprocessing.get_context("spawn")
    done = context.Array("q", len(tasks))
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(done,)
    )
    # The longest first, so that no worker is left with it at the end.
    order = sorted(range(len(tasks)), key=lambda i: -_cost(tasks[i].study))
    try:
        # Workers inherit that Ctrl-C is ignored, long before they can say so themselves.
        with _one_thread_each(), _uninterrupted():
            futures = {pool.submit(_work, i, *_portable(tasks[i])) for i in order}
        yield from _watched(futures, done)
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()


def _watched(futures: set[Future[None]], done: Any) -> Iterator[int]:
    while futures:
        finished, futures = wait(futures, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in finished:
            try:
                future.result()
            except BrokenProcessPool as error:
                raise StoreError(
                    "a worker process died (killed, or out of memory); run the same command "
                    "again: it resumes; fewer workers or chains per block need less memory; a "
                    "script must start its work below `if __name__ == '__main__':`"
                ) from error
        yield sum(done)


def _stop(pool: ProcessPoolExecutor) -> None:
    # A killed block resumes, so nobody has to be asked nicely.
    with _uninterrupted():
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    # A second Ctrl-C in the middle of the clean-up would leave half a pool to the interpreter.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


def _cost(study: Study) -> int:
    return study.generations * study.chains_per_block * study.n_synthetic


def _portable(task: Task) -> tuple[str, str, int, int]:
    return json.dumps(describe(task.study)), str(task.run), task.block, task.threads


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_done: Any = None


def _start_worker(done: Any) -> None:
    global _done
    _done = done
    # Ctrl-C reaches the whole process group; the parent decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A worker whose parent was killed would go on writing, beside the process that resumes.
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _work(i: int, spec: str, run: str, block: int, threads: int) -> None:
    for t in run_block(study_from(json.loads(spec)), Path(run), block, threads):
        _done[i] = t
