"""An alarm over many features at once: do common words and marks occur as in a mixture?

The mean of any feature over a mixture lies on the line between its means over the two laws, at the
same share for all features. Prevalence moves along that line; the distance from it is blind to
origin, whichever features they are: nothing has to be found that people and machines share.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np
from scipy.special import ndtr
from scipy.stats import chi2

from genloss.core.arrays import Floats

PART = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[^\w\s]")
"""A word, a number or a mark."""

MOST = 100
"""Words and marks that are looked at."""

SHARES = np.linspace(0, 1, 41)
"""Shares that must all be rejected; a step costs little."""

TOGETHER = 1000
"""Texts that are counted at a time."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean (k,) of k features over n independent texts, and its covariance (k, k)."""

    n: int
    mean: Floats
    error: Floats

    @classmethod
    def of(cls, rows: Floats) -> "Moments":
        """Average features (n, k), n of 2 or more."""
        return cls._from(len(rows), rows.sum(axis=0), rows.T @ rows)

    @classmethod
    def _from(cls, n: int, total: Floats, squares: Floats) -> "Moments":
        mean = total / n
        return cls(n, mean, (squares / n - np.outer(mean, mean)) / (n - 1))


def common(human: Sequence[str], machine: Sequence[str], most: int = MOST) -> tuple[str, ...]:
    """Return the words and marks of most calibration texts, in lower case."""
    counts = Counter(part for texts in (human, machine) for t in texts for part in set(_parts(t)))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(part for part, _ in ordered[:most])


def occurring(texts: Sequence[str], known: Sequence[str]) -> Floats:
    """Return the square root of each known part's share of a text's parts, (n, k).

    The root makes the variances of frequent and rare ones alike.
    """
    column = {part: i for i, part in enumerate(known)}
    found = np.zeros((len(texts), len(known)))
    for row, text in zip(found, texts, strict=True):
        parts = _parts(text)
        for part in parts:
            if part in column:
                row[column[part]] += 1
        row /= max(1, len(parts))
    return np.sqrt(found)


def moments(texts: Sequence[str], known: Sequence[str]) -> Moments:
    """Average how often the known parts occur; time O(characters + n k^2), memory O(k^2)."""
    total, squares = np.zeros(len(known)), np.zeros((len(known), len(known)))
    for start in range(0, len(texts), TOGETHER):
        rows = occurring(texts[start : start + TOGETHER], known)
        total, squares = total + rows.sum(axis=0), squares + rows.T @ rows
    return Moments._from(len(texts), total, squares)


def line_p(human: Moments, machine: Moments, corpus: Moments) -> float:
    """p-value of 'the means of the corpus lie on the line between those of the two laws'.

    T(a) = |c - (1 - a) h - a m|^2, features turned so that those in which single texts differ most
    weigh less. At the true share a it is a weighted sum of chi-squares, whose tail is taken from a
    chi-square of the same first three moments. The p-value is the largest over all shares: no share
    is estimated, and the level holds at 0 and 1 as well.
    Source: Liu, Tang and Zhang 2009, Computational Statistics and Data Analysis 53.
    """
    human, machine, corpus = _turned(human, machine, corpus)
    to_corpus, line = corpus.mean - human.mean, machine.mean - human.mean
    a = SHARES
    distance = to_corpus @ to_corpus - 2 * a * (to_corpus @ line) + a * a * (line @ line)
    return float(_tail(distance, _cumulants(human, machine, corpus)).max())


def line_power(
    human: Moments, machine: Moments, corpus: Moments, share: float, part: float, level: float
) -> float:
    """Power against an unknown law in a part of the corpus, as far from human as machine texts are.

    Its direction is at right angles to the line; human and machine texts stand at `share` in the
    rest. The distance is free of chance, |h - m|^2 - tr V_h - tr V_m. Normal approximation, the
    smallest over the shares that must be rejected.
    """
    human, machine, corpus = _turned(human, machine, corpus)
    line = machine.mean - human.mean
    apart = float(line @ line - np.trace(human.error) - np.trace(machine.error))
    if apart <= 0:
        return level
    k1, k2, k3 = _cumulants(human, machine, corpus)
    off = apart * (part**2 + ((1 - part) * share - SHARES) ** 2)
    freedom = 8 * k2**3 / k3**2
    bound = k1 + np.sqrt(k2) * (chi2.isf(level, freedom) - freedom) / np.sqrt(2 * freedom)
    return float(ndtr((k1 + off - bound) / np.sqrt(k2 + 2 * off * k2 / k1)).min())


def larger(own: Moments, times: int) -> Moments:
    """Return what so many times as many texts would have: the error of the mean, divided."""
    return Moments(own.n * times, own.mean, own.error / times)


def _turned(human: Moments, machine: Moments, corpus: Moments) -> tuple[Moments, ...]:
    """Multiply by (S + r)^-1/2, S the covariance of N calibration texts, r = tr S / k.

    S fits the texts that it is made of too well: with t = tr S (S + r)^-1, their variances come out
    too small by 1 - t / N (Sherman and Morrison), which is undone.
    """
    spread = (human.error * human.n + machine.error * machine.n) / 2
    variances, axes = np.linalg.eigh(spread)
    variances = np.maximum(variances, 0)
    damped = variances + max(variances.mean(), 1e-12)
    turn = axes / np.sqrt(damped)
    short = 1 - (variances / damped).sum() / (human.n + machine.n)

    def turned(own: Moments, by: float) -> Moments:
        return Moments(own.n, own.mean @ turn, turn.T @ own.error @ turn / by)

    return turned(human, short), turned(machine, short), turned(corpus, 1.0)


def _parts(text: str) -> list[str]:
    return PART.findall(text.lower())


def _cumulants(human: Moments, machine: Moments, corpus: Moments) -> tuple[Floats, Floats, Floats]:
    """Cumulants of T at every share: tr V, 2 tr V^2 and 8 tr V^3 of V = sum of w_i V_i."""
    errors = [human.error, machine.error, corpus.error]
    weight = np.stack([(1 - SHARES) ** 2, SHARES**2, np.ones_like(SHARES)])
    first = weight.T @ np.array([np.trace(e) for e in errors])
    second, third = np.zeros_like(first), np.zeros_like(first)
    products = {
        (i, j): errors[i] @ errors[j] for i, j in combinations_with_replacement(range(3), 2)
    }
    for i, j, k in product(range(3), repeat=3):
        # tr ABC = tr CBA of symmetric ones: the order of the first two is free.
        trace = float((products[min(i, j), max(i, j)] * errors[k]).sum())
        third += weight[i] * weight[j] * weight[k] * trace
    for i, j in product(range(3), repeat=2):
        second += weight[i] * weight[j] * float((errors[i] * errors[j]).sum())
    return first, 2 * second, 8 * third


def _tail(distance: Floats, cumulants: tuple[Floats, Floats, Floats]) -> Floats:
    k1, k2, k3 = cumulants
    if k1.max() < 1e-15:
        return np.where(distance < 1e-15, 1.0, 0.0)
    freedom = 8 * k2**3 / k3**2
    place = (distance - k1) / np.sqrt(k2) * np.sqrt(2 * freedom) + freedom
    return np.asarray(chi2.sf(place, freedom))
