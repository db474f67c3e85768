"""Logistic regression relabelled by its own predictions: laws for many rows, x ~ N(0, I_d).

The fit to n rows errs by N(0, I^{-1}/n), I = E p (1 - p) x x', to first order in 1/n. With s =
||w*|| and z ~ N(0, 1), I has the eigenvalue b = E f(s z) z^2 along w* and a = E f(s z) across it,
f = p (1 - p), so that one fit costs

    tr I^{-1}/n = ((d - 1)/a + 1/b)/n.

A label written by the last model is a real one of w_{t-1}, so that doses add up as in `regression`:
one for every generation under replace, 1/t^2 of one under accumulate, pi^2/6 of one in all. Dey &
Donoho (2024) prove that ratio for exponential families.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments, moments


def dose(n: float, d: float, *, norm: float) -> float:
    """Error of one fit to n rows, to first order: tr I^{-1}/n.

    Args:
        n: rows, > 0.
        d: features.
        norm: ||w*||.

    Returns:
        E||w_1 - w*||^2, > 0; the relative error is O(d/n).
    """
    rows = arguments.number("n", n, 1)
    across, along = _information(arguments.number("norm", norm))
    return float(((arguments.number("d", d, 1) - 1) / across + 1 / along) / rows)


def replace_error(t: ArrayLike, n: float, d: float, *, norm: float) -> NDArray[np.float64]:
    """Replace, to first order: t doses.

    Args:
        t: generations, any shape.
        n: rows of every generation.
        d: features.
        norm: ||w*||.

    Returns:
        Shape of `t`. Source: derived here; discard of Dey & Donoho 2024.
    """
    return np.asarray(arguments.generations(t) * dose(n, d, norm=norm))


def accumulate_error(t: ArrayLike, n: float, d: float, *, norm: float) -> NDArray[np.float64]:
    """Accumulate, to first order: dose * sum_{s<=t} 1/s^2 <= dose * pi^2/6.

    Args:
        t: generations, any shape.
        n: rows of every generation.
        d: features.
        norm: ||w*||.

    Returns:
        Shape of `t`; bounded. Source: Dey & Donoho 2024 (augment).
    """
    squares = moments.accumulate_mean_error_bound(t, 1)
    return np.asarray(dose(n, d, norm=norm) * squares)


def _information(norm: float) -> tuple[float, float]:
    """Return E f(s z) and E f(s z) z^2 by the trapezoidal rule, exact to rounding here."""
    z = np.linspace(-12, 12, 4001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    f = 0.25 / np.cosh(0.5 * norm * z) ** 2
    return float(density @ f), float(density @ (f * z**2))
