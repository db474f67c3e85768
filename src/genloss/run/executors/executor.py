"""Executor: whoever gets tasks done, here, in other processes or on other machines."""

from collections.abc import Sequence
from typing import Protocol

from genloss.run.events import Sink
from genloss.run.task import Task


class Executor(Protocol):
    """Runs tasks that do not know of one another, in any order and any number at a time."""

    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run every task to its end, telling the sink where each is and which ones failed.

        A failure is told and not raised, so that the others go on: the sink decides. Whatever it
        raises ends all work before it leaves this function; no task is at work afterwards.
        """
        ...
