"""How common the words of a text are, in thirds of a reference."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import log

import numpy as np

from genloss.audit.share.words import WORD

BANDS = ("common words", "middling words", "rare words", "no words")


@dataclass(frozen=True)
class Bands:
    """Word counts of a reference and the cuts between thirds of its texts, in nats per word."""

    counts: Counter[str]
    total: int
    cuts: tuple[float, float]

    def band(self, text: str) -> str:
        """Return the band of a text: mean -log frequency of words, unseen ones half a count."""
        rarity = _rarity(text, self.counts, self.total)
        if rarity is None:
            return BANDS[3]
        return BANDS[int(np.searchsorted(self.cuts, rarity))]


def bands_of(texts: Iterable[str], again: Iterable[str]) -> Bands:
    """Return the bands of a reference, which is read twice: for its words, then for its thirds."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(WORD.findall(text.lower()))
    total = max(1, counts.total())
    rarities = [r for text in again if (r := _rarity(text, counts, total)) is not None]
    cuts = np.quantile(rarities, [1 / 3, 2 / 3]) if rarities else (0.0, 0.0)
    return Bands(counts, total, (float(cuts[0]), float(cuts[1])))


def _rarity(text: str, counts: Counter[str], total: int) -> float | None:
    words = WORD.findall(text.lower())
    if not words:
        return None
    return -sum(log((counts[word] or 0.5) / total) for word in words) / len(words)
