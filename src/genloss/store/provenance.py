"""Provenance: one line per session that worked on a run; never part of its identity."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from genloss.store.files import explained

PACKAGES = ("genloss", "numpy", "scipy", "numba", "scikit-learn", "torch")


def environment() -> dict[str, Any]:
    """Return versions, commit, command line and device of this process."""
    return {
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "commit": _commit(),
        "argv": sys.argv,
        "platform": platform.platform(),
        "device": "cpu",
        "cores": os.cpu_count(),
    }


@contextmanager
def session(path: Path, seed: int) -> Iterator[None]:
    """Append a line when work starts and one when it ends, with the outcome."""
    append(path, {"event": "start", "time": now(), "seed": seed, **environment()})
    try:
        yield
    except BaseException as error:
        append(path, {"event": "stop", "time": now(), "why": type(error).__name__})
        raise
    append(path, {"event": "done", "time": now()})


def append(path: Path, line: dict[str, Any]) -> None:
    """Append one JSON line; a partial last line left by a kill is dropped first."""
    with explained("write", path), path.open("ab+") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(line).encode() + b"\n")


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue


def _commit() -> str | None:
    here = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None
