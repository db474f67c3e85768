"""The second estimator: which words occur, by maximum likelihood (Liang et al. 2024).

A text is the set of known words in it, taken as independent: log P(x) = sum of log p_w over words
that occur and log (1 - p_w) over those that do not, p_w the share of human (machine) calibration
texts with the word. The share maximises sum_i log((1 - a) P(x_i) + a Q(x_i)). It shares neither
scorer nor assumptions with `pair`: where the two disagree, something is wrong with one of them.
Source: arXiv:2403.07183.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from genloss.audit.share.pair import FEWEST, Share, Units
from genloss.core.arrays import Floats
from genloss.errors import DataError

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
DRAWS = 200
"""Bootstrap draws of all three sets of texts."""


@dataclass(frozen=True)
class Vocabulary:
    """Words by column."""

    words: tuple[str, ...]


def vocabulary(
    human: Sequence[str], machine: Sequence[str], most: int = 2000, fewest: int = 5
) -> Vocabulary:
    """Return the words of most calibration texts: `most` at most, each in `fewest` or more.

    No more words than a third of the texts of the smaller sort: with more, both laws learn their
    own texts by heart and the share is read too high.
    """
    most = min(most, max(20, min(len(human), len(machine)) // 3))
    counts = Counter(word for texts in (human, machine) for t in texts for word in words_of(t))
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return Vocabulary(tuple(word for word, n in common if n >= fewest))


def words_of(text: str) -> set[str]:
    """Return the words of a text, in lower case."""
    return set(WORD.findall(text.lower()))


def occurrences(texts: Iterable[str], known: Vocabulary) -> csr_array:
    """Return which known words occur in each text, (n, words) of 0 and 1."""
    column = {word: i for i, word in enumerate(known.words)}
    places, ends = [], [0]
    for text in texts:
        places.extend(sorted(column[w] for w in words_of(text) if w in column))
        ends.append(len(places))
    shape = (len(ends) - 1, len(known.words))
    return csr_array((np.ones(len(places)), np.array(places, int), np.array(ends)), shape=shape)


def word_share(
    human: csr_array,
    machine: csr_array,
    corpus: csr_array,
    rng: np.random.Generator,
    level: float = 0.95,
    draws: int = DRAWS,
    units: Units | None = None,
) -> Share:
    """Estimate the share from occurrences (n, words); a percentile bootstrap of all three sets.

    units: the source of each text of human, machine and corpus; sources are drawn again whole.

    Words are not independent, so that the estimate may be off by more than its interval says: it
    stands beside `machine_share`, never in its place. Time O(draws (non-zeros + n)).

    Raises:
        DataError: fewer than 50 texts of a sort, or no word known.
    """
    sets = {"human": human, "machine": machine, "corpus": corpus}
    for name, found in sets.items():
        if found.shape[0] < FEWEST or not found.shape[1]:
            raise DataError(
                f"got {found.shape[0]} {name} texts and {found.shape[1]} known words; expected "
                f"{FEWEST} texts or more that share words; add texts"
            )
    weights = [
        np.concatenate([np.ones((1, s.shape[0])), _redrawn(s.shape[0], owners, rng, draws)])
        for s, owners in zip(sets.values(), units or (None, None, None), strict=True)
    ]
    ratios = log_ratios(human, machine, corpus, weights[0], weights[1])
    found = likeliest(ratios, weights[2])
    tail = (1 - level) / 2
    low, high = np.quantile(found[1:], [tail, 1 - tail])
    # Laws learned again from a resample fit it too well: the estimate may lie outside.
    first = float(found[0])
    return Share(min(float(low), first), first, max(float(high), first), level)


def _redrawn(
    n: int, units: Sequence[str] | None, rng: np.random.Generator, draws: int
) -> NDArray[Any]:
    """How often each of n texts is drawn, (draws, n): texts of one unit together."""
    if units is None or len(set(units)) == n:
        return rng.multinomial(n, np.full(n, 1 / n), draws)
    names, index = np.unique(units, return_inverse=True)
    return rng.multinomial(len(names), np.full(len(names), 1 / len(names)), draws)[:, index]


def log_ratios(
    human: csr_array, machine: csr_array, corpus: csr_array, by_human: Floats, by_machine: Floats
) -> Floats:
    """Log Q(x) / P(x) of the corpus' texts, (draws, n), calibration texts weighted (draws, n0)."""
    p, q = (
        ((x.T @ w.T).T + 0.5) / (w.sum(axis=1, keepdims=True) + 1)
        for x, w in ((human, by_human), (machine, by_machine))
    )
    absent = np.log1p(-q) - np.log1p(-p)
    present = np.log(q) - np.log(p) - absent
    return absent.sum(axis=1, keepdims=True) + (corpus @ present.T).T


def likeliest(ratios: Floats, weights: Floats) -> Floats:
    """The share (draws,) that maximises sum w log(1 - a + a exp(ratio)): concave, by halving."""
    r = np.exp(np.clip(ratios, -50, 50)) - 1
    low, high = np.zeros(len(r)), np.ones(len(r))
    for _ in range(30):
        a = (low + high) / 2
        rising = (weights * r / (1 + a[:, None] * r)).sum(axis=1) > 0
        low, high = np.where(rising, a, low), np.where(rising, high, a)
    return (low + high) / 2
