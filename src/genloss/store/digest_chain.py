"""Lines that vouch for one another: each carries the digest of all that came before it.

A line is a JSON object whose last field is "chain": link i = H(link i-1, line i without its chain),
the first 16 hex digits of SHA-256. The first link names what the file belongs to, so that lines of
another run or block do not fit. A changed, lost or moved line breaks every link after it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from genloss.errors import StoreError

DIGITS = 16
TAIL = len(b',"chain":""}\n') + DIGITS


def first_link(owner: str) -> bytes:
    """Return the link before the first line of a file that belongs to `owner`."""
    return hashlib.sha256(owner.encode()).hexdigest()[:DIGITS].encode()


def next_link(link: bytes, body: bytes) -> bytes:
    """Return the link of a line, without its chain and closing brace, after `link`."""
    return hashlib.sha256(link + body).hexdigest()[:DIGITS].encode()


def chained(row: Mapping[str, Any], link: bytes) -> tuple[bytes, bytes]:
    """Return a row as a line of the chain, and its link; NaN and infinity are refused."""
    body = json.dumps(row, separators=(",", ":"), allow_nan=False)[:-1].encode()
    link = next_link(link, body)
    return body + b',"chain":"' + link + b'"}\n', link


@dataclass(frozen=True)
class Mark:
    """How far a manifest vouches for a file of lines."""

    bytes: int
    lines: int
    chain: str


def verified(file: IO[bytes], path: Path, link: bytes, mark: Mark | None) -> Iterator[bytes]:
    """Yield the lines of an open file, each after its link was checked.

    Behind the mark, a last line without its end is one being written, or cut off by a kill.

    Raises:
        StoreError: a line that does not fit what came before it, or fewer bytes than the mark says.
    """
    at = n = 0
    due = mark is not None and mark.bytes > 0
    for line in file:
        if not line.endswith(b"\n"):
            break
        body = line[:-TAIL]
        link = next_link(link, body)
        if line[-TAIL:] != b',"chain":"' + link + b'"}\n':
            raise StoreError(
                f"{path} is damaged: line {n + 1} does not fit what comes before it; "
                f"{_advice(at, mark)}"
            )
        at, n = at + len(line), n + 1
        if due and mark is not None and at >= mark.bytes:
            _check(path, mark, Mark(at, n, link.decode()))
            due = False
        yield line
    if mark is not None and at < mark.bytes:
        raise StoreError(
            f"{path} is half-deleted: {mark.bytes - at} bytes of it are gone; delete the run "
            "folder and run again, or put the file back"
        )


def _advice(at: int, mark: Mark | None) -> str:
    if mark is not None and at >= mark.bytes:
        return "no manifest vouches for it yet: run the same command again, which writes it anew"
    return "put the file back, or delete the run folder and run again"


def _check(path: Path, mark: Mark, here: Mark) -> None:
    if mark != here:
        raise StoreError(
            f"{path} is not the file that its manifest vouches for ({mark.lines} lines with chain "
            f"{mark.chain}; found {here.lines} with {here.chain}); put the file back, or delete "
            "the run folder and run again"
        )
