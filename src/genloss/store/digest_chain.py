"""Lines that vouch for one another: each carries the digest of all that came before it.

A line is a JSON object whose last field is "chain": link i = H(link i-1, line i without its chain),
the first 16 hex digits of SHA-256. The first link names what the file belongs to, so that lines of
another run or block do not fit. A changed, lost or moved line breaks every link after it.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import numpy as np

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


PIECE = 1 << 18
"""Bytes of lines that are verified at a time, about."""


def verified(file: IO[bytes], path: Path, link: bytes, mark: Mark | None) -> Iterator[bytes]:
    """Yield the lines of an open file, each after its link was checked; see `verified_pieces`."""
    for lines in verified_pieces(file, path, link, mark):
        yield from lines


def verified_pieces(
    file: IO[bytes], path: Path, link: bytes, mark: Mark | None
) -> Iterator[list[bytes]]:
    """Yield the lines of an open file, some together, after the link of each was checked.

    Behind the mark, a last line without its end is one being written, or cut off by a kill.

    Raises:
        StoreError: a line that does not fit what came before it, or fewer bytes than the mark says;
            the lines before it were yielded.
    """
    here, whole = Mark(0, 0, link.decode()), True
    due = mark if mark is not None and mark.bytes else None
    while whole and (lines := file.readlines(PIECE)):
        if not (whole := lines[-1].endswith(b"\n")):
            del lines[-1]
        for part in _at_mark(lines, due, here):
            fits = _fit(part, here.chain.encode())
            for some in [part] if fits else ([line] for line in part):
                here = _behind(here, some) if fits else _after(here, some[0], path, mark)
                if due is not None and here.bytes >= due.bytes:
                    _check(path, due, here)
                    due = None
                yield some
    if mark is not None and here.bytes < mark.bytes:
        raise StoreError(
            f"{path} is half-deleted: {mark.bytes - here.bytes} bytes of it are gone; delete the "
            "run folder and run again, or put the file back"
        )


def _at_mark(lines: list[bytes], due: Mark | None, here: Mark) -> list[list[bytes]]:
    """Return lines in two parts where the first one's end reaches a mark that is due."""
    n = len(lines)
    if due is not None and here.bytes + sum(map(len, lines)) > due.bytes:
        n = 1 + bisect_left([*accumulate(map(len, lines))], due.bytes - here.bytes)
    return [part for part in (lines[:n], lines[n:]) if part]


def _behind(here: Mark, lines: list[bytes]) -> Mark:
    """Return how far a file is right behind lines that fit."""
    size, n = here.bytes + sum(map(len, lines)), here.lines + len(lines)
    return Mark(size, n, lines[-1][LINK].decode())


LINK = slice(-3 - DIGITS, -3)
"""Where a line has its link."""

BEFORE, BEHIND = (np.frombuffer(text, np.uint8) for text in (b',"chain":"', b'"}\n'))


def _fit(lines: list[bytes], link: bytes) -> bool:
    """Return whether every line fits what comes before it, the first one `link`."""
    tails = b"".join([line[-TAIL:] for line in lines])
    if len(tails) != TAIL * len(lines):
        return False
    ends = np.frombuffer(tails, np.uint8).reshape(-1, TAIL)
    links = [link, *[line[LINK] for line in lines]]
    sha256 = hashlib.sha256
    right = b"".join(
        [
            sha256(before + line[:-TAIL]).digest()[: DIGITS // 2]
            for before, line in zip(links[:-1], lines, strict=True)
        ]
    )
    return bool(
        (ends[:, : len(BEFORE)] == BEFORE).all()
        and (ends[:, -len(BEHIND) :] == BEHIND).all()
        and right.hex().encode() == b"".join(links[1:])
    )


def _after(here: Mark, line: bytes, path: Path, mark: Mark | None) -> Mark:
    """Return how far a file is right once a line was checked."""
    link = next_link(here.chain.encode(), line[:-TAIL])
    if line[-TAIL:] != b',"chain":"' + link + b'"}\n':
        raise StoreError(
            f"{path} is damaged: line {here.lines + 1} does not fit what comes before it; "
            f"{_advice(here.bytes, mark)}"
        )
    return Mark(here.bytes + len(line), here.lines + 1, link.decode())


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
