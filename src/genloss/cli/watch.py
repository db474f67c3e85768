"""What `genloss watch` shows: where work of another process is, from what it writes."""

import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console
from genloss.cli.durations import duration, pace
from genloss.cli.escaping import plain
from genloss.errors import StoreError
from genloss.run.progress_file import ENDED, RUNNING, Progress, read_progress
from genloss.store.header import HEADER
from genloss.store.lock import is_held
from genloss.store.reader import Run
from genloss.store.sweep import SWEEP, is_sweep

LOOK, LINE = 1.0, 30.0
"""Seconds between looks on a terminal, and between lines elsewhere."""


def watch(folder: Path, json: bool) -> None:
    """Show where work in a folder is until it ends; with json, once.

    Raises:
        StoreError: the folder is neither a sweep nor a run.
    """
    if not (folder / SWEEP).exists() and not (folder / HEADER).exists():
        raise StoreError(
            f"{folder} is neither the folder of a sweep ({SWEEP}) nor of a run ({HEADER}); "
            "see `genloss ls`"
        )
    if json:
        at = read_progress(folder)
        rest = asdict(at) if at is not None else {"progress": _reached(folder)}
        console.print_json({"at_work": is_held(folder), **rest})
        return
    terminal, last = sys.stdout.isatty(), 0.0
    while True:
        at_work = is_held(folder)
        line = _line(folder, at_work)
        if terminal:
            sys.stdout.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
            sys.stdout.flush()
        elif not at_work or time.monotonic() - last >= LINE:
            console.print_line(line)
            last = time.monotonic()
        if not at_work:
            if terminal:
                sys.stdout.write("\n")
            return
        time.sleep(LOOK)


def _line(folder: Path, at_work: bool) -> str:
    at = read_progress(folder)
    if at is None and is_sweep(folder):
        return plain("; ".join(filter(None, ["no progress written", _state(at_work, ended=False)])))
    if at is None:
        run = Run(folder)
        done = min(run.progress(), default=0)
        where = f"generation {done} of {run.spec['generations']} checkpointed"
        return plain(f"{where}; {_state(at_work, run.is_complete)}")
    return plain("; ".join(filter(None, [*_parts(at), _state(at_work, at.state == ENDED)])))


def _reached(folder: Path) -> list[int]:
    return [] if is_sweep(folder) else Run(folder).progress()


def _state(at_work: bool, ended: bool) -> str:
    if at_work:
        return ""
    return "ended" if ended else "nobody is at work: the same command goes on"


def _parts(at: Progress) -> list[str]:
    if at.state == ENDED and not at.blocks:
        return ["nothing was left to do"]
    parts = [f"{at.share:.0%}", f"{at.finished} of {at.blocks} blocks done"]
    parts += [f"{at.failed} failed"] if at.failed else []
    parts += [f"{at.retried} tried again"] if at.retried else []
    if at.state == RUNNING:
        parts += [pace(at.rate)] if at.rate else []
        parts += [f"{duration(at.left)} left"] if at.left is not None else []
        parts += [f"{at.run}, generation {at.t} of {at.generations}"] if at.run else []
    return parts
