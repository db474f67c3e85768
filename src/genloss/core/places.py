"""Places on this machine: the cache of what can be made again, and files that end."""

import hashlib
import os
import stat
from functools import lru_cache
from os import PathLike
from pathlib import Path

from genloss.errors import DataError

Place = str | PathLike[str]
"""A path as people write it."""


def cache_folder() -> Path:
    """Return the cache: $GENLOSS_CACHE, else genloss in $XDG_CACHE_HOME, else in ~/.cache.

    Nothing is created; whatever lies there may be deleted at any time.
    """
    if own := os.environ.get("GENLOSS_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genloss"


def stamp_of(file: Path) -> tuple[int, int, int, int]:
    """Return inode, size and times of a regular file; they change where the content may have.

    Raises:
        DataError: no regular file.
    """
    about = regular_file(file).stat()
    return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file in hex; it is read again only where its stamp has changed."""
    return _digest(str(file), stamp_of(file))


@lru_cache(maxsize=256)
def _digest(file: str, stamp: tuple[int, ...]) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def offline_advice() -> str:
    """Return what helps where the hub cannot be reached; what is set already is not advised."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return "give a local folder, or unset HF_HUB_OFFLINE, which forbids the network"
    if os.environ.get("HF_HOME"):
        return "give a local folder; the cache that HF_HOME names does not hold it"
    return "give a local folder, or set HF_HOME to a cache that holds it"


def regular_file(file: Path) -> Path:
    """Return a path that is a regular file, or a link to one.

    Raises:
        DataError: nothing there, or a pipe, a device, a socket or a folder, which may never end.
    """
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{file}: {reason}; check the path") from error
    if stat.S_ISDIR(mode):
        raise DataError(f"{file}: is a folder; expected a file; check the path")
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        what = kinds.get(stat.S_IFMT(mode), "a device")
        raise DataError(f"{file}: is {what}; expected a regular file; save its content as one")
    return file
