"""What this machine has: memory that is free, and errors that say it lacks something."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from genloss.errors import GenlossError, ResourceError

MEMORY = "memory"

LACKING = {
    errno.ENOMEM: MEMORY,
    errno.EMFILE: "file handles (ulimit -n)",
    errno.ENFILE: "file handles of the whole machine",
    errno.EAGAIN: "threads or processes (ulimit -u)",
    errno.ENOSPC: "room on the disk",
    errno.EDQUOT: "room in your share of the disk",
}

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

KILLS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control", "/proc/vmstat")

_parts = 1


def free_memory() -> int | None:
    """Return the bytes that a process may still take, by the machine's and its own limits.

    None where nothing tells.
    """
    limits = [_available()]
    for limit in LIMITS:
        try:
            text = Path(limit).read_text().strip()
        except OSError:
            continue
        limits += [int(text)] if text.isdecimal() else []
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    limits += [soft] if soft != resource.RLIM_INFINITY else []
    known = [n for n in limits if n is not None]
    return min(known) if known else None


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def memory_kills() -> int:
    """Return how many processes the system has killed for lack of memory; 0 where nothing tells."""
    counts = [0]
    for file in KILLS:
        with suppress(OSError, ValueError, IndexError):
            rows = (line.split() for line in Path(file).read_text().splitlines())
            counts += [int(row[1]) for row in rows if row[0] == "oom_kill"]
    return max(counts)


@contextmanager
def memory_shared_by(parts: int) -> Iterator[None]:
    """Let whatever plans portions from the free memory of this process count on a part of it."""
    global _parts
    before, _parts = _parts, parts
    try:
        yield
    finally:
        _parts = before


def memory_parts() -> int:
    """Return into how many parts the free memory is divided, one of which may be counted on."""
    return _parts


def check_room(need: int, what: str, advice: str) -> None:
    """Raise ResourceError where `what` takes more bytes than are free; nothing is allocated."""
    free = free_memory()
    if free is not None and need > free:
        raise ResourceError(
            f"{what} take {bytes_in_words(need)} of memory at least; {bytes_in_words(free)} are "
            f"free here; {advice}",
            MEMORY,
        )


def bytes_in_words(size: int) -> str:
    """Return bytes as a person says them: 512 bytes, 3.2 GB, 5e+13 GB."""
    if size < 1000:
        return f"{size} bytes"
    for factor, unit in ((1000, "kB"), (1000**2, "MB")):
        if size < 1000 * factor:
            return f"{size / factor:.3g} {unit}"
    giga = size / 1000**3
    return (
        f"{giga:.3g} GB" if giga < 1000 else f"{giga:,.0f} GB" if giga < 1e6 else f"{giga:.0e} GB"
    )


def lacking(error: BaseException | None) -> str:
    """Return what the machine lacked, as an error or its cause says; empty for other errors."""
    while error is not None:
        if isinstance(error, MemoryError):
            return MEMORY
        if isinstance(error, OSError) and error.errno in LACKING:
            return LACKING[error.errno]
        if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
            return "threads or processes (ulimit -u)"
        error = error.__cause__
    return ""


@contextmanager
def explained_shortage(advice: str) -> Iterator[None]:
    """Turn what says that the machine lacks something into a ResourceError that says what."""
    try:
        yield
    except (GenlossError, MemoryError, OSError, RuntimeError) as error:
        what = lacking(error)
        if not what or isinstance(error, ResourceError):
            raise
        shortage = str(error).strip()
        if isinstance(error, GenlossError) and "disk" in what:
            raise ResourceError(shortage, what) from error
        raise ResourceError(
            f"this machine lacks {what}{': ' if shortage else ''}{shortage}; {advice}", what
        ) from error
