"""Advice on another regime than the study's own: what the study reaches as it is."""

from dataclasses import replace

import pytest

from genloss.plan.advise.advice import Effort, advise
from genloss.plan.advise.question import question_of, target_of
from genloss.plan.advise.supplies import real_rows, supply_of
from genloss.study.study import study_from

from .specs import GAUSSIAN

OTHERS = {
    "accumulate": {"kind": "accumulate"},
    "augment": {"kind": "augment"},
    "window": {"kind": "window", "k": 3},
    "switch": {"kind": "switch", "first": "replace", "at": 2, "then": "accumulate"},
    "discounted": {"kind": "discounted", "decay": 0.9},
    "web": {"kind": "web", "inflow": 5},
    "fresh": {"kind": "fresh", "n_real": 9},
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_regime_that_is_exchanged_is_told(name, tmp_path):
    """Other rows than its own are counted: by closed form where there is one, else by one run."""
    spec = GAUSSIAN | {"regime": OTHERS[name], "form": "rows", "chains": 4, "n_real": 20}
    question = question_of(study_from(spec), target_of("squared_mean_error <= 9 at 3"), "mean")
    dial = replace(real_rows(question.study, "count", "kept"), most=3)
    found = advise(question, [dial], Effort(tmp_path, 4, workers=1)).as_asked
    assert found is not None
    assert found.how in ("closed form", "one run of 4 chains")
    assert (found.regime, found.supply) == (question.study.regime, "kept")
    assert found.holds
    # Eight coordinates, 20 rows: 0.4 for a fit, at most three of them added up.
    assert 0.1 < found.value < 1.6


def test_what_accumulating_reaches_is_exact_and_costs_no_run(tmp_path):
    """8/100 times 1 + 1/4 + ... + 1/30^2, nearly: under the bound as it is."""
    asked = study_from(GAUSSIAN | {"regime": "accumulate"})
    question = question_of(asked, target_of("squared_mean_error <= 0.14 at 30"), "mean")
    dials = [real_rows(question.study, "count", supply_of(question.study)[0])]
    advice = advise(question, dials, Effort(tmp_path))
    assert advice.as_asked.how == "closed form"
    assert advice.as_asked.holds
    assert advice.as_asked.value == pytest.approx(
        0.08 * sum(s**-2.0 for s in range(1, 31)), rel=0.01
    )
    assert advice.answers[0].rows > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("regime", ["replace", {"kind": "mix", "real_fraction": 0.1}])
def test_a_regime_that_the_settings_go_through_is_none_other(regime, tmp_path):
    spec = GAUSSIAN | {"regime": regime, "form": "rows"}
    question = question_of(study_from(spec), target_of("squared_mean_error <= 0.6 at 30"), "mean")
    dials = [real_rows(question.study, "count", "redrawn")]
    assert advise(question, dials, Effort(tmp_path)).as_asked is None
