"""Curves that lie on one another: a reader must be told, since only the last drawn is seen."""

from collections.abc import Iterator, Sequence

import numpy as np

from genloss.report.figures.bands import Curve

SAME = 0.004
"""Share of what all curves span within which two lines cover each other: about a pixel."""


def overlaps(curves: Sequence[Curve]) -> Iterator[str]:
    """Yield a sentence on each group of curves that cannot be told apart."""
    groups: list[list[Curve]] = []
    for c in curves:
        # A line without length hides nothing.
        mates = [g for g in groups if len(c.t) > 1 and _same(g[0], c, curves)]
        if mates:
            mates[0].append(c)
        else:
            groups.append([c])
    for group in groups:
        if len(group) > 1:
            names = [f"**{c.label}**" for c in group]
            said = f"{', '.join(names[:-1])} and {names[-1]}"
            yield f"{said} lie on one another."


def _same(one: Curve, other: Curve, curves: Sequence[Curve]) -> bool:
    """Whether the shorter of two lines is covered by the other."""
    t, i, j = np.intersect1d(one.t, other.t, return_indices=True)
    if len(t) < max(2, min(len(one.t), len(other.t))):
        return False
    a, b = one.median[i], other.median[j]
    with np.errstate(invalid="ignore"):
        close = np.abs(a - b) <= SAME * _span(curves)
    # On a log axis small values are told apart, and large ones only by their ratio.
    both = (a > 0) & (b > 0)
    ratio = np.ones_like(a)
    ratio[both] = np.maximum(a[both], b[both]) / np.minimum(a[both], b[both])
    return bool(((a == b) | (close & (ratio < 1.05))).all())


def _span(curves: Sequence[Curve]) -> float:
    every = np.concatenate([c.median for c in curves])
    every = every[np.isfinite(every)]
    return float(every.max() - every.min()) if every.size else 0.0
