"""Every law of regimes rejects a regime that was made to break it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.core.regimes import Accumulate
from genloss.core.roles import Sizes
from genloss.core.samples import Samples
from genloss.testing import ContractError, check_regime
from genloss.testing.regime import N_REAL, REGIME_LAWS, N

WRONG: list[tuple[str, Any]] = []


def pool(t):
    return {0: N_REAL} | dict.fromkeys(range(1, t), N)


def breaks(law):
    """Plant a wrong regime: it must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


@dataclass(frozen=True)
class Honest:
    """S_0 and all samples so far."""

    extra: int = 0

    def sizes(self, t, n_real, n):
        return Sizes(n_real + (t - 1) * n, n)

    def compose(self, history, fresh, rng):
        return type(history.real).concat([history.real, *history.synthetic])

    def remember(self, history):
        return history


@breaks("it fills its role")
@dataclass(frozen=True)
class RemembersNoMethod:
    sizes, compose = Honest.sizes, Honest.compose


@breaks("it is a frozen dataclass")
class NoFields:
    sizes, compose, remember = Honest.sizes, Honest.compose, Honest.remember


@breaks("its description builds it again")
@dataclass(frozen=True)
class Counts(Honest):
    def __post_init__(self):
        object.__setattr__(self, "extra", self.extra + 1)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Honest):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("generation 1 is reality")
@dataclass(frozen=True)
class BeginsLarge(Honest):
    def sizes(self, t, n_real, n):
        return Sizes(n_real + t * n, n) if t == 1 else super().sizes(t, n_real, n)


@breaks("sizes come true")
@dataclass(frozen=True)
class Lies(Honest):
    def sizes(self, t, n_real, n):
        return Sizes(n_real + (t - 1) * n + (t > 3), n)


@breaks("no row is repeated or leaves its chain")
@dataclass(frozen=True)
class Twice(Honest):
    def compose(self, history, fresh, rng):
        data = super().compose(history, fresh, rng)
        return data.take(np.minimum(np.arange(data.n_rows), data.n_rows - 2) * np.ones((3, 1), int))


@breaks("no row is repeated or leaves its chain")
@dataclass(frozen=True)
class Swaps(Honest):
    def compose(self, history, fresh, rng):
        data = super().compose(history, fresh, rng)
        return Samples(data.x[::-1], data.origin)


@breaks("an origin says who made a row")
@dataclass(frozen=True)
class CallsAllReal(Honest):
    def compose(self, history, fresh, rng):
        data = super().compose(history, fresh, rng)
        return Samples(data.x, 0 * data.origin)


@breaks("an origin says who made a row")
@dataclass(frozen=True)
class CallsAllForeign(Honest):
    def compose(self, history, fresh, rng):
        data = super().compose(history, fresh, rng)
        return Samples(data.x, 0 * data.origin - 1)


@breaks("training sets have the origins that are known")
@dataclass(frozen=True)
class OldestOnly(Honest):
    """As many rows, of other generations."""

    def compose(self, history, fresh, rng):
        data = super().compose(history, fresh, rng)
        n = N_REAL + (history.t - 1) * N
        return data.head(n - 1) if history.t > 4 else data


@breaks("forgetting changes nothing")
@dataclass(frozen=True)
class Forgets(Honest):
    def remember(self, history):
        return history.keeping_last(2)


@breaks("forgetting changes nothing")
@dataclass(frozen=True)
class StreamOfItsOwn(Honest):
    def compose(self, history, fresh, rng):
        data = super().compose(history, fresh, rng)
        return data.subsample(data.n_rows - 1, np.random.default_rng())


@breaks("composing leaves the past alone")
@dataclass(frozen=True)
class Sorts(Honest):
    def compose(self, history, fresh, rng):
        for part in history.synthetic:
            part.x.base.sort(axis=1)
        return super().compose(history, fresh, rng)


@breaks("other forms are composed or refused")
@dataclass(frozen=True)
class OnlyRows(Honest):
    def compose(self, history, fresh, rng):
        return replace(super().compose(history, fresh, rng), weight=None)


def violated(regime, **options):
    with pytest.raises(ContractError) as error:
        check_regime(regime, **options)
    return {v.law for v in error.value.violations}


def test_honest_regimes_pass():
    for regime in (Honest(), Accumulate()):
        outcome = check_regime(regime, origins=pool, forms=("moments", "counts", "source"))
        assert "an origin says who made a row" in outcome.held
    assert "training sets have the origins that are known" in check_regime(Honest()).skipped


@pytest.mark.parametrize(
    ("law", "regime"), WRONG, ids=[f"{law}-{type(r).__name__}" for law, r in WRONG]
)
def test_a_wrong_regime_is_rejected_by_its_law(law, regime):
    assert law in violated(regime, origins=pool)


def test_every_law_has_a_wrong_regime():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in REGIME_LAWS}


def test_known_origins_and_forms_are_held_to_exactly():
    law = "training sets have the origins that are known"
    other = "other forms are composed or refused"
    assert violated(Honest(), origins=lambda t: {0: N_REAL, t - 1: N}) == {law, other}
    assert violated(Honest(), forms=("counts",)) == {other}
