"""The area under the divergence frontier of two sets of texts, from the paper on MAUVE."""

from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.errors import DataError
from genloss.metrics.arrays.checks import law_pair
from genloss.metrics.arrays.text_ngrams import checked, ngram_codes

SCALE = 5.0
"""The paper's c: divergences enter as exp(-c KL)."""

POINTS = 1001
"""Mixtures on the frontier; the area is exact to about 1e-4."""

BUCKETS = 4096

PORTION = 1024
"""Rows whose counts or distances are held at a time."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The area, averaged over clusterings, and the least and greatest of them; (C,) each."""

    mean: Floats
    low: Floats
    high: Floats


def frontier_area(p: Floats, q: Floats, scale: float = SCALE) -> Floats:
    """Area under the points (exp(-c KL(q||r)), exp(-c KL(p||r))), r = w p + (1 - w) q, 0 < w < 1.

    Args:
        p: probabilities (C, K), or (K,).
        q: probabilities (C, K), or (K,).
        scale: c > 0.

    Returns:
        (C,), no unit, higher is closer, 1 for equal laws, Gamma(c + 1)^2 / Gamma(2 c + 1) for
        disjoint ones, 0.004 at c = 5. Source: Pillutla et al. 2021.

    Raises:
        DataError: not probabilities.
    """
    p, q = law_pair(np.atleast_2d(p), q)
    w = np.linspace(0.0, 1.0, POINTS + 2)[1:-1]
    r = w[:, None, None] * p + (1.0 - w)[:, None, None] * q
    x, y = (np.exp(-scale * _kl(law, r)) for law in (q, p))
    corner = np.zeros((1, len(p))), np.ones((1, len(p)))
    # w -> 0 is r = q, the point (1, 0); the curve runs from there to (0, 1).
    x, y = np.concatenate([corner[1], x, corner[0]]), np.concatenate([corner[0], y, corner[1]])
    return np.asarray(((x[:-1] - x[1:]) * (y[:-1] + y[1:]) / 2).sum(axis=0))


def mauve(
    x: Floats,
    real: Floats,
    rng: np.random.Generator,
    clusters: int = 0,
    clusterings: int = 5,
    scale: float = SCALE,
) -> Frontier:
    """Quantise both sets together with k-means and measure their divergence frontier.

    Args:
        x: features (C, n, d).
        real: features (C, m, d).
        rng: starts of k-means.
        clusters: k; 0 is a tenth of the smaller set, as in the paper's own code, at least 2.
        clusterings: how often k-means begins anew; single ones vary much.
        scale: c.

    Returns:
        the mean area, the least and the greatest, which say how far the clusters matter, not the
        rows: between these two lies the next clustering with probability (m - 1)/(m + 1) and the
        median over all with 1 - 2^(1 - m), m = clusterings, whatever the law of the area. Higher is
        closer, range (0, 1]; biased down for small samples. O(k (n + m) d) times m times 20 rounds.

    Raises:
        DataError: shapes that do not fit, or fewer than two clusterings.
    """
    if x.ndim != 3 or real.ndim != 3 or (len(x), x.shape[2]) != (len(real), real.shape[2]):
        raise DataError(f"mauve: got {x.shape} and {real.shape}, expected (C, n, d), (C, m, d)")
    if clusterings < 2:
        raise DataError(f"mauve: got {clusterings} clusterings, expected at least 2")
    # A tenth of the larger set would leave the smaller one fewer rows than clusters.
    k = clusters or max(2, min(x.shape[1], real.shape[1]) // 10)
    areas = np.empty((clusterings, len(x)))
    for chain, rows in enumerate(np.concatenate([x, real], axis=1)):
        n = x.shape[1]
        for i in range(clusterings):
            label = cluster(rows, k, rng)
            p, q = (np.bincount(part, minlength=k) / len(part) for part in (label[:n], label[n:]))
            areas[i, chain] = frontier_area(p[None], q[None], scale)[0]
    return Frontier(areas.mean(axis=0), areas.min(axis=0), areas.max(axis=0))


def cluster(rows: Floats, k: int, rng: np.random.Generator, rounds: int = 20) -> Ints:
    """Return the cluster (n,) of rows (n, d): Lloyd's k-means from k different rows, or from all.

    An empty cluster keeps its centre. Stops after `rounds`, or when nothing moves.
    """
    # Of two equal centres rounding would choose the nearer one, differently for equal rows.
    different = np.sort(np.unique(np.round(rows, 9), axis=0, return_index=True)[1])
    k = min(k, len(different))
    centres = rows[different[rng.choice(len(different), k, replace=False)]]
    label = np.full(len(rows), -1)
    for _ in range(rounds):
        nearest = _nearest(rows, centres)
        if (nearest == label).all():
            break
        label = nearest
        count = np.bincount(label, minlength=k)
        sums = np.stack([np.bincount(label, column, minlength=k) for column in rows.T], axis=1)
        moved = sums / np.maximum(count, 1)[:, None]
        centres = np.where(count[:, None] > 0, moved, centres)
    return np.asarray(label, dtype=np.int64)


def _nearest(rows: Floats, centres: Floats) -> Ints:
    """Return the centre (n,) nearest to each of rows (n, d)."""
    size = (centres * centres).sum(axis=1)
    parts = (rows[i : i + PORTION] for i in range(0, len(rows), PORTION))
    return np.concatenate([(size - 2.0 * part @ centres.T).argmin(axis=1) for part in parts])


def bag_features(x: Ints, real: Ints, dims: int = 64) -> tuple[Floats, Floats]:
    """Hashed counts of tokens and pairs, each row of length 1, projected at random to `dims`.

    No model is involved: the features see which words and pairs a text has, not what they mean. The
    hash and the projection are fixed, so that generations share them.

    Args:
        x: tokens (C, n, T).
        real: tokens (C, m, T').
        dims: d.

    Returns:
        (C, n, d) and (C, m, d).
    """
    project = np.random.Generator(np.random.PCG64(BUCKETS)).standard_normal((BUCKETS, dims))
    project /= np.sqrt(dims)
    return _projected(checked(x), project), _projected(checked(real), project)


def _projected(x: Ints, project: Floats) -> Floats:
    out = np.empty((*x.shape[:2], project.shape[1]))
    for chain, rows in enumerate(x):
        for i in range(0, len(rows), PORTION):
            counts = sum(_hashed(rows[i : i + PORTION], n) for n in (1, 2))
            counts = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1.0)
            out[chain, i : i + PORTION] = counts @ project
    return out


def _hashed(rows: Ints, n: int) -> Array:
    """Count the n-grams of rows (m, T) in buckets chosen by their tokens alone: (m, BUCKETS)."""
    if rows.shape[1] < n:
        return np.zeros((len(rows), BUCKETS))
    there = ngram_codes(rows, n) >= 0
    width = there.shape[1]
    mixed = np.zeros(there.shape, dtype=np.uint64)
    for j in range(n):
        token = rows[:, j : width + j].astype(np.uint64) + np.uint64(n)
        mixed = (mixed ^ token) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    row = np.broadcast_to(np.arange(len(rows))[:, None], there.shape)
    place = row * BUCKETS + (mixed >> np.uint64(52)).astype(np.int64)
    counts = np.bincount(place[there], minlength=len(rows) * BUCKETS)
    return counts.reshape(len(rows), BUCKETS)


def _kl(p: Floats, r: Floats) -> Floats:
    """KL(p || r) in nats over the last axis; r > 0 wherever p is."""
    ratio = np.where(p > 0, p, 1.0) / np.where(p > 0, r, 1.0)
    return np.asarray((p * np.log(ratio)).sum(axis=-1))
