"""A verifier that errs, before a linear classifier of a halfspace by least squares.

A share p of the labels is wrong; right ones are kept with probability phi, wrong ones with psi. Of
the rows that are kept p' = p psi/(p psi + (1 - p) phi) are wrong, and with endless rows the
classifier is right everywhere if p' < 1/2, that is p < p* = 1/(1 + psi/phi), and wrong everywhere
if not.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments


def threshold(phi: ArrayLike, psi: ArrayLike) -> NDArray[np.float64]:
    """The error p* = phi/(phi + psi) of the labels up to which a verifier saves the classifier.

    Args:
        phi: probability that a right row is kept, in [0, 1], any shape.
        psi: probability that a wrong row is kept, in [0, 1], any shape that broadcasts.

    Returns:
        In [0, 1]; 1/2 without a verifier. Source: Feng et al. 2024.
    """
    right, wrong = arguments.fraction("phi", phi), arguments.fraction("psi", psi)
    return np.asarray(right / (right + wrong))


def kept_error(p: ArrayLike, phi: ArrayLike, psi: ArrayLike) -> NDArray[np.float64]:
    """Share of wrong labels among those that the verifier keeps, p psi/(p psi + (1 - p) phi).

    Args:
        p: share of wrong labels, in [0, 1], any shape.
        phi: probability that a right row is kept.
        psi: probability that a wrong row is kept.

    Returns:
        Broadcast shape, in [0, 1].
    """
    error = arguments.fraction("p", p)
    wrong = error * arguments.fraction("psi", psi)
    return np.asarray(wrong / (wrong + (1 - error) * arguments.fraction("phi", phi)))


def accuracy(p: float, n: float, d: int, *, phi: float = 1.0, psi: float = 1.0) -> float:
    """Expected accuracy of least squares on n verified rows: 1 - E angle(w, w*)/pi.

    X'y/n has mean c e along w* with c = (1 - 2 p') sqrt(2/pi), and a fit of n rows errs about it by
    N(0, (1 - c^2) I/n); so that, with a = c sqrt(n/(1 - c^2)), z ~ N(0, 1) and v ~ chi_{d-1}, the
    angle is atan2(v, a + z). The change at p* is as wide as a is of order sqrt(d): in p' about
    sqrt(pi d/(8 n)).

    Args:
        p: share of wrong labels, in [0, 1].
        n: rows that the verifier kept, much larger than d.
        d: features, at least 2.
        phi: probability that a right row is kept.
        psi: probability that a wrong row is kept.

    Returns:
        In [0, 1], higher is better; the relative error is O(d/n). Source: derived here; the
        threshold is that of Feng et al. 2024.
    """
    from scipy.special import gammaincinv, ndtri

    rows = arguments.number("n", n, 2)
    free = int(arguments.number("d", d, 2)) - 1
    c = (1 - 2 * float(kept_error(p, phi, psi))) * np.sqrt(2 / np.pi)
    a = c * np.sqrt(rows / (1 - c**2))
    # The midpoints of equally likely slices, of both.
    steps = (np.arange(1000) + 0.5) / 1000
    z, v = ndtri(steps)[:, None], np.sqrt(2 * gammaincinv(free / 2, steps))
    return float(1 - np.arctan2(v, a + z).mean() / np.pi)
