"""What `genloss rm`, `gc` and `cancel` do and say."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from genloss.cli import console
from genloss.cli.durations import size
from genloss.errors import SpecError, StoreError
from genloss.judge.controls import control_folders
from genloss.report.formatting import count
from genloss.store import removal
from genloss.store.folder import CONTROLS, is_control_path
from genloss.store.lock import holder, is_held
from genloss.store.reader import Run, find_controls, folders, is_run
from genloss.store.removal import Waste

PATIENCE = 60.0
"""Seconds that a cancelled process has to leave in order."""

SHOWN = 20
"""Rows that are printed, at most."""


def remove(paths: Sequence[Path], yes: bool, json: bool) -> None:
    """Remove runs and sweeps by name, with controls that nobody else needs; or say what would."""
    waste = removal.named(paths)
    runs = [one.path for one in waste if is_run(one.path)]
    for folder in {path.parent for path in runs if not is_control_path(path)}:
        waste += _unneeded(folder, runs)
    _settle(list({one.path.resolve(): one for one in waste}.values()), yes, json)


def _unneeded(folder: Path, without: Sequence[Path] = ()) -> Iterator[Waste]:
    """Yield the controls in a folder that no run in it needs, save those that are to go."""
    controls = [run.path for run in find_controls(folder) if run.path.parent == folder / CONTROLS]
    if not controls:
        return
    going = {path.resolve() for path in without}
    stay = [p for p in sorted(folder.iterdir()) if is_run(p) and p.resolve() not in going]
    try:
        needed = {control for path in stay for control in control_folders(Run(path))}
    except StoreError:
        # Nobody knows what a damaged run needs.
        return
    for path in controls:
        if path not in needed and not is_held(path):
            yield Waste(path, "control of no other run", removal.size_of(path))


def _all_unneeded(root: Path) -> Iterator[Waste]:
    for folder, names in folders(root):
        if CONTROLS in names:
            yield from _unneeded(folder)


def collect(
    root: Path,
    failed: bool,
    stale: float | None,
    checkpoints: bool,
    controls: bool,
    yes: bool,
    json: bool,
) -> None:
    """Remove what nobody needs below a folder, or say what would go."""
    if not failed and stale is None and not checkpoints and not controls:
        raise SpecError("say what may go: --failed, --stale DAYS, --checkpoints, --controls")
    waste = list(removal.failed(root)) if failed else []
    waste += removal.stale(root, stale) if stale is not None else []
    waste += removal.last_checkpoints(root) if checkpoints else []
    waste += _all_unneeded(root) if controls else []
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
    console.print_prose(f"removed {what}" if yes else f"{what} would go; --yes removes them")


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
        console.print_prose(f"{folder}: process {process} has left; the same command goes on")
