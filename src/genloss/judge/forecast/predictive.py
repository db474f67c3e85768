"""What averaged models predict: quantiles of a mixture of Student's laws."""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.judge.forecast.rates import Fits

FEWEST_FOR_SHAPE = 10
"""With so many chains, a new one is taken to differ from the mean as those do; else normally."""

WIDER = 1.1
"""The law of a new chain is taken so much wider than that of those that were seen."""

POINTS = 21
"""The law of a chain about the mean is kept as so many points."""

LEAST = 1e-3
"""The least that a chain has, as a share of f, where it is relative to that."""

HALVINGS = 16
"""Of the bracket of a quantile, before a last straight line between its ends."""


def of_mean(fits: Fits, i: int, levels: Floats) -> Floats:
    """Return quantiles of the mean of the chains at the i-th N."""
    return _quantiles(
        fits, fits.centre[:, i], fits.error[:, i], np.zeros((len(fits.weight), 1)), levels
    )


def of_chain(fits: Fits, i: int, deviations: Floats, levels: Floats) -> Floats:
    """Return quantiles of one further chain at the i-th N.

    deviations (T, C): of the chains from their mean, which lend it the shape of its law. Of
    chains that scatter so far that a share would fall below 0, which they cannot, lower quantiles
    than that share are 0, and a middle among them is NaN: it is not known.
    """
    around = fits.spread[:, i, None] * _shape(deviations) * WIDER
    below = 0.0
    if fits.log.any():
        # What is relative to f cannot fall below 0.
        relative, log = np.maximum(1 + around, LEAST), fits.log[:, None].astype(bool)
        below = float(((log & (relative <= LEAST)).mean(axis=1) * fits.weight).sum())
        around = np.where(log, np.log(relative), around)
    found = _quantiles(fits, fits.path_centre[:, i], fits.path_error[:, i] * WIDER, around, levels)
    return np.where(levels <= below, np.where(levels < 0.5, 0.0, np.nan), found)


def _shape(deviations: Floats) -> Floats:
    """Return points of the standardised law of a chain about the mean."""
    from scipy.special import ndtri, stdtrit

    chains = deviations.shape[1]
    p = (np.arange(POINTS) + 0.5) / POINTS
    if chains < FEWEST_FOR_SHAPE:
        return np.asarray(stdtrit(max(chains - 1, 2), p)) if chains < 4 else np.asarray(ndtri(p))
    late = deviations[-max(1, len(deviations) // 3) :]
    sd = late.std(axis=1, ddof=1, keepdims=True)
    pooled = np.sort((late / np.where(sd > 0, sd, 1.0)).ravel())
    return np.asarray(np.quantile(pooled, p))


def _quantiles(fits: Fits, centre: Floats, error: Floats, around: Floats, levels: Floats) -> Floats:
    """Return quantiles of the mixture by halving."""
    from scipy.special import stdtr, stdtrit

    log = fits.log[:, None]
    error = np.maximum(error, 1e-12 * (1 + np.abs(centre)))[:, None]
    points = centre[:, None] + around
    of_points = points + stdtrit(fits.dof[:, None], levels[:, None, None]) * error
    of_points = np.where(log, np.exp(np.clip(of_points, -700, 700)), of_points)
    # Orders of magnitude may lie between the ends: halve on a scale that is logarithmic far out.
    scale = 1e-6 * float(np.median(np.abs(of_points))) + 1e-300
    ends = np.arcsinh(of_points / scale)
    low, high = ends.min(axis=(1, 2)), ends.max(axis=(1, 2))
    p_low, p_high = np.zeros(len(levels)), np.ones(len(levels))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        x = scale * np.sinh(middle)[:, None, None]
        with np.errstate(divide="ignore"):
            y = np.where(log, np.log(np.maximum(x, 0)), x)
        p = (stdtr(fits.dof[:, None], (y - points) / error).mean(axis=2) * fits.weight).sum(axis=1)
        below = p < levels
        low, p_low = np.where(below, middle, low), np.where(below, p, p_low)
        high, p_high = np.where(below, high, middle), np.where(below, p_high, p)
    share = (levels - p_low) / np.maximum(p_high - p_low, 1e-300)
    return np.asarray(scale * np.sinh(low + np.clip(share, 0, 1) * (high - low)))
