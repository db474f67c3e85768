"""Shares with intervals."""

from math import sqrt
from typing import Any

Z = 1.959963984540054
"""The normal quantile of 95 % on both sides."""


def wilson(k: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of k in n; (0, 1) for n = 0 (Wilson 1927)."""
    if not n:
        return 0.0, 1.0
    p, z2 = k / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(k: int, n: int, whole: bool = False) -> dict[str, Any]:
    """Return count, total, share and 95 % interval; whole: all were looked at, no interval."""
    if whole or not n:
        return {"count": k, "of": n, "share": k / n if n else None}
    low, high = wilson(k, n)
    return {"count": k, "of": n, "share": k / n, "low": low, "high": high}


def difference(k: float, n: float, k2: float, n2: float) -> dict[str, float]:
    """Return p2 - p1 with a 95 % interval from Wilson's two (method 10 of Newcombe 1998)."""
    return change((k / n, *wilson(k, n)), (k2 / n2, *wilson(k2, n2)))


def change(before: tuple[float, float, float], now: tuple[float, float, float]) -> dict[str, float]:
    """Return the change of an estimate, with an interval from both of its own.

    before, now: estimate, low, high. The distances to the ends are added as squares (Zou and Donner
    2008), as for independent estimates; errors that both share make the true interval narrower.
    """
    (p, low, high), (p2, low2, high2) = before, now
    d = p2 - p
    return {
        "before": p,
        "now": p2,
        "change": d,
        "low": d - sqrt((p2 - low2) ** 2 + (high - p) ** 2),
        "high": d + sqrt((high2 - p2) ** 2 + (p - low) ** 2),
    }
