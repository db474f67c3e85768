"""What a curator is, and what it decides."""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args, runtime_checkable

import numpy as np

from genloss.core.arrays import Array, Floats, Ints, checked_count
from genloss.core.curators.reference import Reference
from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError

Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

Covers = Literal["generated", "all", "training"]
"""What must pass: S_t; S_t and real rows, S_0 included; or D_t as its regime composed it, t > 1."""


@dataclass(frozen=True, eq=False)
class Selection:
    """What a curator decides about m rows of every chain.

    accepted: (C, m) booleans. weight: (C, m), above 0, what accepted rows weigh from now on, or
    None for what they weighed. reason: (C, m), the place in `reasons` of why a row is refused; read
    for refused rows.

    Raises:
        DataError: shapes or types that do not match, a reason that `reasons` lacks.
    """

    accepted: Bools
    reason: Ints
    reasons: tuple[str, ...]
    weight: Floats | None = None

    def __post_init__(self) -> None:
        accepted, reason = np.asarray(self.accepted), np.asarray(self.reason)
        if accepted.dtype != np.bool_ or accepted.ndim != 2:
            raise DataError(
                f"accepted has shape {accepted.shape} and dtype {accepted.dtype}; "
                "expected booleans (C, m)"
            )
        columns: dict[str, Array] = {"reason": reason}
        columns |= {} if self.weight is None else {"weight": np.asarray(self.weight)}
        for name, column in columns.items():
            if column.shape != accepted.shape:
                raise DataError(f"{name} has shape {column.shape}; expected {accepted.shape}")
        why = reason[~accepted]
        if why.size and not (why.min() >= 0 and why.max() < len(self.reasons)):
            raise DataError(
                f"a refused row has reason {int(why.max())}; expected a place in {self.reasons}"
            )
        if self.weight is not None and not (columns["weight"][accepted] > 0).all():
            raise DataError("an accepted row has a weight of 0 or below; refuse it instead")


def refusing(refused: Bools, why: str) -> Selection:
    """Return the decision to refuse rows (C, m) for one reason, and to accept all others."""
    return Selection(~refused, np.zeros(refused.shape, dtype=np.int64), (why,))


@runtime_checkable
class Curator(Protocol):
    """Which rows may enter the training data."""

    @property
    def rounds(self) -> int:
        """The most rounds of n rows that are drawn until n are accepted; one for 'training'."""
        ...

    @property
    def covers(self) -> Covers:
        """Which rows must pass: see `Covers`."""
        ...

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Decide about rows of every chain, beside a reference.

        A chain's decisions depend on its own rows and reference alone.
        """
        ...


@runtime_checkable
class Together(Curator, Protocol):
    """A curator that decides about the rows of all rounds together, such as a choice of the best.

    Without it a curator decides about each round alone.
    """

    def candidates(self, n: int) -> int:
        """Return how many rows it decides about where n are asked for; at most rounds * n."""
        ...


def check_passage(name: str, rounds: int, covers: str) -> None:
    """Refuse rounds below 1, or something to cover that is none.

    Raises:
        SpecError, DataError: so.
    """
    checked_count(rounds, f"{name}: rounds")
    if covers not in get_args(Covers):
        raise SpecError(f"{name}: covers is {covers!r}; expected one of {get_args(Covers)}")
