"""Executor: whoever gets tasks done, here, in other processes or on other machines."""

from typing import Protocol

from genloss.run.events import Sink
from genloss.run.job import Job
from genloss.study.study import Study


class Feed(Protocol):
    """Tasks that do not know of one another, handed out one by one."""

    def take(self) -> tuple[int, Job] | None:
        """Return a task that may begin now, and its number.

        None where none may: for now, as long as others are at work, or at all. It is worth another
        try after every event.
        """
        ...


class Executor(Protocol):
    """Runs tasks, in any order and several at a time."""

    @property
    def side_by_side(self) -> int:
        """Return how many tasks are at work at most."""
        ...

    def threads(self, study: Study) -> int:
        """Return the threads that the networks of one of a study's tasks compute on."""
        ...

    def run(self, feed: Feed, sink: Sink) -> None:
        """Run what the feed hands out, telling the sink where each task is and how it ended.

        Every task ends in one `Finished` or `Failed`. A failure is told and not raised, so that
        the others go on: the sink decides. Whatever it raises ends all work before it leaves this
        function; no task is at work afterwards.
        """
        ...
