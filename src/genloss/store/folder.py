"""The layout of a run folder, and how one begins; docs/format.md describes every file.

NAME-FINGERPRINT/
  run.json            the header: description, fingerprint, metrics
  about.json          titles, meanings and works of all its parts, as they said themselves
  theory.json         dashed lines; computed when somebody asks for them
  machine.json        absolute paths and command line; never read by reports
  provenance.jsonl    two lines per session
  blocks/0000/        a block of chains: manifest.json, metrics.jsonl, checkpoint, generations/
  .lock               held by the process that writes, here and in each block
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from genloss.core.about import Entries
from genloss.errors import StoreError
from genloss.store.about import ABOUT, write_about
from genloss.store.files import (
    TEMPORARY,
    explained,
    make_folder,
    remove_temporary,
    removed,
    sync_folder,
    temporary_path,
)
from genloss.store.header import HEADER, Header, check_same, read_header, write_header
from genloss.store.lock import LOCK
from genloss.store.machine_file import MACHINE, portable, write_machine

THEORY = "theory.json"
PROVENANCE = "provenance.jsonl"
BLOCKS = "blocks"

CONTROLS = "controls"
"""The folder of the controls of all runs beside it."""

CONTROL = "real-only-"
"""How the folders in it begin."""

BEGUN = (LOCK, ABOUT, MACHINE)
"""What a folder may hold whose creation was cut off before its header."""


def holds_run(names: Collection[str]) -> bool:
    """Return whether a folder with these names in it is a run."""
    # Blocks without a header are what is left of a run.
    return HEADER in names or (BLOCKS in names and PROVENANCE in names)


def run_path(root: Path, header: Header) -> Path:
    """Return the folder of a run below root."""
    return root / f"{header.name}-{header.fingerprint}"


def itself(run: Path) -> Path:
    """Return the folder that a link leads to, or the path as it is."""
    return run.resolve() if run.is_symlink() else run


def controls_folder(run: Path) -> Path:
    """Return the folder of the controls of a run, which may be named by a link."""
    return itself(run).parent / CONTROLS


def control_path(run: Path, fingerprint: str) -> Path:
    """Return the folder of a control of a run; runs side by side share it."""
    return controls_folder(run) / f"{CONTROL}{fingerprint}"


def is_control_path(path: Path, root: Path | None = None) -> bool:
    """Return whether a folder lies where controls do; with a root, only if that lies above both."""
    if path.parent.name != CONTROLS or not path.name.startswith(CONTROL):
        return False
    return root is None or root not in (path, path.parent)


def block_path(run: Path, block: int) -> Path:
    """Return the folder of one block."""
    return run / BLOCKS / f"{block:04d}"


def check_place(run: Path, header: Header) -> None:
    """Raise StoreError where a folder holds another run, or files that no run began with."""
    with explained("read", run):
        if (run / HEADER).exists():
            check_same(run, read_header(run), header)
            return
        if not run.exists():
            return
        foreign = [
            f.name for f in run.iterdir() if f.name not in BEGUN and not f.name.endswith(TEMPORARY)
        ]
    if foreign:
        raise StoreError(
            f"{run} has files but no {HEADER} ({sorted(foreign)[0]}): it is half-deleted or not a "
            "run folder; delete it or choose another place"
        )


def create_or_match(run: Path, header: Header, about: Entries | None = None) -> bool:
    """Create a run in its folder, or check that it holds the same one; return whether it is new.

    The caller holds the folder's lock. about: what its parts say of themselves; written when it is
    made, and left alone afterwards. run.json comes last: a folder without it has not begun.

    Raises:
        StoreError: another config, another format version, or a folder of something else.
    """
    check_place(run, header)
    with explained("create", run):
        make_folder(run)
    remove_temporary(run)
    if (run / HEADER).exists():
        return False
    write_machine(run, header.spec)
    write_about(run, header.fingerprint, about or {})
    write_header(run, replace(header, spec=portable(header.spec)))
    return True


def withdraw(run: Path, *, with_folder: bool) -> None:
    """Take back a run that has just been created; the caller holds its lock.

    with_folder: the folder as well, if nothing else lies in it.
    """
    # The header goes before what may stay without it, and after what may not.
    with explained("remove", run), suppress(FileNotFoundError):
        # At once: a manifest without its table would be a damaged run.
        (run / BLOCKS).rename(temporary_path(run / BLOCKS))
    for name in (THEORY, PROVENANCE):
        removed(run / name)
    sync_folder(run)
    removed(run / HEADER)
    sync_folder(run)
    remove_temporary(run)
    for name in (ABOUT, MACHINE, LOCK):
        removed(run / name)
    if with_folder:
        with suppress(OSError):
            run.rmdir()
