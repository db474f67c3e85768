"""The interval of the first setting that holds: given up early, never another one."""

import math

import numpy as np
import pytest

from genloss.plan.advise import curve
from genloss.plan.advise.curve import RESAMPLES, bracket_interval, narrow_interval
from genloss.plan.advise.evidence import Cell
from genloss.plan.advise.question import question_of, target_of
from genloss.study.study import study_from

from .specs import GAUSSIAN


@pytest.fixture
def question():
    return question_of(study_from(GAUSSIAN), target_of("squared_mean_error <= 0.05 at 30"))


def cells(rng, step):
    """Return errors that fall as 1 / k, of settings so far apart."""
    return [Cell(float(k), rng.chisquare(8, 120) / (8 * 4 * k)) for k in range(1, 40, step)]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 4])
def test_an_interval_is_the_same_whether_it_may_be_given_up_or_not(question, seed, step):
    rng, told = np.random.default_rng(seed), set()
    for _ in range(5):
        some = cells(rng, step)
        low, high = bracket_interval(question, some)
        for widest in (0.0, 1.0, 4.0, 8.0, 39.0):
            found = narrow_interval(question, some, widest)
            assert found == ((low, high) if high - low <= widest else None)
            told.add(found is None)
    assert told == {True, False}


@pytest.mark.slow
def test_an_interval_that_has_to_be_wider_is_given_up_early(question, seed, monkeypatch):
    some, drawn = cells(np.random.default_rng(seed), 1), []
    estimates = curve._estimates

    def counted(*args):
        drawn.append(1)
        return estimates(*args)

    monkeypatch.setattr(curve, "_estimates", counted)
    low, high = bracket_interval(question, some)
    assert len(drawn) == RESAMPLES
    assert math.isfinite(high)
    assert high - low > 1
    drawn.clear()
    assert narrow_interval(question, some, 0.0) is None
    assert len(drawn) < RESAMPLES / 2
