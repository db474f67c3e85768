"""Files of a run folder: whole or not at all, never through a link, and with their own digest.

A reader sees the old content or the new one. Whoever prepared the folder cannot turn a write
elsewhere: nothing is written through a symbolic link, into a device, or into a file that has a
second name.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from genloss.errors import StoreError

FORMAT = 2
"""The version of everything that docs/format.md describes."""

TEMPORARY = ".tmp"
"""Ending of everything not yet complete; whatever carries it may be deleted."""

REMEDY = "put the file back, or delete the run folder and run again"

SEAL = re.compile(rb',\n "digest": "([0-9a-f]{64})"\n}\n')
SEAL_BYTES = len(b',\n "digest": ""\n}\n') + 64


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


@contextmanager
def open_regular(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to read it; raises StoreError for a device, a pipe or a folder."""
    # Without O_NONBLOCK, opening a pipe waits for somebody who writes.
    with (
        explained("read", path),
        os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file,
    ):
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise StoreError(f"{path} is not a regular file; it is foreign; remove it")
        yield file


def read_bytes(path: Path) -> bytes:
    """Read a whole regular file; raises StoreError for anything else."""
    with open_regular(path) as file:
        return file.read()


def temporary_path(path: Path) -> Path:
    """Return a name beside a path that nobody can foresee."""
    return path.parent / f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}"


def write_bytes(path: Path, *parts: bytes) -> None:
    """Write a file of these parts atomically and durably (temporary file, fsync, rename).

    A link at `path` is replaced, not followed; the temporary name cannot be foreseen.
    """
    temporary = temporary_path(path)
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with explained("write", path):
        try:
            with os.fdopen(os.open(temporary, new, 0o666), "wb") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def own_file(path: Path, flags: int) -> IO[bytes]:
    """Open a file to change it in place, and return it.

    Raises:
        StoreError: it is a link, a device, or has a second name elsewhere (a hard link).
    """
    with explained("write", path):
        try:
            handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        except OSError:
            if path.is_symlink():
                raise StoreError(f"{path} is a link; expected a file of the run itself") from None
            raise
        about = os.fstat(handle)
        if stat.S_ISREG(about.st_mode) and about.st_nlink < 2:
            return os.fdopen(handle, "r+b" if flags & os.O_RDWR else "wb")
        os.close(handle)
        raise StoreError(
            f"{path} is a device or has a second name (hard link); expected a file that only this "
            "run has; copy the folder and use the copy"
        )


def append_text(path: Path, text: str) -> None:
    """Append text to a file of one's own, which begins here where there is none."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    with explained("write", path), own_file(path, flags) as file:
        file.write(text.encode())


def own_folder(path: Path) -> None:
    """Create a folder, or check that it is one and no link; raises StoreError."""
    with explained("create", path):
        if path.is_symlink():
            raise StoreError(f"{path} is a link; expected a folder of the run itself")
        make_folder(path)


def make_folder(path: Path) -> None:
    """Create a folder and those above it, where there are none, durably."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Make the names inside a folder durable: of files made, renamed and removed.

    A file system that cannot sync folders is left to its own order.
    """
    with explained("write", path):
        try:
            handle = os.open(path, os.O_RDONLY)
        except PermissionError:
            return
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EBADF):
                raise
        finally:
            os.close(handle)


def removed(path: Path) -> None:
    """Remove a file, a link itself, or a folder with all that is in it; nothing where none is."""
    with explained("remove", path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Remove what a kill left half-written in a folder."""
    with explained("repair", folder):
        leftovers = [p for p in folder.iterdir() if p.name.endswith(TEMPORARY)]
    for path in leftovers:
        removed(path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill a temporary folder that becomes `path` by one rename; nothing remains on failure."""
    temporary = temporary_path(path)
    with explained("write", path):
        temporary.mkdir()
        try:
            yield temporary
            sync_folder(temporary)
            removed(path)
            temporary.rename(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def sha256(*parts: bytes) -> str:
    """Return the 64 hex digits of SHA-256 of the parts, one after another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def sealed(value: Mapping[str, Any]) -> bytes:
    """Return readable JSON whose first field is the format and whose last is its own digest.

    The digest is SHA-256 over all bytes before the comma that precedes it.
    """
    text = json.dumps({"format": FORMAT, **value}, indent=1, allow_nan=False, default=_plain_number)
    body = text.removesuffix("\n}").encode()
    return body + f',\n "digest": "{sha256(body)}"\n}}\n'.encode()


def _plain_number(value: Any) -> Any:
    """Return a number out of an array as JSON has it."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def unsealed(content: bytes, path: Path | str, remedy: str = REMEDY) -> dict[str, Any]:
    """Return what `sealed` made JSON of, without its digest; path, remedy: for errors.

    Raises:
        StoreError: it is of another format, or any byte of it has changed.
    """
    seal = SEAL.fullmatch(content[-SEAL_BYTES:])
    if seal is None or sha256(content[:-SEAL_BYTES]).encode() != seal[1]:
        raise StoreError(_unsealed(path, content, remedy))
    value: dict[str, Any] = json.loads(content.decode())
    if value.get("format") != FORMAT:
        raise StoreError(_unsealed(path, content, remedy))
    del value["digest"]
    return value


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write a sealed file; see `sealed`."""
    write_bytes(path, sealed(value))


def read_sealed(path: Path, remedy: str = REMEDY) -> dict[str, Any]:
    """Read what `write_sealed` wrote; raises StoreError where it is missing, or see `unsealed`."""
    return unsealed(read_bytes(path), path, remedy)


def _unsealed(path: Path | str, content: bytes, remedy: str) -> str:
    try:
        value = json.loads(content)
        version = value["format"]
    except (ValueError, RecursionError, LookupError, TypeError):
        version = FORMAT
    if version != FORMAT:
        return (
            f"{path} has format {version!r}; this genloss reads format {FORMAT}; use the version "
            "that wrote it, or run the study again"
        )
    return (
        f"{path} is damaged: it does not have the digest that it carries (cut off, changed or "
        f"edited by hand); {remedy}"
    )


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it: dataclasses as tables, sets as sorted lists, dates as text."""
    if isinstance(value, Mapping):
        return {str(k): plain_value(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain_value(vars(value))
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain_value(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
