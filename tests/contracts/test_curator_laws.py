"""Every law of curators rejects a curator that was made to break it; ours keep them all."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.core.curators.selection import Selection
from genloss.core.samples import Samples
from genloss.errors import DataError
from genloss.testing import ContractError, check_curator
from genloss.testing.curator import CURATOR_LAWS

from .table import held

CALLS = count()

WRONG: list[tuple[str, Any]] = []


ROWS = {"verifier": ["images"], "taught_detector": ["text"], "near_deduplication": ["text"]}
"""Kinds of rows on which a curator is tried: labels to check, or tokens to read."""

TRIED = [
    (line, rows)
    for line in held("curator")
    for rows in ROWS.get(line.kind, ["line", "symbols", "text"])
]


@pytest.mark.parametrize(("line", "rows"), TRIED, ids=[f"{x}-{rows}" for x, rows in TRIED])
def test_every_curator_keeps_the_laws(line, rows):
    check_curator(line.build("curator"), rows)


def breaks(law):
    """Plant a wrong curator: it must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


@dataclass(frozen=True)
class UpperHalf:
    """Honest: accepts rows above the weighted median of their chain, by frequency."""

    shift: float = 0.0
    rounds: int = 3
    covers: str = "generated"

    def select(self, rows, reference, rng):
        x = rows.x[:, :, 0]
        w = np.ones(x.shape) if rows.weight is None else rows.weight
        accepted = x > self.bar(x, w)[:, None] + self.shift
        return Selection(accepted, np.zeros(x.shape, dtype=int), ("small",))

    def bar(self, x, w):
        order = np.argsort(x, axis=1)
        so_far = np.cumsum(np.take_along_axis(w, order, axis=1), axis=1)
        place = (so_far < so_far[:, -1:] / 2).sum(axis=1)
        return np.take_along_axis(x, order, axis=1)[np.arange(len(x)), place]


@breaks("it fills its role")
@dataclass(frozen=True)
class NoRounds:
    covers: str = "generated"
    select = UpperHalf.select


@breaks("it is a frozen dataclass")
class NoFields:
    shift, rounds, covers, select, bar = 0.0, 3, "generated", UpperHalf.select, UpperHalf.bar


@breaks("its description builds it again")
@dataclass(frozen=True)
class Rises(UpperHalf):
    def __post_init__(self):
        object.__setattr__(self, "shift", self.shift + 0.1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(UpperHalf):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("rounds and what it covers are known")
@dataclass(frozen=True)
class CoversSome(UpperHalf):
    covers: str = "some"


@breaks("it decides about every row")
@dataclass(frozen=True)
class AllButOne(UpperHalf):
    def select(self, rows, reference, rng):
        return super().select(rows.head(rows.n_rows - 1), reference, rng)


@breaks("it decides about every row")
@dataclass(frozen=True)
class RefusesAll(UpperHalf):
    shift: float = 1e9


@breaks("a decision is a function of rows and stream")
@dataclass(frozen=True)
class StreamOfItsOwn(UpperHalf):
    """No draw: two of them can lie between the same rows, and nothing would be wrong."""

    def bar(self, x, w):
        return super().bar(x, w) + (next(CALLS) * 0.618 % 1.0 - 0.5) * 4.0


@breaks("it leaves its rows alone")
@dataclass(frozen=True)
class Clips(UpperHalf):
    def select(self, rows, reference, rng):
        np.clip(rows.x, -1, 1, out=rows.x.base)
        return super().select(rows, reference, rng)


@breaks("a decision does not depend on neighbours")
@dataclass(frozen=True)
class PoolsChains(UpperHalf):
    def bar(self, x, w):
        return np.full(len(x), super().bar(x, w).mean())


@breaks("a decision does not depend on neighbours")
@dataclass(frozen=True)
class KnowsItsPlace(UpperHalf):
    def bar(self, x, w):
        return super().bar(x, w) + np.arange(len(x))


@breaks("rows of weight 0 leave no trace")
@breaks("weights are frequencies")
@dataclass(frozen=True)
class IgnoresWeights(UpperHalf):
    def bar(self, x, w):
        return super().bar(x, np.ones_like(w))


@breaks("what enters is what it accepted")
@dataclass(frozen=True)
class ReasonsChange(UpperHalf):
    """Two reasons of one name: the counts of one round hide those of the other."""

    def select(self, rows, reference, rng):
        made = super().select(rows, reference, rng)
        reason = np.where(rows.x[:, :, 0] < 0, 0, 1)
        object.__setattr__(made, "reason", reason)
        return made


def test_an_honest_curator_passes():
    outcome = check_curator(UpperHalf())
    assert set(outcome.skipped) == {"what it says of itself is whole"}


@pytest.mark.parametrize(
    ("law", "curator"), WRONG, ids=[f"{law}-{type(c).__name__}" for law, c in WRONG]
)
def test_a_wrong_curator_is_rejected_by_its_law(law, curator):
    with pytest.raises(ContractError) as error:
        check_curator(curator)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_curator():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in CURATOR_LAWS}


@dataclass(frozen=True)
class RefusesWeights(UpperHalf):
    def select(self, rows, reference, rng):
        if rows.weight is not None:
            raise DataError("RefusesWeights takes no weights; put it before other curators")
        return super().select(rows, reference, rng)


def test_weighted_rows_may_be_refused():
    assert "refused" in check_curator(RefusesWeights()).skipped["weights are frequencies"]


def test_one_chain_cannot_show_that_chains_are_apart():
    with pytest.raises(DataError, match="two chains"):
        check_curator(UpperHalf(), Samples.of(np.zeros((1, 20, 1)), 0))
