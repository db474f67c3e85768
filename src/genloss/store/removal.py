"""Removing runs and sweeps: what would go is listed first, and nothing but what they are goes."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from genloss.errors import StoreError
from genloss.store.block import checkpoint_path
from genloss.store.files import removed, sync_folder
from genloss.store.folder import control_path, holds_run
from genloss.store.lock import is_held, locked
from genloss.store.manifest import write_manifest
from genloss.store.reader import Run, folders, is_run
from genloss.store.sweep import SWEEP, is_sweep, read_failures, read_sweep

DAY = 86_400.0


@dataclass(frozen=True)
class Waste:
    """Something that may go: a run, a sweep or the last checkpoint of a block, and why."""

    path: Path
    why: str
    bytes: int


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; links are not followed."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    return sum(
        os.lstat(os.path.join(place, name)).st_size
        for place, _, names in os.walk(path)
        for name in names
    )


def named(paths: Sequence[Path]) -> list[Waste]:
    """Return runs and sweeps by their folders.

    Raises:
        StoreError: a folder is neither, or a link, or holds a sweep of its own; or somebody works
            there.
    """
    out = []
    for path in paths:
        if path.is_symlink():
            raise StoreError(f"{path} is a link; name the folder itself: {path.resolve()}")
        if not is_sweep(path) and not is_run(path):
            raise StoreError(f"{path} is neither a run nor a sweep; remove it by other means")
        if _busy(path):
            raise StoreError(f"{path} is being written; cancel it first: genloss cancel {path}")
        for inner, names in folders(path) if is_sweep(path) else ():
            if inner != path and SWEEP in names:
                raise StoreError(f"{path} holds another sweep, {inner}; remove or move that first")
        what = "sweep" if is_sweep(path) else "run"
        others = ", ".join(_sharing(path))
        why = f"{what}, of which {others} has cells" if others else what
        out.append(Waste(path, why, size_of(path)))
    return out


def _sharing(path: Path) -> Iterator[str]:
    """Yield the sweeps beside a folder whose cells lie in it."""
    for folder in sorted(path.resolve().parent.iterdir()):
        if folder != path.resolve() and is_sweep(folder):
            runs = [(folder / cell.run).resolve() for cell in read_sweep(folder).cells]
            if any(run.is_relative_to(path.resolve()) for run in runs):
                yield folder.name


def failed(root: Path) -> Iterator[Waste]:
    """Yield the unfinished runs of cells that sweeps have given up."""
    for folder, _ in folders(root):
        if not is_sweep(folder):
            continue
        given_up = read_failures(folder)
        # What lies elsewhere belongs to others.
        cells = {c.fingerprint: folder / c.run for c in read_sweep(folder).cells}
        mine = {fp: path for fp, path in cells.items() if path.parent == folder}
        controls = {fp: control_path(folder / "run", fp) for fp in given_up if fp not in cells}
        for fp, path in {**mine, **controls}.items():
            # What is complete was only refused here.
            if fp in given_up and is_run(path) and not _busy(path) and not _is_complete(path):
                why = given_up[fp]["error"]
                yield Waste(path, f"failed: {why}", size_of(path))


def stale(root: Path, days: float) -> Iterator[Waste]:
    """Yield unfinished runs in which nothing was written for so many days."""
    for path, names in folders(root):
        if not holds_run(names) or _busy(path):
            continue
        last = max(os.stat(place).st_mtime for place, _, _ in os.walk(path))
        age = (time.time() - last) / DAY
        if age >= days and not _is_complete(path):
            yield Waste(path, f"unfinished, untouched for {age:.0f} days", size_of(path))


def last_checkpoints(root: Path) -> Iterator[Waste]:
    """Yield the checkpoints of finished blocks, which only a longer run would go on from."""
    for path, names in folders(root):
        if holds_run(names) and not _busy(path) and _is_complete(path):
            for block in Run(path).blocks:
                manifest = block.manifest
                if manifest is not None and manifest.checkpoint is not None:
                    file = checkpoint_path(block.path, manifest.t)
                    yield Waste(file, "checkpoint of a finished block", manifest.checkpoint.bytes)


def remove(waste: Sequence[Waste]) -> None:
    """Remove what was listed; a run is locked meanwhile, and its header goes first.

    Raises:
        StoreError: somebody began to work there.
    """
    for one in waste:
        if not one.path.is_dir():
            _drop_checkpoint(one.path)
            continue
        with ExitStack() as stack:
            stack.enter_context(locked(one.path))
            _check_inside(one.path)
            for name in ("sweep.json", "run.json"):
                removed(one.path / name)
            removed(one.path)


def _drop_checkpoint(file: Path) -> None:
    """Rewrite the manifest without its checkpoint, and only then remove that."""
    block = file.parent
    run = block.parent.parent
    with locked(run):
        number = int(block.name)
        [found] = [b for b in Run(run).blocks if b.number == number]
        if found.manifest is not None:
            write_manifest(block, replace(found.manifest, checkpoint=None))
            sync_folder(block)
        removed(file)


def _busy(path: Path) -> bool:
    """Return whether somebody works in a folder, in its runs, or in the sweep it belongs to."""
    if is_sweep(path) and any(is_held(inner) for inner, _ in folders(path)):
        return True
    return is_held(path) or (is_sweep(path.parent) and is_held(path.parent))


def _check_inside(path: Path) -> None:
    for inner, _ in folders(path) if is_sweep(path) else ():
        if inner != path and is_held(inner):
            raise StoreError(f"{inner} is being written; cancel it first: genloss cancel {inner}")


def _is_complete(path: Path) -> bool:
    try:
        return Run(path).is_complete
    except StoreError:
        # A damaged one is shown by `ls`, and removed by name.
        return True
