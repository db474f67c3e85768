"""The eight verdicts on values by hand: yes, no, and every way to be unable to tell."""

import numpy as np
import pytest

from genloss.core.about import Aspect
from genloss.errors import DataError
from genloss.judge.profile.divergence import Limit, divergence, trend
from genloss.judge.profile.evidence import Evidence
from genloss.judge.profile.scaling import Sized, scaling
from genloss.judge.profile.verdicts import RULES, Answer, Path, Verdict, profile, verdict

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
STEADY = np.linspace(-1, 1, 8)
"""Eight chains about 0."""


def about(middle, width, chains=8):
    return middle + width * np.linspace(-1, 1, chains)


def evidence(aspect, run, control=1.0, width=0.01, **options):
    c = len(run)
    fits = control + width * np.random.default_rng(0).uniform(-1, 1, (c, 4))
    return Evidence("m", aspect, run, fits, **options)


def answer(number, *args, **options):
    rule = RULES[number - 1]
    return verdict(rule, evidence(rule.aspect, *args, **options)).answer


@pytest.mark.parametrize(
    ("share", "catastrophic", "any_increase"),
    [(0.0, NO, NO), (0.02, NO, NO), (0.1, NO, YES), (0.45, NO, YES), (0.55, YES, YES)],
)
def test_risk_is_held_against_the_gap_to_the_trivial_predictor(share, catastrophic, any_increase):
    # From the control's 1 to the predictor's 5.
    run = about(1 + 4 * share, 0.02)
    assert answer(1, run, trivial=5.0) is catastrophic
    assert answer(2, run, trivial=5.0) is any_increase


def test_where_higher_is_better_less_is_more_risk():
    # 0.8 of reality's 1 down to a trivial 0 is a fifth of the gap.
    run = about(0.8, 0.01)
    assert answer(2, run, trivial=0.0, better=1) is YES
    assert answer(1, run, trivial=0.0, better=1) is NO


def test_a_perplexity_is_judged_by_its_logarithm():
    # Half way from 1 to 10,000 is 100 in logarithms, 5,000 in tokens.
    run = about(150.0, 1)
    assert answer(1, run, control=1.01, trivial=1e4, log=True) is YES
    assert answer(1, run, control=1.01, trivial=1e4) is NO


def test_a_chain_that_ran_away_counts_as_the_trivial_predictor():
    wild = about(1.1, 0.01)
    wild[0] = np.inf
    # One of eight at 1, the others at a tenth of the gap: a mean of a fifth.
    found = evidence(Aspect.RISK, wild, trivial=2.0).excess()
    assert found.estimate == pytest.approx(0.2125, abs=0.02)
    assert answer(1, np.full(8, np.inf), trivial=2.0) is YES


def test_a_few_wide_chains_do_not_hide_that_most_have_collapsed():
    # The mean is that of the control, as it is for ever under replace; seven of eight are gone.
    run = np.array([8.0, 0, 0, 0, 0, 0, 0, 0]) + 0.01 * STEADY**2
    assert run.mean() == pytest.approx(1, abs=0.01)
    found = evidence(Aspect.SPREAD, run).left()
    assert found.estimate == pytest.approx(0.125, abs=0.01)
    assert evidence(Aspect.TAIL, run).left().estimate == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("number", "run", "expected"),
    [
        (5, about(0.4, 0.05), YES),
        (5, about(0.6, 0.05), NO),
        (5, about(0.5, 0.2), UNKNOWN),
        (5, np.zeros(8), YES),
        (7, about(0.4, 0.05), YES),
        (7, about(1.4, 0.05), NO),
        (8, about(1.03, 0.01), YES),
        (8, about(1.0, 0.005), NO),
        (8, about(1.01, 0.02), UNKNOWN),
    ],
)
def test_spread_tail_and_novelty(number, run, expected):
    assert answer(number, run) is expected


def test_a_mode_is_lost_when_chains_have_half_a_mode_fewer():
    for lost, expected in ((0, NO), (1, YES)):
        run = np.full(8, 5.0 - lost)
        assert answer(6, run, control=5.0, width=0.0) is expected
    assert answer(6, np.array([5.0, 5, 5, 5, 4, 4, 4, 4]), control=5.0, width=0.0) is UNKNOWN


def test_no_is_never_said_for_want_of_data():
    """Noise that hides everything is no evidence of nothing: the sixth chain doubles nothing."""
    for number in (1, 2, 5, 7, 8):
        assert answer(number, about(1.0, 30.0), width=3.0, trivial=5.0) is UNKNOWN


def test_what_cannot_be_told_says_why_and_how_much_would_do():
    rule = RULES[4]
    noisy = verdict(rule, evidence(Aspect.SPREAD, about(0.55, 0.3)))
    assert noisy.answer is UNKNOWN
    assert noisy.enough.startswith("about ")
    named = int(noisy.enough.split()[1].replace(",", ""))
    assert verdict(rule, evidence(Aspect.SPREAD, about(0.55, 0.3, named))).answer is NO
    few = verdict(rule, evidence(Aspect.SPREAD, about(0.1, 0.01, 3)))
    assert (few.answer, few.found.estimate) == (UNKNOWN, pytest.approx(0.1, abs=0.01))
    assert "3 chains carry no verdict; run 4" in few.why
    assert "not known" in verdict(RULES[0], evidence(Aspect.RISK, about(1, 0))).why
    flat = verdict(RULES[0], evidence(Aspect.RISK, about(1, 0.1), trivial=0.9))
    assert "no better than" in flat.why
    none = verdict(rule, evidence(Aspect.SPREAD, np.zeros(8), control=0.0, width=0.0))
    assert "nothing that could be lost" in none.why


def test_a_verdict_on_the_way_says_how_many_generations_it_would_take():
    t = np.arange(1, 41)
    # Falls by 0.01 a generation, to 0.6 at 40: half way to be reached at 50 and passed after.
    path: Path = (t, 1 - 0.01 * t)
    one = verdict(RULES[4], evidence(Aspect.SPREAD, about(0.6, 0.3)), path)
    assert one.answer is UNKNOWN
    when = int(one.enough.rpartition(" or about ")[2].split()[0])
    assert when > 50


def test_bad_evidence_is_refused():
    with pytest.raises(DataError, match=r"expected \(C,\) and \(B, K\)"):
        Evidence("m", Aspect.RISK, np.ones(3), np.ones(3))
    with pytest.raises(DataError, match="1 NaN"):
        Evidence("m", Aspect.RISK, np.array([1, np.nan]), np.ones((2, 1)))
    with pytest.raises(DataError, match="3 chains cannot be paired with 2"):
        Evidence("m", Aspect.RISK, np.ones(3), np.ones((2, 1)), paired=True)


def profiled(**runs):
    asked = {Aspect(k): evidence(Aspect(k), np.full(8, v), width=0.0) for k, v in runs.items()}
    return profile(asked, {}, divergence(None, "flat"), scaling([]))


def test_stages_follow_from_the_verdicts():
    lost, kept = profiled(tail=0.1, spread=0.9), profiled(tail=0.9, spread=0.1)
    assert (lost.early, lost.late) == (YES, NO)
    assert (kept.early, kept.late) == (NO, YES)
    # Support is gone with the modes, whatever the variance.
    assert profiled(spread=1.0, modes=0.2).late is YES
    assert profiled(spread=1.0, modes=1.0).late is NO
    assert profiled(modes=1.0)[5].answer is UNKNOWN
    assert [v.rule.number for v in lost.verdicts] == list(range(1, 9))
    assert "no metric of novelty" in lost[8].why


def test_the_third_is_decided_by_a_closed_form_alone():
    assert divergence(Limit(True, "theorem"), "flat up to t = 9").answer is YES
    assert divergence(Limit(False, "bound"), "rising up to t = 9").answer is NO
    seen = divergence(None, "rising up to t = 9")
    assert (seen.answer, seen.why) == (UNKNOWN, "no closed form is known; rising up to t = 9")


def test_a_trend_rises_falls_or_is_flat():
    t = np.arange(41)
    line = t[:, None] / 40 + 0.001 * STEADY
    assert trend(t, line) == "rising up to t = 40"
    assert trend(t, -line) == "falling up to t = 40"
    assert trend(t, line * 0.01) == "flat up to t = 40"
    wild = np.random.default_rng(0).normal(size=(41, 8))
    assert trend(t, wild).startswith("neither rising nor flat up to t = 40")
    assert trend(t[:2], line[:2]) == "too few generations for a trend"


def powers(exponent, sizes=(100, 300, 1000, 4000)):
    rng = np.random.default_rng(3)

    def of(a, *shape):
        return lambda n: n**-a * rng.uniform(0.9, 1.1, shape)

    run, control = of(exponent, 8), of(1.0, 8, 4)
    return [Sized(n, run(n), control(n)) for n in sizes]


@pytest.mark.parametrize(("exponent", "expected"), [(1.0, NO), (0.9, NO), (0.5, YES), (0.0, YES)])
def test_a_scaling_law_changes_when_the_exponent_falls(exponent, expected):
    found = scaling(powers(exponent), "risk")
    assert found.answer is expected
    assert found.found.estimate == pytest.approx(1 - exponent, abs=0.05)


def test_too_few_sizes_show_no_law():
    unable: list[Verdict] = [
        scaling([]),
        scaling(powers(0.5)[:1]),
        scaling(powers(0.5)[:3]),
        scaling(powers(0.5, (100, 120, 150, 200))),
    ]
    assert {v.answer for v in unable} == {UNKNOWN}
    assert unable[1].why.startswith("one size; a law needs 4 or more")
    assert unable[3].why.startswith("4 sizes")
    with pytest.raises(DataError, match="occurs twice"):
        scaling(powers(0.5, (100, 100, 1000, 4000)))
    flat = [Sized(s.size, s.run, s.control * s.size) for s in powers(0.5)]
    assert "does not improve" in scaling(flat).why
    wild = [Sized(s.size, s.run * np.inf, s.control) for s in powers(0.5)]
    assert "not finite" in scaling(wild).why


def test_what_no_data_remove_may_hide_another_law():
    """A loss of 10 + r, r the risk of another law: its exponent is all but the control's."""
    assert scaling(powers(0.5), is_loss=True).answer is YES
    floored = [Sized(s.size, s.run + 10, s.control + 10) for s in powers(1.0)]
    found = scaling(floored, is_loss=True)
    assert (found.answer, found.why[:10]) == (UNKNOWN, "no sign of")
    assert scaling(floored).answer is NO
