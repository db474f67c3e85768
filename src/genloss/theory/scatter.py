"""How far one Gaussian chain scatters round `moments`: exact variances over chains.

Needed because both moments are heavy-tailed under replacement: a sample of chains underestimates
their means and, worse, their standard errors. The standard error of a mean over C chains is the
square root of what is returned here over C.

Sigma_0 isotropic, mu_0 = 0, units of tr Sigma_0. One generation is, for replace and accumulate
alike, with A = kept rows - ddof, B = rows - ddof and z, W independent, W Wishart (k, I):

    mu'        = mu + j (lam/M)^(1/2) Sigma^(1/2) z,
    B Sigma'   = A Sigma + lam Sigma^(1/2) (W + b z z') Sigma^(1/2),

    replace:     A = 0, j = 1, b = 0, k = M - 1;
    accumulate:  A = t n - ddof, j = 1/(t+1), b = t/(t+1), k = n - 1, M = n.

Five fourth moments then map linearly onto themselves: E (tr Sigma)^2, E tr Sigma^2, E |mu|^4,
E |mu|^2 tr Sigma and E mu' Sigma mu. Derived here.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments, moments


class MomentScatter(NamedTuple):
    """Variances over chains at the generations asked for; both arrays have the shape of `t`.

    Attributes:
        mean_error: Var[||mu_t - mu_0||^2] / (tr Sigma_0)^2, >= 0.
        spread: Var[tr Sigma_t] / (tr Sigma_0)^2, >= 0.
    """

    mean_error: NDArray[np.float64]
    spread: NDArray[np.float64]


class _Step(NamedTuple):
    share: float
    below: float
    shrink: float
    jump: float
    rank_one: float
    freedom: float
    size: float


def replace(
    t: ArrayLike, n: ArrayLike, *, d: float = 1.0, ddof: int, lam: float = 1.0
) -> MomentScatter:
    """Variance over chains of the two moments of `moments.replace`, exactly.

    In one dimension, unbiased, Var[sigma_t^2]/sigma_0^4 = ((n + 1)/(n - 1))^t - 1: it explodes
    while the typical chain dies.

    Args:
        t: generations, any shape.
        n: rows per generation or schedule, > ddof.
        d: dimensions, >= 1. Sigma_0 is isotropic.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.

    Returns:
        Variances, shape of `t`. Cost O(max t).
    """
    steps, size = arguments.steps_and_sizes(t, n, ddof + 1, ddof)
    shrink = arguments.number("lam", lam)
    plan = (
        _Step(0.0, rows - ddof, shrink if s else 1.0, 1.0, 0.0, rows - 1, rows)
        for s, rows in enumerate(size)
    )
    return _scatter(steps, plan, d, moments.replace(steps, n, ddof=ddof, lam=lam))


def accumulate(
    t: ArrayLike, n: float, *, d: float = 1.0, ddof: int, lam: float = 1.0
) -> MomentScatter:
    """Variance over chains of the two moments of `moments.accumulate`, exactly; both converge.

    Args:
        t: generations, any shape.
        n: rows per generation, > ddof.
        d: dimensions, >= 1. Sigma_0 is isotropic.
        ddof: 0 or 1.
        lam: variance shrinkage of the sampler.

    Returns:
        Variances, shape of `t`. Cost O(max t).
    """
    steps = arguments.generations(t)
    path = moments.accumulate(steps, n, ddof=ddof, lam=lam)
    plan = (
        _Step(s * n - ddof, (s + 1) * n - ddof, lam, 1 / (s + 1), s / (s + 1), n - 1, n)
        if s
        else _Step(0.0, n - ddof, 1.0, 1.0, 0.0, n - 1, n)
        for s in range(int(steps.max(initial=0)))
    )
    return _scatter(steps, plan, d, path)


def _scatter(
    steps: NDArray[np.int64], plan: Iterable[_Step], d: float, path: moments.MomentPath
) -> MomentScatter:
    fourth = np.array([1.0, 1 / arguments.number("d", d, 1), 0.0, 0.0, 0.0])
    rows = [fourth]
    for step in plan:
        fourth = _advance(fourth, step)
        rows.append(fourth)
    at = np.asarray(rows)[steps]
    return MomentScatter(
        np.maximum(at[..., 2] - path.mean_error**2, 0.0),
        np.maximum(at[..., 0] - path.spread**2, 0.0),
    )


def _advance(fourth: NDArray[np.float64], step: _Step) -> NDArray[np.float64]:
    """The five fourth moments one generation later (module docstring)."""
    trace2, square, mean4, cross, form = fourth
    share, below, shrink, jump, rank_one, freedom, size = step
    added = shrink * (freedom + rank_one)
    noise = shrink**2 * (freedom + rank_one**2)
    drift = (share + added) ** 2
    # z appears in mu' and in Sigma': E (z' Sigma z)^2 = (tr Sigma)^2 + 2 tr Sigma^2.
    quartic = trace2 + 2 * square
    plain = share + shrink * freedom
    moved = shrink * jump**2 / size
    tied = moved * shrink * rank_one * quartic
    return np.array(
        [
            (drift * trace2 + 2 * noise * square) / below**2,
            ((drift + noise) * square + noise * trace2) / below**2,
            mean4 + moved * (2 * cross + 4 * form) + moved**2 * quartic,
            ((share + added) * cross + moved * plain * trace2 + tied) / below,
            ((share + added) * form + moved * plain * square + tied) / below,
        ]
    )
