"""Regression as reality: rows (x, y), y linear in x with noise, or a label of 0 and 1."""

from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count, checked_fraction
from genloss.errors import SpecError
from genloss.models.halfspace import HalfspaceModel
from genloss.models.linear import LinearModel
from genloss.models.logistic import LogisticModel


@dataclass(frozen=True)
class Regression:
    """Rows (x_1 .. x_d, y): x ~ N(0, I_d), y = x . w* + noise ~ N(0, sigma2), in every chain alike.

    w: one number for all coefficients of w*, or d numbers. sigma2: variance of the noise, in
    squared units of y.

    Raises:
        SpecError: a length other than d, or sigma2 of 0 or below.
    """

    about = About(
        "regression",
        "Linear regression",
        "Features and a response that depends on them linearly, with noise.",
        ("gerstgrasser-2024",),
    )
    d: int = 10
    w: float | tuple[float, ...] = 1.0
    sigma2: float = 1.0

    def __post_init__(self) -> None:
        numbers.whole(self.d, "regression: d")
        numbers.positive(self.sigma2, "regression: sigma2")
        _coefficients(self.w, self.d, "regression")

    def realise(self, n_chains: int, rng: np.random.Generator) -> LinearModel:
        """Return y = x . w* + noise for n_chains chains; rng is not used."""
        c = checked_count(n_chains, "n_chains")
        w = np.tile(_coefficients(self.w, self.d, "regression"), (c, 1))
        return LinearModel(w, np.full(c, float(self.sigma2)))


@dataclass(frozen=True)
class Logistic:
    """Rows (x_1 .. x_d, y): x ~ N(0, I_d), y = 1 with probability 1/(1 + exp(-x . w*)), else 0.

    w: one number for all coefficients of w*, or d numbers.

    Raises:
        SpecError: a length other than d.
    """

    about = About(
        "logistic",
        "Logistic regression",
        "Features and a label whose probability depends on them.",
        ("dey-2024",),
    )
    d: int = 3
    w: float | tuple[float, ...] = 1.0

    def __post_init__(self) -> None:
        numbers.whole(self.d, "logistic: d")
        _coefficients(self.w, self.d, "logistic")

    def realise(self, n_chains: int, rng: np.random.Generator) -> LogisticModel:
        """Return the law for n_chains chains; rng is not used."""
        c = checked_count(n_chains, "n_chains")
        return LogisticModel(np.tile(_coefficients(self.w, self.d, "logistic"), (c, 1)))


@dataclass(frozen=True)
class Halfspace:
    """Rows (x_1 .. x_d, y): x ~ N(0, I_d), y = sign(x . w*), 1 or -1, wrong with chance flip.

    w: one number for all coefficients of w*, or d numbers. A verifier knows which labels are wrong.

    Raises:
        SpecError: a length other than d, or flip outside [0, 1].
    """

    about = About(
        "halfspace",
        "Halfspace",
        "Features and a label by the side of a plane, of which some are wrong.",
        ("feng-2024",),
    )
    d: int = 10
    w: float | tuple[float, ...] = 1.0
    flip: float = 0.0

    def __post_init__(self) -> None:
        numbers.whole(self.d, "halfspace: d")
        checked_fraction(self.flip, "halfspace: flip")
        _coefficients(self.w, self.d, "halfspace")

    def realise(self, n_chains: int, rng: np.random.Generator) -> HalfspaceModel:
        """Return the law for n_chains chains; rng is not used."""
        c = checked_count(n_chains, "n_chains")
        w = np.tile(_coefficients(self.w, self.d, "halfspace"), (c, 1))
        return HalfspaceModel(w, np.full(c, float(self.flip)))


def _coefficients(w: float | tuple[float, ...], d: int, kind: str) -> Floats:
    """Return w (d,)."""
    values = np.asarray(w, dtype=np.float64)
    if values.shape not in ((), (d,)) or not np.isfinite(values).all():
        raise SpecError(f"{kind}: w is {w!r}; expected one finite number, or d = {d}")
    return np.broadcast_to(values, (d,))
