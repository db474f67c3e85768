"""Provenance: one line per session that worked on a run; never part of its identity.

Lines are chained as those of the tables are; they hold nothing that names a person or a place.
"""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genloss.core.code import Code
from genloss.errors import StoreError
from genloss.store.digest_chain import chained, first_link, verified
from genloss.store.environment import commit, versions
from genloss.store.files import explained, open_regular, own_file, read_bytes
from genloss.store.schema import expect


def environment() -> dict[str, Any]:
    """Return versions, commit and machine of this process."""
    return {
        "versions": dict(versions()),
        "commit": commit(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
    }


@contextmanager
def session(path: Path, run: str, seed: int, code: Sequence[Code] = ()) -> Iterator[None]:
    """Append a line when work starts and one when it ends, with the outcome.

    run: the fingerprint that the folder began with. code: of other people's classes.
    """
    start = {"event": "start", "time": now(), "seed": seed, **environment()}
    append(path, run, start | ({"code": [asdict(c) for c in code]} if code else {}))
    try:
        yield
    except BaseException as error:
        append(path, run, {"event": "stop", "time": now(), "why": type(error).__name__})
        raise
    append(path, run, {"event": "done", "time": now()})


def append(path: Path, run: str, line: dict[str, Any]) -> None:
    """Append one line; a last line that a kill or a loss of power left torn is dropped first.

    Raises:
        StoreError: what stands before the last line is damaged.
    """
    link, size = _link(run), 0
    try:
        for before in _lines(path, run):
            link, size = json.loads(before)["chain"].encode(), size + len(before)
    except StoreError:
        if read_bytes(path)[size:].find(b"\n") != path.stat().st_size - size - 1:
            raise
    with (
        explained("write", path),
        own_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file,
    ):
        file.truncate(size)
        file.write(chained(line, link)[0])
        file.flush()
        os.fsync(file.fileno())


def sessions(path: Path, run: str) -> list[dict[str, Any]]:
    """Return the lines, without their chain.

    Raises:
        StoreError: any of them was changed.
    """
    out = []
    for line in _lines(path, run):
        value = json.loads(line)
        expect(value, {"event": str, "time?": str}, path)
        del value["chain"]
        out.append(value)
    return out


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _link(run: str) -> bytes:
    return first_link(f"{run}/provenance")


def _lines(path: Path, run: str) -> Iterator[bytes]:
    if not path.exists():
        return
    try:
        with open_regular(path) as file:
            yield from verified(file, path, _link(run), None)
    except StoreError as error:
        raise StoreError(f"{error}; no number depends on it: deleting it helps, too") from None
