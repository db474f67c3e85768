"""The seams: what a model, learner, sampler, regime and curator must offer.

Capabilities are Protocols of their own; ask with isinstance, never with hasattr or a flag.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.core.statistics import Counts, Moments


class Data(Protocol):
    """Training data in one of its forms: Samples, Moments, Counts or Source."""

    @property
    def n_chains(self) -> int:
        """C."""
        ...

    @property
    def n_rows(self) -> int:
        """Rows of each chain."""
        ...

    def like(self, x: Array, origin: int) -> Self:
        """Return rows x as data of this form."""
        ...

    def head(self, n: int) -> Self:
        """Return the first n rows of each chain."""
        ...

    def subsample(self, n: int, rng: np.random.Generator) -> Self:
        """Return n rows of each chain, drawn without replacement."""
        ...

    def origin_counts(self) -> dict[int, Ints]:
        """Count the rows of each origin: {origin: (C,)}."""
        ...

    def arrays(self) -> dict[str, Array]:
        """Return what rebuilds these data."""
        ...

    @classmethod
    def concat(cls, parts: Sequence[Any]) -> Self:
        """Join data of this form."""
        ...


@runtime_checkable
class Model(Protocol):
    """What has been learned: immutable, C chains, sampling never changes it."""

    @property
    def n_chains(self) -> int:
        """C."""
        ...

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw n independent rows of every chain: (C, n, ...)."""
        ...

    def state(self) -> dict[str, Array]:
        """Return arrays, chains on axis 0, from which the learner's `restore` rebuilds it."""
        ...


@runtime_checkable
class DensityModel(Model, Protocol):
    """A model that knows its density."""

    def log_prob(self, x: Array) -> Floats:
        """Return log p(x) in nats per row: (C, n) for x (C, n, ...)."""
        ...


@runtime_checkable
class LabelledModel(Model, Protocol):
    """A model that says of which class its rows are."""

    def sample_labelled(self, n: int, rng: np.random.Generator) -> tuple[Array, Ints | None]:
        """Draw n rows of every chain (C, n, ...) with their classes (C, n), if it knows them."""
        ...


@runtime_checkable
class DenoisingModel(Model, Protocol):
    """A model that draws by many small steps from noise to data (diffusion, flow matching)."""

    def denoised(self, steps: int, eta: float, guidance: float) -> Model:
        """Return the model asked with other steps, noise per step and guidance; see `Denoising`."""
        ...


@runtime_checkable
class ConditionalModel(Model, Protocol):
    """A model that continues prompts."""

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Array:
        """Continue every prompt (C, n, P) by new tokens: (C, n, T)."""
        ...


@runtime_checkable
class ShrinkableModel(Model, Protocol):
    """A model whose variance can be shrunk (the sampling bias of Alemohammad et al. 2023)."""

    def shrunk(self, lam: float) -> Model:
        """Return the model with covariances multiplied by lam in [0, 1], means unchanged."""
        ...


@runtime_checkable
class MomentLaw(Model, Protocol):
    """A model whose mean and covariance are known."""

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and the covariance (C, d, d)."""
        ...


@runtime_checkable
class MixtureLaw(Model, Protocol):
    """A model that is a Gaussian mixture (a Gaussian is one with a single component)."""

    def mixture(self) -> tuple[Floats, Floats, Floats]:
        """Return weights (C, k), means (C, k, d), covariances (C, k, d, d)."""
        ...


@runtime_checkable
class CategoricalLaw(Model, Protocol):
    """A model over k symbols."""

    def probabilities(self) -> Floats:
        """Return (C, k); rows sum to 1."""
        ...


@runtime_checkable
class ModalLaw(Model, Protocol):
    """A law with named modes."""

    def modes(self) -> tuple[Floats, float]:
        """Return the centres (m, d) and the radius within which a row belongs to a mode."""
        ...


@runtime_checkable
class MomentsModel(Model, Protocol):
    """A model that can draw the moments of n rows without drawing the rows."""

    def sample_moments(self, n: int, rng: np.random.Generator, origin: int) -> Moments:
        """Draw the moments of n independent rows; equal in law to reducing `sample(n)`."""
        ...


@runtime_checkable
class CountsModel(Model, Protocol):
    """A model that can draw the counts of n rows without drawing the rows."""

    def sample_counts(self, n: int, rng: np.random.Generator, origin: int) -> Counts:
        """Draw the counts of n independent rows; equal in law to counting `sample(n)`."""
        ...


@runtime_checkable
class EncodingModel(Model, Protocol):
    """A model that maps rows to points of a latent space."""

    def encode(self, x: Array) -> Floats:
        """Return the latent points (C, n, k) of rows x (C, n, d), chain by chain."""
        ...


@runtime_checkable
class TrainedModel(Model, Protocol):
    """A model that remembers how its training went."""

    @property
    def train_loss(self) -> Floats:
        """Mean loss per batch by epoch (C, epochs); NaN after an early stop."""
        ...


@runtime_checkable
class FiniteModel(Model, Protocol):
    """A reality that owns finitely many rows and hands them out without repetition."""

    @property
    def n_rows(self) -> int:
        """The rows that each chain can be handed."""
        ...

    def split(self, m: int) -> tuple[Self, Array]:
        """Return the model without the last m rows of each chain's order, and those rows."""
        ...

    def rows(self, start: int, n: int) -> Array:
        """Return rows start .. start + n of each chain's own order: (C, n, ...).

        Raises RealityExhausted where that runs past the last row.
        """
        ...

    def labels_of(self, start: int, n: int) -> Ints | None:
        """Return the classes (C, n) of those rows, or None where rows have none."""
        ...


@runtime_checkable
class Reality(Protocol):
    """p_0 as a recipe: fixed by its fields, realised for any number of chains."""

    def realise(self, n_chains: int, rng: np.random.Generator) -> Model:
        """Return p_0 for n_chains chains; rng orders the rows of a finite reality."""
        ...


@runtime_checkable
class Identified(Protocol):
    """Something whose identity is more than its fields, such as the content of a file."""

    def identity(self) -> dict[str, str]:
        """Return what the fingerprint covers beside the fields."""
        ...


@runtime_checkable
class Learner(Protocol):
    """How a model is learned: a frozen recipe."""

    def fit(
        self,
        train: Any,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> Model:
        """Fit all chains at once; init is the model to start from (warm start)."""
        ...

    def restore(self, state: Mapping[str, Array]) -> Model:
        """Rebuild a model from `Model.state()`."""
        ...


class Notebook(Protocol):
    """Where a long fit notes how far it is; the one who runs the fit decides where that lies."""

    def read(self) -> dict[str, Array] | None:
        """Return what was written last, or None."""
        ...

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Replace what was written; atomic: a reader finds the old arrays or the new ones."""
        ...


@runtime_checkable
class ResumableLearner(Learner, Protocol):
    """A learner whose fit, interrupted, goes on from its notebook to the same model."""

    def with_notebook(self, notebook: Notebook) -> Learner:
        """Return the learner with this notebook; notes of another fit are ignored."""
        ...


@runtime_checkable
class StartingLearner(Learner, Protocol):
    """A learner that names where a fit starts: 'base', 'last' or 'scratch'."""

    @property
    def start(self) -> str:
        """Where; 'last' needs the model of the last generation."""
        ...


@runtime_checkable
class BasedLearner(Learner, Protocol):
    """A learner whose fits may begin at a pretrained model."""

    def base_model(self) -> Model | None:
        """Return that model, one chain of it, as it is before any fit; None without one."""
        ...


@runtime_checkable
class EpochLearner(Learner, Protocol):
    """A learner that goes over its rows many times, so that one time tells what all will cost."""

    def one_epoch(self) -> tuple[Learner, int]:
        """Return the learner that stops after one epoch, and the epochs that this one takes."""
        ...


@runtime_checkable
class Sampler(Protocol):
    """How a model is asked: a wrapper, so that decoding is a factor of its own."""

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model as asked this way, about prompts (C, n, T), the rows of S_0, if at all.

        The model itself stays unchanged.
        """
        ...


Rebuild = Callable[[int, Mapping[str, Array]], Model]
"""Returns the model behind an origin and a state."""


@runtime_checkable
class Form(Protocol):
    """In which form data travel along the chain: rows, statistics or an endless source."""

    def of(self, x: Array, origin: int, label: Ints | None = None) -> Data:
        """Return given rows x (C, n, ...), of classes label (C, n), in this form."""
        ...

    def draw(self, model: Model, n: int, rng: np.random.Generator, origin: int) -> Data:
        """Draw n rows of every chain in this form."""
        ...

    def restore(self, arrays: Mapping[str, Array], rebuild: Rebuild) -> Data:
        """Rebuild data from `Data.arrays()`; rebuild(origin, state) gives a source its models."""
        ...


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows that may enter: index (C, m), their weight (C, m) or None, a reason per input row."""

    index: Ints
    weight: Floats | None
    reason: tuple[str, ...]


class Curator(Protocol):
    """Which samples may enter?"""

    def select(self, samples: Any, rng: np.random.Generator) -> Selection:
        """Choose rows of samples; every chain keeps the same number m."""
        ...
