"""What happens while studies run, as small frozen values: a sink is a function that takes them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from genloss.run.task import Task


class Phase(IntEnum):
    """What a block does; in this order within a generation."""

    READING = 0
    BASE = 1
    FITTING = 2
    DRAWING = 3
    MEASURING = 4
    WRITING = 5
    DONE = 6


@dataclass(frozen=True)
class Step:
    """Where a block is: a phase of generation t; DONE once t is measured and stored.

    share in [0, 1] of the phase, where that is known; step of steps of its innermost loop (0 of 0
    where it tells none), which goes over its rows in so many epochs.
    """

    phase: Phase
    t: int
    share: float = 0.0
    step: int = 0
    steps: int = 0
    epochs: int = 0

    @property
    def generations(self) -> int:
        """The generations that are done; 0 before the first fit or its resumption."""
        return self.t if self.phase == Phase.DONE else max(self.t - 1, 0)


Tell = Callable[[Step], None]
"""Takes the steps of one block."""


@dataclass(frozen=True)
class Planned:
    """The tasks that lie ahead; later events name them by their place here."""

    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Moved:
    """A task came to another step; where work is fast, or far away, not every step is told."""

    task: int
    step: Step


@dataclass(frozen=True)
class Finished:
    """A task came to its end."""

    task: int


@dataclass(frozen=True)
class Failed:
    """A task ended in an error; what it had checkpointed resumes."""

    task: int
    error: Exception


@dataclass(frozen=True)
class Retried:
    """A task that failed begins again from its last checkpoint.

    lost: generations that it had done since then; how: what is done otherwise this time, in words.
    """

    task: int
    error: Exception
    lost: int
    how: str


@dataclass(frozen=True)
class Said:
    """Something that a person should read, one line."""

    text: str


Event = Planned | Moved | Finished | Failed | Retried | Said

Sink = Callable[[Event], None]
"""Takes the events of a run; an exception that it raises ends the run."""
