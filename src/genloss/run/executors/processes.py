"""Tasks in worker processes of this machine, each of which writes where it is on a shared board."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import current_process
from typing import Any

from genloss.core.resources import MEMORY, memory_kills
from genloss.errors import GenlossError, SpecError, WorkerLost
from genloss.run.events import Failed, Finished, Moved, Phase, Sink, Step
from genloss.run.executors.executor import Feed
from genloss.run.job import Job, job_of, kind_of, perform
from genloss.run.threads import threads_of
from genloss.study.study import Study

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

LOOK = 0.2
"""Seconds between looks at the board."""

UNGUARDED = 77
"""Exit code of a worker whose script starts workers while it is imported."""

WIDTH = 6
"""Numbers of a step on the board."""

NOWHERE = (-1.0,) * WIDTH


@dataclass(frozen=True)
class Processes:
    """So many worker processes, each on one thread; they start as there are tasks for them."""

    workers: int

    @property
    def side_by_side(self) -> int:
        """Return the number of workers."""
        return self.workers

    def threads(self, study: Study) -> int:
        """Return those of torch, shared out among the workers."""
        return threads_of(study, self.workers)

    def run(self, feed: Feed, sink: Sink) -> None:
        """Run the tasks; a worker that dies fails its own task and is replaced."""
        context = multiprocessing.get_context("spawn")
        # Without a lock, which a killed worker would take along; a torn step is only shown.
        board = context.RawArray("d", NOWHERE * self.workers)
        crew = [_Worker(context, board, slot) for slot in range(self.workers)]
        try:
            _hand_out(crew, feed)
            while at_work := [worker for worker in crew if worker.task is not None]:
                ready = connection.wait([w.end for w in at_work], timeout=LOOK)
                for worker in at_work:
                    worker.look(sink)
                    if worker.end in ready:
                        worker.settle(sink)
                _hand_out(crew, feed)
        finally:
            # A killed block resumes, so nobody has to be asked nicely.
            with uninterrupted():
                for worker in crew:
                    worker.stop()


def _hand_out(crew: Sequence["_Worker"], feed: Feed) -> None:
    # Those that have started already come first.
    idle = sorted((w for w in crew if w.task is None), key=lambda w: w.process is None)
    for worker in idle:
        if (item := feed.take()) is None:
            return
        worker.begin(*item)


def leave_if_imported() -> None:
    """Leave a worker process in which the script that started it would start others."""
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)


class _Worker:
    """One place on the board, and the process that works there."""

    def __init__(self, context: SpawnContext, board: Any, slot: int) -> None:
        self.context, self.board = context, board
        self.place = slice(WIDTH * slot, WIDTH * (slot + 1))
        self.process: SpawnProcess | None = None
        self.task: int | None = None
        self.seen = NOWHERE
        self.kills = 0

    def begin(self, number: int, task: Job) -> None:
        """Hand a task to the process, which starts with the first."""
        if self.process is None:
            self._start()
        self.board[self.place] = self.seen = NOWHERE
        self.task, self.kills = number, memory_kills()
        # One that died meanwhile is seen at its end of the pipe.
        with suppress(OSError):
            self.end.send((kind_of(task), task.as_text()))

    def look(self, sink: Sink) -> None:
        """Tell where the task is, if it has moved."""
        assert self.task is not None
        numbers = tuple(self.board[self.place])
        if numbers[0] >= 0 and numbers != self.seen:
            self.seen = numbers
            sink(Moved(self.task, _step(numbers)))

    def settle(self, sink: Sink) -> None:
        """Tell how the task ended."""
        number, self.task = self.task, None
        assert number is not None
        try:
            text = self.end.recv()
            error = text and _received(self.end, text)
        except (EOFError, OSError):
            error = self._lost()
        if not error:
            sink(Finished(number))
        elif isinstance(error, Exception):
            sink(Failed(number, error))
        else:
            raise error

    def stop(self) -> None:
        """End the process, whatever it is at."""
        if self.process is not None:
            if self.process.pid is not None:
                self.process.kill()
                self.process.join()
            self.end.close()
            self.process = None

    def _start(self) -> None:
        self.end, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(theirs, self.board, self.place.start))
        # Workers inherit that Ctrl-C is ignored, long before they can say so themselves.
        # One that is killed before it has read what it is told is seen at its end of the pipe.
        with _one_thread_each(), uninterrupted(), suppress(BrokenPipeError):
            process.start()
        theirs.close()
        self.process = process

    def _lost(self) -> GenlossError:
        assert self.process is not None
        code = None
        if self.process.pid is not None:
            self.process.join()
            code = self.process.exitcode
        self.process = None
        self.end.close()
        if code == UNGUARDED:
            return SpecError(
                "put the call below `if __name__ == '__main__':`, or pass workers=1: worker "
                "processes import the script that starts them, and this one would start them again"
            )
        memory = code == -signal.SIGKILL and memory_kills() > self.kills
        how = "for lack of memory" if memory else _ending(code)
        return WorkerLost(
            f"a worker process died ({how}); run the same command again: it "
            "resumes; fewer workers or chains per block need less memory",
            MEMORY if memory else "",
        )


def _ending(code: int | None) -> str:
    if code is None:
        return "while it started"
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _step(numbers: Sequence[float]) -> Step:
    phase, t, share, step, steps, epochs = numbers
    return Step(Phase(int(phase)), int(t), share, int(step), int(steps), int(epochs))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C meanwhile."""
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


def _serve(end: Any, board: Any, place: int) -> None:
    """Run tasks as they arrive, and send back None or the error of each."""
    # Ctrl-C reaches the whole process group; the parent decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def tell(step: Step) -> None:
        numbers = (step.phase, step.t, step.share, step.step, step.steps, step.epochs)
        board[place : place + WIDTH] = [float(n) for n in numbers]

    while True:
        try:
            kind, text = end.recv()
        except (EOFError, OSError):
            return
        try:
            perform(job_of(kind, text), tell)
        except BaseException as error:
            _send(end, error)
        else:
            end.send("")


def _send(end: Any, error: BaseException) -> None:
    """Send an error as text, then itself, with a note of where it happened."""
    if not isinstance(error, GenlossError):
        error.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)))
    text = "".join(traceback.format_exception_only(error))
    end.send(text)
    try:
        end.send(error)
    except Exception:
        end.send(GenlossError(text))


def _received(end: Any, text: str) -> BaseException:
    try:
        error: BaseException = end.recv()
    except (EOFError, OSError):
        raise
    except Exception:
        # Its class cannot be made again from what it says of itself.
        return GenlossError(text)
    return error


def _end_with_parent() -> None:
    # A worker whose parent was killed would go on writing, beside the process that resumes.
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
