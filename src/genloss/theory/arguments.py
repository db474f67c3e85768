"""What closed forms share: checked arguments, and the two sums over generations."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.errors import SpecError


def generations(t: ArrayLike) -> NDArray[np.int64]:
    """Return `t` as integers >= 0, any shape.

    Args:
        t: generations, a number or an array of any shape.

    Returns:
        The same numbers as int64.

    Raises:
        SpecError: if a number is negative, fractional or not finite.
    """
    values = np.asarray(t, dtype=np.float64)
    if not np.all(np.isfinite(values)) or np.any(values < 0) or np.any(values != np.round(values)):
        raise SpecError(
            f"t is {t!r}; expected whole generations of at least 0; fits count from 1, 0 is p_0"
        )
    return values.astype(np.int64)


def sizes(n: ArrayLike, t: NDArray[np.int64], least: int) -> NDArray[np.float64]:
    """Return how many rows each fit sees, from generation 1 up to the largest in `t`.

    Args:
        n: rows per generation, or a schedule `(M_0, M_1, ...)` whose entry `s - 1` is what
            generation `s` is fitted to.
        t: generations wanted, from `generations`.
        least: the fewest rows for which the formula holds.

    Returns:
        Array of shape (max t,).

    Raises:
        SpecError: if a size is below `least`, or the schedule is shorter than the largest `t`.
    """
    last = int(t.max(initial=0))
    values = np.asarray(n, dtype=np.float64)
    if values.ndim > 1 or not np.all(np.isfinite(values)) or np.any(values < least):
        raise SpecError(
            f"n is {n!r}; expected one number or one list of numbers of at least {least}"
        )
    if values.ndim == 0:
        return np.full(last, float(values))
    if values.size < last:
        raise SpecError(f"n has {values.size} sizes, expected {last}: one for each generation to t")
    return values[:last]


def number(name: str, value: float, least: float = 0.0) -> float:
    """Return `value` if it is finite and at least `least`, else raise SpecError."""
    if not (np.isfinite(value) and value >= least):
        raise SpecError(f"{name} is {value!r}; expected a finite number of at least {least}")
    return float(value)


def numbers(name: str, value: ArrayLike, least: float) -> NDArray[np.float64]:
    """Return `value`, any shape, as floats if finite and at least `least`, else raise SpecError."""
    values = np.asarray(value, dtype=np.float64)
    if not np.all(np.isfinite(values) & (values >= least)):
        raise SpecError(f"{name} is {value!r}; expected finite numbers of at least {least}")
    return values


def estimator(ddof: int) -> int:
    """Return `ddof` if it is 0 (maximum likelihood) or 1 (unbiased), else raise SpecError."""
    if ddof not in (0, 1):
        raise SpecError(f"ddof is {ddof!r}; expected 0 (maximum likelihood) or 1 (unbiased)")
    return int(ddof)


def fraction(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Return `value` as floats if all of it lies in [0, 1], else raise SpecError."""
    values = np.asarray(value, dtype=np.float64)
    if not np.all((values >= 0) & (values <= 1)):
        raise SpecError(
            f"{name} is {value!r}; must lie in [0, 1]; pass a fraction, not a percentage"
        )
    return values


def law(p: ArrayLike) -> NDArray[np.float64]:
    """Return `p` as a probability vector (K,), else raise SpecError."""
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.all(values >= 0):
        raise SpecError(f"p is {p!r}; expected one list of probabilities, none below 0")
    if abs(values.sum() - 1.0) > 1e-9:
        raise SpecError(f"p sums to {float(values.sum())!r}, expected 1; divide it by its sum")
    return values


def steps_and_sizes(
    t: ArrayLike, n: ArrayLike, least: int, ddof: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the checked generations and the rows of each fit (see `generations`, `sizes`)."""
    estimator(ddof)
    steps = generations(t)
    return steps, sizes(n, steps, least)


def running(per_generation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the running sum (T + 1,) of a quantity (T,) per generation, 0 at generation 0."""
    return np.concatenate([[0.0], np.cumsum(per_generation)])


def shrunk(steps: NDArray[np.int64], lam: float, power: float) -> NDArray[np.float64]:
    """Return lam^(power (t - 1)), 1 at t = 0: samples of p_0 are not shrunk."""
    factor: NDArray[np.float64] = number("lam", lam) ** (power * np.maximum(steps - 1, 0))
    return factor
