"""Abilities: what some models and learners can do beside their role.

Each answers one question and has more than one caller; an ability with one caller stands beside it.
Ask with isinstance, never with hasattr or a flag.
"""

from collections.abc import Mapping
from typing import Protocol, Self, runtime_checkable

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.core.roles import Data, Learner, Model, Regime


@runtime_checkable
class ConditionalModel(Model, Protocol):
    """A model that continues prompts."""

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Array:
        """Continue every prompt (C, n, P) by new tokens: (C, n, T)."""
        ...


@runtime_checkable
class MomentLaw(Model, Protocol):
    """A model whose mean and covariance are known."""

    def moments(self) -> tuple[Floats, Floats]:
        """Return the mean (C, d) and the covariance (C, d, d)."""
        ...


@runtime_checkable
class DensityModel(Model, Protocol):
    """A model that knows its density."""

    def log_prob(self, x: Array) -> Floats:
        """Return log p(x) in nats per row: (C, n) for x (C, n, ...)."""
        ...


@runtime_checkable
class CoefficientLaw(Model, Protocol):
    """A model that sees its features through x . w, as a linear or logistic regression."""

    def coefficients(self) -> Floats:
        """Return w (C, d)."""
        ...


@runtime_checkable
class CategoricalLaw(Model, Protocol):
    """A model over k symbols."""

    def probabilities(self) -> Floats:
        """Return (C, k); rows sum to 1."""
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
class OriginModel(FiniteModel, Protocol):
    """A finite reality that knows the origin of its rows, such as text partly machine-made."""

    def origins_of(self, start: int, n: int) -> Ints | None:
        """Return the origins (C, n) of those rows, or None where all are real."""
        ...


@runtime_checkable
class ModalLaw(Model, Protocol):
    """A law with named modes."""

    def modes(self) -> tuple[Floats, float]:
        """Return the centres (m, d) and the radius within which a row belongs to a mode."""
        ...


class Notebook(Protocol):
    """Where a long fit notes how far it is; the caller of the fit decides where that lies."""

    def read(self) -> dict[str, Array] | None:
        """Return what was written last, or None."""
        ...

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Replace what was written; atomic: a reader finds the old arrays or the new ones."""
        ...


@runtime_checkable
class UsesThreads(Protocol):
    """A part that computes on torch's threads, which decide the last bits, wherever it imports it.

    Those of genloss, and classes whose module imports torch at its top, need not say so.
    """

    @property
    def uses_threads(self) -> bool:
        """Whether it does."""
        ...


@runtime_checkable
class UsesFirst(Protocol):
    """A metric, or a curator, that looks through p_1, which is then kept in every checkpoint."""

    @property
    def uses_first(self) -> bool:
        """Whether p_1 is needed."""
        ...


def uses_first(part: object) -> bool:
    """Whether a part looks through p_1."""
    return isinstance(part, UsesFirst) and part.uses_first


@runtime_checkable
class PairingRegime(Regime, Protocol):
    """A regime to which row i of S_t is another version of row i of S_0."""

    @property
    def pairs_rows(self) -> bool:
        """Whether it is so: then nobody may put other rows in their places."""
        ...


def pairs_rows(regime: Regime) -> bool:
    """Whether a regime knows rows by their places."""
    return isinstance(regime, PairingRegime) and regime.pairs_rows


@runtime_checkable
class ResumableLearner(Learner, Protocol):
    """A learner whose interrupted fit resumes from its notebook and ends in the same model."""

    def with_notebook(self, notebook: Notebook) -> Learner:
        """Return the learner with this notebook; notes of another fit are ignored."""
        ...


@runtime_checkable
class ScaledLearner(Learner, Protocol):
    """A learner with constants in units of the data, which it takes from the spread of S_0."""

    def scaled_to(self, real: Data) -> Learner:
        """Return the learner of every generation of the chains that begin at S_0.

        Relative to D_t such a constant would shrink, or grow, with what it should not hide.
        """
        ...


def scaled(learner: Learner, real: Data) -> Learner:
    """Return a learner scaled to S_0, if it is one that scales.

    This is all that the recursion asks of a learner beside its role, so that a learner around
    another one must answer it too: `tests/contracts/test_wrappers.py` holds all of ours to it.
    """
    return learner.scaled_to(real) if isinstance(learner, ScaledLearner) else learner
