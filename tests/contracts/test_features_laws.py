"""Every law of features rejects features that were made to break it; ours keep them all."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.metrics.features import Pixels
from genloss.testing import ContractError, check_features
from genloss.testing.features import FEATURES_LAWS

from .table import held

WRONG: list[tuple[str, Any]] = []


@dataclass(frozen=True)
class Quadrants:
    """Honest: four classes of points by two signs, soft at the borders; nothing learned."""

    sharpness: float = 1.0

    def learned(self, p_0):
        return self

    def features(self, x):
        return self.sharpness * x

    def class_probabilities(self, x):
        right, up = (1 / (1 + np.exp(-self.sharpness * x[..., i])) for i in (0, 1))
        return np.stack([a * b for a in (right, 1 - right) for b in (up, 1 - up)], axis=-1)


CASES = [
    pytest.param(x, id=f"{x}-{x.rows}", marks=[pytest.mark.slow] if x.fields else [])
    for x in held("features")
]


@pytest.mark.parametrize("line", CASES)
def test_all_features_keep_the_laws(line, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLOSS_CACHE", str(tmp_path))
    check_features(line.build("features"), line.rows)


def test_honest_features_of_others_keep_them():
    check_features(Quadrants(), "space")


def breaks(law):
    """Plant wrong features: they must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


@breaks("it fills its role")
@dataclass(frozen=True)
class NeverLearned:
    features = Quadrants.features


@breaks("it is a frozen dataclass")
class NoFields:
    sharpness, learned = 1.0, Quadrants.learned
    features, class_probabilities = Quadrants.features, Quadrants.class_probabilities


@breaks("its description builds it again")
@dataclass(frozen=True)
class Grows(Quadrants):
    def __post_init__(self):
        object.__setattr__(self, "sharpness", self.sharpness + 1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Quadrants):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("features are finite numbers for every row")
@dataclass(frozen=True)
class OneForAll(Quadrants):
    def features(self, x):
        return x.mean(axis=1)


@breaks("features are finite numbers for every row")
@dataclass(frozen=True)
class Logs(Quadrants):
    def features(self, x):
        return np.log(np.maximum(x, 0), out=np.full(x.shape, -np.inf), where=x > 0)


@breaks("a row is seen alone")
@dataclass(frozen=True)
class Standardises(Quadrants):
    def features(self, x):
        return x / x.std(axis=(0, 1))


@breaks("a row is seen alone")
@dataclass(frozen=True)
class KnowsChains(Quadrants):
    def features(self, x):
        return x + np.arange(len(x))[:, None, None]


@breaks("looking changes nothing")
@dataclass(frozen=True)
class InPlace(Quadrants):
    def features(self, x):
        x *= 2
        return x


@breaks("looking changes nothing")
@dataclass(frozen=True)
class Adapts(Quadrants):
    seen: list = field(default_factory=list)

    def features(self, x):
        self.seen.append(1)
        return x + len(self.seen)


@breaks("a map depends on reality alone")
@dataclass(frozen=True)
class StreamOfItsOwn(Quadrants):
    def learned(self, p_0):
        return Quadrants(np.random.default_rng().random() + 0.5)


@breaks("different rows are told apart")
@dataclass(frozen=True)
class Blind(Quadrants):
    def features(self, x):
        return np.ones((*x.shape[:2], 2))


@breaks("classes have probabilities")
@dataclass(frozen=True)
class Logits(Quadrants):
    def class_probabilities(self, x):
        return np.log(super().class_probabilities(x))


def test_honest_features_keep_every_law():
    assert set(check_features(Quadrants()).skipped) == {"what it says of itself is whole"}
    assert "classes have probabilities" in check_features(Pixels()).skipped


@pytest.mark.parametrize(
    ("law", "features"), WRONG, ids=[f"{law}-{type(f).__name__}" for law, f in WRONG]
)
def test_wrong_features_are_rejected_by_their_law(law, features):
    with pytest.raises(ContractError) as error:
        check_features(features)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_wrong_features():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in FEATURES_LAWS}
