"""Advice against optima that are known: by closed form, and by search with the closed form off."""

import math
from dataclasses import replace

import numpy as np
import pytest

from genloss.cli.advice import sentence
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.plan.advise.advice import Effort, advise
from genloss.plan.advise.curve import falling, fitted
from genloss.plan.advise.evidence import Cell
from genloss.plan.advise.exact import smallest
from genloss.plan.advise.fields import field_dial
from genloss.plan.advise.question import Question, question_of, target_of
from genloss.plan.advise.search import _answer
from genloss.plan.advise.supplies import real_rows, supply_of
from genloss.study.study import study_from
from genloss.theory.anchored import anchored

from .specs import GAUSSIAN


@pytest.fixture
def study():
    return study_from(GAUSSIAN)


@pytest.mark.parametrize(
    "text",
    [
        "sigma >= 0.8 at 50",
        "perplexity(under=base) <= 300 at 5",
        "mode_share[3] >= 0.05 at 7",
        "perplexity within 10 % of control at 5",
        "trace_ratio within 0.1 of control at 20",
        "squared_mean_error lowest at 30",
        "diversity highest at 3",
    ],
)
def test_a_target_reads_back(text):
    assert str(target_of(text)) == text
    assert repr(target_of(str(target_of(text)))) == repr(target_of(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sigma", "expected"),
        ("sigma < 3 at 4", "expected"),
        ("sigma <= three at 4", "no finite number"),
        ("sigma <= nan at 4", "no finite number"),
        ("sigma <= 3 at 0", "no generation"),
        ("sigma <= 3 at last", "no generation"),
        ("sigma within -1 of control at 3", "no distance"),
    ],
)
def test_a_target_that_is_none_is_refused(text, why):
    with pytest.raises(SpecError, match=why):
        target_of(text)


def test_a_metric_that_the_study_lacks_is_refused_with_the_nearest(study):
    with pytest.raises(SpecError, match=r"trace_ratoi.*did you mean 'trace_ratio'"):
        question_of(study, target_of("trace_ratoi >= 0.9 at 5"))


def test_values_that_rise_are_pooled():
    """Hand case: 3, 1, 2 and 2, 2 of weight 1 and 2: the middle pair is worth 5/3."""
    pooled = falling(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]))
    np.testing.assert_allclose(pooled, [3.0, 5 / 3, 5 / 3])
    np.testing.assert_allclose(falling(np.arange(4.0), np.ones(4)), np.full(4, 1.5))
    np.testing.assert_allclose(falling(-np.arange(4.0), np.ones(4)), -np.arange(4.0))


def test_bisection_is_exact():
    for first in range(12):
        assert smallest(lambda k, first=first: k >= first, 10) == (first if first <= 10 else None)


def test_what_fails_between_is_not_held_from_there_on():
    assert smallest(lambda k: k == 0 or k >= 7, 100) == 7
    assert smallest(lambda k: k < 50, 100) is None


def test_real_rows_that_do_not_help_are_told(study, tmp_path):
    """Maximum likelihood loses variance by itself: 0.9 is held by no real rows, and not by all."""
    shrinks = replace(study, learner=GaussianLearner(ddof=0))
    question = question_of(shrinks, target_of("trace_ratio <= 0.9 at 30"), "mean")
    advice = advise(question, [real_rows(question.study, "share", "fresh")], Effort(tmp_path))
    [answer] = advice.answers
    assert (answer.rows, answer.best_at, answer.monotone) == (None, 0, False)
    assert answer.best == pytest.approx(0.99**30)
    said = sentence(answer, advice)
    assert "No setting" not in said
    assert "of 0, trace_ratio <= 0.9 at 30 holds" in said


@pytest.mark.parametrize("supply", ["fresh", "redrawn", "kept"])
@pytest.mark.parametrize("axis", ["share", "count"])
def test_the_closed_form_gives_the_first_number_that_holds(study, supply, axis, tmp_path):
    """Each number of real rows tried in turn, by theory alone."""
    question = question_of(study, target_of("squared_mean_error <= 0.6 at 30"), "mean")
    [answer] = advise(question, [real_rows(question.study, axis, supply)], Effort(tmp_path)).answers
    rows = {"fresh": "fresh", "redrawn": "redrawn", "kept": "fixed"}[supply]

    def error(k: int) -> float:
        synthetic = 100 - k if axis == "share" else 100
        return 8 * float(anchored(30, 100, k, synthetic, real_rows=rows, ddof=1).mean_error)

    expected = next(k for k in range(1, 100) if error(k) <= 0.6)
    assert (answer.how, answer.rows) == ("closed form", expected)
    assert answer.best == pytest.approx(error(expected))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_search_finds_what_the_closed_form_knows(study, tmp_path):
    """With theory switched off; 20 % is T15b's band."""
    question = question_of(study, target_of("squared_mean_error <= 0.6 at 30"), "mean")
    dials = [real_rows(question.study, "count", "fresh")]
    effort = Effort(tmp_path, chains=400, workers=1)
    [exact] = advise(question, dials, effort).answers
    [found] = advise(question, dials, effort, theory=False).answers
    assert found.how == "search"
    assert found.rows == pytest.approx(exact.rows, rel=0.2)
    assert found.low <= exact.rows <= found.high
    assert found.monotone
    assert found.stopped in ("the interval is narrow enough", "neighbouring whole numbers decide")
    # Nothing is run again, and the answer is the same.
    [again] = advise(question, dials, effort, theory=False).answers
    assert (again.rows, again.low, again.high) == (found.rows, found.low, found.high)


@pytest.mark.slow
def test_a_target_that_nothing_holds_is_answered_with_the_best(study, tmp_path):
    """100 rows in all err by 0.08 at least, whatever their share: an error of 0.05 is too much."""
    question = question_of(study, target_of("squared_mean_error <= 0.05 at 4"), "mean")
    for theory in (True, False):
        dials = [real_rows(question.study, "share", "fresh")]
        [answer] = advise(question, dials, Effort(tmp_path, 60, workers=1), theory=theory).answers
        assert answer.rows is None
        assert answer.best > 0.05
        assert answer.best == pytest.approx(0.08, rel=0.35)


@pytest.mark.slow
def test_none_are_needed_where_replacement_alone_holds(study, tmp_path):
    question = question_of(study, target_of("squared_mean_error <= 100 at 4"))
    dials = [real_rows(question.study, "share", "kept")]
    [answer] = advise(question, dials, Effort(tmp_path, 20, workers=1), theory=False).answers
    assert answer.rows == 0


@pytest.mark.slow
def test_an_end_that_few_chains_leave_open_is_not_called_sure(study, tmp_path):
    """Bounds next to what no real rows, and all of them, reach: 20 chains cannot tell."""
    effort = Effort(tmp_path, 20, seconds=0, workers=1)
    none, every = (
        question_of(study, target_of(f"squared_mean_error <= {b} at 30")) for b in (6.2, 0.14)
    )
    dials = [real_rows(none.study, "share", "fresh")]
    [answer] = advise(none, dials, effort, theory=False).answers
    assert (answer.rows, answer.low, answer.high) == (0, 0, 1)
    [answer] = advise(every, dials, effort, theory=False).answers
    assert answer.rows is None
    assert "though of other chains the last setting might hold" in answer.stopped
    # Where there is time, more chains are asked.
    [answer] = advise(none, dials, Effort(tmp_path, 20, workers=1), theory=False).answers
    assert len(answer.cells[0].values) > 20


def test_an_end_below_the_first_setting_is_0(study):
    """A line that crosses just below 0 rows: its ends are whole rows, and 0 has no sign."""
    question = question_of(study, target_of("squared_mean_error <= 1 at 4"), "mean")
    cells = [Cell(k, np.full(4, 0.9 - 0.1 * k) + np.linspace(-0.1, 0.1, 4)) for k in range(4)]
    fit = replace(fitted(question, cells), crossing=0.4, low=-0.3, high=0.7)
    found = _answer(question, cells, fit, 10, 1, "")
    assert math.copysign(1, found.low) == 1
    assert (found.dial, found.low, found.high) == (1, 0, 1)


def test_a_line_crosses_where_it_must():
    """Log-normal values around 10/(1 + k): 95 % are below 1 from k = 10 exp(1.645 s) - 1."""
    rng = np.random.default_rng(3)
    dials = (8.0, 10.0, 13.0, 16.0, 20.0)
    cells = [Cell(k, 10 / (1 + k) * np.exp(0.2 * rng.standard_normal(2000))) for k in dials]
    question = Question(study_from(GAUSSIAN), target_of("squared_mean_error <= 1 at 5"))
    fit = fitted(question, cells)
    assert fit is not None
    # Standard error of the quantile of 10,000 residuals: 0.2 * 2.1 / 100 = 0.4 %, of 5 shown.
    assert fit.crossing == pytest.approx(10 * math.exp(1.6449 * 0.2) - 1, rel=0.02)
    assert fit.low < fit.crossing < fit.high
    assert fit.slope == pytest.approx(-1, abs=0.03)
    assert fit.lack > 1e-4
    bent = [Cell(c.dial, c.values * np.exp(((c.dial - 13) / 5) ** 2)) for c in cells]
    other = fitted(question, bent)
    assert other is None or other.lack < 1e-6


def test_finite_data_are_kept_and_give_only_so_many_fresh_rows(study, tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(1797, 2)))
    table = {"kind": "table_file", "path": str(tmp_path / "rows.npy")}
    finite = study_from(GAUSSIAN | {"reality": table, "form": "rows", "n_real": 1000})
    assert supply_of(finite)[0] == "kept"
    assert supply_of(study)[0] == "fresh"
    assert real_rows(finite, "count", "fresh").most == (1797 - 1000) // 4
    assert real_rows(finite, "share", "kept").most == 1000
    assert real_rows(finite, "count", "kept").most == 1797
    with pytest.raises(SpecError, match="leaves none"):
        real_rows(study_from(GAUSSIAN | {"reality": table, "n_real": 1795}), "count", "fresh")


def test_studies_have_the_rows_that_are_asked_for(study):
    for supply in ("fresh", "redrawn", "kept"):
        for axis in ("share", "count"):
            rows = real_rows(study, axis, supply)
            for k in (0, 1, 37, 100):
                made = rows.study_of(k)
                sizes = made.regime.sizes(2, made.n_real, made.n_synthetic)
                assert sizes.train == rows.total(k) == (100 if axis == "share" else 100 + k)
                if supply == "fresh" and not (axis == "share" and k == 100):
                    assert (sizes.fresh, sizes.synthetic) == (k, sizes.train - k)


@pytest.mark.slow
def test_a_target_beside_the_control_has_its_bound(study, tmp_path):
    """Fits on 100 rows err by 8/100 on average: 50 % more is 0.12."""
    text = "squared_mean_error within 50 % of control at 5"
    question = question_of(study, target_of(text), "mean")
    dials = [real_rows(question.study, "count", "fresh")]
    advice = advise(question, dials, Effort(tmp_path, chains=200, workers=1))
    assert advice.beside is not None
    # 800 fits of 8 coordinates: a relative error of sqrt(2 / 6400) = 1.8 %; four of them.
    assert advice.beside.control == pytest.approx(0.08, rel=0.07)
    bound = advice.question.target
    assert (bound.sign, bound.value) == (1, pytest.approx(1.5 * advice.beside.control))
    [exact] = advice.answers
    assert exact.how == "closed form"
    assert exact.best <= bound.value


@pytest.mark.slow
def test_a_field_is_searched_where_it_lies(tmp_path):
    """A window of k sets of 100 rows errs by 0.64 after 8 generations of one set, less of more."""
    spec = GAUSSIAN | {"regime": {"kind": "window", "k": 1}, "chains": 30}
    question = question_of(study_from(spec), target_of("squared_mean_error <= 0.3 at 8"), "mean")
    dial = field_dial(question.study, "regime.k=1:9")
    assert [dial.value(k) for k in (0, 4, 8)] == [1, 5, 9]
    assert dial.study_of(4).regime.k == 5
    effort = Effort(tmp_path, seconds=0, workers=1)
    [answer] = advise(question, [dial], effort, theory=False).answers
    assert answer.stopped == "the time is up"
    by_k = {dial.value(c.dial): float(c.values.mean()) for c in answer.cells}
    assert by_k[1] > 0.3 > by_k[9]
    assert 1 < answer.value < 9
    assert dial.limit == "regime.k = 9"


def test_a_field_is_refused_where_the_reality_has_too_few_rows():
    digits = study_from(GAUSSIAN | {"reality": "digits8x8", "form": "rows"})
    assert field_dial(digits, "n_real=50:1700").most == 1650
    with pytest.raises(SpecError, match=r"n_real=50:5000': at 5000 the study trains on 5000 real"):
        field_dial(digits, "n_real=50:5000")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("regime.k", "expected KEY=START:END"),
        ("regime.k=3", "expected KEY=START:END"),
        ("regime.k=a:b", "finite number"),
        ("regime.k=3:3", "nothing lies between"),
        ("regime.q=1:3", "unknown key 'q'"),
        ("seed=1:10", "seed cannot be sought, as it changes by chance alone; vary a field"),
        ("generations=2:9", "the target names the generation"),
        ("measure.every=2:9", "the target names the generation"),
        ("chains=2:9", "as --chains sets it"),
        ("checkpoint_every=2:9", "decides no number of a run"),
        ("regime.k=0:3", "window: k"),
    ],
)
def test_a_field_that_cannot_be_searched_is_refused(text, why):
    with pytest.raises((SpecError, DataError), match=why):
        field_dial(study_from(GAUSSIAN | {"regime": {"kind": "window", "k": 1}}), text)
