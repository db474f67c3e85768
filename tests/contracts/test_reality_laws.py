"""Every law of realities rejects a reality that was made to break it."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.realities.finite import FiniteRows
from genloss.testing import ContractError, check_reality
from genloss.testing.models import MODEL_LAWS
from genloss.testing.reality import REALITY_LAWS

from .wrong_learners import LineModel

WRONG: list[tuple[str, Any]] = []
ROWS = np.random.default_rng(1).normal(size=(40, 2))
LABELS = np.arange(40) % 3


def breaks(law):
    """Plant a wrong reality: it must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


@dataclass(frozen=True)
class Law:
    """Honest: N(mean, 1) of every chain."""

    mean: float = 1.0
    model = LineModel

    def realise(self, n_chains, rng):
        c = checked_count(n_chains, "n_chains")
        return self.model(np.full(c, self.mean), np.ones(c))


@dataclass(frozen=True, eq=False)
class Rows(FiniteRows):
    """Honest: rows as they are."""


@dataclass(frozen=True)
class Table:
    """Honest: forty labelled rows."""

    scale: float = 1.0
    model = Rows

    def realise(self, n_chains, rng):
        return self.model.of(ROWS, n_chains, rng, LABELS, self.scale)


def wrong_rows(law):
    """Plant wrong rows, realised as honest ones are."""

    def planted(cls):
        WRONG.append((law, dataclass(frozen=True)(type(cls.__name__, (Table,), {"model": cls}))()))
        return cls

    return planted


@breaks("it fills its role")
@dataclass(frozen=True)
class Nothing:
    pass


@breaks("it is a frozen dataclass")
class NoFields:
    model, mean, realise = LineModel, 1.0, Law.realise


@breaks("its description builds it again")
@dataclass(frozen=True)
class HidesAField(Law):
    mean: float = field(default=1.0, init=False)
    shift: float = 0.5

    def __post_init__(self):
        object.__setattr__(self, "shift", self.shift + 1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Law):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("it is realised for any number of chains")
@dataclass(frozen=True)
class AlwaysThree(Law):
    def realise(self, n_chains, rng):
        return super().realise(3, rng)


@breaks("it is realised for any number of chains")
@dataclass(frozen=True)
class AnyNumber(Law):
    def realise(self, n_chains, rng):
        return super().realise(max(int(n_chains), 1), rng)


@breaks("it is a function of its fields and the stream")
@dataclass(frozen=True)
class StreamOfItsOwn(Law):
    def realise(self, n_chains, rng):
        made = super().realise(n_chains, rng)
        return replace(made, mean=made.mean + np.random.default_rng().random())


class OneDrawForAll(LineModel):
    def sample(self, n, rng):
        return self.draw(rng.standard_normal((1, n, 1)))


@breaks("chains draw apart")
@dataclass(frozen=True)
class OneDraw(Law):
    model = OneDrawForAll


@wrong_rows("finite rows are handed out once")
@dataclass(frozen=True, eq=False)
class Repeats(FiniteRows):
    def rows(self, start, n):
        place = np.minimum(self._handed(start, n), 37)
        return self._scaled(place)


@wrong_rows("finite rows are handed out once")
@dataclass(frozen=True, eq=False)
class BeginsAgain(FiniteRows):
    def rows(self, start, n):
        return super().rows(start, n) if start + n <= self.n_rows else super().rows(0, n)


@wrong_rows("finite rows are handed out once")
@dataclass(frozen=True, eq=False)
class OrderByPart(FiniteRows):
    def rows(self, start, n):
        return super().rows(start, n)[:, ::-1]


@wrong_rows("finite rows are handed out once")
@dataclass(frozen=True, eq=False)
class OneOrder(FiniteRows):
    def rows(self, start, n):
        return np.repeat(super().rows(start, n)[:1], self.n_chains, axis=0)


@wrong_rows("labels belong to rows")
@dataclass(frozen=True, eq=False)
class LabelsInFileOrder(FiniteRows):
    def labels_of(self, start, n):
        return np.tile(self.labels[start : start + n], (self.n_chains, 1))


@wrong_rows("held out rows are left out")
@dataclass(frozen=True, eq=False)
class HoldsOutTheFirst(FiniteRows):
    def split(self, m):
        return self, self.rows(0, m)


def test_honest_realities_pass():
    assert "finite rows are handed out once" in check_reality(Law()).skipped
    assert "labels belong to rows" in check_reality(Table()).held


@dataclass(frozen=True)
class Doubled:
    """A data set in which five rows stand twice, as real ones do."""

    scale: float = 1.0

    def realise(self, n_chains, rng):
        return FiniteRows.of(np.concatenate([ROWS, ROWS[:5]]), n_chains, rng)


def test_rows_that_truly_repeat_are_said():
    assert check_reality(Doubled(), repeats=5).held
    with pytest.raises(ContractError, match=r"40, 40, 40. different rows of 45; expected 45"):
        check_reality(Doubled())


@pytest.mark.parametrize(
    ("law", "reality"), WRONG, ids=[f"{law}-{type(r).__name__}" for law, r in WRONG]
)
def test_a_wrong_reality_is_rejected_by_its_law(law, reality):
    with pytest.raises(ContractError) as error:
        check_reality(reality)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_reality():
    """Those of any model have a wrong one in test_learner_laws.py."""
    laws = {law.__name__.replace("_", " ") for law in REALITY_LAWS if law not in MODEL_LAWS}
    assert {law for law, _ in WRONG} == laws
