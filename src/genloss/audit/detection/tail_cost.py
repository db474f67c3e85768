"""Which human words a filter would remove, by how frequent they are."""

import re
from collections import Counter
from dataclasses import dataclass, field

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

BANDS = (("the 100 most frequent", 100), ("101st to 1,000th", 1000), ("1,001st to 10,000th", 10000))
RARER = "rarer, seen twice or more"
ONCE = "seen once"


@dataclass(frozen=True)
class BandCost:
    """One band of words by their frequency in the human text.

    kinds, kinds_lost: different words, and those that would be gone from the human text. words,
    words_removed: their occurrences. machine, machine_removed: occurrences in machine text.
    """

    band: str
    kinds: int
    kinds_lost: int
    words: int
    words_removed: int
    machine: int
    machine_removed: int


@dataclass
class Words:
    """Occurrences of words in human and machine text, kept and removed; as texts go by.

    Memory: linear in the number of different words.
    """

    human: Counter[str] = field(default_factory=Counter)
    human_removed: Counter[str] = field(default_factory=Counter)
    machine: Counter[str] = field(default_factory=Counter)
    machine_removed: Counter[str] = field(default_factory=Counter)

    def count(self, text: str, is_human: bool, removed: bool) -> None:
        """Count the words of a text that a filter keeps or removes."""
        words = [word.casefold() for word in WORD.findall(text)]
        (self.human if is_human else self.machine).update(words)
        if removed:
            (self.human_removed if is_human else self.machine_removed).update(words)


def by_frequency(words: Words) -> list[BandCost]:
    """Return the cost of every band, the most frequent words first. O(kinds log kinds)."""
    ranked = [word for word, n in sorted(words.human.items(), key=lambda w: (-w[1], w[0])) if n > 1]
    once = [word for word, n in words.human.items() if n == 1]
    bands, start = [], 0
    for name, end in BANDS:
        bands.append((name, ranked[start:end]))
        start = end
    bands += [(RARER, ranked[start:]), (ONCE, once)]
    return [_cost(name, own, words) for name, own in bands if own]


def _cost(name: str, own: list[str], words: Words) -> BandCost:
    lost = sum(words.human_removed[word] == words.human[word] for word in own)
    sums = [
        sum(counts[word] for word in own)
        for counts in (words.human, words.human_removed, words.machine, words.machine_removed)
    ]
    return BandCost(name, len(own), lost, *sums)
