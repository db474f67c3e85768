"""Samplers that need no prompts: ancestral draws and shrunk variance."""

from dataclasses import dataclass

from genloss.core.arrays import Array, checked_fraction
from genloss.core.protocols import Model, ShrinkableModel
from genloss.errors import SpecError


@dataclass(frozen=True)
class Ancestral:
    """Independent draws from the model's own law."""

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model itself."""
        return model


@dataclass(frozen=True)
class Shrinkage:
    """Draws with covariances multiplied by lam in [0, 1]: quality bought with diversity.

    Gaussian N(mu, lam Sigma); every component of a mixture and every kernel of a KDE likewise,
    centres unchanged. lam = 1 is ancestral sampling (Alemohammad et al. 2023).

    Raises:
        SpecError: lam outside [0, 1], or a model whose variance cannot be shrunk.
    """

    lam: float

    def __post_init__(self) -> None:
        checked_fraction(self.lam, "shrinkage: lam")

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model with shrunk covariances."""
        if not isinstance(model, ShrinkableModel):
            raise SpecError(
                f"Shrinkage needs a model with a variance; got {type(model).__name__}; "
                "use the ancestral sampler"
            )
        return model.shrunk(self.lam)
