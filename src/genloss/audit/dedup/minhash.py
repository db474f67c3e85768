"""From a text to the keys of its bands: shingles of words, MinHash signatures, bands.

A word is a run of letters, digits and underscores in lower case, a shingle is a row of `words`
words (a shorter text is one shingle). All hashes are integer arithmetic modulo 2^64, the same on
every machine:

    word      h <- (h xor c) 0x100000001B3 over its code points c, from 0, then mixed
    shingle   mixed sum of word i times odd factor i; its upper 32 bits are x
    MinHash   min over shingles of (a_j x + b_j) >> 32 (multiply-shift; Dietzfelbinger 1996)
    band key  k <- mixed ((k xor MinHash) 0x9E3779B97F4A7C15), from the number of the band on

"Mixed" is the finaliser of SplitMix64; a, b and the factors are its stream from the seed, a and
the factors made odd. Letters are those of this Python's Unicode, whose version is part of a shard's
identity.
"""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from genloss.audit.dedup.options import DedupOptions
from genloss.compiled import compiled

Keys = NDArray[np.uint64]
Hashes = NDArray[np.uint32]


class BandKeys:
    """The band keys of texts, one text at a time."""

    def __init__(self, options: DedupOptions) -> None:
        n = options.bands * options.rows
        stream = _stream(options.seed, 2 * n + options.words)
        self._a, self._b = stream[:n] | np.uint64(1), stream[n : 2 * n]
        self._odd = stream[2 * n :] | np.uint64(1)
        self._letters = _letters()
        self._bands, self._rows = options.bands, options.rows
        self._words = np.zeros(1, np.uint64)
        self._shingles = np.zeros(1, np.uint32)

    def of(self, text: str) -> Keys | None:
        """Return a text's (bands,) keys; None where it holds no word."""
        hashes = self.hashes(text)
        if hashes is None:
            return None
        keys = np.empty(self._bands, np.uint64)
        _keys(hashes, self._rows, 0, keys)
        return keys

    def hashes(self, text: str) -> Hashes | None:
        """Return a text's (bands rows,) MinHashes; None where it holds no word.

        Time: shingles times hashes. Memory: 16 bytes a character.
        """
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        if codes.size > self._words.size:
            self._words = np.zeros(2 * codes.size, np.uint64)
            self._shingles = np.zeros(2 * codes.size, np.uint32)
        n = _shingles(codes, self._letters, self._odd, self._words, self._shingles)
        if not n:
            return None
        hashes = np.empty(self._a.size, np.uint32)
        _least(self._shingles[:n], self._a, self._b, hashes)
        return hashes


def band_keys(hashes: Hashes, band: int, rows: int) -> Keys:
    """Return the (n,) keys of one band of (n, bands rows) MinHashes."""
    mine = np.ascontiguousarray(hashes[:, band * rows : (band + 1) * rows])
    keys = np.empty(len(hashes), np.uint64)
    _keys_of_band(mine, band, keys)
    return keys


@cache
def _letters() -> NDArray[np.uint32]:
    """Return the lower case of every code point that is part of a word, 0 of others."""
    table = np.zeros(0x110000, np.uint32)
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    for run in re.findall(r"\w+", every):
        for letter in run:
            small = letter.lower()
            table[ord(letter)] = ord(small) if len(small) == 1 else ord(letter)
    return table


def _stream(seed: int, n: int) -> Keys:
    """Return n numbers of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@compiled()
def _mixed(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled()
def _shingles(
    codes: Hashes,
    letters: Hashes,
    odd: Keys,
    words: Keys,
    out: Hashes,
) -> int:
    n = 0
    h = np.uint64(0)
    inside = False
    for code in codes:
        letter = letters[code]
        if letter:
            h = (h ^ np.uint64(letter)) * np.uint64(0x100000001B3)
            inside = True
        elif inside:
            words[n] = _mixed(h)
            n += 1
            h = np.uint64(0)
            inside = False
    if inside:
        words[n] = _mixed(h)
        n += 1
    if n == 0:
        return 0
    wide = min(odd.size, n)
    for i in range(n - wide + 1):
        total = np.uint64(0)
        for j in range(wide):
            total += words[i + j] * odd[j]
        out[i] = np.uint32(_mixed(total) >> np.uint64(32))
    return n - wide + 1


@compiled()
def _least(shingles: Hashes, a: Keys, b: Keys, out: Hashes) -> None:
    # Hashes outside, shingles inside: this order becomes vector instructions.
    for j in range(a.size):
        factor, term = a[j], b[j]
        least = np.uint32(0xFFFFFFFF)
        for i in range(shingles.size):
            value = np.uint32((factor * np.uint64(shingles[i]) + term) >> np.uint64(32))
            least = min(least, value)
        out[j] = least


@compiled()
def _keys(hashes: Hashes, rows: int, first: int, keys: Keys) -> None:
    """Write the keys of the bands from number `first` on."""
    for band in range(keys.size):
        key = np.uint64(first + band)
        for j in range(band * rows, (band + 1) * rows):
            key = _mixed((key ^ np.uint64(hashes[j])) * np.uint64(0x9E3779B97F4A7C15))
        keys[band] = key


@compiled()
def _keys_of_band(hashes: Hashes, band: int, keys: Keys) -> None:
    for i in range(keys.size):
        _keys(hashes[i], hashes.shape[1], band, keys[i : i + 1])
