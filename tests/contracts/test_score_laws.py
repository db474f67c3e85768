"""Every law of scores rejects a score that was made to break it; ours keep them all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.testing import ContractError, check_score
from genloss.testing.score import SCORE_LAWS

from .table import held

WRONG: list[tuple[str, Any]] = []


@pytest.mark.parametrize("line", held("score"), ids=str)
def test_every_score_keeps_the_laws(line):
    check_score(line.build("score"), line.rows)


def breaks(law):
    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


@dataclass(frozen=True)
class FirstCoordinate:
    """Honest."""

    shift: float = 0.0

    def scores(self, rows, reference):
        return rows.x[:, :, 0] + self.shift


@breaks("it fills its role")
@dataclass(frozen=True)
class NoScores:
    shift: float = 0.0


@breaks("it is a frozen dataclass")
class NoFields:
    scores, shift = FirstCoordinate.scores, 0.0


@breaks("its description builds it again")
@dataclass(frozen=True)
class Rises(FirstCoordinate):
    def __post_init__(self):
        object.__setattr__(self, "shift", self.shift + 0.1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(FirstCoordinate):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("every row has a number")
@dataclass(frozen=True)
class NoNumber(FirstCoordinate):
    def scores(self, rows, reference):
        return np.where(rows.x[:, :, 0] > 0, np.nan, 1.0)


@breaks("a score is a function of its row")
@dataclass(frozen=True)
class Ranks(FirstCoordinate):
    def scores(self, rows, reference):
        return np.argsort(np.argsort(rows.x[:, :, 0], axis=1), axis=1)


@breaks("it leaves its rows alone")
@dataclass(frozen=True)
class Chance(FirstCoordinate):
    def scores(self, rows, reference):
        return np.random.default_rng().normal(size=rows.x.shape[:2])


def test_an_honest_score_passes():
    assert set(check_score(FirstCoordinate()).skipped) == {"what it says of itself is whole"}


@pytest.mark.parametrize(
    ("law", "score"), WRONG, ids=[f"{law}-{type(s).__name__}" for law, s in WRONG]
)
def test_a_wrong_score_is_rejected_by_its_law(law, score):
    with pytest.raises(ContractError) as error:
        check_score(score)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_score():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in SCORE_LAWS}
