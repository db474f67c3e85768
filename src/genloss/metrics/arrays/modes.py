"""Modes of a known mixture: which survive, how rows share them, how wide they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Floats, Ints, checked_fraction
from genloss.core.numbers import positive
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite
from genloss.metrics.arrays.pairwise import distances_to, row_blocks


def mode_shares(x: Floats, centres: Floats, radius: float) -> Floats:
    """Share of all rows that belong to each mode.

    A row belongs to its nearest centre if it lies within `radius` of it (closed ball; the lower
    index among equal distances), otherwise to none.

    Args:
        x: rows (C, n, d).
        centres: the K real mode centres (K, d), units of the data.
        radius: units of the data; three component widths is usual.

    Returns:
        (C, K), no unit, compare with the real weights, each in [0, 1], sum at most 1; the rest are
        rows of no mode. Unbiased. O(C n K d) time in blocks.

    Raises:
        DataError: shapes that do not fit.
        SpecError: radius not positive.
    """
    x, label = _labels(x, centres, radius)
    share: Floats = _mode_counts(label, len(centres)) / x.shape[1]
    return share


def mode_labels(x: Floats, centres: Floats, radius: float) -> Ints:
    """Mode of each row (C, n), -1 for rows of none; see `mode_shares` for arguments and errors."""
    return _labels(x, centres, radius)[1]


def surviving_modes(x: Floats, centres: Floats, radius: float, min_share: float = 0.0) -> Floats:
    """Number of modes that still receive rows, #{k: share_k > 0 and share_k >= min_share}.

    Args:
        x: rows (C, n, d).
        centres: the K real mode centres (K, d).
        radius: a row counts for its nearest centre within this distance, units of the data.
        min_share: share of all rows, in [0, 1], below which a mode counts as lost.

    Returns:
        (C,), modes, higher is closer up to the number of real modes, range [0, K]. With
        min_share = 0 it rises with n. Source: Alemohammad et al. 2024.

    Raises:
        DataError: shapes that do not fit.
        SpecError: radius not positive or min_share outside [0, 1].
    """
    share = mode_shares(x, centres, radius)
    number: Floats = _alive(share, min_share).sum(axis=1, dtype=np.float64)
    return number


def average_modal_variance(
    x: Floats, centres: Floats, radius: float, min_share: float = 0.0
) -> Floats:
    """Mean over surviving modes of the variance inside a mode, tr(cov of its rows).

    The covariance is taken round the mode's own sample mean with divisor n_k, over the rows within
    `radius`. Unlike the total variance it falls smoothly as modes shrink, and ignores their spread.

    Args:
        x: rows (C, n, d).
        centres: the K real mode centres (K, d).
        radius: a row counts for its nearest centre within this distance, units of the data.
        min_share: share of all rows, in [0, 1], below which a mode counts as lost.

    Returns:
        (C,), squared units of the data, compare with reality (lower means narrower modes), range
        [0, radius^2]; 0 if no mode survives. Biased low by 1/n_k and by the cut at `radius`, both
        the same for real rows of equal number. Source: Alemohammad et al. 2024.

    Raises:
        DataError: shapes that do not fit.
        SpecError: radius not positive or min_share outside [0, 1].
    """
    x, label = _labels(x, centres, radius)
    count = _mode_counts(label, len(centres))
    alive = _alive(count / x.shape[1], min_share)
    spread = np.zeros(count.shape)
    for chain, rows in enumerate(x):
        inside = label[chain] >= 0
        mode, members = label[chain][inside], rows[inside]
        for values in members.T:
            # Two passes: a mode of width 1e-10 keeps its variance at any offset from the centre.
            mean = _sum_by(mode, values, len(centres)) / np.maximum(count[chain], 1)
            spread[chain] += _sum_by(mode, (values - mean[mode]) ** 2, len(centres))
    variance = np.where(alive, spread / np.maximum(count, 1), 0.0)
    average: Floats = variance.sum(axis=1) / np.maximum(alive.sum(axis=1), 1)
    return average


def _labels(x: Floats, centres: Floats, radius: float) -> tuple[Floats, Ints]:
    """Mode of each row (C, n), -1 for none."""
    x = finite(x, "x", "(C, n, d)")
    centres = finite(centres, "centres", "(K, d)")
    if centres.shape[1] != x.shape[2]:
        raise DataError(
            f"centres: got shape {centres.shape}, expected (K, {x.shape[2]}) to fit {x.shape}"
        )
    limit = positive(radius, "radius") ** 2
    flat = x.reshape(-1, x.shape[2])
    label = np.empty(len(flat), dtype=np.int64)
    distances = distances_to(centres)
    for rows in row_blocks(len(flat), len(centres)):
        squared = distances(flat[rows])
        nearest = squared.argmin(axis=1)
        label[rows] = np.where(squared.min(axis=1) <= limit, nearest, -1)
    return x, label.reshape(x.shape[:2])


def _mode_counts(label: Ints, k: int) -> Ints:
    return np.stack([np.bincount(one + 1, minlength=k + 1)[1:] for one in label])


def _alive(share: Floats, min_share: float) -> NDArray[np.bool_]:
    return (share > 0) & (share >= checked_fraction(min_share, "min_share"))


def _sum_by(mode: Ints, values: Floats, k: int) -> Floats:
    return np.bincount(mode, weights=values, minlength=k).astype(np.float64, copy=False)
