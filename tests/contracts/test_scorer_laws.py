"""Every law of scorers rejects a scorer that was made to break it; ours keep them all."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.testing import ContractError, check_scorer
from genloss.testing.scorer import SCORER_LAWS

from .table import held

WRONG: list[tuple[str, Any]] = []


@pytest.mark.parametrize("line", held("scorer"), ids=str)
def test_every_scorer_keeps_the_laws(line):
    check_scorer(line.build("scorer"))


def breaks(law):
    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


@dataclass(frozen=True)
class Letters:
    """Honest."""

    shift: float = 0.0

    def scores(self, texts):
        return np.array([len(t) + self.shift if len(t) > 40 else np.nan for t in texts])


@breaks("it fills its role")
@dataclass(frozen=True)
class NoScores:
    shift: float = 0.0


@breaks("it is a frozen dataclass")
class NoFields:
    scores, shift = Letters.scores, 0.0


@breaks("its description builds it again")
@dataclass(frozen=True)
class Rises(Letters):
    def __post_init__(self):
        object.__setattr__(self, "shift", self.shift + 0.1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Letters):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("every text has a number")
@dataclass(frozen=True)
class OneForAll(Letters):
    def scores(self, texts):
        return super().scores(texts) * 0.0


@breaks("a score is a function of its text")
@dataclass(frozen=True)
class Ranks(Letters):
    def scores(self, texts):
        return np.array([float(i) if len(t) > 40 else np.nan for i, t in enumerate(texts)])


CALLS = itertools.count()


@breaks("a score is a function of its text")
@dataclass(frozen=True)
class Drifts(Letters):
    def scores(self, texts):
        return super().scores(texts) + next(CALLS)


@breaks("a text that cannot be judged has no score")
@dataclass(frozen=True)
class ScoresNothing(Letters):
    def scores(self, texts):
        return np.array([float(len(t)) for t in texts])


def test_an_honest_scorer_passes():
    assert set(check_scorer(Letters()).skipped) == {"what it says of itself is whole"}


@pytest.mark.parametrize(
    ("law", "scorer"), WRONG, ids=[f"{law}-{type(s).__name__}" for law, s in WRONG]
)
def test_a_wrong_scorer_is_rejected_by_its_law(law, scorer):
    with pytest.raises(ContractError) as error:
        check_scorer(scorer)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_scorer():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in SCORER_LAWS}
