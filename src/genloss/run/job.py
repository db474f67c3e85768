"""Job: what an executor runs, a block of a study or any other work that can be done again."""

from collections import Counter, deque
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from genloss.errors import WorkerLost
from genloss.run.events import Event, Failed, Tell
from genloss.run.task import Task

if TYPE_CHECKING:
    from genloss.run.executors.executor import Executor

CRASHES = 2
"""How often a job may begin again after its worker died."""


class Work(Protocol):
    """A job that is no block: killed and asked for again, it leaves the same bytes in the end."""

    def perform(self) -> None:
        """Do it; nothing has its name before it is whole."""
        ...

    def as_text(self) -> tuple[Any, ...]:
        """Return texts and numbers from which its class makes it again, elsewhere."""
        ...


Job = Task | Work
"""What an executor runs."""

BLOCK = f"{Task.__module__}:{Task.__qualname__}"
"""The kind of a block of a study."""


def perform(job: Job, tell: Tell) -> None:
    """Do a job in this process."""
    if isinstance(job, Task):
        # Work without networks needs nothing of what a block loads.
        from genloss.run.block import run_block

        run_block(job, tell)
    else:
        job.perform()


def kind_of(job: Job) -> str:
    """Return the name of a job's class, by which another process imports it."""
    return f"{type(job).__module__}:{type(job).__qualname__}"


def job_of(kind: str, text: Sequence[Any]) -> Job:
    """Return the job that `kind_of` and `as_text` describe."""
    if kind == BLOCK:
        return Task.of(*text)
    module, _, name = kind.partition(":")
    job: Work = getattr(import_module(module), name)(*text)
    return job


def run_jobs(jobs: Sequence[Work], executor: "Executor") -> None:
    """Run jobs that do not know of one another, in any order.

    After a failure no further job begins; those at work come to their end, and what is done stays.
    A job whose worker died begins again, twice at most.

    Raises:
        Exception: the first failure, in the order of the jobs.
    """
    queue = _Queue(jobs)
    executor.run(queue, queue.hear)
    if queue.failed:
        raise queue.failed[min(queue.failed)]


class _Queue:
    """A feed of jobs, and the sink that hears how they ended."""

    def __init__(self, jobs: Sequence[Work]) -> None:
        self.jobs, self.left = jobs, deque(range(len(jobs)))
        self.crashes: Counter[int] = Counter()
        self.failed: dict[int, Exception] = {}

    def take(self) -> tuple[int, Job] | None:
        if self.failed or not self.left:
            return None
        i = self.left.popleft()
        return i, self.jobs[i]

    def hear(self, event: Event) -> None:
        if not isinstance(event, Failed):
            return
        if isinstance(event.error, WorkerLost) and self.crashes[event.task] < CRASHES:
            self.crashes[event.task] += 1
            self.left.appendleft(event.task)
        else:
            self.failed[event.task] = event.error
