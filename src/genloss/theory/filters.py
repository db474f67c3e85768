"""Filters whose errors tilt: what is left of reality's tail.

Of real rows of rarity u, uniform on [0, 1], a filter refuses r(u) = sigma(a + tilt (u - 1/2)) with
sigma(z) = 1 / (1 + exp(-z)); the mean of r is the rate and fixes a, as

    int_0^1 r(u) du = [softplus(a + tilt / 2) - softplus(a - tilt / 2)] / tilt = rate.
"""

import numpy as np

from genloss.errors import SpecError


def kept_tail(q: float, rate: float, tilt: float) -> float:
    """Return the share of rows rarer than q among real rows that enter: 1 - q without a tilt.

    q: in [0, 1]; rate: of refusal, in [0, 1); tilt: 0 or more.
    """
    a = _intercept(rate, tilt)
    if a is None:
        return 1 - q
    refused = (_softplus(a + tilt / 2) - _softplus(a + tilt * (q - 0.5))) / tilt
    return float((1 - q - refused) / (1 - rate))


def kept_variance(rate: float, tilt: float, d: int = 1) -> float:
    """Return E|x|^2 / d of rows of N(0, I_d) that enter, by quadrature; 1 without a tilt.

    Rarity is the chi-square law of |x|^2 with d degrees of freedom.
    """
    from scipy import integrate, special

    a = _intercept(rate, tilt)
    if a is None:
        return 1.0

    def inside(u: float) -> float:
        square = 2 * special.gammaincinv(d / 2, u)
        return float(square * special.expit(-(a + tilt * (u - 0.5))))

    value = integrate.quad(inside, 0, 1, limit=200)[0]
    return float(value / (1 - rate) / d)


def _intercept(rate: float, tilt: float) -> float | None:
    """Return a by bisection, or None where every row is refused alike."""
    if not (0 <= rate < 1 and tilt >= 0):
        raise SpecError(f"rate is {rate} and tilt {tilt}; expected [0, 1) and 0 or more")
    if rate == 0 or tilt == 0:
        return None
    low, high = -800.0, 800.0
    for _ in range(200):
        a = (low + high) / 2
        mean = (_softplus(a + tilt / 2) - _softplus(a - tilt / 2)) / tilt
        low, high = (a, high) if mean < rate else (low, a)
    return (low + high) / 2


def _softplus(z: float) -> float:
    return float(np.logaddexp(0.0, z))
