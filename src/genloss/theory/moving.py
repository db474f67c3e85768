"""A reality that moves: clean rows grow old, fresh ones are ever more contaminated.

In the frame of today reality N(0, 1) stands still, and what was written lags behind by `speed`
for each generation since (`genloss.core.moving`). Two ways to train at generation t on n rows:

cutoff: the n clean rows of generation 1 for ever. Their mean is -speed (t - 1) + noise:

    E mu_t^2 = 1/n + speed^2 (t - 1)^2,    E s_t = 1.

fresh: k_t = round(n (1 - rate)^(t - 1)) rows of today, the rest by the last model, which are one
generation old (`rising`). With w = 1 - k_t/n, b = E mu_{t-1} and Q = E (mu_{t-1} - speed)^2,

    E mu_t   = w (b - speed),
    E mu_t^2 = (k_t + (n - k_t) E s_{t-1}) / n^2 + w^2 Q,
    (n - 1) E s_t = (1 - 1/n) (k_t + (n - k_t) E s_{t-1}) + n w (1 - w) Q.

The variance s_t is the unbiased one (ddof = 1). Derived here; exact for any law of variance 1:
only second moments enter.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError
from genloss.theory import arguments


class MovingPath(NamedTuple):
    """Expected moments at the generations asked for, in today's frame.

    Attributes:
        bias: E mu_t, behind reality where negative.
        mean_error: E mu_t^2, >= 0.
        spread: E s_t, 1 for reality.
    """

    bias: NDArray[np.float64]
    mean_error: NDArray[np.float64]
    spread: NDArray[np.float64]


def cutoff(t: ArrayLike, n: float, speed: float) -> MovingPath:
    """Moments at generations `t` >= 1 of a fit to n clean rows of generation 1, speed in std."""
    times = arguments.generations(t)
    lag = np.asarray(speed * (times - 1.0), dtype=np.float64)
    return MovingPath(-lag, np.asarray(1 / n + lag**2), np.ones_like(lag))


def rising(t: ArrayLike, n: int, speed: float, rate: float) -> MovingPath:
    """Moments at generations `t` >= 1 of a loop on n rows, of which ever fewer are of today.

    O(largest t).

    Raises:
        SpecError: a rate outside [0, 1].
    """
    if not 0 <= rate <= 1:
        raise SpecError(f"rate is {rate}; expected a share, from 0 to 1")
    times = arguments.generations(t)
    bias, error, spread = 0.0, 1 / n, 1.0
    path = [(np.nan, np.nan, np.nan), (bias, error, spread)]
    for s in range(2, int(times.max(initial=1)) + 1):
        k = round(n * (1 - rate) ** (s - 1))
        w = 1 - k / n
        behind = error - 2 * speed * bias + speed**2
        inside = k + (n - k) * spread
        spread = ((1 - 1 / n) * inside + n * w * (1 - w) * behind) / (n - 1)
        bias, error = w * (bias - speed), inside / n**2 + w**2 * behind
        path.append((bias, error, spread))
    columns = np.array(path)[times.astype(int)]
    return MovingPath(columns[..., 0], columns[..., 1], columns[..., 2])
