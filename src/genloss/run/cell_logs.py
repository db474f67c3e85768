"""A log file for each cell of a sweep: when it began, what was tried again, how it ended."""

import traceback
from collections.abc import Sequence
from pathlib import Path

from genloss.run.events import Event, Failed, Finished, Moved, Planned, Retried
from genloss.run.task import Task
from genloss.store.files import append_text
from genloss.store.machine_file import without_folders
from genloss.store.provenance import now


class CellLogs:
    """A sink that writes below a folder; moves are too many to be written.

    paths: of this machine, of which logs and failures have the last part.
    """

    def __init__(self, folder: Path, paths: Sequence[str] = ()) -> None:
        self.folder = folder
        self.paths = paths
        self.tasks: tuple[Task, ...] = ()
        self.begun: set[int] = set()

    def __call__(self, event: Event) -> None:
        """Write a line, or the whole traceback of a bug."""
        if isinstance(event, Planned):
            self.tasks = event.tasks
        elif isinstance(event, Moved):
            if event.task not in self.begun:
                self.begun.add(event.task)
                self._write(event.task, "at work")
        elif isinstance(event, Finished):
            self._write(event.task, "done")
        elif isinstance(event, Retried):
            lost = f"{event.lost} generation{'' if event.lost == 1 else 's'} lost"
            self._write(event.task, f"{_words(event.error)}; {lost}; begins again, {event.how}")
        elif isinstance(event, Failed):
            self._write(event.task, "".join(traceback.format_exception(event.error)).strip())

    def give_up(self, run: Path, error: Exception) -> None:
        """Write why a cell was given up; it may be before any of its blocks began."""
        self._append(run, f"given up: {_words(error)}")

    def failure(self, error: Exception) -> dict[str, str]:
        """Return what failed.json says of an error."""
        message = without_folders(str(error), self.paths)
        return {"error": type(error).__name__, "message": message, "time": now()}

    def _write(self, number: int, text: str) -> None:
        task = self.tasks[number]
        self._append(task.run, f"block {task.block}: {text}")

    def _append(self, run: Path, text: str) -> None:
        line = f"{now()} {without_folders(text, self.paths)}\n"
        append_text(self.folder / f"{run.name}.log", line)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
