"""A halfspace: labels by the side of a plane, of which some are wrong."""

from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, frozen
from genloss.core.curators.selection import Bools


@dataclass(frozen=True, eq=False)
class HalfspaceModel:
    """y = sign(x . w), turned round with probability flip: w (C, d), flip (C,), x ~ N(0, I_d)."""

    w: Floats
    flip: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "w", frozen(self.w))
        object.__setattr__(self, "flip", frozen(self.flip))

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return int(self.w.shape[0])

    def coefficients(self) -> Floats:
        """Return w (C, d)."""
        return self.w

    def respond(self, features: Floats, rng: np.random.Generator) -> Floats:
        """Draw labels y (C, n), 1 or -1, for features (C, n, d)."""
        wrong = rng.random(features.shape[:2]) < self.flip[:, None]
        return np.asarray(np.where(wrong, -1.0, 1.0) * self._side(features), dtype=np.float64)

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw n rows (x, y) of every chain: (C, n, d + 1)."""
        features = rng.standard_normal((self.n_chains, n, self.w.shape[1]))
        return np.concatenate([features, self.respond(features, rng)[:, :, None]], axis=2)

    def correct(self, x: Array, label: Ints | None) -> Bools:
        """Return whether rows (C, n, d + 1) have the label of their side (C, n)."""
        return np.asarray(x[:, :, -1] * self._side(x[:, :, :-1]) > 0)

    def state(self) -> dict[str, Array]:
        """Return w and flip."""
        return {"w": self.w, "flip": self.flip}

    def _side(self, features: Floats) -> Floats:
        return np.asarray(np.where((features @ self.w[:, :, None])[:, :, 0] > 0, 1.0, -1.0))
