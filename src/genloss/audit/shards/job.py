"""What the work on one shard is, and who does it."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class Job(Protocol):
    """A step's work on one shard or part."""

    def perform(self) -> None:
        """Do it, unless it is done."""
        ...

    def as_text(self) -> tuple[Any, ...]:
        """Return what it is made from."""
        ...


Do = Callable[[str, Sequence[Job]], None]
"""Does the jobs of a step, in any order and anywhere that reaches the folder; told its name."""


def here(step: str, jobs: Sequence[Job]) -> None:
    """Do jobs in this process, one after another."""
    for job in jobs:
        job.perform()
