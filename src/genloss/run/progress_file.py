"""Where work is, as a file that others can read; docs/sweeps.md says what stands in it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.run.events import Sink
from genloss.run.tally import BEGINNING, Standing, Tally
from genloss.store.files import read_sealed, write_sealed
from genloss.store.provenance import now
from genloss.store.schema import expect

PROGRESS = "progress.json"

RUNNING, ENDED, INTERRUPTED = "running", "ended", "interrupted"

EVERY = 2.0
"""Seconds between two writings."""

SHAPE = {
    "state": str,
    "blocks": int,
    "finished": int,
    "working": int,
    "failed": int,
    "retried": int,
    "share": float,
    "rate": float,
    "left": (float, None),
    "run": str,
    "block": int,
    "t": int,
    "generations": int,
    "time": str,
}


@dataclass(frozen=True)
class Progress:
    """What a progress file says; see `Standing`.

    state: running, ended, or interrupted where an error or a signal ended it. run, block, t,
    generations: where one task at work is, "" where none. time: of writing, in UTC.
    """

    state: str
    blocks: int
    finished: int
    working: int
    failed: int
    retried: int
    share: float
    rate: float
    left: float | None
    run: str
    block: int
    t: int
    generations: int
    time: str


@contextmanager
def progress_file(folder: Path) -> Iterator[Sink]:
    """Yield a sink that keeps a folder's progress file up to date, and write its end."""
    tally, stop = Tally(), threading.Event()
    lock = threading.Lock()

    def sink(event: Any) -> None:
        with lock:
            tally(event)

    def write(state: str) -> None:
        with lock:
            value = as_table(tally.standing(), state)
        # Whoever watches waits for the next one; the work must not end for it.
        with suppress(StoreError):
            write_sealed(folder / PROGRESS, value)

    def keep_writing() -> None:
        while not stop.wait(EVERY):
            write(RUNNING)

    writer = threading.Thread(target=keep_writing, daemon=True)
    write(RUNNING)
    writer.start()
    state = INTERRUPTED
    try:
        yield sink
        state = ENDED
    finally:
        stop.set()
        writer.join()
        write(state)


def as_table(at: Standing, state: str) -> dict[str, Any]:
    """Return what a progress file says of a standing."""
    if state != RUNNING:
        at = replace(at, working=0, left=None, task=None, step=BEGINNING)
    task = at.task
    return {
        "state": state,
        "process": os.getpid(),
        "blocks": at.blocks,
        "finished": at.finished,
        "working": at.working,
        "failed": at.failed,
        "retried": at.retried,
        "share": float(at.share),
        "rate": float(at.rate),
        "left": None if at.left is None else float(at.left),
        "run": "" if task is None else task.run.name,
        "block": 0 if task is None else task.block,
        "t": at.step.t,
        "generations": 0 if task is None else task.study.generations,
        "time": now(),
    }


def read_progress(folder: Path) -> Progress | None:
    """Read the progress file of a folder; None where there is none yet.

    Raises:
        StoreError: it is damaged.
    """
    path = folder / PROGRESS
    if not path.exists():
        return None
    value = read_sealed(path, "remove this file alone; it is written again")
    expect(value, SHAPE, path)
    return Progress(**{key: value[key] for key in SHAPE})
