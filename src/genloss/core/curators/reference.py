"""What a curator may look at beside the rows: reality, real rows, p_1, the model that wrote."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from genloss.core.abilities import FiniteModel, OriginModel
from genloss.core.arrays import Array
from genloss.core.roles import Model
from genloss.core.samples import REAL, Samples
from genloss.core.source import draw_rows
from genloss.core.streams import Streams

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Reference:
    """What stands beside the rows of one block of chains.

    p_0 is reality; streams are those of the block; n_real rows are in S_0. held_out: real rows
    (C, m, ...) that no generation trains on, or None. first: p_1, once it exists, if the curator is
    a `UsesFirst`; else None. writer: the model that wrote the rows; None for real rows and for a
    D_t. memo is shared by all generations of a block.

    It is made from what a resume knows as well, so that nothing of it is stored.
    """

    p_0: Model
    streams: Streams
    n_real: int
    held_out: Array | None = None
    first: Model | None = None
    writer: Model | None = None
    memo: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return compute(), done once per block: a function of reality, its rows and p_1."""
        if key not in self.memo:
            self.memo[key] = compute()
        value: T = self.memo[key]
        return value

    def at(self, first: Model | None, writer: Model | None) -> "Reference":
        """Return the reference of one generation."""
        return replace(self, first=first, writer=writer)

    @property
    def real(self) -> Samples:
        """The real rows of S_0, as they were before any curator."""
        return self.once("real", self._real)

    def _real(self) -> Samples:
        p_0, n = self.p_0, self.n_real
        if not isinstance(p_0, FiniteModel):
            return draw_rows(p_0, n, self.streams.rng(0, "reality", 0), REAL)
        origins = p_0.origins_of(0, n) if isinstance(p_0, OriginModel) else None
        if origins is not None:
            return Samples.of(Samples.of(p_0.rows(0, n), origins).real_rows(n), REAL)
        return Samples.of(p_0.rows(0, n), REAL, p_0.labels_of(0, n))
