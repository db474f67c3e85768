"""The layout of a run folder: one config, one lock, blocks of chains below it.

NAME-FINGERPRINT/
  run.json            format version, fingerprint, description, metrics, theory lines
  about.json          titles, meanings and works of all its parts, as they said themselves
  provenance.jsonl    one line per session
  blocks/0000/        a block of chains: metrics.jsonl, checkpoint.safetensors, generations/000050/
  .lock               held by the process that writes, here and in each block
"""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from genloss.core.about import Entries
from genloss.errors import StoreError
from genloss.store.about import ABOUT, write_about
from genloss.store.files import TEMPORARY, explained, read_json, write_json
from genloss.store.fingerprint import fingerprint

FORMAT = 1
HEADER = "run.json"
LOCK = ".lock"
PATIENCE = 10.0
"""Seconds; a worker whose parent was killed ends at once, unless a long step holds it."""


@dataclass(frozen=True)
class Header:
    """What run.json holds.

    identity: what the fingerprint covers. spec: the full description, from which the study is
    rebuilt. metrics: name, unit and direction of each. theory: dashed lines, {metric: {label, t,
    value}}. data: what was found in the data, in one line; empty where nothing is told.
    """

    name: str
    identity: Mapping[str, Any]
    spec: Mapping[str, Any]
    metrics: tuple[Mapping[str, Any], ...]
    theory: Mapping[str, Any]
    data: str = ""

    @property
    def fingerprint(self) -> str:
        """Return the 16 hex digits of the identity."""
        return fingerprint(self.identity)

    def as_json(self) -> dict[str, Any]:
        """Return the content of run.json."""
        return {
            "format": FORMAT,
            "name": self.name,
            "fingerprint": self.fingerprint,
            "identity": self.identity,
            "spec": self.spec,
            "metrics": list(self.metrics),
            "theory": self.theory,
            "data": self.data,
        }


def run_path(root: Path, header: Header) -> Path:
    """Return the folder of a run below root."""
    return root / f"{header.name}-{header.fingerprint}"


def block_path(run: Path, block: int) -> Path:
    """Return the folder of one block."""
    return run / "blocks" / f"{block:04d}"


def create_or_match(run: Path, header: Header, about: Entries | None = None) -> bool:
    """Create the folder, or check that it holds the same config; return whether it is new.

    about: what its parts say of themselves; written when it is made, and left alone afterwards.

    Raises:
        StoreError: another config, another format version, or a half-deleted folder.
    """
    path = run / HEADER
    if path.exists():
        found = read_header(run)
        if found.fingerprint != header.fingerprint:
            raise StoreError(_side_by_side(run, found.identity, header.identity))
        return False
    # A kill may have left the header half-written, which is as good as not begun.
    foreign = (f for f in run.iterdir() if f.name != ABOUT and not f.name.endswith(TEMPORARY))
    if run.exists() and any(foreign):
        raise StoreError(
            f"{run} has files but no {HEADER}: it is half-deleted or not a run folder; "
            "delete it or choose another place"
        )
    with explained("create", run):
        run.mkdir(parents=True, exist_ok=True)
    write_about(run, about or {})
    write_json(path, header.as_json())
    return True


def read_header(run: Path) -> Header:
    """Read run.json; raises StoreError if it is missing, of another version or edited."""
    path = run / HEADER
    if not path.is_file():
        raise StoreError(f"{run} is not a run folder: it has no {HEADER}; see `genloss ls`")
    value = read_json(path)
    version = value.get("format") if isinstance(value, dict) else None
    if version != FORMAT:
        raise StoreError(
            f"{path} has format {version!r}; this genloss reads format {FORMAT}; use the version "
            "that wrote it, or run the study again"
        )
    try:
        header = Header(
            value["name"],
            value["identity"],
            value["spec"],
            tuple(value["metrics"]),
            value["theory"],
            value.get("data", ""),
        )
    except (KeyError, TypeError) as error:
        raise StoreError(
            f"{path} lacks or garbles {error}; it was damaged; delete the folder"
        ) from error
    if header.fingerprint != value.get("fingerprint"):
        raise StoreError(
            f"{path}: the description hashes to {header.fingerprint}, the file says "
            f"{value.get('fingerprint')}; it was edited by hand; delete the folder or undo the edit"
        )
    return header


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold the run for this process; the system drops the lock when the process dies.

    Raises:
        StoreError: another process holds it.
    """
    with _lock_file(run) as file:
        _lock(file, run)
        yield


@contextmanager
def locked_block(path: Path) -> Iterator[None]:
    """Hold one block; the dying workers of a killed process are waited for.

    Raises:
        StoreError: somebody still holds it after PATIENCE seconds.
    """
    with _lock_file(path) as file:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                _lock(file, path)
                break
            except StoreError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.01)
        yield


def _lock_file(folder: Path) -> IO[str]:
    with explained("lock", folder):
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / LOCK).open("a")


def _lock(file: IO[str], folder: Path) -> None:
    with explained("lock", folder):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(
                f"{folder} is being written by another process; wait for it or stop it first"
            ) from None


def _side_by_side(run: Path, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    rows = [
        f"  {key:<16} there {theirs.get(key)!r:<40} here {ours.get(key)!r}"
        for key in sorted({*theirs, *ours})
        if theirs.get(key) != ours.get(key)
    ]
    listing = os.linesep.join(rows)
    return f"{run} holds another config; a run folder has one.{os.linesep}{listing}"
