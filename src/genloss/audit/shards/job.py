"""What the work on one shard is, and who does it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from genloss.audit.shards.plan import Shard, Work, leave


class Job(Protocol):
    """A step's work on one shard or part."""

    def perform(self) -> None:
        """Do it, unless it is done."""
        ...

    def as_text(self) -> tuple[Any, ...]:
        """Return what it is made from."""
        ...


@dataclass(frozen=True)
class ShardJob(ABC):
    """Base class of the jobs that leave a folder of what shard `number` of the plan in it holds.

    Subclasses implement `place` and `fill`.
    """

    folder: str
    number: int

    def as_text(self) -> tuple[str, int]:
        """Return the fields."""
        return self.folder, self.number

    def perform(self) -> None:
        """Leave its folder, unless it is there."""
        work = Work(Path(self.folder))
        shard = work.shard(self.number)
        leave(self.place(work, shard), partial(self.fill, work, shard))

    @abstractmethod
    def place(self, work: Work, shard: Shard) -> Path:
        """Return what the folder will be called."""

    @abstractmethod
    def fill(self, work: Work, shard: Shard, folder: Path) -> None:
        """Write all of it."""


Do = Callable[[str, Sequence[Job]], None]
"""Does the jobs of a step, in any order and anywhere that reaches the folder; told its name."""


def here(step: str, jobs: Sequence[Job]) -> None:
    """Do jobs in this process, one after another."""
    for job in jobs:
        job.perform()
