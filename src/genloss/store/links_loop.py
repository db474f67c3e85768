"""The links of many short lines, checked in one compiled loop.

SHA-256 (FIPS 180-4) of LANES lines side by side: a line is hashed behind the link before it, which
the file has. hashlib takes longer to be called than for the digest of a short line; from about a
thousand bytes a line on it is the faster one.
"""

import numpy as np
from numpy.typing import NDArray

from genloss.compiled import compiled
from genloss.core.arrays import Ints

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]

LANES = 32
"""Lines side by side; what a round reads and writes stays in the first cache."""

PRIMES = np.array([p for p in range(2, 312) if all(p % q for q in range(2, p))])
ROUNDS = (np.cbrt(PRIMES) * 2.0**32).astype(np.uint64).astype(np.uint32)
"""The constants of the rounds: 32 bits behind the point of the cube roots of primes."""

START = (np.sqrt(PRIMES[:8]) * 2.0**32).astype(np.uint64).astype(np.uint32)
"""The words of a digest before the first block: of square roots."""

E, W = 68 * LANES, 136 * LANES
"""Where e of every round and the words of a block begin in the work; a of every round is first."""

HEX, BEFORE, BEHIND = (
    np.frombuffer(text, np.uint8) for text in (b"0123456789abcdef", b',"chain":"', b'"}\n')
)
DIGITS, TAIL = 16, 29
"""Bytes of a link, and of the end of a line with it: see genloss.store.digest_chain."""


@compiled()
def _turned(x: np.uint32, n: int) -> np.uint32:
    return np.uint32(np.uint32(x >> np.uint32(n)) | np.uint32(x << np.uint32(32 - n)))


@compiled()
def _schedule(s: Words) -> None:
    """Fill in words 16 to 63 of a block of each lane."""
    for t in range(16, 64):
        o = W + t * LANES
        for l in range(LANES):
            x, y = s[o - 15 * LANES + l], s[o - 2 * LANES + l]
            first = _turned(x, 7) ^ _turned(x, 18) ^ np.uint32(x >> np.uint32(3))
            second = _turned(y, 17) ^ _turned(y, 19) ^ np.uint32(y >> np.uint32(10))
            before = np.uint32(s[o - 16 * LANES + l] + s[o - 7 * LANES + l])
            s[o + l] = np.uint32(before + np.uint32(first + second))


@compiled()
def _compress(s: Words, h: Words) -> None:
    """Take one block of each lane into its digest h (8 LANES,)."""
    for i in range(4):
        for l in range(LANES):
            s[(3 - i) * LANES + l] = h[i * LANES + l]
            s[E + (3 - i) * LANES + l] = h[(4 + i) * LANES + l]
    for t in range(64):
        o, k = t * LANES, ROUNDS[t]
        for l in range(LANES):
            a, b, c = s[o + 3 * LANES + l], s[o + 2 * LANES + l], s[o + LANES + l]
            e, f, g = s[E + o + 3 * LANES + l], s[E + o + 2 * LANES + l], s[E + o + LANES + l]
            some = np.uint32(s[E + o + l] + np.uint32(k + s[W + o + l]))
            chosen = np.uint32(g ^ (e & (f ^ g)))
            turned = np.uint32(_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25))
            first = np.uint32(some + np.uint32(turned + chosen))
            turned = np.uint32(_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22))
            second = np.uint32(turned + np.uint32((a & b) | (c & (a | b))))
            s[E + o + 4 * LANES + l] = np.uint32(s[o + l] + first)
            s[o + 4 * LANES + l] = np.uint32(first + second)
    for i in range(4):
        for l in range(LANES):
            h[i * LANES + l] += s[(67 - i) * LANES + l]
            h[(4 + i) * LANES + l] += s[E + (67 - i) * LANES + l]


@compiled()
def _padded(link: Bytes, line: Bytes, out: Bytes) -> int:
    """Write link and line without its tail as blocks of SHA-256; return how many, 0 for no line."""
    size = line.size - TAIL
    if size < 1:
        return 0
    for j in range(BEFORE.size):
        if line[size + j] != BEFORE[j]:
            return 0
    for j in range(BEHIND.size):
        if line[size + BEFORE.size + DIGITS + j] != BEHIND[j]:
            return 0
    for j in range(DIGITS):
        out[j] = link[j]
    for j in range(size):
        out[DIGITS + j] = line[j]
    size += DIGITS
    blocks = (size + 8) // 64 + 1
    out[size] = 0x80
    for j in range(size + 1, 64 * blocks - 8):
        out[j] = 0
    for j in range(8):
        out[64 * blocks - 1 - j] = ((8 * size) >> (8 * j)) & 255
    return blocks


@compiled()
def _is_link(link: Bytes, h: Words, lane: int) -> bool:
    """Return whether a link is the first hex digits of a lane's digest."""
    for i in range(2):
        for j in range(8):
            digit = (h[i * LANES + lane] >> np.uint32(28 - 4 * j)) & np.uint32(15)
            if link[8 * i + j] != HEX[digit]:
                return False
    return True


@compiled()
def links_fit(text: Bytes, ends: Ints, link: Bytes) -> bool:
    """Return whether every line of text, which end at `ends`, fits what comes before; first link.

    A longest line takes LANES times its bytes of memory, and holds up the lines beside it.
    """
    n, longest = ends.size, ends[0]
    for i in range(1, n):
        longest = max(longest, ends[i] - ends[i - 1])
    messages = np.empty((LANES, 64 * (longest // 64 + 2)), np.uint8)
    blocks, h = np.empty(LANES, np.int64), np.empty(8 * LANES, np.uint32)
    s = np.zeros(200 * LANES, np.uint32)
    for first in range(0, n, LANES):
        lanes, most = min(LANES, n - first), 0
        for l in range(lanes):
            begin = ends[first + l - 1] if first + l else 0
            before = text[begin - DIGITS - 3 : begin - 3] if begin else link
            blocks[l] = _padded(before, text[begin : ends[first + l]], messages[l])
            if blocks[l] == 0:
                return False
            most = max(most, blocks[l])
        for i in range(8):
            h[i * LANES : (i + 1) * LANES] = START[i]
        for b in range(most):
            for l in range(lanes):
                for j in range(16):
                    at = 64 * b + 4 * j
                    word = np.uint32(messages[l, at] << 24) | np.uint32(messages[l, at + 1] << 16)
                    word |= np.uint32(messages[l, at + 2] << 8) | np.uint32(messages[l, at + 3])
                    s[W + j * LANES + l] = np.uint32(word)
            _schedule(s)
            _compress(s, h)
            for l in range(lanes):
                end = ends[first + l] - 3
                if blocks[l] == b + 1 and not _is_link(text[end - DIGITS : end], h, l):
                    return False
    return True
