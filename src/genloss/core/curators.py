"""Curators: which rows may enter the next training sets? Filters inside the recursion.

S_t is what p_t writes and metrics look at; what a curator accepts of it is what regimes remember.
Rows are drawn in rounds of n, each round of every chain and with a stream of its own, until n are
accepted or the curator's rounds are over, so that a chain never depends on its neighbours. A chain
that falls short is filled up with refused rows of weight 0: n rows everywhere, fewer that count.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.core.roles import Data
from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError

Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Selection:
    """What a curator decides about m rows of every chain.

    accepted: (C, m) booleans. weight: (C, m) of the accepted rows, above 0, or None for all equal
    to 1. reason: (C, m), the place in `reasons` of why a row is refused; read for refused rows.

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


@runtime_checkable
class Curator(Protocol):
    """Which rows may enter the training data."""

    @property
    def rounds(self) -> int:
        """The most rounds of n rows that are drawn until n are accepted."""
        ...

    @property
    def covers(self) -> Literal["generated", "all"]:
        """Whether only generated rows must pass, or real rows too, S_0 included."""
        ...

    def select(self, rows: Samples, rng: np.random.Generator) -> Selection:
        """Decide about rows of every chain; a chain's decisions depend on its rows alone."""
        ...


@dataclass(frozen=True, eq=False)
class Curation:
    """What became of `asked` rows per chain: rows seen and accepted (C,), and refused by reason.

    Rows after the last one that was needed are not counted.
    """

    asked: int
    seen: Ints
    accepted: Ints
    refused: Mapping[str, Ints]


@dataclass(frozen=True)
class Thinning:
    """Accepts every row with probability `keep`, whatever it is: an error without a tilt.

    What it accepts still follows p_t, which makes it the control for curators that choose.

    Raises:
        SpecError, DataError: keep outside (0, 1], or fewer rounds than one.
    """

    about = About("thinning", "Thinning", "Rows enter or not by the toss of a coin.")
    keep: float
    rounds: int = 10
    covers: Literal["generated", "all"] = "generated"

    def __post_init__(self) -> None:
        if not 0 < self.keep <= 1:
            raise SpecError(f"thinning: keep is {self.keep}; expected a number in (0, 1]")
        checked_count(self.rounds, "thinning: rounds")

    def select(self, rows: Samples, rng: np.random.Generator) -> Selection:
        """Toss a coin for every row."""
        shape = rows.x.shape[:2]
        return Selection(
            rng.random(shape) < self.keep, np.zeros(shape, dtype=np.int64), ("chance",)
        )


def rows_reserved(n: int, curator: Curator | None) -> int:
    """Return the real rows that n real rows may cost: n, or n for every round of a curator."""
    return n * (curator.rounds if curator is not None and curator.covers == "all" else 1)


def curated(
    draw: Callable[[int], Data],
    n: int,
    curator: Curator,
    rng_of: Callable[[int], np.random.Generator],
) -> tuple[Samples, Curation]:
    """Return n rows of every chain with their weights, and what became of those seen.

    draw(k) returns the n rows of round k; rng_of(k) is the curator's stream in it.

    Raises:
        DataError: data without rows, or a chain of which nothing was accepted.
    """
    rounds: list[Samples] = []
    selections: list[Selection] = []
    left = 1
    while left and len(rounds) < curator.rounds:
        k = len(rounds)
        rows = _checked(draw(k))
        selections.append(_selected(curator, rows, rng_of(k)))
        rounds.append(rows)
        left = max(0, n - min(sum(s.accepted.sum(axis=1) for s in selections)))
    rows = Samples.concat(rounds)
    accepted = np.concatenate([s.accepted for s in selections], axis=1)
    curation = _counts(accepted, selections, n)
    if not curation.accepted.all():
        chain = int(np.argmin(curation.accepted))
        refused = {why: int(count[chain]) for why, count in curation.refused.items()}
        raise DataError(
            f"the curator accepted none of the {curation.seen[chain]:,} rows of chain {chain}; "
            f"refused: {refused}; loosen it or raise its rounds ({curator.rounds})"
        )
    # Accepted rows first, in the order drawn; refused ones fill what is missing.
    index = np.argsort(~accepted, axis=1, kind="stable")[:, :n]
    weight = np.concatenate([_weights(s) for s in selections], axis=1)
    taken = rows.take(index)
    weights = np.take_along_axis(weight, index, axis=1)
    return Samples(taken.x, taken.origin, weights, taken.label), curation


def _checked(data: Data) -> Samples:
    if not isinstance(data, Samples):
        raise DataError(f"a curator chooses rows; got {type(data).__name__}; use form = 'rows'")
    return data


def _selected(curator: Curator, rows: Samples, rng: np.random.Generator) -> Selection:
    selection = curator.select(rows, rng)
    if selection.accepted.shape != rows.x.shape[:2]:
        raise DataError(
            f"{type(curator).__name__} decided about rows {selection.accepted.shape}; expected "
            f"{rows.x.shape[:2]}"
        )
    return selection


def _weights(selection: Selection) -> Floats:
    weight = np.ones(selection.accepted.shape) if selection.weight is None else selection.weight
    return frozen(np.where(selection.accepted, weight, 0.0))


def _counts(accepted: Bools, selections: list[Selection], n: int) -> Curation:
    """Count each chain up to the row that fills it."""
    so_far = accepted.cumsum(axis=1)
    # The n-th accepted row itself is seen, everything after it is not.
    seen = so_far - accepted < n
    refused: dict[str, Ints] = {}
    start = 0
    for selection in selections:
        stop = start + selection.accepted.shape[1]
        turned_down = seen[:, start:stop] & ~selection.accepted
        for place, why in enumerate(selection.reasons):
            count = (turned_down & (selection.reason == place)).sum(axis=1)
            refused[why] = refused.get(why, 0) + count
        start = stop
    return Curation(n, seen.sum(axis=1), np.minimum(so_far[:, -1], n), refused)
