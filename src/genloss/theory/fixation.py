"""The categorical chain exactly: survival and time to total collapse by its Markov chain.

Under replacement a state and "the rest" form a two-state chain: the count of the state is Binomial
(n, p_{t-1}), a Markov chain on 0, ..., n with absorbing ends. Questions about K states reduce to
sums over such two-state chains (see `expected_collapse_time`), so nothing here grows with K beyond
one binomial row per state. The chain has (n + 1)^2 entries: n is limited to `LARGEST`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError
from genloss.theory import arguments

LARGEST = 4096
"""Largest n; the matrix then takes 134 MB. Beyond it use the diffusion in `discrete`."""


def transition(p: ArrayLike, n: int) -> NDArray[np.float64]:
    """Binomial law of the next count for each probability in `p`.

    Args:
        p: probabilities, shape (m,).
        n: draws, 1 to `LARGEST`.

    Returns:
        Shape (m, n + 1), rows sum to 1. Time and memory O(m n).

    Raises:
        SpecError: if n is fractional or out of range.
    """
    from scipy.special import gammaln, xlog1py, xlogy

    start = np.atleast_1d(arguments.fraction("p", p))[:, None]
    count = np.arange(_draws(n) + 1)
    ways = gammaln(n + 1) - gammaln(count + 1) - gammaln(n - count + 1)
    return np.asarray(
        np.exp(ways + xlogy(count, start) + xlog1py(n - count, -start)), dtype=np.float64
    )


def survival_probability(t: ArrayLike, p: ArrayLike, n: int) -> NDArray[np.float64]:
    """Probability that a state of initial probability p is still present in p_t.

    Backward equation: u_1(x) = (1 - x)^n is its absence after one fit, u_{t+1} = B u_t on the
    lattice of counts, read off at p through one binomial row.

    Args:
        t: generations, any shape.
        p: initial probabilities, any shape.
        n: draws per generation, 1 to `LARGEST`.

    Returns:
        Shape of `t` followed by the shape of `p`; in [0, 1]. Cost O(max t n^2).
    """
    start = arguments.fraction("p", p)
    ended = np.zeros(_draws(n) + 1)
    ended[0] = 1.0
    absent = _backward(t, start, n, ended, (start == 0).astype(np.float64))
    return np.asarray(1 - absent)


def expected_survivors(t: ArrayLike, p: ArrayLike, n: int) -> NDArray[np.float64]:
    """Expected number of states present in p_t: sum over states of `survival_probability`.

    Args:
        t: generations, any shape.
        p: the initial law, shape (K,).
        n: draws per generation, 1 to `LARGEST`.

    Returns:
        Shape of `t`; in [1, K], falls with t. Cost O(max t n^2).
    """
    return np.asarray(survival_probability(t, arguments.law(p), n).sum(axis=-1))


def collapse_cdf(t: ArrayLike, p: ArrayLike, n: int) -> NDArray[np.float64]:
    """Probability that p_t is a point mass: the law of the time to total collapse.

    The events "state i holds everything by t" exclude one another, so their probabilities add.

    Args:
        t: generations, any shape.
        p: the initial law, shape (K,).
        n: draws per generation, 1 to `LARGEST`.

    Returns:
        Shape of `t`; in [0, 1], rises to 1. Cost O(max t n^2).
    """
    start = arguments.law(p)
    ended = np.zeros(_draws(n) + 1)
    ended[-1] = 1.0
    fixed = _backward(t, start, n, ended, (start == 1).astype(np.float64))
    return np.asarray(fixed.sum(axis=-1))


def expected_collapse_time(p: ArrayLike, n: int) -> float:
    """Expected number of fits until p_t is a point mass, exactly, for any number of states.

    E T = sum_t P(T > t) = sum_i h(p_i), h(x) = sum_t (x - P(fixed by t | start x)). One step gives
    h(x) = x + E h(count/n) for 0 < x < 1 and h(0) = h(1) = 0: one linear system on the inner
    lattice, whatever K is.

    Args:
        p: the initial law, shape (K,).
        n: draws per generation, 1 to `LARGEST`.

    Returns:
        Generations, >= 0. Cost O(n^3). Source: derived here; two states: Ewens 2004.
    """
    start = arguments.law(p)
    inner = np.arange(1, _draws(n)) / n
    chain = transition(inner, n)[:, 1:-1] if n > 1 else np.zeros((0, 0))
    lattice = np.linalg.solve(np.eye(len(inner)) - chain, inner)
    moving = start[(start > 0) & (start < 1)]
    return float(np.sum(moving + transition(moving, n)[:, 1:-1] @ lattice)) if moving.size else 0.0


def _draws(n: int) -> int:
    if not 1 <= n <= LARGEST or n != int(n):
        raise SpecError(
            f"n is {n!r}; expected a whole number, 1 to {LARGEST}; for more use theory.discrete"
        )
    return int(n)


def _backward(
    t: ArrayLike,
    p: NDArray[np.float64],
    n: int,
    ended: NDArray[np.float64],
    at_start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Probability of `ended` at each t, from each p; `at_start` is the answer at t = 0."""
    steps = arguments.generations(t)
    rows = transition(p.ravel(), n)
    chain = transition(np.arange(_draws(n) + 1) / n, n)
    answers = [at_start.ravel()]
    for _ in range(int(steps.max(initial=0))):
        answers.append(rows @ ended)
        ended = chain @ ended
    return np.stack(answers)[steps].reshape(steps.shape + p.shape)
