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

import numpy as np

from genloss.core.arrays import Ints
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


@dataclass(frozen=True, eq=False)
class Piece:
    """Whole lines of a file; ends: where each of them ends in the text."""

    text: bytes
    ends: Ints

    def lines(self) -> list[bytes]:
        """Return the lines, each with its end."""
        ends = self.ends.tolist()
        return [self.text[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def verified(file: IO[bytes], path: Path, link: bytes, mark: Mark | None) -> Iterator[bytes]:
    """Yield the lines of an open file, each after its link was checked; see `verified_pieces`."""
    for piece in verified_pieces(file, path, link, mark):
        yield from piece.lines()


def verified_pieces(
    file: IO[bytes], path: Path, link: bytes, mark: Mark | None, compiled: bool = False
) -> Iterator[Piece]:
    """Yield the lines of an open file, some together, after the link of each was checked.

    Behind the mark, a last line without its end is one being written, or cut off by a kill.
    compiled: check short lines eight times as fast, once half a second of loading is over.

    Raises:
        StoreError: a line that does not fit what came before it, or fewer bytes than the mark says;
            the lines before it were yielded.
    """
    here = Mark(0, 0, link.decode())
    due = mark if mark is not None and mark.bytes else None
    for whole in _whole_lines(file):
        for text in _at_mark(whole, due, here):
            for piece, after in _checked(_piece(text), here, path, mark, compiled):
                here = after
                if due is not None and here.bytes >= due.bytes:
                    _check(path, due, here)
                    due = None
                yield piece
    if mark is not None and here.bytes < mark.bytes:
        raise StoreError(
            f"{path} is half-deleted: {mark.bytes - here.bytes} bytes of it are gone; delete the "
            "run folder and run again, or put the file back"
        )


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield an open file in pieces that end with a line; not a last one without its end."""
    rest, whole = list[bytes](), True
    while whole and (more := file.read(PIECE)):
        if end := more.rfind(b"\n") + 1:
            yield b"".join([*rest, more[:end]])
            rest = []
        rest.append(more[end:])
        # The end was met: what a writer adds meanwhile is not looked at.
        whole = len(more) == PIECE


def _at_mark(text: bytes, due: Mark | None, here: Mark) -> list[bytes]:
    """Return lines in two parts where the first one's end reaches a mark that is due."""
    end = len(text)
    if due is not None and here.bytes + end > due.bytes:
        end = text.index(b"\n", due.bytes - here.bytes - 1) + 1
    return [part for part in (text[:end], text[end:]) if part]


def _piece(text: bytes) -> Piece:
    return Piece(text, np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE) + 1)


def _checked(
    piece: Piece, here: Mark, path: Path, mark: Mark | None, compiled: bool
) -> Iterator[tuple[Piece, Mark]]:
    """Yield a piece that fits and how far the file is right behind it, or line by line."""
    if _fits(piece, here.chain.encode(), compiled):
        size, lines = here.bytes + len(piece.text), here.lines + piece.ends.size
        yield piece, Mark(size, lines, piece.text[LINK].decode())
        return
    for line in piece.lines():
        here = _after(here, line, path, mark)
        yield _piece(line), here


NEWLINE = 10

LINK = slice(-3 - DIGITS, -3)
"""Where a line has its link."""

BEFORE, BEHIND = (np.frombuffer(text, np.uint8) for text in (b',"chain":"', b'"}\n'))

FEWEST = 250
"""Lines of a piece from which on they are short, and a compiled loop is worth it."""


def _fits(piece: Piece, link: bytes, compiled: bool) -> bool:
    """Return whether every line fits what comes before it, the first one `link`."""
    if compiled and piece.ends.size >= FEWEST:
        from genloss.store.links_loop import links_fit

        text, before = (np.frombuffer(some, np.uint8) for some in (piece.text, link))
        return links_fit(text, piece.ends, before)
    lines = piece.lines()
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
