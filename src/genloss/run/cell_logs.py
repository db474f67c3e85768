"""A log file for each cell of a sweep: when it began, what was tried again, how it ended."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from genloss.run.events import Event, Failed, Finished, Planned, Retried
from genloss.run.opening import Cell
from genloss.run.task import Task
from genloss.store.files import append_text
from genloss.store.provenance import now


class CellLogs:
    """A sink that writes below a folder; moves are too many to be written."""

    def __init__(self, folder: Path, cells: Sequence[Cell]) -> None:
        self.folder = folder
        self.files = {cell.path: folder / f"{cell.path.name}.log" for cell in cells}
        self.tasks: tuple[Task, ...] = ()

    def __call__(self, event: Event) -> None:
        """Write a line, or the whole traceback of a bug."""
        if isinstance(event, Planned):
            self.tasks = event.tasks
        elif isinstance(event, Finished):
            self._write(event.task, "done")
        elif isinstance(event, Retried):
            lost = f"{event.lost} generations lost; " if event.lost else ""
            self._write(event.task, f"{_words(event.error)}; {lost}begins again, {event.how}")
        elif isinstance(event, Failed):
            self._write(event.task, "".join(traceback.format_exception(event.error)).strip())

    def _write(self, number: int, text: str) -> None:
        task = self.tasks[number]
        append_text(self.files[task.run], f"{now()} block {task.block}: {text}\n")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
