"""Profiles of real runs beside their real controls."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from genloss.core.about import Aspect
from genloss.core.regimes import Replace
from genloss.judge.profile.limits import limit_of
from genloss.judge.profile.of_run import (
    beside_control,
    constant_control,
    profile_of,
    profiles_of,
)
from genloss.judge.profile.scaling import Sized, scaling
from genloss.judge.profile.verdicts import Answer
from genloss.judge.profile.words import in_short
from genloss.report.profiles import alarm_lines
from genloss.run.controls import with_controls
from genloss.run.runner import run_studies, run_study
from genloss.store.reader import Run
from genloss.study.study import study_from
from genloss.theory.gaussian import expected_sigma

SPEC = {
    "reality": {"kind": "gaussian", "d": 1},
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 20,
    "generations": 240,
    "chains": 16,
    "held_out": 400,
    "metrics": [
        "w2_squared",
        "trace_ratio",
        {"kind": "tail_coverage", "q": 0.2},
        {"kind": "far_rows", "q": 0.99},
    ],
    "measure": {"every": 4},
}


def judged(spec, root):
    both = with_controls([study_from(spec)], root)
    run, *_ = run_studies(list(both.studies), root, folders=list(both.folders), workers=1)
    return run


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory):
    return judged(SPEC, tmp_path_factory.mktemp("collapsed"))


def test_a_gaussian_that_learns_from_itself_alone_collapses(collapsed):
    # The log of its variance falls by 1 / 19 a generation: to e^-12.6 in the typical chain.
    found = profile_of(collapsed)
    answers = [v.answer for v in found.profile.verdicts]
    assert (found.profile.early, found.profile.late) == (Answer.YES, Answer.YES)
    assert [answers[i - 1] for i in (2, 3, 5, 7)] == [Answer.YES] * 4
    assert [answers[i - 1] for i in (4, 6)] == [Answer.UNKNOWN] * 2
    one = found.profile[5]
    assert (one.metric, one.chains, one.fits, one.generation) == ("trace_ratio", 16, 64, 240)
    assert one.found.high < 0.5
    assert found.alarms[0].t < 60
    sentence = in_short(found.profile, 240)
    assert sentence.startswith("After 240 generations this is a collapse: ")
    assert "most of its variety is gone" in sentence


def test_what_is_judged_is_read_again_the_same(collapsed):
    assert profile_of(Run(collapsed.path)) == profile_of(collapsed)


def test_what_accumulates_does_not(tmp_path):
    spec = {**SPEC, "regime": "accumulate", "n_real": 100, "generations": 40}
    found = profile_of(judged(spec, tmp_path))
    assert (found.profile.early, found.profile.late) == (Answer.NO, Answer.NO)
    assert [found.profile[i].answer for i in (1, 2, 3)] == [Answer.NO] * 3
    assert in_short(found.profile, 40).startswith("After 40 generations no collapse: the model is")


def test_without_a_control_nothing_is_said(tmp_path):
    run = run_study(study_from({**SPEC, "generations": 3}), tmp_path)
    found = profile_of(run)
    assert {v.answer for v in found.profile.verdicts} <= {Answer.UNKNOWN, Answer.YES}
    assert found.profile[3].answer is Answer.YES  # A theorem needs no control.
    assert "no control" in in_short(found.profile, 3, found.why)
    assert found.alarms == ()


def test_the_first_metric_of_an_aspect_counts(collapsed):
    beside = beside_control(collapsed)
    assert {a: b.column.name for a, b in beside.items()} == {
        Aspect.RISK: "w2_squared",
        Aspect.SPREAD: "trace_ratio",
        Aspect.TAIL: "tail_coverage(q=0.2)",
        Aspect.NOVELTY: "far_rows(q=0.99)",
    }
    risk = beside[Aspect.RISK]
    # All of the variance of N(0, 1) is what a constant misses.
    assert risk.trivial == pytest.approx(1)
    t, path = risk.path()
    assert (t[0], t[-1], len(t)) == (4, 240, 40)
    assert path[0] < 0.5 < path[-1] + 0.5


@pytest.mark.parametrize(
    ("changed", "diverges"),
    [
        ({}, True),
        ({"learner": {"kind": "gaussian", "ddof": 0}}, False),
        ({"regime": "accumulate"}, False),
        ({"regime": "replace_multiple"}, True),
        ({"regime": {"kind": "fresh", "n_real": 1}}, False),
        ({"regime": {"kind": "mix", "real_fraction": 0.1}}, False),
        ({"regime": {"kind": "mix", "real_fraction": 0.0}}, True),
        ({"regime": {"kind": "window", "k": 3}}, None),
        ({"learner": {"kind": "kde", "bandwidth": 0.1}}, None),
        ({"sampler": {"kind": "shrinkage", "lam": 0.5}}, None),
        ({"curator": {"kind": "thinning", "keep": 0.5}}, None),
        ({"metrics": ["sliced_wasserstein"]}, None),
        ({"metrics": ["w2"]}, False),
        ({"metrics": ["w2"], "regime": "replace_multiple"}, None),
        ({"metrics": ["w2"], "learner": {"kind": "gaussian", "ddof": 0}}, False),
    ],
)
def test_limits_are_known_where_theory_is(changed, diverges):
    limit = limit_of(study_from({**SPEC, **changed}))
    assert (None if limit is None else limit.diverges) is diverges


def test_what_is_derived_from_a_regime_has_no_theorem_of_ours():
    @dataclass(frozen=True)
    class Own(Replace):
        pass

    study = study_from(SPEC)
    assert limit_of(replace(study, regime=Replace())).diverges
    assert limit_of(replace(study, regime=Own())) is None


def test_the_distance_of_a_walk_that_dies_is_bounded_and_its_square_is_not():
    """E|mu_t - mu_0| is at most the geometric sum of E sigma_s sqrt(2 / (pi n))."""
    rng, n = np.random.default_rng(0), 4
    mean, var, distance = np.zeros(20_000), np.ones(20_000), []
    for _ in range(120):
        mean = mean + np.sqrt(var / n) * rng.standard_normal(mean.size)
        var = var * rng.chisquare(n - 1, mean.size) / (n - 1)
        distance.append(np.sqrt(mean**2 + (np.sqrt(var) - 1) ** 2).mean())
    settled = np.sqrt(2 / (np.pi * n)) / (1 - expected_sigma(1, n, ddof=1)) + 1
    assert max(distance) < settled
    assert distance[-1] < 1.02 * distance[59]


@pytest.mark.parametrize(
    ("regime", "diverges"),
    [("replace", True), ("replace_multiple", True), ("accumulate", False), ("augment", None)],
)
def test_limits_of_linear_regression(regime, diverges):
    lines = {"reality": "regression", "learner": "least_squares", "sampler": "relabelling"}
    study = study_from({**SPEC, **lines, "regime": regime, "metrics": ["excess_risk"]})
    limit = limit_of(study)
    assert (None if limit is None else limit.diverges) is diverges


def test_the_model_of_real_rows_cannot_alarm(collapsed):
    run = judged({**SPEC, "generations": 3, "measure": {"every": 1}}, collapsed.path.parent)
    assert all(a.t != 1 for a in profile_of(run).alarms)
    assert {a.t for a in profile_of(run).alarms} <= {None, 2, 3}


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize(
    "regime",
    [
        "accumulate",
        {"kind": "fresh", "n_real": 2},
        {"kind": "mix", "real_fraction": 0.1},
        "replace",
    ],
)
def test_limits_are_those_of_the_exact_moments(ddof, regime):
    """Of the exact expected risk, mean error and spread, ten times as many generations later."""
    from genloss.judge.predictions import theory_lines

    spec = {**SPEC, "learner": {"kind": "gaussian", "ddof": ddof}, "regime": regime}
    spec |= {"metrics": ["w2_squared", "second_moment"], "generations": 4000}
    study = study_from({**spec, "measure": {"at": [400, 4000]}})
    early, late = (theory_lines(study)["second_moment"].at(t) for t in (400, 4000))
    assert (late > 5 * early) is limit_of(study).diverges


@pytest.mark.slow
def test_sizes_beside_one_another_show_whether_the_law_changes(tmp_path):
    """Under replace the risk after 20 generations is 20 times the control's: same exponent."""
    sizes = [30, 100, 300, 1000]
    runs = [
        judged({**SPEC, "n_real": n, "generations": 20, "metrics": ["w2_squared"]}, tmp_path)
        for n in sizes
    ]
    whole = profiles_of(runs)
    assert len({id(p.profile[4]) for p in whole}) == 1
    assert whole[0].profile[4].answer is not Answer.YES
    assert whole[0].profile[4].found.low < 0.1
    # What moves first is said of every size, and of a run alone of none.
    first = [p.alarms[0] if p.alarms[0].t is not None else None for p in map(profile_of, runs)]
    assert whole[2].alarms_by_size == tuple(zip(sizes, first, strict=True))
    assert profiles_of(runs[:1])[0].alarms_by_size == ()
    said = alarm_lines(whole[0])[-1]
    assert said.startswith("first by rows: w2_squared at t = ")
    assert all(f" with {n:,}" in said for n in sizes)
    # A thousand rows of a fixed foreign law beside them: more real rows help less than they should.
    law = {"kind": "gaussian", "d": 1, "mean": 3.0}
    floored = [
        judged(
            {
                **SPEC,
                "n_real": n,
                "generations": 4,
                "metrics": ["w2_squared"],
                "regime": {"kind": "static_contamination", "law": law, "n_foreign": 1000},
                "measure": {"every": 1},
            },
            tmp_path,
        )
        for n in sizes
    ]
    found = profiles_of(floored)[0].profile[4]
    assert (found.answer, found.metric) == (Answer.YES, "w2_squared")
    three = profiles_of(floored[:3])[0].profile[4]
    assert (three.answer, three.why[:7]) == (Answer.UNKNOWN, "3 sizes")


@pytest.mark.slow
def test_a_scaling_law_of_perplexity_is_that_of_the_loss(tmp_path):
    """Bits per byte are its logarithm in other units, which leave exponents as they are."""
    spec = {
        "reality": {"kind": "text", "vocabulary": 270},
        "learner": {"kind": "ngram", "order": 2},
        "sampler": {"kind": "sampling", "max_new": 16, "min_new": 16},
        "generations": 2,
        "chains": 4,
        "metrics": ["perplexity", "bits_per_byte"],
    }
    runs = [judged({**spec, "n_real": n}, tmp_path) for n in (4, 12, 40, 130)]
    found = profiles_of(runs)[0].profile[4]
    assert (found.metric, found.generation) == ("perplexity", 2)
    bits = [
        Sized(
            run.spec["n_real"],
            run.columns["bits_per_byte"].values[-1],
            constant_control(run).fits("bits_per_byte"),
        )
        for run in runs
    ]
    assert found.found.estimate == pytest.approx(scaling(bits).found.estimate, rel=1e-9)
    # They ever know less than models of real text alone, and no less fast.
    assert (found.answer, found.found.high < 0.25) == (Answer.UNKNOWN, True)
    assert "can hide another law" in found.why


def test_a_minority_that_dies_is_lost_and_the_majority_is_not(tmp_path):
    spec = {
        "reality": {"kind": "two_blobs", "separation": 10.0, "weight": 0.1},
        # One Gaussian cannot hold two blobs: what it writes between them belongs to neither.
        "learner": {"kind": "gaussian", "ddof": 1},
        "n_real": 100,
        "generations": 3,
        "chains": 8,
        "held_out": 200,
        "metrics": [{"kind": k, "mode": m} for m in (0, 1) for k in ("mode_share", "mode_nll")],
        "regime": {
            "kind": "static_contamination",
            "law": {"kind": "gaussian", "d": 2, "mean": [5.0, 0.0], "variance": 0.1},
            "n_foreign": 2000,
        },
    }
    run = judged(spec, tmp_path)
    small, large = profile_of(run).groups
    assert (small.name, small.lost) == ("mode_share(0)", Answer.YES)
    assert (large.name, large.lost) == ("mode_share(1)", Answer.NO)
    assert small.first > 4 * small.last
    nll = run.series["mode_nll(0)"].values.mean(axis=1)
    assert nll[-1] > nll[1] + 1
