"""Profiles as pages and terminals show them."""

import re
from dataclasses import replace

import numpy as np
import pytest

from genloss.core.about import Aspect
from genloss.judge.profile.divergence import divergence
from genloss.judge.profile.evidence import Evidence
from genloss.judge.profile.scaling import scaling
from genloss.judge.profile.verdicts import Answer, profile
from genloss.judge.profile.words import in_short
from genloss.report.answer import answer
from genloss.report.measured import measured as measured_of
from genloss.report.page import write_report
from genloss.report.profiles import SHORT, ProfiledRun, number_row, profiles, questions, too_many
from genloss.run.controls import with_controls
from genloss.run.runner import run_studies
from genloss.study.study import study_from

from .conftest import decay, make_run

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def measured(run):
    return measured_of(run, 100, {})


def of(**values):
    def one(name, value):
        run = value * (1 + 0.01 * np.linspace(-1, 1, 8))
        return Evidence(f"{name}_metric", Aspect(name), run, np.ones((8, 4)), trivial=5.0)

    evidence = {Aspect(k): one(k, v) for k, v in values.items()}
    return profile(evidence, {}, divergence(None, "flat"), scaling([]))


def test_a_sentence_says_the_worst_first():
    assert in_short(of(risk=4.5, spread=0.1, tail=0.9), 9) == (
        "After 9 generations this is a collapse: it has lost most of what training on real data "
        "teaches and most of its variety is gone."
    )
    assert in_short(of(risk=1.4), 1) == (
        "After 1 generation it is worse than training on real data alone, and has not collapsed."
    )
    assert in_short(of(spread=1.0, tail=1.0), 5) == (
        "After 5 generations no collapse: the model keeps its variety and what is rare."
    )
    assert in_short(of(risk=1.0, tail=0.5), 5).endswith(
        "Not clear yet: whether what is rare is gone."
    )
    assert in_short(of(), 5) == "Whether this is a collapse cannot be told yet."
    assert (
        in_short(of(), 5, "no control") == "Whether this is a collapse cannot be told: no control."
    )


def test_numbers_stand_beside_their_threshold():
    p = of(risk=3.0, spread=0.25, modes=0.0)
    row = number_row(p[5])
    assert row.value.startswith("25.0 % [24.")
    assert (row.threshold, row.answer) == ("below 50 %", Answer.YES)
    assert row.rests_on == "spread_metric, t = 0, 8 chains, 32 control fits"
    assert number_row(p[6]).threshold == "above 0.5"
    assert number_row(p[6]).value == "1 [1, 1]"
    assert number_row(p[4]).value == ""
    held = number_row(of(risk=2.995)[1])
    assert held.why.startswith("the interval holds the threshold: about ")
    assert held.why.endswith(" chains of run and control would tell")


def test_every_verdict_has_a_heading():
    assert [number for number, *_ in questions()] == list(SHORT) == list(range(1, 9))


def test_a_run_without_a_control_says_so(tmp_path):
    run = measured(make_run(tmp_path, metrics={"trace_ratio": decay(20, 8)}))
    [one] = profiles([run])
    assert not one.judged
    assert "no control of real rows alone lies beside the run" in one.sentence
    assert profiles([run] * 25) == []
    assert too_many([run] * 24) == ""
    assert "of 25 runs (24 at most); genloss show RUN gives that of one" in too_many([run] * 25)


def test_runs_of_one_name_are_told_apart(tmp_path):
    runs = [
        measured(make_run(tmp_path, "a", metrics={"trace_ratio": decay(20, 8)}, regime=regime))
        for regime in ({"kind": "replace"}, {"kind": "accumulate"})
    ]
    assert [p.label for p in profiles(runs)] == ["a · replace", "a · accumulate"]


def outcome(*answers):
    return ProfiledRun("run", "It is so.", answers, UNKNOWN, UNKNOWN, "", (), (), (), True)


def test_few_runs_have_a_sentence_each_and_many_are_counted():
    collapse = outcome(YES, YES, NO, NO, NO, NO, NO, NO)
    worse = outcome(NO, YES, NO, NO, NO, NO, NO, NO)
    none = outcome(NO, NO, NO, NO, NO, NO, NO, NO)
    unclear = outcome(*[UNKNOWN] * 8)
    little = outcome(NO, UNKNOWN, UNKNOWN, UNKNOWN, NO, *[UNKNOWN] * 3)
    enough = outcome(NO, NO, UNKNOWN, UNKNOWN, NO, *[UNKNOWN] * 3)
    assert answer([], [collapse]) == ["It is so."]
    assert answer([], [collapse, none]) == ["**run**: It is so."] * 2
    assert answer([], [collapse, worse, none, none, unclear]) == [
        "Of 5 runs 1 collapses, 1 is worse than training on real data alone and has not "
        "collapsed, 2 show no collapse in what was measured and 1 cannot be told."
    ]
    assert answer([], [enough, little, little, little, unclear]) == [
        "Of 5 runs 1 shows no collapse in what was measured, 3 were measured too little to say "
        "(no collapse in that) and 1 cannot be told."
    ]


def test_runs_without_a_control_are_not_counted_as_judged():
    collapse = outcome(YES, YES, NO, NO, NO, NO, NO, NO)
    alone = replace(collapse, judged=False)
    assert answer([], [collapse] * 5 + [alone]) == [
        "Of 5 runs that lie beside a control 5 collapse."
    ]


@pytest.mark.slow
def test_a_page_opens_with_the_answer_and_the_matrix(tmp_path):
    study = study_from(
        {
            "reality": {"kind": "gaussian", "d": 1},
            "learner": {"kind": "gaussian", "ddof": 0},
            "form": "moments",
            "n_real": 10,
            "generations": 60,
            "chains": 8,
            "metrics": ["w2_squared", "trace_ratio"],
        }
    )
    both = with_controls([study], tmp_path)
    run, *_ = run_studies(list(both.studies), tmp_path, folders=list(both.folders), workers=1)
    page = write_report(run.path, tmp_path / "r.html").read_text()
    opening, _, rest = page.partition('<dl class="tiles">')
    answer = opening.partition('id="answer"')[2]
    assert '<p class="answer">After 60 generations this is a collapse: ' in answer
    [row] = re.findall(r"<tbody>\n(.*?)</tbody>", answer, re.DOTALL)
    said = re.findall(r'<span class="said \w+">([^<]+)</span>', row)
    # Verdicts 1 to 8, early, late.
    assert said == ["yes", "yes", "no", "?", "yes", "?", "?", "?", "?", "yes"]
    # In words that a narrow column breaks between, and not inside t = 5.
    assert re.search(r'<td class="when">[a-z0-9 ]+ at t\xa0=\xa0\d+</td>', row)
    assert "Does it get worse without end?" in answer
    numbers = rest.partition('-profile"><summary>')[2]
    assert "trace_ratio, t = 60, 8 chains, 32 control fits" in numbers
    assert "no metric of tail was measured" in numbers
