"""Exact first moments when real rows take part in every generation: fresh, mix and augment.

Plug-in models, notation and units as in `moments`. Generation 1 is fitted to `n_first` rows S_0 of
p_0; every later generation to n_r = `n_real` real rows and n_s = `n_synthetic` rows of the previous
model, N = n_r + n_s in all, w = n_s/N. Write a for the real rows' mean error and q_t =
E[a . (mu_t - mu_0)], the memory that real rows have of themselves. Then

    g_t = lam r_t + bandwidth2,
    m_{t+1} = n_r/N^2 + 2 w (1-w) q_t + w^2 (m_t + g_t/n_s),
    (N - ddof) r_{t+1} = (1 - 1/N)(n_r + n_s g_t) + (n_r n_s/N)(m_t - 2 q_t).

Only q_t tells the three regimes apart:

| regime | real rows | q_t |
|---|---|---|
| fresh | new ones every generation | 0 |
| mix, redrawn | a new random subset of S_0 every generation | 1/n_first |
| mix, fixed | the same n_r rows of S_0 every generation | q_1 = 1/n_first, q_{t+1} = 1/N + w q_t |

(For redrawn rows E[a_t . abar] = 1/n_first with abar the mean of S_0, and this value reproduces
itself.) Augment, all of S_0 plus the last generation, is mix-fixed with n_real = n_first. The paper
that mixes a tenth of the original data keeps the total: n_real = 0.1 n, n_synthetic = 0.9 n.

Maximum likelihood with lam = 1 keeps m_t + r_t = 1: error of the mean and loss of spread are one
quantity. Derived here; regimes of Alemohammad et al. (2023) and Shumailov et al. (2024).
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError
from genloss.theory import arguments
from genloss.theory.moments import MomentPath

RealRows = Literal["fresh", "redrawn", "fixed"]


def anchored(
    t: ArrayLike,
    n_first: float,
    n_real: float,
    n_synthetic: float,
    *,
    real_rows: RealRows,
    ddof: int,
    lam: float = 1.0,
    bandwidth2: float = 0.0,
) -> MomentPath:
    """Moments at generations `t` of a loop that sees `n_real` real rows every generation.

    Args:
        t: generations, any shape.
        n_first: rows of S_0, all of which generation 1 is fitted to; > ddof.
        n_real: real rows from generation 2 on; at most n_first unless fresh.
        n_synthetic: rows of the previous model from generation 2 on; n_real + n_synthetic > ddof.
        real_rows: where the real rows come from: "fresh", "redrawn" or "fixed" (module docstring).
        ddof: 0 (maximum likelihood) or 1 (unbiased).
        lam: covariance multiplier of the sampler; 1 is unbiased sampling.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Exact expectations, shape of `t`. Cost O(max t).

    Raises:
        SpecError: if a number is out of range, or more rows are kept than S_0 holds.
    """
    steps = arguments.generations(t)
    matrix, constant, memory_step = _map(
        n_first, n_real, n_synthetic, real_rows, ddof, lam, bandwidth2
    )
    path = np.zeros((int(steps.max(initial=0)) + 1, 2))
    path[0] = 0.0, 1.0
    path[1:2] = 1 / n_first, (n_first - 1) / (n_first - ddof)
    memory = 0.0 if real_rows == "fresh" else 1 / n_first
    for s in range(1, len(path) - 1):
        path[s + 1] = matrix @ path[s] + constant + memory_step * memory
        if real_rows == "fixed":
            memory = (1 + n_synthetic * memory) / (n_real + n_synthetic)
    return MomentPath(np.asarray(path[steps, 0]), np.asarray(path[steps, 1]))


def anchored_limit(
    n_first: float,
    n_real: float,
    n_synthetic: float,
    *,
    real_rows: RealRows,
    ddof: int,
    lam: float = 1.0,
    bandwidth2: float = 0.0,
) -> MomentPath:
    """Moments at t -> infinity: the fixed point of `anchored`'s recursion.

    Fresh rows forget S_0 (q = 0), so this limit does not depend on `n_first`: the observation of
    Alemohammad et al. (2023). Redrawn rows remember it (q = 1/n_first), fixed rows remember
    themselves alone (q -> 1/n_real).

    Args:
        n_first: rows of S_0.
        n_real: real rows every generation, > 0: without any there is no limit but collapse.
        n_synthetic: synthetic rows every generation.
        real_rows: "fresh", "redrawn" or "fixed".
        ddof: 0 or 1.
        lam: covariance multiplier of the sampler.
        bandwidth2: added kernel variance, in units of Sigma_0.

    Returns:
        Two zero-dimensional arrays, units of tr Sigma_0.

    Raises:
        SpecError: if n_real is 0, or the recursion diverges (a lam far above 1).
    """
    arguments.number("n_real", n_real, 1)
    matrix, constant, memory_step = _map(
        n_first, n_real, n_synthetic, real_rows, ddof, lam, bandwidth2
    )
    if np.max(np.abs(np.linalg.eigvals(matrix))) >= 1:
        raise SpecError(f"lam={lam!r} makes the spread grow without bound; lower it or add rows")
    memory = {"fresh": 0.0, "redrawn": 1 / n_first, "fixed": 1 / n_real}[real_rows]
    error, spread = np.linalg.solve(np.eye(2) - matrix, constant + memory_step * memory)
    return MomentPath(np.asarray(error), np.asarray(spread))


def effective_sample_size(n_real: float, n_synthetic: float, *, ddof: int) -> float:
    """Real rows that a plain fit would need for the fresh loop's limiting mean error.

    A fit to n_e real rows has E||mu - mu_0||^2 = tr Sigma_0 / n_e, hence n_e = 1/m_infinity.
    Synthetic rows are admissible, in the sense of the source, if n_e >= n_real. The source takes W2
    as its distance; this is the mean's share of it, exactly, for unbiased sampling. (No lam here:
    shrunken samples make the mean better and the spread wrong, which only the whole W2 weighs.)

    Args:
        n_real: new real rows every generation, > 0.
        n_synthetic: synthetic rows every generation.
        ddof: 0 or 1.

    Returns:
        A number of rows, higher is better. Source: Alemohammad et al. 2023.
    """
    limit = anchored_limit(n_real, n_real, n_synthetic, real_rows="fresh", ddof=ddof)
    return float(1 / limit.mean_error)


def _map(
    n_first: float,
    n_real: float,
    n_synthetic: float,
    real_rows: RealRows,
    ddof: int,
    lam: float,
    bandwidth2: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Affine map of one generation: next (m, r) = matrix @ (m, r) + constant + memory_step * q."""
    if real_rows not in ("fresh", "redrawn", "fixed"):
        raise SpecError(f"real_rows is {real_rows!r}; expected 'fresh', 'redrawn' or 'fixed'")
    arguments.number("n_first", n_first, arguments.estimator(ddof) + 1)
    real = arguments.number("n_real", n_real, 0)
    synthetic = arguments.number("n_synthetic", n_synthetic, 0)
    total = arguments.number("n_real + n_synthetic", real + synthetic, ddof + 1)
    if real_rows != "fresh" and real > n_first:
        raise SpecError(
            f"n_real is {n_real!r}; expected no more than all n_first = {n_first!r} rows"
        )
    shrink, added = (
        arguments.number("lam", lam),
        arguments.number("bandwidth2", bandwidth2),
    )
    noise = synthetic / total**2
    inside = (1 - 1 / total) * synthetic / (total - ddof)
    between = real * synthetic / (total * (total - ddof))
    matrix = np.array([[(synthetic / total) ** 2, noise * shrink], [between, inside * shrink]])
    constant = np.array(
        [real / total**2 + noise * added, (1 - 1 / total) * real / (total - ddof) + inside * added]
    )
    return matrix, constant, np.array([2 * real * synthetic / total**2, -2 * between])
