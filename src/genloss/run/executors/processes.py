"""Tasks in worker processes of this machine, which write where they are on a shared board."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import connection
from multiprocessing.process import BaseProcess, current_process
from typing import Any

from genloss.errors import GenlossError, ResourceError, SpecError
from genloss.run.block import run_block
from genloss.run.events import Failed, Moved, Phase, Sink, Step
from genloss.run.task import Task

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

LOOK = 0.2
"""Seconds between looks at the board."""

UNGUARDED = 77
"""Exit code of a worker whose script starts workers while it is imported."""

WIDTH = 6
"""Numbers of a step on the board."""


@dataclass(frozen=True)
class Processes:
    """So many worker processes, each on one thread; the longest tasks begin first."""

    workers: int

    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run the tasks; a worker that dies fails all that are not done."""
        context = multiprocessing.get_context("spawn")
        # Without a lock, which a killed worker would take along; a torn step is only shown.
        board = context.RawArray("d", [-1.0] * (WIDTH * len(tasks)))
        pool = ProcessPoolExecutor(
            self.workers, mp_context=context, initializer=_start_worker, initargs=(board,)
        )
        # No worker is left with the longest at the end.
        order = sorted(range(len(tasks)), key=lambda i: -tasks[i].cost)
        try:
            # Workers inherit that Ctrl-C is ignored, long before they can say so themselves.
            with _one_thread_each(), _uninterrupted():
                futures = {pool.submit(_work, i, *tasks[i].as_text()): i for i in order}
            started = list((pool._processes or {}).values())
            _watch(futures, board, sink, partial(_died, pool, started))
        except BaseException:
            _stop(pool)
            raise
        pool.shutdown()


def leave_if_imported() -> None:
    """Leave a worker process in which the script that started it would start others."""
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)


def _watch(
    futures: dict[Future[None], int],
    board: Any,
    sink: Sink,
    died: Callable[[BrokenProcessPool], GenlossError],
) -> None:
    waiting, seen = set(futures), list(board)
    while waiting:
        finished, waiting = wait(waiting, timeout=LOOK, return_when=FIRST_COMPLETED)
        now = list(board)
        for i in range(len(futures)):
            numbers = now[WIDTH * i : WIDTH * (i + 1)]
            if numbers[0] >= 0 and numbers != seen[WIDTH * i : WIDTH * (i + 1)]:
                sink(Moved(i, _read(numbers)))
        seen = now
        for future in finished:
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                error = died(error)
            if isinstance(error, Exception):
                sink(Failed(futures[future], error))
            elif error is not None:
                raise error


def _died(
    pool: ProcessPoolExecutor, started: Sequence[BaseProcess], cause: BrokenProcessPool
) -> GenlossError:
    # Until then a thread of the pool may be the one that waits for them, and alone knows how.
    pool.shutdown()
    if any(process.exitcode == UNGUARDED for process in started):
        return SpecError(
            "put the call below `if __name__ == '__main__':`, or pass workers=1: worker processes "
            "import the script that starts them, and this one would start them again"
        )
    error = ResourceError(
        "a worker process died (killed, or out of memory); run the same command again: it "
        "resumes; fewer workers or chains per block need less memory"
    )
    error.__cause__ = cause
    return error


def _read(numbers: Sequence[float]) -> Step:
    phase, t, share, step, steps, epochs = numbers
    return Step(Phase(int(phase)), int(t), share, int(step), int(steps), int(epochs))


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


_board: Any = None


def _start_worker(board: Any) -> None:
    global _board
    _board = board
    # Ctrl-C reaches the whole process group; the parent decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A worker whose parent was killed would go on writing, beside the process that resumes.
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _work(i: int, *task: Any) -> None:
    def tell(step: Step) -> None:
        numbers = (step.phase, step.t, step.share, step.step, step.steps, step.epochs)
        _board[WIDTH * i : WIDTH * (i + 1)] = [float(n) for n in numbers]

    run_block(Task.of(*task), tell)
