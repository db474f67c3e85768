"""The numbers of many short lines of a table, read in one compiled loop.

A line of finite numbers is {"t":T,"metric":NAME,"values":[V,V],"chain":LINK}; lines of other sorts
are told by their first odd byte, and the caller reads them another way.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from genloss.compiled import compiled
from genloss.core.arrays import Floats, Ints

Bytes = NDArray[np.uint8]

T, METRIC, VALUES = (
    np.frombuffer(text, np.uint8) for text in (b'{"t":', b',"metric":"', b',"values":[')
)
TAIL = 29
"""Bytes of the end of a line with its link: see genloss.store.digest_chain."""

ZERO, NINE, QUOTE, ESCAPE, COMMA, CLOSED = 48, 57, 34, 92, 44, 93
POINT, MINUS, PLUS, EXPONENT = 46, 45, 43, 101

MOST = 10**17
"""An integer that takes no more digits; the shortest decimals of float64 have 17 at most."""

LARGEST = 250
"""Exponents of ten up to which nothing below overflows or loses digits."""

TENS = [Fraction(10) ** q for q in range(-LARGEST, LARGEST + 1)]
HIGH = np.array([float(ten) for ten in TENS])
LOW = np.array([float(ten - Fraction(float(ten))) for ten in TENS])
"""Powers of ten as sums of two floats, right to 2^-106."""

SPLIT = 134217729.0


@compiled()
def decimal(whole: int, q: int) -> float:
    """Return the float64 nearest to whole times 10^q, whole < 10^18; NaN where it is too near.

    The product to about 2^-103 (Dekker 1971); where a change of 2^-98 of it does not change the
    float that it is rounded to, that is the one.
    """
    if whole == 0:
        return 0.0
    if abs(q) > LARGEST:
        return math.nan
    a, b = float(whole), HIGH[q + LARGEST]
    rest = float(whole - np.int64(a))
    product = a * b
    a1, b1 = a * SPLIT, b * SPLIT
    a1, b1 = a1 - (a1 - a), b1 - (b1 - b)
    a2, b2 = a - a1, b - b1
    lost = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2
    lost += a * LOW[q + LARGEST] + rest * b
    slack = product * 2.0**-98
    low, high = product + (lost - slack), product + (lost + slack)
    return low if low == high else math.nan


@compiled()
def _stands(words: Bytes, text: Bytes, at: int, end: int) -> bool:
    """Return whether text has the words at a place and goes on behind them."""
    if at + words.size >= end:
        return False
    same = True
    for j in range(words.size):
        same &= text[at + j] == words[j]
    return same


@compiled()
def _name_end(text: Bytes, at: int, end: int) -> int:
    """Return where a JSON string that is open at `at` ends, behind its quote."""
    while at < end and text[at] != QUOTE:
        at += 2 if text[at] == ESCAPE else 1
    return min(at, end) + 1


@compiled()
def _place(text: Bytes, begin: int, end: int, names: Ints, n: int, guess: int) -> int:
    """Return which of the first n names, begin and end each, text[begin:end] is; n for none."""
    for i in range(n):
        k = (guess + i) % n
        same = names[k, 1] - names[k, 0] == end - begin
        for j in range(end - begin if same else 0):
            same &= text[names[k, 0] + j] == text[begin + j]
        if same:
            return k
    return n


@compiled()
def _digits(text: Bytes, at: int, number: int) -> tuple[int, int]:
    """Return a number with the digits at a place behind its own, and where they end."""
    while number < MOST and ZERO <= text[at] <= NINE:
        number, at = 10 * number + int(text[at] - ZERO), at + 1
    return number, at


@compiled()
def _number(text: Bytes, at: int) -> tuple[float, int]:
    """Return the number at a place, which something ends, and its end; NaN for no such number."""
    negative = text[at] == MINUS
    begin = at + negative
    whole, at = _digits(text, begin, 0)
    is_number, q = at > begin, 0
    if text[at] == POINT:
        begin = at + 1
        whole, at = _digits(text, begin, whole)
        q = begin - at
    if text[at] == EXPONENT:
        minus = text[at + 1] == MINUS
        begin = at + 1 + (minus or text[at + 1] == PLUS)
        shift, at = _digits(text, begin, 0)
        q += -shift if minus else shift
        is_number &= at > begin
    value = decimal(whole, q) if is_number else math.nan
    return -value if negative else value, at


@compiled()
def numbers_in(
    text: Bytes, ends: Ints, t: Ints, metric: Ints, names: Ints, values: Floats
) -> tuple[int, int]:
    """Read lines that end at `ends` (n,) into t, metric (n,), as a place in names, and values.

    names (most, 2) becomes where each name begins and ends in text; values (half of the bytes) is
    filled line by line. Returns the number of names and of values of a line; no names where a line
    is of another sort, has another number of values, or one that must be read another way.
    """
    known, chains, size, place = 0, 0, 0, -1
    for i in range(ends.size):
        at, end = ends[i - 1] if i else 0, ends[i] - TAIL
        begin = at + T.size
        if not _stands(T, text, at, end):
            return 0, 0
        t[i], at = _digits(text, begin, 0)
        if at == begin or not _stands(METRIC, text, at, end):
            return 0, 0
        begin = at + METRIC.size - 1
        at = _name_end(text, begin + 1, end)
        place = _place(text, begin, at, names, known, place + 1)
        if place == known:
            if known == names.shape[0]:
                return 0, 0
            names[known, 0], names[known, 1] = begin, at
            known += 1
        metric[i] = place
        if not _stands(VALUES, text, at, end):
            return 0, 0
        at, found = at + VALUES.size - 1, 0
        while at < end - 1 and size + found < values.size:
            value, at = _number(text, at + 1)
            if math.isnan(value) or not (text[at] == COMMA if at < end - 1 else text[at] == CLOSED):
                return 0, 0
            values[size + found] = value
            found += 1
        if at != end - 1 or (i and found != chains):
            return 0, 0
        chains, size = found, size + found
    return known, chains
