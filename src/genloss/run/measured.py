"""What runs have measured since one last looked, for sinks that pass numbers on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from genloss.core.arrays import Floats
from genloss.errors import StoreError
from genloss.run.events import Event, Failed, Finished, Moved, Phase, Planned
from genloss.run.task import Task
from genloss.store.reader import Run


@dataclass(frozen=True, eq=False)
class Values:
    """A metric of one generation: run, name (of a component, `m[label]`), t, values (C,)."""

    run: str
    metric: str
    t: int
    values: Floats


class Measured:
    """Reads the tables of the runs that events tell of, each value once.

    A generation is complete when every block that has begun has it. every: seconds between two
    looks at a run that is at work; a whole table is read each time.
    """

    def __init__(self, every: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.every, self.clock = every, clock
        self.tasks: tuple[Task, ...] = ()
        self.looked: dict[Path, float] = {}
        self.seen: dict[tuple[Path, str], int] = {}

    def after(self, event: Event) -> Iterator[Values]:
        """Yield what is new after an event; most events bring nothing."""
        if isinstance(event, Planned):
            self.tasks = event.tasks
        elif isinstance(event, Finished | Failed):
            yield from self._read(self.tasks[event.task].run)
        elif isinstance(event, Moved) and event.step.phase == Phase.DONE:
            run = self.tasks[event.task].run
            if self.clock() - self.looked.get(run, -self.every) >= self.every:
                yield from self._read(run)

    def _read(self, path: Path) -> Iterator[Values]:
        self.looked[path] = self.clock()
        try:
            columns = Run(path).columns
        except StoreError:
            # A run that was taken back, or whose first lines are being written.
            return
        for name, column in columns.items():
            last = self.seen.get((path, name), -1)
            for t, values in zip(column.t.tolist(), column.values, strict=True):
                if t > last:
                    self.seen[path, name] = t
                    yield Values(path.name, name, t, values)
