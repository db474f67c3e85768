"""Intervals of a share in [0, 1] by inversion of a test, never empty.

At a share a, a statistic z(a) is standard normal if a is true. Shares outside [0, 1] cannot be, so
that values of z are ordered by their likelihood ratio against the best share inside (Feldman and
Cousins 1998, arXiv:physics/9711021): coverage is nominal at the ends as well as between them.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from genloss.core.arrays import Array, Floats

Statistic = Callable[[Floats], tuple[Floats, Floats]]
"""From shares (D,) to what was seen minus what is expected, in units of the share, and its standard
error at that share, both (D,)."""

SEARCHES = 18
"""Halvings of [0, 1] per end: 4e-6."""


def critical(below: Floats, above: Floats, level: float) -> Floats:
    """The c at which {R <= c} has probability `level`, (D,).

    below, above: distances of the share from 0 and from 1 in standard errors, (D,).
    R(z) = z^2 - min over shares in [0, 1] of (z - shift)^2; at an end its set is one-sided.
    """
    a, b = np.maximum(below, 1e-9), np.maximum(above, 1e-9)
    low, high = np.zeros_like(a), np.full_like(a, 25.0)
    for _ in range(40):
        cut = (low + high) / 2
        left, right = _reach(cut, a), _reach(cut, b)
        enough = ndtr(right) - ndtr(-left) > level
        high, low = np.where(enough, cut, high), np.where(enough, low, cut)
    return (low + high) / 2


def endpoints(statistic: Statistic, estimate: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the lowest and highest accepted share (D,), searched from the estimate (D,)."""

    def accepted(share: Floats) -> Array:
        gap, error = statistic(share)
        error = np.maximum(error, 1e-12)
        below, above = share / error, (1 - share) / error
        cut = critical(below, above, level)
        return (gap / error >= -_reach(cut, below)) & (gap / error <= _reach(cut, above))

    low, high = (outermost(accepted, estimate, np.full_like(estimate, e)) for e in (0.0, 1.0))
    return low, high


def _reach(cut: Floats, room: Floats) -> Floats:
    room, root = np.maximum(room, 1e-9), np.sqrt(cut)
    return np.where(root <= room, root, (cut + room * room) / (2 * room))


def outermost(accepted: Callable[[Floats], Array], inside: Floats, end: Floats) -> Floats:
    """Return the last accepted share (D,) on the way from one inside to an end."""
    whole = accepted(end)
    outside = end
    for _ in range(SEARCHES):
        middle = (inside + outside) / 2
        fits = accepted(middle)
        inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
    return np.where(whole, end, inside)
