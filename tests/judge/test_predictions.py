"""The dashed lines of a study against its own simulation, for every law there is.

The mean over chains of a metric must lie within 4 standard errors (of the chains themselves) of the
line, at every measured generation; where every chain has the same value, equal to rounding.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from genloss.core.over_chains import MEAN, MEDIAN, Statistic
from genloss.core.regimes import Replace
from genloss.errors import SpecError
from genloss.judge import predictions
from genloss.judge.predictions import ClosedForm, PlugIn, schedule, theory_lines
from genloss.models.gaussian import GaussianLearner
from genloss.run.runner import run_study
from genloss.study.study import study_from
from genloss.theory import moments

N, T = 20, 5
MOMENTS = ["trace_ratio", "squared_mean_error", "second_moment"]
TOKENS = {"kind": "token_law", "p": [0.5, 0.25, 0.15, 0.1]}


def gaussian(ddof, regime="replace", *, d=1, **more):
    metrics = MOMENTS + (["w2_squared"] if d == 1 and "replace" in str(regime) else [])
    return {
        "reality": {"kind": "gaussian", "d": d, "mean": 1.5, "variance": 4.0},
        "learner": {"kind": "gaussian", "ddof": ddof},
        "regime": regime,
        "form": "moments",
        "metrics": metrics,
        **more,
    }


def rows(spec):
    return {**spec, "form": "rows", "chains": 3000}


def tokens(metrics, regime="replace", **more):
    learner = {"kind": "categorical", "k": 4}
    form = {"form": "counts"}
    return (
        {"reality": TOKENS, "learner": learner, "regime": regime, "metrics": metrics} | form | more
    )


def linear(regime, form="rows", **more):
    """Linear regression, features kept, or drawn anew where the sampler is ancestral."""
    return {
        "reality": {"kind": "regression", "d": 3, "w": [1.0, 0.0, -2.0], "sigma2": 2.25},
        "learner": {"kind": "least_squares", "sigma2": 2.25},
        "regime": regime,
        "sampler": "relabelling",
        "form": form,
        "metrics": ["excess_risk"],
        "chains": 2000,
        **more,
    }


FOREIGN = {"kind": "regression", "d": 3, "w": 1.0, "sigma2": 2.25}
MIX = {"kind": "mix", "real_fraction": 0.3}
SHRUNK = {"sampler": {"kind": "shrinkage", "lam": 0.7}}
KDE = {"learner": {"kind": "kde", "bandwidth": 0.5}, "metrics": MOMENTS}
MIXTURE = {"learner": {"kind": "mixture", "k": 2, "max_iter": 3, "reg_covar": 0.1}}
STUDIES = {
    "replace": gaussian(1),
    "replace_0": gaussian(0),
    "replace_unequal": gaussian(0, n_synthetic=35),
    "replace_shrunk": gaussian(1, **SHRUNK),
    "replace_3d": gaussian(0, d=3),
    "replace_multiple": gaussian(0, "replace_multiple"),
    "accumulate": gaussian(0, "accumulate"),
    "accumulate_1": gaussian(1, "accumulate", d=2),
    "accumulate_shrunk": gaussian(1, "accumulate", **SHRUNK),
    "accumulate_subsample": rows(gaussian(0, "accumulate_subsample")),
    "fresh": gaussian(0, {"kind": "fresh", "n_real": 7}),
    "fresh_unequal": gaussian(1, {"kind": "fresh", "n_real": 7}, n_synthetic=31),
    "thinned": rows(gaussian(0, "accumulate", curator={"kind": "thinning", "keep": 0.5})),
    "mix_redrawn": rows(gaussian(0, MIX)),
    "mix_same": rows(gaussian(0, {**MIX, "real_rows": "same"})),
    "mix_shrunk": rows(gaussian(1, MIX, **SHRUNK)),
    "augment": gaussian(0, "augment"),
    "augment_unequal": gaussian(1, "augment", n_synthetic=33),
    "augment_pool": gaussian(1, {"kind": "augment", "synthetic": "pool"}),
    "kde": rows(gaussian(0)) | KDE,
    "kde_shrunk": rows(gaussian(0, **SHRUNK)) | KDE,
    "kde_accumulate": rows(gaussian(0, "accumulate")) | KDE,
    "mixture": rows(gaussian(0, d=2)) | MIXTURE | {"chains": 1000},
    "moons": rows(gaussian(1, d=2)) | {"reality": "two_moons"},
    "symbols": tokens(["diversity", "collision_probability", "surviving_symbols"]),
    "symbols_unequal": tokens(["diversity", "collision_probability"], n_synthetic=35),
    "regression_replace": linear("replace"),
    "regression_fewer": linear("replace", n_synthetic=12),
    "regression_accumulate": linear("accumulate"),
    "regression_multiple": linear("replace_multiple"),
    "regression_edited": linear({"kind": "to_edit", "share": 0.3, "decay": 0.7}),
    "regression_all_edited": linear({"kind": "to_edit", "share": 0.4, "decay": 1.0}),
    "regression_new": linear("replace", "moments", sampler="ancestral", n_synthetic=30),
    "regression_new_multiple": linear("replace_multiple", "moments", sampler="ancestral"),
    "regression_contaminated": linear(
        {"kind": "static_contamination", "law": FOREIGN, "n_foreign": 9},
        "moments",
        sampler="ancestral",
    ),
    "symbols_error": tokens(["squared_probability_error"], {"kind": "fresh", "n_real": 3}),
    "symbols_share": tokens(
        ["squared_probability_error"], {"kind": "fresh_share", "real_share": 0.2}, form="rows"
    ),
    "share": rows(gaussian(0, {"kind": "fresh_share", "real_share": 0.3})),
    "share_unequal": rows(
        gaussian(1, {"kind": "fresh_share", "real_share": 0.3}, n_synthetic=30, **SHRUNK)
    ),
    "weighted": gaussian(0, {"kind": "weighted_fresh", "n_real": 8, "real_weight": 0.6}),
    "weighted_1": gaussian(
        1, {"kind": "weighted_fresh", "n_real": 8, "real_weight": 0.2}, n_synthetic=30, **SHRUNK
    ),
    "discounted": rows(gaussian(0, {"kind": "discounted", "decay": 0.7})),
    "symbols_accumulate": tokens(["diversity"], "accumulate"),
}


def spec_of(name: str) -> dict:
    return {"n_real": N, "generations": T, "chains": 6000, "seed": 3, **STUDIES[name]}


@pytest.mark.parametrize("name", STUDIES)
def test_the_mean_over_chains_follows_the_line(name, tmp_path):
    study = study_from(spec_of(name))
    lines = theory_lines(study)
    assert set(lines) == set(spec_of(name)["metrics"])
    run = run_study(study, tmp_path, workers=1)
    for metric, line in lines.items():
        found = run.series[metric]
        assert line.statistic is MEAN
        assert line.t == tuple(found.t.tolist())
        mean = found.values.mean(axis=1)
        error = found.values.std(axis=1, ddof=1) / np.sqrt(study.chains)
        off = np.abs(mean - np.array(line.value))
        assert (off <= 4 * error + 1e-9 * np.abs(mean) + 1e-12).all(), (metric, off / error)


def test_the_relative_floor_of_a_mixture_adds_its_share_of_the_mean_variance_of_s_0(monkeypatch):
    # E of the variance of 20 rows of variance 4 about their own mean is 4 (1 - 1/20).
    monkeypatch.setattr(predictions, "RELATIVE", 0.1)
    relative = {"learner": {"kind": "mixture", "k": 2}}
    number = {"learner": {"kind": "mixture", "k": 2, "reg_covar": 0.1 * 4.0 * (1 - 1 / N)}}
    one, two = (
        theory_lines(study_from({**spec_of("mixture"), **learner}))
        for learner in (relative, number)
    )
    assert set(one) == set(two) == set(MOMENTS)
    for name in MOMENTS:
        np.testing.assert_allclose(one[name].value, two[name].value, rtol=1e-12)


def test_the_median_chain_follows_the_lognormal_limit(tmp_path):
    """The limit is of large n: its own error is O(1/n), 2 % at n = 60, beside 4 standard errors."""
    study = study_from(
        {**gaussian(1), "n_real": 60, "generations": 60, "chains": 4000, "metrics": ["sigma"]}
    )
    line = theory_lines(study)["sigma"]
    assert line.statistic is MEDIAN
    values = run_study(study, tmp_path, workers=1).series["sigma"].values
    for t in (5, 30, 60):
        # Median of a lognormal: sd of the log over sqrt(C) times sqrt(pi / 2).
        error = np.log(values[t]).std() / np.sqrt(study.chains) * np.sqrt(np.pi / 2)
        right = line.at(t)
        assert abs(np.log(np.median(values[t]) / right)) < 4 * error + 0.02


def test_lines_start_at_reality():
    lines = theory_lines(study_from(spec_of("replace")))
    assert {k: v.value[0] for k, v in lines.items()} == {
        "trace_ratio": 1.0,
        "squared_mean_error": 0.0,
        "second_moment": 4.0,
        "w2_squared": 0.0,
    }


NO_LINE = {
    "a cap that may bind": rows(gaussian(0, {"kind": "discounted", "decay": 0.7, "cap": 0.5})),
    "new features accumulate: not derived": linear("accumulate", sampler="ancestral"),
    "another noise than reality's": linear(
        "replace", learner={"kind": "least_squares", "sigma2": 1.0}
    ),
    "a curator repeats some features and drops others": linear(
        "replace", curator={"kind": "random_k", "keep": 0.5}
    ),
    "features that repeat in part": linear("replace", n_synthetic=50),
    "as many rows as features, whose inverse has no mean": linear("replace", n_real=4),
    "a single row": gaussian(0, n_synthetic=1),
    "endless: no finite-sample error": gaussian(1, form="endless"),
    "window: not derived": gaussian(1, {"kind": "window", "k": 2}),
    "unequal sizes under accumulate": gaussian(1, "accumulate", n_synthetic=7),
    "finite reality": gaussian(1, d=64) | {"reality": "digits8x8", "n_real": 10},
    "smoothed symbols": tokens(["diversity"])
    | {"learner": {"kind": "categorical", "k": 4, "smoothing": 0.1}},
}


@pytest.mark.parametrize("name", NO_LINE)
def test_without_a_closed_form_there_is_no_line(name):
    assert theory_lines(study_from({"n_real": N, "generations": T, **NO_LINE[name]})) == {}


def test_a_line_that_is_no_gaussian_has_no_law_of_its_deviation():
    """Two far blobs: the variance of 20 rows hardly varies, its expected root is another one."""
    blobs = {
        "reality": {"kind": "two_blobs", "d": 1, "separation": 20.0},
        "metrics": ["w2_squared"],
    }
    spec = {"n_real": N, "generations": 1, **gaussian(0), **blobs}
    assert theory_lines(study_from(spec)) == {}
    assert set(theory_lines(study_from({**spec, "metrics": MOMENTS}))) == set(MOMENTS)


@dataclass(frozen=True)
class Own(GaussianLearner):
    """A learner of somebody else that reproduces moments, and has a law of its own."""

    def plug_in(self):
        return PlugIn(self.ddof, 0.0)

    def predictions(self, study):
        law = (lambda t: 0.5**t) if study.n_real == 20 else None
        return {"real_share": ClosedForm("halved", MEAN, law)} if law else {}


@dataclass(frozen=True)
class Alike:
    """A regime of somebody else: replace under another name, with its moment law."""

    def sizes(self, t, n_real, n):
        return Replace().sizes(t, n_real, n)

    def compose(self, history, fresh, rng):
        return Replace().compose(history, fresh, rng)

    def remember(self, history):
        return Replace().remember(history)

    def moment_path(self, study, t, **how):
        return moments.replace(t, schedule(study), **how)


def lines(learner=None, regime=None, **more):
    study = study_from(spec_of("replace") | {"metrics": [*MOMENTS, "real_share"], **more})
    study = replace(study, learner=learner or study.learner, regime=regime or study.regime)
    return theory_lines(study)


def test_a_learner_of_another_package_obeys_our_laws_and_brings_its_own():
    ours, theirs = lines(), lines(Own(1))
    assert {k: v for k, v in theirs.items() if k != "real_share"} == ours
    assert theirs["real_share"].label == "halved"
    assert theirs["real_share"].value[:3] == (1.0, 0.5, 0.25)
    # Whether it applies is its own affair.
    assert "real_share" not in lines(Own(1), n_real=30)
    # How a shrinkage sampler changes its covariance we do not know.
    assert set(lines(Own(1), sampler={"kind": "shrinkage", "lam": 0.7})) == {"real_share"}


def test_a_regime_of_another_package_brings_its_moment_law():
    assert lines(regime=Alike()) == {k: v for k, v in lines().items() if k != "w2_squared"}


@dataclass(frozen=True)
class Doubled(Replace):
    """A regime derived from one of ours that does something else."""

    def compose(self, history, fresh, rng):
        return super().compose(history, fresh, rng).head(1)


def test_a_class_derived_from_ours_does_not_inherit_its_laws():
    assert lines(regime=Doubled()) == {}
    assert lines(learner=Quiet(1)) == {}


@dataclass(frozen=True)
class Quiet(GaussianLearner):
    """A learner derived from ours."""


@dataclass(frozen=True)
class Brings(GaussianLearner):
    """A learner that predicts whatever the test wants."""

    law: object = None

    def predictions(self, study):
        return {"real_share": self.law, "manifold[recall]": self.law}


@pytest.mark.parametrize(
    ("law", "why"),
    [
        (("halved", lambda t: t), "Brings predicts .* of real_share; expected ClosedForm"),
        (ClosedForm("halved", MEAN, lambda t: 1 / 0), r"predictions of Brings failed \(ZeroDiv"),
        (ClosedForm("halved", MEAN, lambda t: 1.0), r"gives \(\) at \(6,\) generations"),
    ],
)
def test_what_is_no_closed_form_is_refused(law, why):
    with pytest.raises(SpecError, match=why):
        lines(Brings(1, law=law))


@pytest.mark.parametrize("statistic", [Statistic("variance"), Statistic("share_above", 0.0)])
def test_a_line_predicts_a_value_of_the_metric(statistic):
    with pytest.raises(SpecError, match="expected mean, median or quantile:Q"):
        ClosedForm("spread", statistic, np.ones_like)


def test_a_line_has_no_value_where_its_law_has_none():
    law = ClosedForm("late", MEAN, lambda t: np.where(t < 2, np.nan, 1.0 / np.maximum(t, 1)))
    assert lines(Brings(1, law=law))["real_share"].t == (2, 3, 4, 5)


def test_a_component_of_a_metric_can_have_a_line():
    law = ClosedForm("a quarter", MEAN, lambda t: 0.25 + 0.0 * t)
    found = lines(Brings(1, law=law), metrics=["manifold"], form="rows")
    assert set(found) == {"manifold[recall]"}


@pytest.mark.parametrize(
    "name", [name for name, spec in STUDIES.items() if spec["regime"] == "replace"]
)
def test_a_mix_of_no_real_rows_has_the_lines_of_replace(name):
    mixed = {"kind": "mix", "real_fraction": 0.0}
    lines = theory_lines(study_from({**spec_of(name), "regime": mixed}))
    assert lines == theory_lines(study_from(spec_of(name)))
    some = {"kind": "mix", "real_fraction": 0.5}
    assert lines != theory_lines(study_from({**spec_of(name), "regime": some}))
