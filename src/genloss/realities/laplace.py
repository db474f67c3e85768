"""A reality with heavy tails."""

from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.errors import SpecError
from genloss.models.laplace import LaplaceModel


@dataclass(frozen=True)
class RandomLaplace:
    """Independent Laplace coordinates, a law of its own for every chain.

    The centre is N(0, I); the variances are the diagonal of A A^T + ridge I with a d x d matrix
    A ~ N(0, 1), as those of `RandomGaussian`, and a variance v is a scale of sqrt(v / 2).

    Raises:
        SpecError: no dimension, or a ridge of 0 or below.
    """

    about = About(
        "random_laplace",
        "Random Laplace",
        "A law with heavy tails in any number of dimensions, drawn anew for every chain.",
        ("qiao-2026",),
    )
    d: int = 10
    ridge: float = 0.1

    def __post_init__(self) -> None:
        numbers.whole(self.d, "random_laplace: d")
        if not 0 < self.ridge < np.inf:
            raise SpecError(f"random_laplace: ridge is {self.ridge}; expected more than 0")

    def realise(self, n_chains: int, rng: np.random.Generator) -> LaplaceModel:
        """Draw centre and scales of every chain."""
        c, d = checked_count(n_chains, "n_chains"), self.d
        centre, a = rng.standard_normal((c, d)), rng.standard_normal((c, d, d))
        return LaplaceModel(centre, np.sqrt(((a * a).sum(axis=2) + self.ridge) / 2))
