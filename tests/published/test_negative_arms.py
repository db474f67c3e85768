"""A claim that its negative arm satisfies too says nothing: measured there, it must be missed."""

from dataclasses import replace

import pytest

from genloss.judge.verdicts import judge
from genloss.published.experiments import load_experiment
from genloss.published.reproduce import reproduce

ARMS = {
    "gerstgrasser-2024-regression": {
        "replace.kept.t=10": ("accumulate,kept", "multiple,kept"),
        "accumulate.t=10": ("replace,kept", "multiple,kept"),
        "multiple.kept.t=10": ("replace,kept", "accumulate,kept"),
        "bound.accumulate": ("replace,kept", "multiple,kept"),
        "order.multiple": ("replace,kept", "accumulate,kept"),
    },
    "zhu-2025-toedit-regression": {
        "edited.share=0.2.t=10": ("edited,share=0.0", "edited,share=0.5", "replace"),
        "edited.share=0.5.t=10": ("edited,share=0.0", "edited,share=0.2", "replace"),
        "cost.share=0.2": ("edited,share=0.0", "edited,share=0.5", "replace"),
        "bound.share=0.2": ("edited,share=0.0", "edited,share=0.5", "replace"),
        "real.share=0.2": ("edited,share=0.0", "edited,share=0.5", "replace"),
    },
}
"""By experiment and target: the runs in which it must be missed."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ARMS)
def test_a_claim_fails_in_its_negative_arms(name, tmp_path):
    experiment = load_experiment(name, "smoke")
    runs, verdicts = reproduce(experiment, tmp_path, workers=1)
    assert [v.full() for v in verdicts if not v.passed] == []
    by_name = dict(zip(experiment.studies, runs, strict=True))
    targets = {t.id: t for t in experiment.targets}
    for claim, arms in ARMS[name].items():
        target = targets[claim]
        # A law is that of the arm which makes the claim, whatever is measured.
        study = experiment.studies[target.at.run]
        for arm in arms:
            wrong = replace(target, at=replace(target.at, run=arm))
            verdict = judge(wrong, by_name, {**experiment.studies, arm: study})
            assert not verdict.passed, (claim, arm)
