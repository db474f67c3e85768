"""The tally: rate, share and time left of made-up events by a made-up clock."""

from pathlib import Path

import pytest

from genloss.core.forms import AsCounts, AsMoments
from genloss.core.regimes import Accumulate
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.realities.tokens import UniformTokens
from genloss.run.events import Failed, Finished, Moved, Phase, Planned, Step
from genloss.run.tally import Tally, Work
from genloss.run.task import Task
from genloss.study.study import Study


def study(**options) -> Study:
    options = {"n_real": 10, "generations": 8, **options}
    return Study(Gaussian(), GaussianLearner(ddof=1), **options)


class Told:
    """A tally with a clock of its own: at(seconds, task, step...) tells one event."""

    def __init__(self, *studies: Study) -> None:
        self.now = 0.0
        self.tally = Tally(clock=lambda: self.now)
        tasks = [Task(s, Path(), b) for s in studies for b in range(s.n_blocks)]
        self.tally(Planned(tuple(tasks)))

    def at(self, seconds: float, task: int, *step) -> None:
        self.now = seconds
        self.tally(Moved(task, Step(*step)))

    @property
    def standing(self):
        return self.tally.standing()


def test_before_anything_begins_nothing_is_promised():
    told = Told(study())
    told.at(3.0, 0, Phase.READING, 0)
    at = told.standing
    assert (at.share, at.rate, at.left, at.step.phase) == (0.0, 0.0, None, Phase.READING)


def test_the_first_fit_gives_a_time_left_that_is_a_lower_bound():
    """10 s for a quarter of the first of 8 equal fits: 10 s / (1/32) - 10 s = 310 s."""
    told = Told(study())
    told.at(0.0, 0, Phase.READING, 0)
    told.at(100.0, 0, Phase.FITTING, 1)  # reading says nothing about the speed
    told.at(110.0, 0, Phase.FITTING, 1, 0.25, 5, 20, 4)
    at = told.standing
    assert at.left == pytest.approx(310.0)
    assert at.at_least
    assert at.share == pytest.approx(1 / 32)
    assert at.seconds == pytest.approx(10.0)


def test_a_generation_divides_into_phases_as_those_before():
    """6 s of fitting, 3 of drawing, 1 of measuring; then half of a drawing is 0.6 + 0.15."""
    told = Told(study())
    for t, seconds in ((1, 0.0), (2, 10.0)):
        told.at(seconds, 0, Phase.FITTING, t)
        told.at(seconds + 6.0, 0, Phase.DRAWING, t)
        if t == 1:
            told.at(9.0, 0, Phase.MEASURING, t)
            told.at(10.0, 0, Phase.DONE, t)
    told.at(17.5, 0, Phase.DRAWING, 2, 0.5)
    at = told.standing
    assert at.share == pytest.approx(1.75 / 8)
    assert at.left == pytest.approx(17.5 * 6.25 / 1.75)
    assert at.rate == pytest.approx(1 / 17.5)
    assert not at.at_least


def test_what_an_earlier_session_did_is_progress_but_no_speed():
    told = Told(study())
    told.at(0.0, 0, Phase.READING, 0)
    told.at(5.0, 0, Phase.FITTING, 5)
    told.at(15.0, 0, Phase.DONE, 5)
    at = told.standing
    assert at.share == pytest.approx(5 / 8)
    assert at.rate == pytest.approx(0.1)
    assert at.left == pytest.approx(30.0)


def test_later_generations_of_accumulation_take_longer():
    """D_t has 10 t rows, S_t 10: generation t weighs t + 1; 2 of 44 are done after the first."""
    told = Told(study(regime=Accumulate()))
    told.at(0.0, 0, Phase.FITTING, 1)
    told.at(4.0, 0, Phase.DONE, 1)
    assert told.standing.left == pytest.approx(4.0 * 42 / 2)


def test_when_all_is_done_no_time_is_left():
    """Sums of thirds end a rounding beside the total, which is no time before or after the end."""
    told = Told(study(chains=3, chains_per_block=1))
    for block in range(3):
        told.at(0.0, block, Phase.FITTING, 1)
    for t in range(1, 9):
        for block in range(3):
            told.at(float(t), block, Phase.FITTING, t, 1 / 3)
            assert told.standing.left is None or told.standing.left >= 0.0
            told.at(float(t), block, Phase.DONE, t)
            assert told.standing.left is None or told.standing.left >= 0.0
    assert (told.standing.left, told.standing.share) == (None, pytest.approx(1.0))


def test_models_of_another_kind_go_at_a_speed_of_their_own():
    """Eight Gaussian generations in 8 s; then one of symbols in 60 s: seven more take 420."""
    symbols = Study(UniformTokens(4), CategoricalLearner(4), n_real=10, generations=8)
    told = Told(study(), symbols)
    told.at(0.0, 0, Phase.FITTING, 1)
    for t in range(1, 9):
        told.at(float(t), 0, Phase.DONE, t)
    assert told.standing.left == pytest.approx(8.0)
    assert told.standing.at_least
    told.at(8.0, 1, Phase.FITTING, 1)
    told.at(68.0, 1, Phase.DONE, 1)
    assert told.standing.left == pytest.approx(420.0)
    assert not told.standing.at_least
    told.now = 98.0  # half a minute without a word is time that the first one took, too
    assert told.standing.left == pytest.approx(630.0)


def test_what_failed_is_not_waited_for_and_the_last_task_is_alone():
    """Two side by side, 2 s a generation each; then one fails, and the other needs 2 s for each."""
    told = Told(study(), study())
    for i in (0, 1):
        told.at(0.0, i, Phase.FITTING, 1)
        told.at(2.0, i, Phase.DONE, 1)
    assert told.standing.left == pytest.approx(14.0)
    told.tally(Failed(1, ValueError("broken")))
    assert told.standing.left == pytest.approx(14.0)
    told.at(4.0, 0, Phase.DONE, 2)
    assert told.standing.left == pytest.approx(12.0)


def test_blocks_count_by_their_chains():
    """Blocks of 2, 2 and 1 chains; one of 2 is done: 2/5."""
    told = Told(study(chains=5, chains_per_block=2))
    told.at(0.0, 1, Phase.FITTING, 1)
    told.at(1.0, 2, Phase.FITTING, 1)
    told.at(8.0, 1, Phase.DONE, 8)
    at = told.standing
    assert (at.blocks, at.finished, at.working) == (3, 1, 1)
    assert at.task.block == 2
    assert at.share == pytest.approx(0.4)


def test_a_finished_run_is_full_at_once():
    told = Told(study(), study(seed=1))
    for task in (0, 1):
        told.at(1.0, task, Phase.DONE, 8)
    at = told.standing
    assert (at.finished, at.share, at.task, at.rate) == (2, 1.0, None, 0.0)


def test_a_failure_and_a_new_plan():
    told = Told(study())
    told.at(1.0, 0, Phase.DONE, 8)
    told.tally(Failed(0, ValueError()))
    told.tally(Planned((Task(study(generations=2), Path(), 0),)))
    assert (told.standing.share, told.standing.finished) == (0.0, 0)


def test_the_work_of_many_generations_is_interpolated():
    """The rows of 100,000 generations of accumulation: n (T (T + 1) / 2 + T), within a percent."""
    t = 100_000
    work = Work.of(study(generations=t, regime=Accumulate()))
    assert len(work.t) < 1000
    assert work.rows[-1] == pytest.approx(10 * (t * (t + 1) / 2 + t), rel=0.01)
    assert Work.of(study(generations=3)).until(1.5) == 30.0


def test_generations_count_although_nobody_saw_their_end():
    """Workers are looked at now and then: 4 generations in 2 s are 2 a second."""
    told = Told(study())
    told.at(0.0, 0, Phase.FITTING, 1)
    told.at(1.0, 0, Phase.DRAWING, 3)
    told.at(2.0, 0, Phase.FITTING, 5)
    at = told.standing
    assert at.rate == pytest.approx(2.0)
    assert not at.at_least


@pytest.mark.parametrize("n", range(2, 40))
def test_a_whole_is_a_whole_whatever_its_parts_sum_to(n):
    told = Told(*(study(n_real=7 * i + 3) for i in range(n)))
    for i in range(n):
        told.at(float(i), i, Phase.FITTING, 3, 0.37)
    for i in range(n):
        told.tally(Finished(i))
    assert told.standing.share == 1.0


@pytest.mark.parametrize(
    ("form", "learner", "reality"),
    [
        (AsMoments(), GaussianLearner(ddof=1), Gaussian()),
        (AsCounts(), CategoricalLearner(k=5), UniformTokens(k=5)),
    ],
)
def test_rows_that_nobody_draws_take_no_time(form, learner, reality):
    """Statistics of 10^7 rows beside 8 generations of 1,000 rows: those 8 are what lasts."""
    statistics = Study(reality, learner, form=form, n_real=10**7, generations=100)
    told = Told(statistics, study(n_real=1000))
    told.at(0.0, 1, Phase.FITTING, 1)
    told.at(4.0, 1, Phase.DONE, 4)
    assert told.standing.left < 10.0
    assert told.tally.tasks[0].cost < told.tally.tasks[1].cost
