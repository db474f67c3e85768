"""Laws over k symbols."""

from dataclasses import dataclass

import numpy as np

from genloss.core import numbers
from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count
from genloss.errors import SpecError
from genloss.models.categorical import CategoricalModel


@dataclass(frozen=True)
class UniformTokens:
    """p_i = 1 / k for k symbols."""

    about = About(
        "uniform_tokens",
        "Uniform symbols",
        "Symbols that are all equally likely.",
        ("kazdan-2024",),
    )
    k: int

    def __post_init__(self) -> None:
        numbers.whole(self.k, "uniform_tokens: k")

    def realise(self, n_chains: int, rng: np.random.Generator) -> CategoricalModel:
        """Return the law for n_chains chains; rng is not used."""
        return _law(np.full(self.k, 1.0 / self.k), n_chains)


@dataclass(frozen=True)
class ZipfMandelbrot:
    """p_i proportional to (i + b)^-a for i = 1 .. k: few common words, a long tail of rare ones.

    (a, b) = (1, 2.7) resembles English words; it and (2, 5) with k = 1000 are the alphabets whose
    survival Suresh et al. 2024 simulate. Symbol 0 is the most frequent one (i = 1).

    Raises:
        SpecError: a below 0, or b of -1 or less.
    """

    about = About(
        "zipf_mandelbrot",
        "Zipf-Mandelbrot law",
        "Few common symbols and a long tail of rare ones.",
        ("suresh-2024",),
    )
    k: int
    a: float = 1.0
    b: float = 2.7

    def __post_init__(self) -> None:
        numbers.whole(self.k, "zipf_mandelbrot: k")
        numbers.not_negative(self.a, "zipf_mandelbrot: a")
        if numbers.real(self.b, "zipf_mandelbrot: b") <= -1:
            raise SpecError(
                f"zipf_mandelbrot: b is {self.b!r}; expected a number above -1, as (1 + b)^-a "
                "must be finite; b = 0 is Zipf's law"
            )

    def realise(self, n_chains: int, rng: np.random.Generator) -> CategoricalModel:
        """Return the law for n_chains chains; rng is not used."""
        weights = (np.arange(1, self.k + 1) + self.b) ** -self.a
        return _law(weights / weights.sum(), n_chains)


@dataclass(frozen=True)
class TokenLaw:
    """Given probabilities p, one per symbol; they must sum to 1 within 1e-6.

    Raises:
        SpecError: a negative probability, or a sum other than 1.
    """

    about = About("token_law", "Law of symbols", "Symbols with given probabilities.")
    p: tuple[float, ...]

    def __post_init__(self) -> None:
        total = sum(numbers.not_negative(value, "token_law: p") for value in self.p)
        if abs(total - 1.0) > 1e-6:
            raise SpecError(
                f"token_law: the {len(self.p)} probabilities sum to {total:.9g}; expected 1; "
                "divide them by their sum"
            )

    def realise(self, n_chains: int, rng: np.random.Generator) -> CategoricalModel:
        """Return the law for n_chains chains; rng is not used."""
        p = np.asarray(self.p, dtype=np.float64)
        return _law(p / p.sum(), n_chains)


def _law(p: Floats, n_chains: int) -> CategoricalModel:
    return CategoricalModel(np.tile(p, (checked_count(n_chains, "n_chains"), 1)))
