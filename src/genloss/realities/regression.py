"""Linear regression as reality: rows (x, y) with y = x . w* + noise."""

from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.errors import SpecError
from genloss.models.linear import LinearModel


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
        w = np.asarray(self.w, dtype=np.float64)
        if w.shape not in ((), (self.d,)) or not np.isfinite(w).all():
            raise SpecError(
                f"regression: w is {self.w!r}; expected one finite number, or d = {self.d}"
            )

    def realise(self, n_chains: int, rng: np.random.Generator) -> LinearModel:
        """Return y = x . w* + noise for n_chains chains; rng is not used."""
        c = checked_count(n_chains, "n_chains")
        w = np.broadcast_to(np.asarray(self.w, dtype=np.float64), (c, self.d))
        return LinearModel(w.copy(), np.full(c, float(self.sigma2)))
