"""Where commands write what a user asked for: never into a run, a device, or through a link."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genloss.errors import StoreError
from genloss.store.about import ABOUT
from genloss.store.files import TEMPORARY, explained
from genloss.store.folder import BLOCKS, PROVENANCE, THEORY
from genloss.store.header import HEADER
from genloss.store.lock import LOCK
from genloss.store.machine_file import MACHINE
from genloss.store.sweep import BEGUN, SWEEP, is_sweep

OWN = (HEADER, ABOUT, THEORY, MACHINE, PROVENANCE, LOCK, BLOCKS)
"""What a run's folder holds, at its top."""

TARGETS = "targets.json"
"""The verdicts of an experiment, beside its runs."""


def check_output(path: Path) -> None:
    """Check that a file may be written, before anything is computed.

    Raises:
        StoreError: a link, a device, a folder, a file that belongs to a run, a sweep or an
            experiment, or a place in a folder that is not there.
    """
    with explained("write", path):
        if path.is_symlink():
            raise StoreError(f"{path} is a link; name the file that it leads to, or another one")
        if path.exists() and not path.is_file():
            raise StoreError(f"{path} is a folder or a device; expected a file to write")
        if not path.parent.is_dir():
            raise StoreError(f"{path}: there is no folder {path.parent}; make it or name another")
        place = path.absolute()
        for folder in place.parents:
            inside = place.relative_to(folder).parts[0]
            if inside in OWN and (folder / HEADER).is_file():
                raise StoreError(f"{path} belongs to the run {folder}; choose another place")
            if inside in (SWEEP, *BEGUN) and is_sweep(folder):
                raise StoreError(f"{path} belongs to the sweep {folder}; choose another place")
        if path.name == TARGETS and path.exists():
            raise StoreError(f"{path} holds the verdicts of an experiment; choose another place")


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` by one rename; nothing remains on failure."""
    check_output(path)
    temporary = path.parent / f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}"
    try:
        yield temporary
        with explained("write", path):
            temporary.replace(path)
    finally:
        with explained("remove", temporary):
            temporary.unlink(missing_ok=True)
