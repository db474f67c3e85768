"""Samplers of rows: ancestral draws, shrunk variance, steps and guidance, new labels for S_0."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count, checked_fraction
from genloss.core.roles import Model
from genloss.errors import SpecError


@runtime_checkable
class ShrinkableModel(Model, Protocol):
    """A model whose variance can be shrunk (the sampling bias of Alemohammad et al. 2023)."""

    def shrunk(self, lam: float) -> Model:
        """Return the model with covariances multiplied by lam in [0, 1], means unchanged."""
        ...


@runtime_checkable
class DenoisingModel(Model, Protocol):
    """A model that draws by many small steps from noise to data (diffusion, flow matching)."""

    def denoised(self, steps: int, eta: float, guidance: float) -> Model:
        """Return the model asked with other steps, noise per step and guidance; see `Denoising`."""
        ...


@runtime_checkable
class ResponseModel(Model, Protocol):
    """A model that writes a response y for features x, as in regression."""

    def respond(self, features: Floats, rng: np.random.Generator) -> Floats:
        """Draw y (C, n) for features (C, n, d)."""
        ...


@dataclass(frozen=True)
class Ancestral:
    """Independent draws from the model's own law."""

    about = About("ancestral", "Ancestral", "Independent draws from the model's own law.")

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

    about = About(
        "shrinkage",
        "Shrinkage",
        "Draws nearer to the centres: quality bought with diversity.",
        ("alemohammad-2023",),
    )
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


@dataclass(frozen=True)
class Denoising:
    """Draws of a diffusion or flow model in `steps` steps (0: as many as it was trained with).

    eta in [0, 1] scales the noise added at each step: 1 is ancestral sampling (Ho, Jain and Abbeel
    2020), 0 the deterministic DDIM (Song, Meng and Ermon 2021); a flow has none. guidance w >= 0
    moves every step to (1 + w) conditional - w unconditional (Ho and Salimans 2022); Alemohammad et
    al. 2023 call lambda = 1 / (1 + w) its sampling bias.

    Raises:
        SpecError, DataError: an option out of range, or a model that does not denoise.
    """

    about = About(
        "denoising",
        "Denoising",
        "Draws in a chosen number of denoising steps, guided or not.",
        ("song-2021", "ho-2022", "alemohammad-2023"),
    )
    steps: int = 0
    eta: float = 1.0
    guidance: float = 0.0

    def __post_init__(self) -> None:
        checked_count(self.steps, "denoising: steps", 0)
        checked_fraction(self.eta, "denoising: eta")
        if not 0.0 <= self.guidance < float("inf"):
            raise SpecError(f"denoising: guidance is {self.guidance}; expected 0 or more")

    @property
    def lam(self) -> float:
        """The sampling bias lambda = 1 / (1 + w) in (0, 1]; 1 is unbiased."""
        return 1.0 / (1.0 + self.guidance)

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model with these steps and this guidance."""
        if not isinstance(model, DenoisingModel):
            raise SpecError(
                f"Denoising needs a diffusion or flow model; got {type(model).__name__}; "
                "use the ancestral sampler"
            )
        return model.denoised(self.steps, self.eta, self.guidance)


@dataclass(frozen=True)
class Relabelling:
    """Rows of S_0 with responses that the model writes anew: the features stay for ever.

    Row i of S_t has the features of row i of S_0; of more rows than S_0 has they repeat in order.
    The setting of Gerstgrasser et al. 2024; with the ancestral sampler features are new ones.

    Raises:
        SpecError: a model that writes no response, or data without rows.
    """

    about = About(
        "relabelling",
        "Relabelling",
        "The real features stay; the model writes new responses for them.",
        ("gerstgrasser-2024",),
    )

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model asked about the features of the rows `prompts` (C, n, d + 1)."""
        if not isinstance(model, ResponseModel):
            raise SpecError(
                f"Relabelling needs a model that writes y for given features; got "
                f"{type(model).__name__}; use the ancestral sampler"
            )
        if prompts is None:
            raise SpecError(
                "Relabelling keeps the features of S_0, but these data have no rows; "
                "use form = 'rows', or the ancestral sampler"
            )
        return Relabelled(model, prompts[:, :, :-1])


@dataclass(frozen=True, eq=False)
class Relabelled:
    """A model asked about given features (C, m, d)."""

    model: ResponseModel
    features: Floats

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.model.n_chains

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """Write rows (x, y) for the first n features, which repeat in order: (C, n, d + 1)."""
        x = self.features[:, np.arange(n) % self.features.shape[1]]
        return np.concatenate([x, self.model.respond(x, rng)[:, :, None]], axis=2)

    def state(self) -> dict[str, Array]:
        """Return the model's own state."""
        return self.model.state()
