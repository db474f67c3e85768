"""What runs on a worker of Ray: one task, with its software checked and its outcome as text."""

import builtins
import os
import platform
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genloss import errors
from genloss.errors import GenlossError, ResourceError, StoreError
from genloss.run.events import Phase, Step
from genloss.run.executors.agreement import check_code, check_software, reach, scratch, software
from genloss.run.executors.ray_board import Numbers
from genloss.run.job import BLOCK, job_of, perform
from genloss.run.other_machine import OtherMachine, check_machine
from genloss.run.shared import Claim, run_shared
from genloss.run.task import Task
from genloss.store.header import HEADER
from genloss.store.reader import Run

EVERY = 1.0
"""Seconds between two messages about where a task is."""


@dataclass(frozen=True)
class Order:
    """A task as it travels, and what the worker must agree with.

    task, kind: see `Job`. sources: the user's modules, by file name; code: their digests.
    software: see `genloss.run.executors.agreement`. claim: of the block in a bucket, where the
    nodes share no path.
    """

    task: tuple[Any, ...]
    software: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    claim: Claim | None = None
    other_machine: OtherMachine = "refuse"
    kind: str = BLOCK


@dataclass(frozen=True)
class Outcome:
    """How a task ended: class and message of its error, what it lacked, where it happened."""

    error: str = ""
    message: str = ""
    lacks: str = ""
    trace: str = ""

    def as_error(self) -> Exception | None:
        """Return the error, of its own class where that is genloss's or Python's."""
        if not self.error:
            return None
        cls = getattr(errors, self.error, None) or getattr(builtins, self.error, None)
        if isinstance(cls, type) and issubclass(cls, ResourceError):
            return cls(self.message, self.lacks)
        if isinstance(cls, type) and issubclass(cls, Exception):
            try:
                error: Exception = cls(self.message)
            except TypeError:
                error = GenlossError(f"{self.error}: {self.message}")
        else:
            error = GenlossError(f"{self.error}: {self.message}")
        if self.trace:
            error.add_note(f"on a worker of Ray:\n{self.trace}")
        return error


def outcome_of(error: BaseException) -> Outcome:
    """Return an error as text."""
    ours = isinstance(error, GenlossError)
    lacks = error.lacks if isinstance(error, ResourceError) else ""
    trace = "" if ours else "".join(traceback.format_exception(error))
    return Outcome(type(error).__name__, str(error), lacks, trace)


def work(order: Order, number: int, board: Any) -> Outcome:
    """Run a task; a failure is returned, so that whatever is raised is Ray's."""
    # Before numba is loaded. Ray sets the number of OpenMP from the CPUs of the task.
    os.environ.setdefault("NUMBA_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    try:
        _run(order, _teller(number, board))
    except Exception as error:
        return outcome_of(error)
    return Outcome()


def _run(order: Order, tell: Callable[[Step], None]) -> None:
    check_software(software(), order.software, platform.node())
    reach(order.sources)
    task = job_of(order.kind, order.task)
    if not isinstance(task, Task):
        task.perform()
        return
    check_code(task.study, order.code)
    if order.claim is not None:
        run_shared(task, order.claim, scratch(), tell, order.other_machine)
        return
    if not (task.run / HEADER).exists():
        raise StoreError(
            f"node {platform.node()} does not see {task.run}; pass a --root that all nodes share, "
            "or --store with a bucket"
        )
    check_machine(Run(task.run), task.study, order.other_machine)
    perform(task, tell)


def _teller(number: int, board: Any) -> Callable[[Step], None]:
    last = [0.0]

    def tell(step: Step) -> None:
        now = time.monotonic()
        if now - last[0] >= EVERY:
            last[0] = now
            numbers = (step.phase, step.t, step.share, step.step, step.steps, step.epochs)
            board.put.remote(number, tuple(float(n) for n in numbers))

    return tell


def step_of(numbers: Numbers) -> Step:
    """Return a step from the numbers that travelled."""
    phase, t, share, step, steps, epochs = numbers
    return Step(Phase(int(phase)), int(t), share, int(step), int(steps), int(epochs))


def here() -> dict[str, str]:
    """Return the software of the node that runs it."""
    return software()
