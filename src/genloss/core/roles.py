"""The roles: what data, a model, learner, sampler, form, reality and regime must offer.

Curators, metrics, features and decodings have files of their own; what only some models can do is
in `abilities`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from genloss.core.arrays import Array, Ints


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
    """What has been learned, for C chains; immutable, also by sampling."""

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
class Reality(Protocol):
    """p_0 as a recipe: fixed by its fields, realised for any number of chains."""

    def realise(self, n_chains: int, rng: np.random.Generator) -> Model:
        """Return p_0 for n_chains chains; rng orders the rows of a finite reality."""
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
        """Fit all chains at once; init is the model to start from (warm start).

        train is `Data`; a learner that takes only some of its forms says so in its own signature,
        and raises DataError for the others.
        """
        ...

    def restore(self, state: Mapping[str, Array]) -> Model:
        """Rebuild a model from `Model.state()`."""
        ...


@runtime_checkable
class Sampler(Protocol):
    """How rows are drawn from a model: a wrapper, so that decoding is a factor of its own."""

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model that is sampled this way, from prompts (C, n, T), rows of S_0, if any.

        The model itself stays unchanged.
        """
        ...


Rebuild = Callable[[int, Mapping[str, Array]], Model]
"""Returns the model behind an origin and a state."""


@runtime_checkable
class Form(Protocol):
    """In which form data travel along the chain: rows, statistics or an endless source."""

    def of(self, x: Array, origin: int | Ints, label: Ints | None = None) -> Data:
        """Return given rows x (C, n, ...), of one origin or each of its own, in this form.

        label (C, n): their classes.
        """
        ...

    def draw(self, model: Model, n: int, rng: np.random.Generator, origin: int) -> Data:
        """Draw n rows of every chain in this form."""
        ...

    def restore(self, arrays: Mapping[str, Array], rebuild: Rebuild) -> Data:
        """Rebuild data from `Data.arrays()`; rebuild(origin, state) gives a source its models."""
        ...


@dataclass(frozen=True, eq=False)
class History:
    """The past before generation t is trained.

    real: S_0. synthetic: remembered samples, and real rows that stay, oldest first; a regime may
    have dropped or pooled old ones, so their origins, not their places, say who made them.
    n_real_drawn: real rows handed out so far, S_0 included (a finite reality continues there).
    model: p_{t-1}, where a warm start begins; p_0 at t = 1, and where there is none. first: p_1,
    where a curator looks through it, else None. With its t, a history is all that a resume needs.
    """

    real: Data
    synthetic: tuple[Data, ...]
    t: int
    n_real_drawn: int
    model: Model
    first: Model | None = None

    def after(
        self, model: Model, samples: Data, n_real: int, kept: Data | None = None
    ) -> "History":
        """Return the history one generation later: p_t, S_t, n_real more real rows handed out.

        kept: new real rows of D_t that stay, before S_t.
        """
        return replace(
            self,
            synthetic=(*self.synthetic, *(() if kept is None else (kept,)), samples),
            t=self.t + 1,
            n_real_drawn=self.n_real_drawn + n_real,
            model=model,
        )

    def keeping_last(self, k: int) -> "History":
        """Return the history with only its k newest synthetic parts, or with fewer."""
        return replace(self, synthetic=self.synthetic[-k:] if k else ())

    def pooled(self) -> "History":
        """Return the history with all synthetic parts joined into one."""
        if len(self.synthetic) < 2:
            return self
        form = type(self.synthetic[0])
        return replace(self, synthetic=(form.concat(self.synthetic),))


@dataclass(frozen=True)
class Sizes:
    """Rows of one chain at one generation: of D_t, of S_t, and new real rows inside D_t.

    repeats: whether a finite reality may hand out rows again once it has no new ones left. keeps:
    whether the new real rows stay in the history beside S_t.
    """

    train: int
    synthetic: int
    fresh: int = 0
    repeats: bool = False
    keeps: bool = False


@runtime_checkable
class Regime(Protocol):
    """What generation t trains on."""

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return the rows of D_t and S_t and the new real rows that generation t needs."""
        ...

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return D_t for t = history.t >= 2."""
        ...

    def remember(self, history: History) -> History:
        """Return the history without what no later generation needs."""
        ...
