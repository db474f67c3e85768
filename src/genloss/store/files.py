"""Atomic files: a reader sees the old content or the new one, never a half."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.arrays import Array
from genloss.errors import StoreError

TEMPORARY = ".tmp"
"""Ending of everything not yet complete; whatever carries it may be deleted."""


@contextmanager
def explained(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a StoreError that says what was tried and what to try next."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot {action} {path}: {error.strerror or error}; check that the folder is writable "
            "and the disk has room, then run the same command again: it resumes"
        ) from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically and durably (temporary file, fsync, rename)."""
    temporary = path.parent / (path.name + TEMPORARY)
    with explained("write", path):
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON atomically; NaN and infinity are refused."""
    text = json.dumps(value, indent=1, sort_keys=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON; raises StoreError where it is missing or broken."""
    with explained("read", path):
        content = path.read_bytes()
    try:
        return json.loads(content)
    except ValueError as error:
        raise StoreError(f"{path} is not JSON ({error}); it was damaged or is foreign") from error


def pack_arrays(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> bytes:
    """Return arrays and a JSON header as safetensors bytes; the same input, the same bytes."""
    from safetensors.numpy import save

    ready = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    # One metadata key only: safetensors writes several in an order that varies.
    return bytes(save(ready, {"genloss": json.dumps(dict(about), sort_keys=True)}))


def unpack_arrays(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read arrays and header back; raises StoreError for a truncated or foreign file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with explained("read", path):
        content = path.read_bytes()
    try:
        arrays = load(content)
        size = int.from_bytes(content[:8], "little")
        about = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["genloss"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise StoreError(
            f"{path} is not a genloss array file ({type(error).__name__}: {error}); it was "
            "truncated or is foreign; delete the run folder and run again"
        ) from error
    return arrays, about


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill a temporary folder that becomes `path` by one rename; nothing remains on failure."""
    temporary = path.with_name(path.name + TEMPORARY)
    with explained("write", path):
        if temporary.exists():
            shutil.rmtree(temporary)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            if path.exists():
                shutil.rmtree(path)
            temporary.rename(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
