"""Rates that rise with rarity and keep their mean: errors with a tilt.

A row of rarity u in [0, 1] is judged wrongly (or rightly) with probability

    r(u) = 1 / (1 + exp(-(a + tilt (u - 1/2)))),

a logistic line whose intercept a makes its mean over all u the rate that was dialled. With
F = rate * tilt it has a closed form, exp(a) = (exp(F) - 1) / (exp(tilt/2) - exp(F - tilt/2)).
"""

import numpy as np

from genloss.core.arrays import Floats


def tilted_rate(low: Floats, high: Floats, rate: float, tilt: float) -> Floats:
    """Return the mean of r over rarities from low to high (...), where equal r itself.

    Its mean over rarities that fill [0, 1] is the rate, whatever the tilt; tilt 0, and rates of 0
    and 1, are the rate itself.
    """
    if tilt == 0 or rate in (0.0, 1.0):
        return np.full(np.shape(low), rate)
    a = intercept(rate, tilt)
    left, right = a + tilt * (low - 0.5), a + tilt * (high - 0.5)
    width = right - left
    # A mean over a width of 1e-6 differs from the value in its middle by less than 1e-13.
    narrow = np.abs(width) < 1e-6
    point = 1 / (1 + np.exp(-(left + right) / 2))
    if narrow.all():
        return np.asarray(point)
    mean = (np.logaddexp(0, right) - np.logaddexp(0, left)) / np.where(narrow, 1.0, width)
    # Rounding may pass the ends by some 1e-12.
    return np.asarray(np.clip(np.where(narrow, point, mean), 0.0, 1.0))


def intercept(rate: float, tilt: float) -> float:
    """Return a for a rate in (0, 1) and a tilt that is not 0."""
    if tilt < 0:
        # r with u -> 1 - u: the mirrored line has the same intercept.
        return intercept(rate, -tilt)
    # log of the closed form above, without overflow.
    f = rate * tilt
    return float(f - tilt / 2 + np.log(-np.expm1(-f)) - np.log(-np.expm1(f - tilt)))
