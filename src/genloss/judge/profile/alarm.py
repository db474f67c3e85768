"""The first alarm: which metric leaves the control first, and when.

A metric alarms at the first generation where its mean over chains lies outside a band round the
control's mean. The band is simultaneous: a run that trains on real rows alone leaves it anywhere,
by any of its metrics, in at most `FALSE_EXITS` of all cases. How wide that is, is resampled from
the control's own fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.errors import DataError

FALSE_EXITS = 0.05

LEVEL = 0.025
"""False exits of the resampled band: so few fits know the tails of their law poorly.

Half of what is promised; what it comes to is measured by benchmarks/profile_calibration.py.
"""

REPEATS = 500
"""Runs on real rows resampled for the width of the band."""

MOST_CHAINS = 64
"""Means of more chains are resampled from so many, and scaled: by then they are normal."""

MOST_DRAWN = 4e6
"""Numbers that are drawn at once."""

MOST_TIMES = 200
"""Generations of a longer run that are watched, evenly spread."""


@dataclass(frozen=True, eq=False)
class Watched:
    """A metric of a run, t (T,) and values (T, C), beside its control (B, K).

    paired: chain c of both has the same held-out rows, whose effect then cancels. error: whether it
    is a distance, 0 at best, judged by its cube root: sums of squares are skewed, and their cube
    roots nearly normal (Wilson and Hilferty 1931).
    """

    metric: str
    t: Ints
    run: Floats
    control: Floats
    paired: bool = False
    error: bool = False

    def even(self) -> Watched:
        """Return it as it is judged."""
        if not self.error:
            return self
        return replace(self, run=np.cbrt(self.run), control=np.cbrt(self.control))


@dataclass(frozen=True)
class Alarm:
    """When a metric alarmed, None for never, and how it ended.

    signal_to_noise: distance of the last mean from the control's, in standard deviations of single
    fits on real rows. low, high: the band, in units of the metric.
    """

    metric: str
    t: int | None
    signal_to_noise: float
    low: float
    high: float


def first_alarms(watched: Sequence[Watched]) -> list[Alarm]:
    """Return the alarm of every metric, the earliest first, those that never alarmed last.

    The metrics share one band; they must be of the same chains. O(repeats T C) resampled rows.

    Raises:
        DataError: metrics of other chains or control fits, or a control of a single fit.
    """
    if not watched:
        return []
    shapes = {(w.run.shape[1], w.control.shape, w.paired) for w in watched}
    if len(shapes) > 1 or watched[0].control.size < 2:
        raise DataError(
            f"(chains, control, paired) of {len(watched)} metrics: got {sorted(shapes)}; expected "
            "one for all, and a control of two fits or more"
        )
    width = _widths([w.even() for w in watched])
    alarms = [_alarm(w, width[k]) for k, w in enumerate(watched)]
    return sorted(alarms, key=lambda a: (a.t is None, a.t or 0, -abs(a.signal_to_noise)))


def halved(watched: Sequence[Watched]) -> list[Watched]:
    """Return the same with half of the chains: would fewer have seen it as soon?"""
    return [
        replace(
            w,
            run=w.run[:, : (w.run.shape[1] + 1) // 2],
            control=w.control[: (len(w.control) + 1) // 2],
        )
        for w in watched
    ]


def _alarm(w: Watched, width: float) -> Alarm:
    judged = w.even()
    centre = float(judged.control.mean())
    # An infinite value is outside of every band.
    outside = np.flatnonzero(np.abs(judged.run.mean(axis=1) - centre) > width)
    when = int(w.t[outside[0]]) if outside.size else None
    away, noise = float(w.run[-1].mean() - w.control.mean()), float(w.control.std(ddof=1))
    signal = away / noise if noise else float(np.sign(away)) * np.inf
    ends = np.array([centre - width, centre + width])
    low, high = ends**3 if w.error else ends
    return Alarm(w.metric, when, signal if away else 0.0, float(low), float(high))


def _widths(watched: Sequence[Watched]) -> Floats:
    """Return half the height of each metric's band (M,), in its units."""
    chain, fit, degrees = _noise(watched)
    (b, k), chains = watched[0].control.shape, watched[0].run.shape[1]
    times = min(max(len(w.t) for w in watched), MOST_TIMES)
    rng = np.random.default_rng(0)
    size = max(int(MOST_DRAWN // (times * min(chains, MOST_CHAINS) * len(watched))), 1)
    parts = [min(size, REPEATS - start) for start in range(0, REPEATS, size)]
    away = np.concatenate([_resampled(n, chain, fit, chains, b * k, times, rng) for n in parts])
    scale = away.std(axis=(0, 1))
    scale[scale == 0] = np.inf
    largest = np.abs(away / scale).max(axis=(1, 2))
    level = float(np.quantile(largest, 1 - LEVEL))
    scale[np.isinf(scale)] = 0.0
    return np.asarray(_for_few(level, degrees) * scale)


def _noise(watched: Sequence[Watched]) -> tuple[Floats, Floats, int]:
    """Return effects of chains (B, M), residuals of fits (B K, M), and their degrees of freedom."""
    y = np.stack([w.control for w in watched], axis=-1)
    b, k, m = y.shape
    of_chains = y.mean(axis=1)
    if k == 1:
        fit = of_chains - of_chains.mean(axis=0)
        return np.zeros((1, m)), fit * (b / (b - 1)) ** 0.5, b - 1
    fit = (y - of_chains[:, None]) * (k / (k - 1)) ** 0.5
    chain = of_chains - of_chains.mean(axis=0)
    if watched[0].paired or b == 1:
        chain = np.zeros((1, m))
    return chain * (b / max(b - 1, 1)) ** 0.5, fit.reshape(b * k, m), b * (k - 1)


def _resampled(
    repeats: int,
    chain: Floats,
    fit: Floats,
    chains: int,
    fits: int,
    times: int,
    rng: np.random.Generator,
) -> Floats:
    """Return means (R, T, M) of runs on real rows less their control's, from resampled noise."""
    n = min(chains, MOST_CHAINS)
    shrink = (n / chains) ** 0.5

    def mean(pool: Floats, *shape: int) -> Floats:
        return np.asarray(pool[rng.integers(len(pool), size=shape)].mean(axis=-2))

    run = shrink * (mean(chain, repeats, 1, n) + mean(fit, repeats, times, n))
    known = mean(chain, repeats, 1, len(chain)) + mean(fit, repeats, 1, fits)
    return np.asarray(run - known)


def _for_few(level: float, degrees: int) -> float:
    """Return the quantile of Student's t that a normal one stands for: few fits, wide bands."""
    from scipy.special import stdtrit

    beyond = 1 - NormalDist().cdf(level)
    return float(stdtrit(degrees, 1 - max(beyond, 1e-12)))
