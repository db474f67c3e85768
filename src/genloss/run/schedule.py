"""Schedule: which task begins next, which run's folder is open, and what follows from a failure.

A run's folder is created and locked when the first of its tasks begins and let go when the last
one has ended, so that ten thousand runs need the file handles of those at work.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from genloss.core.resources import MEMORY
from genloss.errors import GenlossError, ResourceError, WorkerLost
from genloss.run.events import Event, Failed, Finished, Moved, Planned, Retried, Sink
from genloss.run.opening import Cell, opened
from genloss.run.task import Task
from genloss.run.threads import has_networks
from genloss.store.reader import Run

CRASHES = 2
"""How often a task may begin again after its worker died."""

MOST_PARTS = 8
"""Into how many parts memory is divided at most, for a task that runs out of it alone."""

FEWER, ALONE = "with half as many tasks side by side", "with no other task beside it"
SMALLER = "in portions for 1/{} of the memory; the last bits of a fit may differ"


GiveUp = Callable[[int, Exception], None]
"""Takes the number of a run that failed, and the first error; what it raises ends all."""


class Schedule:
    """A feed of all tasks of some runs, and the sink that must hear of their events.

    tasks: each with the number of its run. most: tasks side by side. give_up: hears of runs that
    failed.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        tasks: Sequence[tuple[int, Task]],
        most: int,
        progress: Sink,
        give_up: GiveUp,
    ) -> None:
        self.cells, self.most, self.progress, self.give_up = cells, most, progress, give_up
        self.cell_of = [cell for cell, _ in tasks]
        self.tasks = [task for _, task in tasks]
        self.left = Counter(self.cell_of)
        self.queue = deque(range(len(tasks)))
        if most > 1:
            # No worker is left with the longest at the end.
            self.queue = deque(sorted(self.queue, key=lambda i: -self.tasks[i].cost))
        self.at_work: set[int] = set()
        self.beside: dict[int, int] = {}
        self.crashes: Counter[int] = Counter()
        self.reached: dict[int, int] = {}
        self.open: dict[int, ExitStack] = {}
        self.failed: dict[int, Exception] = {}

    def __enter__(self) -> "Schedule":
        self.progress(Planned(tuple(self.tasks)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stack in self.open.values():
            stack.__exit__(kind, error, trace)
        self.open.clear()

    def take(self) -> tuple[int, Task] | None:
        """Return the next task that may begin; see `genloss.run.executors.executor.Feed`."""
        while self.queue and len(self.at_work) < self._room(self.queue[0]):
            i = self.queue.popleft()
            cell = self.cell_of[i]
            if cell in self.failed:
                self._settle(i)
            elif self._opened(cell):
                self.at_work.add(i)
                return i, self.tasks[i]
            else:
                self._settle(i)
        return None

    def hear(self, event: Event) -> None:
        """Take an event of the executor, and pass on what the user may hear."""
        if isinstance(event, Failed) and (again := self._again(event)) is not None:
            event = again
        if isinstance(event, Moved):
            self.reached[event.task] = event.step.generations
        self.progress(event)
        if isinstance(event, Finished | Failed | Retried):
            self.at_work.discard(event.task)
        if isinstance(event, Retried):
            self.queue.appendleft(event.task)
        elif isinstance(event, Finished):
            self._settle(event.task)
        elif isinstance(event, Failed):
            self._fail(self.cell_of[event.task], event.error)
            self._settle(event.task)

    def _room(self, task: int) -> int:
        """Return how many tasks may be at work before this one joins them."""
        limits = [self.beside[i] for i in (task, *self.at_work) if i in self.beside]
        return min([self.most, *limits])

    def _opened(self, cell: int) -> bool:
        if cell in self.open:
            return True
        stack = ExitStack()
        try:
            stack.enter_context(opened(self.cells[cell], self.progress))
        except GenlossError as error:
            self._fail(cell, error)
            return False
        self.open[cell] = stack
        return True

    def _fail(self, cell: int, error: Exception) -> None:
        if cell not in self.failed:
            self.failed[cell] = error
            self.give_up(cell, error)

    def _settle(self, task: int) -> None:
        """Count a task that has ended, and let its folder go with the last one."""
        cell = self.cell_of[task]
        self.left[cell] -= 1
        if not self.left[cell] and cell in self.open:
            error = self.failed.get(cell)
            self.open.pop(cell).__exit__(type(error) if error else None, error, None)

    def _again(self, event: Failed) -> Retried | None:
        """Return how a task begins again after a failure that is none of its own; None: not."""
        i, error = event.task, event.error
        if isinstance(error, ResourceError) and error.lacks == MEMORY:
            return self._with_less(i, error)
        if isinstance(error, WorkerLost) and self.crashes[i] < CRASHES:
            self.crashes[i] += 1
            return self._retried(i, error, f"attempt {self.crashes[i] + 1} of {CRASHES + 1}")
        return None

    def _with_less(self, i: int, error: Exception) -> Retried | None:
        """Return how a task that lacked memory is tried again: fewer beside it, alone, smaller."""
        before, task = self.beside.get(i, self.most), self.tasks[i]
        if before > 1:
            self.beside[i] = now = before // 2
            return self._retried(i, error, FEWER if now > 1 else ALONE)
        parts = 2 * task.memory_parts
        if not has_networks(task.study) or parts > MOST_PARTS:
            return None
        self.tasks[i] = replace(task, memory_parts=parts)
        return self._retried(i, error, SMALLER.format(parts))

    def _retried(self, i: int, error: Exception, how: str) -> Retried:
        done = vouched(self.tasks[i])
        # Popped, so that an attempt that dies before it moves does not lose them once more.
        return Retried(i, error, max(self.reached.pop(i, 0) - done, 0), how)


def vouched(task: Task) -> int:
    """Return the generations of a task's block that its manifest vouches for."""
    blocks = {block.number: block for block in Run(task.run).blocks}
    return blocks[task.block].t if task.block in blocks else 0
