"""The ladder of sizes, by a clock that a learner moves: bounded, and right where time is linear."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from genloss.core.progress import reached
from genloss.errors import FitError
from genloss.models.gaussian import GaussianLearner
from genloss.plan.timing import FIRST_ROWS, timed
from genloss.realities.gaussians import Gaussian
from genloss.run.events import Phase
from genloss.study.study import Study


@dataclass(frozen=True)
class Clock:
    """A time that only moves when somebody works."""

    now: list[float] = field(default_factory=lambda: [0.0])

    def __call__(self) -> float:
        return self.now[0]


@dataclass(frozen=True)
class Slow:
    """A learner that takes `row` seconds for each row, step by step, and notes its sizes."""

    clock: Clock
    row: float
    sizes: list[int] = field(default_factory=list)
    epochs: int = 0

    def fit(self, train, rng, *, init=None, valid=None):
        self.sizes.append(train.n_rows)
        for step in range(train.n_rows):
            self.clock.now[0] += self.row
            reached(step + 1, train.n_rows, self.epochs)
        return GaussianLearner(ddof=1).fit(train, rng)

    def restore(self, state: Mapping):
        return GaussianLearner(ddof=1).restore(state)


@dataclass(frozen=True)
class InEpochs(Slow):
    """The same, in 5 epochs."""

    def one_epoch(self):
        return replace(self, epochs=1), 5


def study(learner, **options) -> Study:
    return Study(Gaussian(), learner, n_real=1000, generations=10, **options)


def test_a_fast_study_is_timed_whole():
    clock = Clock()
    slow = Slow(clock, 1e-4)
    timing = timed(study(slow), clock=clock)
    assert timing.whole
    assert slow.sizes[:2] == [FIRST_ROWS, FIRST_ROWS]
    assert slow.sizes[-3:] == [1000, 1000, 1000]
    assert timing.seconds <= 10.0


@pytest.mark.parametrize("row", [1e-3, 0.02, 0.2, 3.0])
@pytest.mark.parametrize("kind", [Slow, InEpochs])
def test_the_budget_holds_to_a_step_and_linear_time_is_found(kind, row):
    """However slow the rows are; the first rung, which loads, is not counted."""
    clock = Clock()
    slow = kind(clock, row)
    timing = timed(study(slow), clock=clock)
    assert timing.seconds <= 10.0 + 2 * row
    assert timing.epochs == (5 if kind is InEpochs else 0)
    points = timing.points[Phase.FITTING]
    assert points
    for point in points:
        assert point.seconds / point.share == pytest.approx(row * point.rows)


def test_a_learner_of_epochs_begins_with_one_row():
    """Eight rows of a real language model, before and in the fit, are a minute, not ten seconds."""
    clock = Clock()
    slow = InEpochs(clock, 2.0)
    timed(study(slow), clock=clock)
    assert slow.sizes[:2] == [1, 1]
    assert clock.now[0] <= 2.0 + 10.0 + 2.0


def test_too_few_rows_for_a_learner_are_no_reason():
    """It refuses fewer than 100 rows: the ladder climbs to what it takes."""
    clock = Clock()

    @dataclass(frozen=True)
    class Choosy(Slow):
        def fit(self, train, rng, *, init=None, valid=None):
            if train.n_rows < 100:
                raise FitError("too few rows")
            return super().fit(train, rng, init=init, valid=valid)

    timing = timed(study(Choosy(clock, 1e-4)), clock=clock)
    assert timing.whole


def test_what_the_study_itself_refuses_is_raised():
    @dataclass(frozen=True)
    class Never(Slow):
        def fit(self, train, rng, *, init=None, valid=None):
            raise FitError("never")

    clock = Clock()
    with pytest.raises(FitError, match="never"):
        timed(study(Never(clock, 1e-4)), clock=clock)


@dataclass(frozen=True)
class Judge:
    """A metric that takes a second for every held-out row, before the first fit as well."""

    clock: Clock
    rows: list[int] = field(default_factory=list)
    name: str = "judge"
    unit: str = "1"
    direction: str = "lower"

    def __call__(self, view):
        self.rows.append(view.held_out.shape[1])
        self.clock.now[0] += view.held_out.shape[1]
        return np.zeros(view.held_out.shape[0])


def test_held_out_rows_are_as_few_as_the_others():
    """Judging all 500 would take 500 s, over and over, and nobody could cut it short."""
    clock = Clock()
    judge = Judge(clock)
    timed(study(Slow(clock, 1e-3), held_out=500, metrics=(judge,)), clock=clock)
    assert judge.rows[0] == 500 * FIRST_ROWS // 1000
    assert sum(judge.rows) < 100


@dataclass(frozen=True)
class Before(Judge):
    """The same, a minute in all and before the first fit only."""

    def __call__(self, view):
        self.clock.now[0] += 60.0 if view.t == 0 else 0.0
        return np.zeros(view.held_out.shape[0])


@pytest.mark.parametrize("kind", [Slow, InEpochs])
def test_a_busy_start_leaves_time_for_the_first_fit(kind):
    """Else a base that judges, on a busy machine, spent all of it and nothing could be timed."""
    clock = Clock()
    timing = timed(study(kind(clock, 0.5), held_out=500, metrics=(Before(clock),)), clock=clock)
    points = timing.points[Phase.FITTING]
    assert points
    assert points[-1].seconds / points[-1].share == pytest.approx(0.5 * points[-1].rows)
    assert clock.now[0] < 2 * (60.0 + FIRST_ROWS * 0.5) + 1.0


def test_what_can_be_timed_at_no_size_says_what_to_do():
    """It refuses few rows, and too little of 10 seconds is left to try more."""
    clock = Clock()

    @dataclass(frozen=True)
    class Choosy(Slow):
        def fit(self, train, rng, *, init=None, valid=None):
            self.clock.now[0] += 6.0
            reached(1, 2)
            raise FitError("too few rows")

    with pytest.raises(
        FitError, match=r"nothing could be timed: .*\(too few rows\).*generations=1"
    ):
        timed(study(Choosy(clock, 1.0)), clock=clock)
