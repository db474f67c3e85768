"""A lower bound of the share that is not human, from human texts alone.

Of any set A of scores, P_corpus(A) = (1 - a) P_human(A) + a Q(A) <= (1 - a) P_human(A) + a for
whatever law Q: a >= (P_corpus(A) - P_human(A)) / (1 - P_human(A)). No machine text is assumed, and
so no upper bound exists (Blanchard, Lee and Scott 2010, JMLR 11).
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError

G = TypeVar("G", bound=Hashable)

UPPER = (0.5, 0.2, 0.1, 0.05)
"""A is 'above the score that this share of human texts exceeds'; all at once, by Bonferroni."""

FEWEST = 200
"""Human or corpus texts below which no bound is given: the narrowest A holds ten of them."""


@dataclass(frozen=True)
class Bound:
    """At least `low` of the texts are not of the human law, at a one-sided level."""

    low: float
    level: float
    exceeded_by: float


def lower_bound(human: Floats, corpus: Floats, level: float = 0.95) -> Bound:
    """Bound from scores (n,); nan is left out. exceeded_by: human share of the set A.

    Raises:
        DataError: fewer than 200 human or corpus texts.
    """
    sets = []
    for name, scores in (("human", human), ("corpus", corpus)):
        known = np.asarray(scores, float)
        known = known[~np.isnan(known)]
        if len(known) < FEWEST:
            raise DataError(
                f"got {len(known)} {name} texts with a score; expected {FEWEST} or more; add texts"
            )
        sets.append(known[None])
    bounds = bounds_by_set(sets[0], sets[1], level)[:, 0]
    return Bound(float(bounds.max()), level, UPPER[int(bounds.argmax())])


def bound_over_groups(
    human: Mapping[G, Floats], corpus: Mapping[G, Floats], level: float = 0.95
) -> tuple[float, int]:
    """Lower bound over groups that score differently, and of how many of them it is made.

    sum_g w_g low_g with w_g = n_g / n, the part of the corpus that is of group g, and each low_g
    held at 1 - (1 - level) / k of k groups, so that all hold at once. A group of fewer than 200
    texts on a side, or without human ones, counts as 0.
    """
    whole = sum(map(len, corpus.values()))
    large = [g for g, scores in corpus.items() if min(len(scores), len(human.get(g, ()))) >= FEWEST]
    each = 1 - (1 - level) / max(1, len(large))
    found = {g: lower_bound(human[g], corpus[g], each) for g in large}
    return sum(b.low * len(corpus[g]) / whole for g, b in found.items()), len(large)


def bounds_by_set(human: Floats, corpus: Floats, level: float = 0.95) -> Floats:
    """Bounds of every set A (4, D) from scores (D, n0) and (D, n); the largest is the bound.

    Each is the largest a that a one-sided score test rejects below, at 1 - (1 - level) / 4, so that
    the largest covers the true share at `level` at least; 0 where nothing is shown.
    """
    z = NormalDist().inv_cdf(1 - (1 - level) / len(UPPER))
    return np.stack([_bound(human, corpus, share, z) for share in UPPER])


def _bound(human: Floats, corpus: Floats, share: float, z: float) -> Floats:
    n0, n = human.shape[1], corpus.shape[1]
    at = np.quantile(human, 1 - share, axis=1, method="higher", keepdims=True)
    k = (human > at).sum(axis=1) + 1
    # The law of the share above an order statistic: Beta(k, n0 + 1 - k).
    p0 = k / (n0 + 1)
    v0 = p0 * (1 - p0) / (n0 + 2)
    third0 = 2 * v0 * (1 - 2 * p0) / (n0 + 3)
    seen = (corpus > at).mean(axis=1)
    low, high = np.zeros(len(human)), np.ones(len(human))
    for _ in range(30):
        a = (low + high) / 2
        expected = a + (1 - a) * p0
        pooled = np.maximum((1 - expected) * expected, 1 / n) / n
        error = np.sqrt(pooled + (1 - a) ** 2 * v0)
        third = (1 - expected) * expected * (1 - 2 * expected) / n**2 + (1 - a) ** 3 * third0
        # Small shares err upwards further than down (Cornish and Fisher 1938).
        far = z + (z * z - 1) * third / (6 * error**3)
        rejected = seen - expected > far * error
        low, high = np.where(rejected, a, low), np.where(rejected, high, a)
    return low
