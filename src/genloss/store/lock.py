"""Locks of run folders and blocks: one writer each, dropped by the system when it dies."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from genloss.errors import StoreError
from genloss.store.files import explained, make_folder, open_regular, own_file, own_folder

LOCK = ".lock"
WAIT_SECONDS = 10.0
"""Seconds; a worker whose parent was killed ends at once, unless a long step holds it."""
NAMING_SECONDS = 1.0
"""Seconds; whoever has just locked a folder writes its name into the lock at once."""


@contextmanager
def locked(run: Path, patience: float = 0.0) -> Iterator[None]:
    """Create the folder where there is none, and hold it for this process.

    patience: seconds to wait for somebody who is about to end.

    Raises:
        StoreError: another process holds it; the message says which, and since when.
    """
    began = time.monotonic()
    while True:
        with explained("create", run):
            make_folder(run)
        with _lock_of(run) as file:
            if file is None:
                # Its maker has just taken the folder back.
                continue
            if not _try_lock(file):
                waited = time.monotonic() - began
                if waited >= patience and (_is_named(file) or waited >= NAMING_SECONDS):
                    raise _held(run, file)
            elif _is_there(file, run):
                _write(file, json.dumps({"process": os.getpid(), "since": _now()}))
                try:
                    yield
                finally:
                    _write(file, "")
                return
        time.sleep(0.01)


@contextmanager
def locked_block(path: Path) -> Iterator[None]:
    """Hold one block; the dying workers of a killed process are waited for.

    Raises:
        StoreError: somebody still holds it after WAIT_SECONDS.
    """
    own_folder(path.parent)
    own_folder(path)
    with locked(path, WAIT_SECONDS):
        yield


@contextmanager
def locked_part(part: Path, file: Path) -> Iterator[IO[bytes]]:
    """Empty the unfinished part of a file, hold it for this process, and give it to be written.

    Whoever is done closes the stream and gives the part its name inside the block. A kill drops the
    lock, and the next one begins anew.

    Raises:
        StoreError: another process writes the file.
    """
    while True:
        with explained("write", file):
            lock = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"{file} is being written by another process; wait for it or stop it first"
                ) from None
            # Whoever held it may have given it its name, or taken it away.
            if not _is_same(lock, part):
                continue
            with explained("write", file):
                os.ftruncate(lock, 0)
            # A stream of its own, so that closing it does not drop the lock.
            stream = os.fdopen(os.dup(lock), "wb")
            try:
                yield stream
            finally:
                with suppress(OSError):
                    stream.close()
            return
        finally:
            os.close(lock)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def is_held(folder: Path) -> bool:
    """Return whether a process of this machine writes in a folder."""
    try:
        with open_regular(folder / LOCK) as file:
            if not _try_lock(file):
                return True
            fcntl.flock(file, fcntl.LOCK_UN)
    except StoreError:
        pass
    return False


def check_free(run: Path) -> None:
    """Raise StoreError, with who and since when, where another process holds a folder."""
    began = time.monotonic()
    while True:
        try:
            file = os.fdopen(os.open(run / LOCK, os.O_RDONLY | os.O_NONBLOCK), "rb")
        except OSError:
            return
        with file:
            if _try_lock(file):
                return
            if _is_named(file) or time.monotonic() - began >= NAMING_SECONDS:
                raise _held(run, file)
        time.sleep(0.01)


@contextmanager
def _lock_of(run: Path) -> Iterator[IO[bytes] | None]:
    """Open the lock of a folder; None where the folder is not there any more."""
    try:
        file = own_file(run / LOCK, os.O_RDWR | os.O_CREAT)
    except StoreError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        yield None
        return
    with file:
        yield file


def _held(run: Path, file: IO[bytes]) -> StoreError:
    return StoreError(
        f"{run} is being written by another process{_holder(file)}; wait for it or stop it first"
    )


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_there(file: IO[bytes], folder: Path) -> bool:
    """Return whether the locked file is still the folder's: its maker may have taken it away."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), (folder / LOCK).stat())
    except FileNotFoundError:
        return False


def _write(file: IO[bytes], text: str) -> None:
    # Only a hint for others: a full disk must not end the work.
    with suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), text.encode(), 0)


def holder(folder: Path) -> int | None:
    """Return the process that last took a folder's lock, as it says; None where nobody says."""
    try:
        with open_regular(folder / LOCK) as file:
            process = int(json.loads(os.pread(file.fileno(), 200, 0))["process"])
            # 0 and below name groups of processes.
            return process if process > 0 else None
    except (StoreError, ValueError, LookupError, TypeError):
        return None


def _holder(file: IO[bytes]) -> str:
    try:
        value = json.loads(os.pread(file.fileno(), 200, 0))
        return f" ({int(value['process'])}, since {str(value['since'])[:25]})"
    except (ValueError, LookupError, TypeError):
        return ""


def _is_named(file: IO[bytes]) -> bool:
    """Return whether a lock names a process that lives; one that was killed leaves its name."""
    try:
        process = int(json.loads(os.pread(file.fileno(), 200, 0))["process"])
        if process <= 0:
            return False
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError, ValueError, LookupError, TypeError):
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
