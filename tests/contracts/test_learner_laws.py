"""Every law of learners and models rejects a class that was made to break it."""

from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.errors import DataError, SpecError
from genloss.testing import ContractError, check_learner
from genloss.testing.learner import LEARNER_LAWS

from . import wrong_learners, wrong_texts
from .wrong_learners import IgnoresWeights, Line, Resumes
from .wrong_texts import Writes

LAWS = [law.__name__.replace("_", " ") for law in LEARNER_LAWS]
WRONG = wrong_learners.WRONG + wrong_texts.WRONG


def violated(learner, kind, **options) -> set[str]:
    with pytest.raises(ContractError) as error:
        check_learner(learner, kind, **options)
    for violation in error.value.violations:
        assert violation.got
        assert violation.expected
        assert violation.law in str(error.value)
    return {v.law for v in error.value.violations}


@pytest.mark.parametrize("learner", [Line(), Resumes()])
def test_honest_learners_pass(learner):
    others = ("symbols", "text", "moments", "counts", "source")
    assert len(check_learner(learner, "line", refuses=others).held) >= 20


@pytest.mark.slow
def test_an_honest_language_model_passes():
    assert len(check_learner(Writes(), "text").held) >= 20


@pytest.mark.parametrize(
    ("law", "learner", "kind"), WRONG, ids=[f"{law}-{type(w).__name__}" for law, w, _ in WRONG]
)
def test_a_wrong_learner_is_rejected_by_its_law(law, learner, kind):
    assert law in violated(learner, kind)


def test_every_law_has_a_wrong_class():
    assert {law for law, _, _ in WRONG} == set(LAWS)


def test_a_form_that_must_be_refused_or_must_not_be():
    law = "other forms are learned from or refused"
    for wrong in (("symbols",), ("rows", "symbols", "text", "moments", "counts", "source")):
        assert violated(Line(), "line", refuses=wrong) == {law}


def test_all_violated_laws_are_told_at_once_with_what_was_got():
    found = violated(IgnoresWeights(), "line")
    assert {"weights matter", "weights are frequencies"} <= found
    with pytest.raises(AssertionError, match=r"(?s)IgnoresWeights breaks .* laws.*got .*expected"):
        check_learner(IgnoresWeights())


@dataclass(frozen=True)
class RefusesWeights(Line):
    def read(self, train):
        if isinstance(train, Samples) and train.weight is not None:
            raise DataError("RefusesWeights takes no weights; use a regime without a curator")
        return super().read(train)


def test_weighted_rows_may_be_refused():
    skipped = check_learner(RefusesWeights()).skipped
    assert "refused" in skipped["weights matter"]
    assert "refused" in skipped["rows of weight 0 leave no trace"]


@dataclass(frozen=True)
class OnlyCold(Line):
    def fit(self, train, rng, *, init=None, valid=None):
        if init is not None:
            raise SpecError("OnlyCold begins anew; use warm_start = false")
        return super().fit(train, rng)


def test_a_warm_start_may_be_refused():
    assert "refused" in check_learner(OnlyCold()).skipped["a warm start is accepted"]


def test_one_chain_cannot_show_that_chains_are_apart():
    with pytest.raises(DataError, match="two chains"):
        check_learner(Line(), Samples.of(np.zeros((1, 20, 1)), 0))
