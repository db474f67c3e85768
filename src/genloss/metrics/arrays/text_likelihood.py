"""Perplexities from log-probabilities of tokens, in nats."""

from typing import Literal

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError, SpecError

DECADES, PER_DECADE = 6, 20
"""Range and fineness of histograms: a bin is 12 % wide, the last one begins near a million."""


def perplexity(log_probs: Floats, scored: Array) -> Floats:
    """Perplexity, exp of the mean negative log-likelihood: every scored token weighs the same.

    Args:
        log_probs: ln p of each token given those before it (C, n, L), nats.
        scored: which of them count, booleans that fit (C, n, L); a row of T tokens has T - 1.

    Returns:
        (C,), no unit, lower is closer, range [1, inf], inf where a scored token has probability 0.
        O(size).

    Raises:
        DataError: NaN, a probability above 1, or nothing to score.
    """
    with np.errstate(over="ignore"):
        return np.exp(_mean_nll(log_probs, scored))


def bits_per_byte(log_probs: Floats, scored: Array, n_bytes: float) -> Floats:
    """Bits that the scored tokens cost over the bytes of their text; tokenisers may differ.

    Returns:
        (C,), bits per byte, lower is closer, range [0, inf].
    """
    if not n_bytes > 0:
        raise DataError(f"n_bytes: got {n_bytes}, expected a number above 0")
    count = np.broadcast_to(scored, np.shape(log_probs)).sum(axis=(1, 2))
    return np.asarray(_mean_nll(log_probs, scored) * count / np.log(2.0) / n_bytes)


def sequence_perplexities(log_probs: Floats, scored: Array) -> Floats:
    """Perplexity of each row, (C, n); NaN for rows without a scored token (a single token)."""
    scored = np.broadcast_to(scored, np.shape(log_probs))
    count = scored.sum(axis=2)
    total = np.where(scored, log_probs, 0.0).sum(axis=2)
    with np.errstate(over="ignore"):
        return np.where(count > 0, np.exp(-total / np.maximum(count, 1)), np.nan)


def histograms(generated: Floats, real: Floats, q: float) -> dict[str, Array]:
    """Count perplexities in bins of equal ratio; how many lie beyond `tail_edge` on either side.

    Args:
        generated: perplexities (C, n) of rows; NaN does not count.
        real: those of real rows (C, m).
        q: in (0, 0.5].

    Returns:
        edges (K + 1,) of the bins, the last of which has no upper end; made and real (C, K),
        counts; quantiles (C, 2), the edges of real; beyond (C, 2), the shares of generated rows
        below and above them.
    """
    edges = 10.0 ** (np.arange(DECADES * PER_DECADE + 1) / PER_DECADE)
    ends = [tail_edge(real, q, "low"), tail_edge(real, q, "high")]
    shares = [tail_share(generated, real, q, "low"), tail_share(generated, real, q, "high")]
    return {
        "edges": edges,
        "made": _counts(generated, edges),
        "real": _counts(real, edges),
        "quantiles": np.stack(ends, axis=1),
        "beyond": np.stack(shares, axis=1),
    }


def quantiles(values: Floats, q: float) -> Floats:
    """Smallest value that at least a share q of the others does not exceed, per chain.

    Args:
        values: (C, n); NaN does not count, inf does: no quantile lies between two values.
        q: in [0, 1].

    Returns:
        (C,), NaN for a chain without values.
    """
    if not 0.0 <= q <= 1.0:
        raise SpecError(f"q: got {q}, expected a number in [0, 1]")
    count = (~np.isnan(values)).sum(axis=1)
    index = np.maximum(_rank(q, count) - 1, 0)
    # NaN sorts last.
    return np.take_along_axis(np.sort(values, axis=1), index[:, None], axis=1)[:, 0]


def tail_edge(real: Floats, q: float, tail: Literal["low", "high"]) -> Floats:
    """Return the k-th smallest or the k-th largest of m real values, k = q m rounded up.

    A new value of the same continuous law lies beyond either with probability k / (m + 1), where
    the quantile 1 - q would leave k + 1 of m + 1 parts above it.

    Args:
        real: (C, m); NaN does not count.
        q: in [0, 1].
        tail: which one.

    Returns:
        (C,), NaN for a chain without values.
    """
    return quantiles(real, q) if tail == "low" else -quantiles(-real, q)


def tail_share(values: Floats, real: Floats, q: float, tail: Literal["low", "high"]) -> Floats:
    """Share of values below the low `tail_edge` of real ones, or above the high one.

    Args:
        values: (C, n); NaN does not count.
        real: (C, m).
        q: in (0, 1).
        tail: which one.

    Returns:
        (C,), no unit, range [0, 1], NaN without values. For equal laws k / (m + 1) on average, k
        = q m rounded up: q m / (m + 1) where q m is whole, far from q below 1 / q real values.
    """
    edge = tail_edge(real, q, tail)[:, None]
    beyond = values < edge if tail == "low" else values > edge
    count = (~np.isnan(values)).sum(axis=1)
    return np.where(count > 0, beyond.sum(axis=1) / np.maximum(count, 1), np.nan)


def sliding_windows(blocks: Ints, stride: int) -> tuple[Ints, Array]:
    """Cut the text of blocks (m, T) into windows of T tokens, `stride` apart.

    Returns:
        windows (W, T) and which tokens count (W, T - 1): all of the first window but its first
        token, then only those that no window before had, so that each token counts once and has
        at least T - stride before it. The last window ends with the text.

    Raises:
        SpecError: a stride outside [1, T - 1], or a text shorter than one window.
    """
    width = blocks.shape[1]
    if not 1 <= stride < width:
        raise SpecError(f"stride: got {stride}, expected 1 to {width - 1} for blocks of {width}")
    text = blocks[blocks != NO_TOKEN]
    if len(text) < width:
        raise SpecError(f"a text of {len(text)} tokens; expected {width}, one window, or more")
    begins = np.arange(0, len(text) - width + stride, stride)
    begins = np.minimum(begins, len(text) - width)
    place = begins[:, None] + np.arange(width)
    known = np.concatenate([[1], begins[:-1] + width])
    return text[place], place[:, 1:] >= known[:, None]


def _rank(q: float, count: Ints) -> Ints:
    """Return q count, rounded up; products such as 0.07 * 100 lie a bit above whole numbers."""
    return np.ceil(q * count * (1.0 - 1e-12)).astype(np.int64)


def _counts(values: Floats, edges: Floats) -> Ints:
    """Count values (C, n) of at least 1 between edges; the last bin takes all above, inf too."""
    there = ~np.isnan(values)
    place = np.searchsorted(edges[1:-1], np.where(there, values, 1.0), side="right")
    k = len(edges) - 1
    return np.stack([np.bincount(p[t], minlength=k) for p, t in zip(place, there, strict=True)])


def _mean_nll(log_probs: Floats, scored: Array) -> Floats:
    log_probs = np.asarray(log_probs, dtype=np.float64)
    if log_probs.ndim != 3 or np.isnan(log_probs).any() or (log_probs > 1e-6).any():
        raise DataError(
            f"log_probs: got shape {log_probs.shape}, values up to {log_probs.max()}, expected "
            "(C, n, L) of at most 0 and no NaN; a model whose loss is NaN has no perplexity"
        )
    scored = np.broadcast_to(scored, log_probs.shape)
    count = scored.sum(axis=(1, 2))
    if not count.all():
        raise DataError("scored: got a chain without a token to score; rows need two or more")
    return np.asarray(-np.where(scored, log_probs, 0.0).sum(axis=(1, 2)) / count)
