"""Text that occurs in two documents: the share of five-word rows that occur elsewhere too."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Ints

Hashes = NDArray[np.uint64]

NONE: Hashes = np.zeros(0, dtype=np.uint64)

WORDS = 5
"""Words of a shingle."""

SHARE = 0.5
"""A document is a copy where at least half of its shingles occur in the others. Natural texts share
a few in a hundred; Jaccard similarity of 0.8 with one of the others implies a share of 0.8."""


def copied(texts: Sequence[str], others: Sequence[str], share: float = SHARE) -> dict[int, int]:
    """Return {i: j} where nearly all of texts[i] occurs in others, most of it in others[j].

    The share of the distinct rows of 5 words of a text (split at white space; a text of fewer is
    one row) that occur anywhere in others. Containment, not Jaccard similarity: a chapter inside a
    book is a copy, however long the book is (Broder 1997).

    Args:
        texts: texts to be judged.
        others: texts that they are held against, as one.
        share: least share of a copy, in (0, 1].

    Returns:
        For every copy, where most of it was found first. Exact up to collisions of 64-bit hashes;
        one pass over all words, a binary search each.
    """
    shingles = _shingler()
    ours = [shingles(text) for text in texts]
    every = _distinct(np.concatenate([*ours, NONE]))
    first: Ints = np.full(every.size, -1, dtype=np.int64)
    for j, text in enumerate(others):
        place = _places(shingles(text), every)
        first[place[first[place] < 0]] = j
    sources_of_all = (first[np.searchsorted(every, mine)] for mine in ours)
    return {
        i: int(np.bincount(sources[sources >= 0]).argmax())
        for i, sources in enumerate(sources_of_all)
        if (sources >= 0).any() and (sources >= 0).mean() >= share
    }


def originals(texts: Sequence[str], share: float = SHARE) -> list[int]:
    """Return the places of the texts that do not nearly occur in longer ones, in their order."""
    shingles = _shingler()
    ours = [shingles(text) for text in texts]
    known = NONE
    unique = []
    for i in sorted(range(len(texts)), key=lambda i: (-ours[i].size, i)):
        if _places(ours[i], known).size < share * ours[i].size:
            unique.append(i)
            known = _distinct(np.concatenate([known, ours[i]]))
    return sorted(unique)


def _places(wanted: Hashes, known: Hashes) -> Ints:
    """Return where the hashes that are known stand among the sorted ones."""
    if not known.size:
        return np.zeros(0, dtype=np.int64)
    place = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return np.asarray(place[known[place] == wanted])


def _shingler() -> Callable[[str], Hashes]:
    """Return the function from a text to the sorted hashes of its shingles.

    Words are numbered in the order in which they are first seen, so that no hash of Python's own,
    which differs from process to process, decides anything.
    """
    numbers: defaultdict[str, int] = defaultdict(lambda: len(numbers) + 1)
    odd = _mixed(np.arange(WORDS, dtype=np.uint64)) | np.uint64(1)

    def shingles(text: str) -> Hashes:
        words = text.split()
        ids = np.fromiter(map(numbers.__getitem__, words), np.uint64, len(words))
        spread = _mixed(np.pad(ids, (0, max(WORDS - ids.size, 0))))
        n = spread.size - WORDS + 1
        return _distinct(sum(spread[i : i + n] * factor for i, factor in enumerate(odd)))

    return shingles


def _distinct(x: Hashes) -> Hashes:
    """Return the values of x, sorted; several times faster than np.unique where most differ."""
    x = np.sort(x)
    return x[np.append(True, x[1:] != x[:-1])] if x.size else x


def _mixed(x: Hashes) -> Hashes:
    """Return x with every bit spread over all 64 (SplitMix64; Steele, Lea and Flood 2014)."""
    x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
