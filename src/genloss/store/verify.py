"""Verify a run folder: every file that genloss wrote into it, against what vouches for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from genloss.errors import StoreError
from genloss.store.about import ABOUT
from genloss.store.arrays import read_arrays
from genloss.store.block import checkpoint_path, part_path
from genloss.store.files import read_sealed
from genloss.store.folder import BLOCKS, PROVENANCE, THEORY
from genloss.store.header import HEADER
from genloss.store.machine_file import MACHINE
from genloss.store.manifest import MANIFEST
from genloss.store.reader import Block, Run
from genloss.store.table import TABLE

GONE = "the run has ended, and it is gone"


@dataclass(frozen=True)
class Checked:
    """One file that was read whole; problem is empty where it is as it was written."""

    path: Path
    problem: str


def verify(run: Run) -> Iterator[Checked]:
    """Yield every file of a run that is there or should be, in the order of their dependence.

    What depends on a damaged file cannot be verified and is left out. O(bytes of the folder).
    """
    header = checked(run.path / HEADER, lambda: run.header)
    yield header
    if header.problem:
        return
    begun = any((path / MANIFEST).exists() for path in (run.path / BLOCKS).glob("*"))
    for name, read in (
        (ABOUT, lambda: run.about),
        (THEORY, lambda: _sealed(run.path / THEORY)),
        (MACHINE, lambda: run.local_spec),
        (PROVENANCE, run.provenance),
    ):
        if (run.path / name).exists():
            yield checked(run.path / name, read)
        elif begun and name in (ABOUT, PROVENANCE):
            yield Checked(run.path / name, "the run has begun, and it is gone")
    blocks = checked(run.path / BLOCKS, lambda: run.blocks)
    if blocks.problem:
        yield blocks
        return
    # A run that goes on has blocks that have not begun.
    ended = any(line["event"] == "done" for line in _sessions(run))
    for number in run.missing if ended else ():
        yield Checked(run.path / BLOCKS / f"{number:04d}", GONE)
    for block in run.blocks:
        yield from _block(block, ended)


def _block(block: Block, ended: bool) -> Iterator[Checked]:
    manifest = checked(block.path / MANIFEST, lambda: block.manifest)
    if manifest.problem:
        yield manifest
        return
    stored = block.manifest
    if stored is not None:
        yield manifest
    elif ended:
        yield Checked(block.path / MANIFEST, GONE)
        return
    yield checked(block.path / TABLE, lambda: sum(1 for _ in block.table.rows()))
    if stored is None:
        return
    if stored.checkpoint is not None:
        path = checkpoint_path(block.path, stored.t)
        yield checked(path, partial(read_arrays, path, stored.checkpoint.sha256))
    for t, parts in stored.kept.items():
        for name, digest in parts.items():
            path = part_path(block.path, t, name)
            yield checked(path, partial(read_arrays, path, digest))


def _sealed(path: Path) -> None:
    read_sealed(path)


def _sessions(run: Run) -> list[dict[str, object]]:
    try:
        return run.provenance()
    except StoreError:
        return []


def checked(path: Path, read: Callable[[], object]) -> Checked:
    """Return a file with what reading it finds wrong."""
    try:
        read()
    except StoreError as error:
        return Checked(path, str(error))
    return Checked(path, "")
