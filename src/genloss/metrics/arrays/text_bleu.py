"""Self-BLEU: how much the rows of a corpus repeat one another."""

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError
from genloss.metrics.arrays.text_ngrams import checked, ngram_codes

EPSILON = 0.1
"""Chen and Cherry's first smoothing: the matches of an order without any."""


def self_bleu(x: Ints, order: int = 4) -> Floats:
    """Mean BLEU of every row against all others as its references.

    BLEU = brevity exp(mean_n ln p_n), n = 1 .. order; p_n clips the count of an n-gram at the most
    that any other row has, and is 0.1 over the row's n-grams where none matches (method 1 of Chen
    and Cherry 2014); 0 where not even a token matches. brevity = min(1, exp(1 - r / c)), r the
    length of another row next to the row's own, c (Papineni et al. 2002).

    Args:
        x: tokens (C, n, T), at least two rows.
        order: the longest n-grams.

    Returns:
        (C,), no unit, lower is more varied, range [0, 1]; grows with the number of rows. O(size log
        size): the two largest counts of an n-gram say what the other rows have.
        Source: Zhu et al. 2018.

    Raises:
        DataError: fewer than two rows.
    """
    x = checked(x)
    if x.shape[1] < 2:
        raise DataError("self_bleu: got one row, expected at least two")
    return np.array([_scores(rows, order).mean() for rows in x])


def _scores(rows: Ints, order: int) -> Floats:
    length = (rows != NO_TOKEN).sum(axis=1)
    logs, some = np.zeros(len(rows)), np.ones(len(rows), dtype=bool)
    for n in range(1, order + 1):
        total = np.maximum(length - n + 1, 0)
        matched = _matches(rows, n) if n <= rows.shape[1] else np.zeros(len(rows))
        if n == 1:
            some = matched > 0
        logs += np.log(np.where(matched > 0, matched, EPSILON) / np.maximum(total, 1))
    nearest = _nearest_other(length)
    brevity = np.exp(np.minimum(0.0, 1.0 - nearest / np.maximum(length, 1)))
    return np.where(some, brevity * np.exp(logs / order), 0.0)


def _matches(rows: Ints, n: int) -> Floats:
    """Count each row's n-grams, every kind at most as often as in the row that has most of it."""
    codes = ngram_codes(rows, n)
    if not (codes >= 0).any():
        return np.zeros(len(rows))
    row = np.broadcast_to(np.arange(len(rows))[:, None], codes.shape)[codes >= 0]
    _, kind = np.unique(codes[codes >= 0], return_inverse=True)
    pairs, counts = np.unique(kind * len(rows) + row, return_counts=True)
    kind, row = pairs // len(rows), pairs % len(rows)
    order = np.lexsort((counts, kind))
    last = np.append(kind[order][1:] != kind[order][:-1], True)
    top = order[last]
    # The second largest count stands before the largest, if it is of the same kind.
    place = np.flatnonzero(last)
    before = order[np.maximum(place - 1, 0)]
    second = np.where((place > 0) & (kind[before] == kind[top]), counts[before], 0)
    others = counts[top][kind]
    others[top] = second
    matched = np.bincount(row, np.minimum(counts, others), minlength=len(rows))
    return np.asarray(matched, dtype=np.float64)


def _nearest_other(length: Ints) -> Ints:
    """Return the length of another row nearest to each row's own, the shorter one on a tie."""
    order = np.argsort(length, kind="stable")
    sorted_ = length[order].astype(np.float64)
    below = np.append(-np.inf, sorted_[:-1])
    above = np.append(sorted_[1:], np.inf)
    nearest = np.where(sorted_ - below <= above - sorted_, below, above)
    out = np.empty(len(length))
    out[order] = nearest
    return out.astype(np.int64)
