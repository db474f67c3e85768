"""The best weight beside pooled rows: sought where time permits, and told where it was not."""

import pytest

from genloss.plan.advise.advice import Effort, advise
from genloss.plan.advise.question import question_of, target_of
from genloss.plan.advise.supplies import real_rows
from genloss.study.study import study_from

GAUSSIAN = {
    "reality": {"kind": "gaussian", "d": 8},
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 40,
    "generations": 3,
    "chains": 4,
    "metrics": ["squared_mean_error", "trace_ratio"],
}

SYMBOLS = {
    "reality": {"kind": "uniform_tokens", "k": 5},
    "learner": {"kind": "categorical", "k": 5},
    "form": "counts",
    "n_real": 30,
    "generations": 3,
    "chains": 4,
    "metrics": ["forward_kl"],
}


def second_rule(spec, text, root, estimand, seconds=3600.0):
    question = question_of(study_from(spec), target_of(text), estimand)
    dials = [real_rows(question.study, "count", "fresh", weighted=w) for w in (False, True)]
    effort = Effort(root, 4, seconds, workers=1)
    return advise(question, dials[:1], effort, also=dials[1:])


def test_a_closed_form_has_both_rules_without_a_run(tmp_path):
    text = "squared_mean_error <= 0.2 at 30"
    advice = second_rule(GAUSSIAN, text, tmp_path, "mean", seconds=0.0)
    [pooled], [best] = advice.answers, advice.also
    assert best.how == "closed form"
    assert 0 < best.rows <= pooled.rows
    assert advice.also_left_out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_second_search_is_left_out_where_the_first_took_the_time(tmp_path):
    """No time at all: the first rule looks over the whole range, the second is told."""
    advice = second_rule(GAUSSIAN, "squared_mean_error <= 0.3 at 3", tmp_path, "chain", 0.0)
    assert [a.how for a in advice.answers] == ["closed form", "search"]
    assert [a.how for a in advice.also] == ["closed form"]
    assert "of 0 seconds; --weighted asks for both" in advice.also_left_out


@pytest.mark.slow
def test_data_that_take_no_weights_have_the_first_rule(tmp_path):
    # Minutes, that a busy machine leaves the second rule its time.
    advice = second_rule(SYMBOLS, "forward_kl <= 0.2 at 3", tmp_path, "mean", 600.0)
    assert advice.answers[0].rows is not None
    assert advice.also == ()
    assert "take no weights" in advice.also_left_out


@pytest.mark.parametrize(
    ("learner", "metric", "borrowed"),
    [
        ({"kind": "gaussian", "ddof": 1}, "squared_mean_error", False),
        ({"kind": "gaussian", "ddof": 1}, "trace_ratio", True),
        ({"kind": "kde", "bandwidth": 0.3}, "squared_mean_error", True),
    ],
)
def test_a_weight_is_borrowed_but_for_the_mean_of_a_gaussian(learner, metric, borrowed):
    study = study_from(GAUSSIAN | {"learner": learner, "form": "rows"})
    best, pooled = (real_rows(study, "count", "fresh", weighted=w) for w in (True, False))
    assert best.weight_is_borrowed(metric) is borrowed
    assert not pooled.weight_is_borrowed(metric)
