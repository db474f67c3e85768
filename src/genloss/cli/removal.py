"""What `genloss rm`, `gc` and `cancel` do and say."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from genloss.cli import console
from genloss.cli.durations import size
from genloss.errors import SpecError, StoreError
from genloss.report.formatting import count
from genloss.store import removal
from genloss.store.lock import holder, is_held
from genloss.store.removal import Waste

PATIENCE = 60.0
"""Seconds that a cancelled process has to leave in order."""

SHOWN = 20
"""Rows that are printed, at most."""


def remove(paths: Sequence[Path], yes: bool, json: bool) -> None:
    """Remove runs and sweeps by name, or say what would go."""
    _settle(removal.named(paths), yes, json)


def collect(
    root: Path, failed: bool, stale: float | None, checkpoints: bool, yes: bool, json: bool
) -> None:
    """Remove what nobody needs below a folder, or say what would go."""
    if not failed and stale is None and not checkpoints:
        raise SpecError("say what may go: --failed, --stale DAYS, --checkpoints")
    waste = list(removal.failed(root)) if failed else []
    waste += removal.stale(root, stale) if stale is not None else []
    waste += removal.last_checkpoints(root) if checkpoints else []
    _settle(list({one.path: one for one in waste}.values()), yes, json)


def _settle(waste: Sequence[Waste], yes: bool, json: bool) -> None:
    if yes:
        removal.remove(waste)
    total = sum(one.bytes for one in waste)
    if json:
        rows = [{"path": str(one.path), "why": one.why, "bytes": one.bytes} for one in waste]
        console.print_json({"removed": yes, "bytes": total, "paths": rows})
        return
    rows_shown = [[str(one.path), one.why, size(one.bytes)] for one in waste[:SHOWN]]
    if waste:
        console.print_table(["path", "what", "size"], rows_shown, folds=("path",))
    more = f" ({len(waste) - SHOWN} more than are shown)" if len(waste) > SHOWN else ""
    what = f"{count(len(waste), 'thing')}{more}, {size(total)}"
    console.print_line(f"removed {what}" if yes else f"{what} would go; --yes removes them")


def cancel(folder: Path, json: bool) -> None:
    """Ask the process that works in a folder to leave, and wait until it has.

    Raises:
        StoreError: nobody works there, or the process does not leave.
    """
    process = holder(folder)
    if process is None or not is_held(folder):
        raise StoreError(f"nobody is at work in {folder}")
    try:
        os.kill(process, signal.SIGTERM)
    except OSError as error:
        raise StoreError(
            f"process {process}, which {folder} names, cannot be ended: {error.strerror}; it may "
            "run as another user or on another machine; end it there"
        ) from error
    deadline = time.monotonic() + PATIENCE
    while is_held(folder):
        if time.monotonic() > deadline:
            raise StoreError(f"process {process} still works in {folder}; end it by other means")
        time.sleep(0.05)
    if json:
        console.print_json({"cancelled": str(folder), "process": process})
    else:
        console.print_line(f"{folder}: process {process} has left; the same command goes on")
