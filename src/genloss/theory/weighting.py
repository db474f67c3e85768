"""Real against synthetic rows: the weight that a generation should give each.

Mean of a law with variance sigma^2 (known, so that it does not shrink: the mean's part of the
Gaussian problem). Every generation sees n new real rows, mean x, and m rows drawn from the previous
model, mean y, and sets mu_t = w x + (1 - w) y. With V_t = E (mu_t - mu_0)^2 and k = n/m,

    V_t = w^2 sigma^2/n + (1 - w)^2 (V_{t-1} + sigma^2/m),

because y is mu_{t-1} plus the noise of m draws. Generation 1 has real rows only: V_1 = sigma^2/n.
Units below: sigma^2/n, that is, V_t n/sigma^2; 1 is what the real rows of one generation give.

He, Xu & Cheng (2025) study this loop and report the golden ratio; the formulas are derived here.
Unweighted pooling (w = n/(n + m)) with a fitted variance: `anchored.anchored` with fresh rows.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments


def weighted_mean_error(
    t: ArrayLike, n_real: float, n_synthetic: float, *, real_weight: float
) -> NDArray[np.float64]:
    """V_t n/sigma^2 at generation t with a constant weight w on the real rows.

    Args:
        t: generations >= 1, any shape (0 is given as 0: mu_0 itself).
        n_real: new real rows every generation, > 0.
        n_synthetic: rows of the previous model, > 0.
        real_weight: w in [0, 1].

    Returns:
        Shape of `t`; units of sigma^2/n_real, lower is better; below 1 synthetic rows pay.
    """
    steps = arguments.generations(t)
    w = float(arguments.fraction("real_weight", real_weight))
    k = _ratio(n_real, n_synthetic)
    path = [0.0, 1.0]
    for _ in range(1, int(steps.max(initial=0))):
        path.append(w * w + (1 - w) ** 2 * (path[-1] + k))
    return np.asarray(np.asarray(path)[steps])


def weighted_mean_error_limit(
    n_real: float, n_synthetic: float, *, real_weight: ArrayLike
) -> NDArray[np.float64]:
    """Limit of `weighted_mean_error`: (w^2 + k (1 - w)^2) / (w (2 - w)), k = n_real/n_synthetic.

    Args:
        n_real: new real rows every generation, > 0.
        n_synthetic: rows of the previous model, > 0.
        real_weight: w in [0, 1], any shape; infinite at 0, where nothing holds the chain.

    Returns:
        Shape of `real_weight`; units of sigma^2/n_real, lower is better.
    """
    w = arguments.fraction("real_weight", real_weight)
    k = _ratio(n_real, n_synthetic)
    above, below = w**2 + k * (1 - w) ** 2, w * (2 - w)
    return np.asarray(np.divide(above, below, out=np.full(w.shape, np.inf), where=below > 0))


def optimal_real_weight(n_real: ArrayLike, n_synthetic: ArrayLike) -> NDArray[np.float64]:
    """The weight w* = (sqrt(k^2 + 4 k) - k)/2 that minimises the limiting error, k = n/m.

    The derivative of (w^2 + k (1-w)^2)/(w (2-w)) vanishes where w^2 + k w - k = 0. At this weight
    the limit is V = w* sigma^2/n: w* is also the error, always below that of the real rows alone.
    (It is the steady gain of a Kalman filter: 1/V = n/sigma^2 + 1/(V + sigma^2/m).) Equal
    numbers, k = 1, give 1/golden ratio = 0.618. Computed as 2/(1 + sqrt(1 + 4/k)), stable at
    large k.

    Args:
        n_real: new real rows every generation, > 0, any shape.
        n_synthetic: rows of the previous model, > 0, any shape that broadcasts.

    Returns:
        Weights in (0, 1), broadcast shape. Source: derived here; He, Xu & Cheng 2025 for k = 1.
    """
    return np.asarray(2 / (1 + np.sqrt(1 + 4 / _ratios(n_real, n_synthetic))))


def best_mean_error(t: ArrayLike, n_real: float, n_synthetic: float) -> NDArray[np.float64]:
    """V_t n/sigma^2 when every generation uses its own best weight.

    Inverse-variance weighting of two independent estimates: 1/V_t = n/sigma^2 + 1/(V_{t-1} +
    sigma^2/m). Converges to `optimal_real_weight`.

    Args:
        t: generations, any shape (0 is given as 0).
        n_real: new real rows every generation, > 0.
        n_synthetic: rows of the previous model, > 0.

    Returns:
        Shape of `t`; units of sigma^2/n_real, in (0, 1] from t = 1, falls with t.
    """
    steps = arguments.generations(t)
    k = _ratio(n_real, n_synthetic)
    path = [0.0, 1.0]
    for _ in range(1, int(steps.max(initial=0))):
        path.append(1 / (1 + 1 / (path[-1] + k)))
    return np.asarray(np.asarray(path)[steps])


def _ratio(n_real: float, n_synthetic: float) -> float:
    return float(_ratios(n_real, n_synthetic))


def _ratios(n_real: ArrayLike, n_synthetic: ArrayLike) -> NDArray[np.float64]:
    real = arguments.numbers("n_real", n_real, 1)
    return np.asarray(real / arguments.numbers("n_synthetic", n_synthetic, 1))
