"""How common the words of a text are, in thirds of a corpus.

The rarity of a text is the mean over its words of -log(n_w / n), n_w the count of the word and n
that of all words of the corpus; the bands are cut at the thirds of all texts. Counts are kept by
the first 8 bytes of the BLAKE2b of a word: two of v words share them with probability v^2 / 2^65.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from math import log, nan

import numpy as np
from numpy.typing import NDArray

from genloss.audit.profile.words import words_of
from genloss.core.arrays import Floats

BANDS = ("common words", "middling words", "rare words", "no words")


@dataclass(frozen=True)
class WordCounts:
    """How often words occur: (v,) hashes, sorted, and (v,) counts."""

    hashes: NDArray[np.uint64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "WordCounts":
        """Count the words of texts. Memory: the words, until all are counted."""
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(words_of(text))
        hashes = np.frombuffer(b"".join(map(_hash, counts)), "<u8")
        return _added(hashes, np.fromiter(counts.values(), np.int64, len(counts)))

    def __add__(self, other: "WordCounts") -> "WordCounts":
        """Return the counts of both."""
        hashes = np.concatenate((self.hashes, other.hashes))
        return _added(hashes, np.concatenate((self.counts, other.counts)))


def sum_of(parts: Iterable[WordCounts]) -> WordCounts:
    """Return the counts of all parts. Memory: 100 bytes a different word, at most."""
    pending: list[WordCounts] = []
    for part in parts:
        pending.append(part)
        # Neighbours of about one size, so that no word is added more than log2(parts) times.
        while len(pending) > 1 and pending[-2].hashes.size < 2 * pending[-1].hashes.size:
            pending[-2:] = [pending[-2] + pending[-1]]
    return sum(reversed(pending), WordCounts.of(()))


@dataclass(frozen=True)
class Rarities:
    """The rarity of texts of a corpus whose words are counted."""

    counts: WordCounts

    def of(self, texts: Iterable[str]) -> Floats:
        """Return (n,) rarities in nats a word, NaN where a text has no word.

        Memory: the different words of the texts.
        """
        total = int(self.counts.counts.sum())
        logs: dict[str, float] = {}

        def rarities() -> Iterator[float]:
            for text in texts:
                words = words_of(text)
                for word in words:
                    if word not in logs:
                        logs[word] = log(self._count(word) / total)
                yield -sum(logs[word] for word in words) / len(words) if words else nan

        return np.fromiter(rarities(), np.float64)

    def _count(self, word: str) -> int:
        key = np.frombuffer(_hash(word), "<u8")
        return int(self.counts.counts[np.searchsorted(self.counts.hashes, key)[0]])


def cuts_of(rarities: Floats) -> Floats:
    """Return the two cuts between the thirds of (n,) rarities."""
    known = rarities[~np.isnan(rarities)]
    return np.quantile(known, [1 / 3, 2 / 3]) if known.size else np.zeros(2)


def bands_of(rarities: Floats, cuts: Floats) -> NDArray[np.intp]:
    """Return the (n,) places in BANDS of rarities."""
    return np.where(np.isnan(rarities), len(BANDS) - 1, np.searchsorted(cuts, rarities))


def _hash(word: str) -> bytes:
    return blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _added(hashes: NDArray[np.uint64], counts: NDArray[np.int64]) -> WordCounts:
    known, places = np.unique(hashes, return_inverse=True)
    # Exact below 2^53 words.
    added = np.bincount(places, counts, known.size)
    return WordCounts(known, added.astype(np.int64))
