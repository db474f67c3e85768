"""A claim that its negative arm satisfies too says nothing: measured there, it must be missed."""

import json
from dataclasses import replace

import pytest

from genloss.judge.verdicts import judge
from genloss.published.experiments import load_experiment
from genloss.store.reader import Run

from .misses import MISSED

ARMS = {
    "detector-frontier": {
        "control.trace": ("honest,tilt=6.0",),
        "tilted.first": ("honest,tilt=0.0",),
        "tilted.trace": ("honest,tilt=0.0",),
        "tilted.tail": ("honest,tilt=0.0",),
        "helps.smoke": ("narrow,tpr=0.5,fpr=0.3,tilt=12.0",),
        "hurts": ("narrow,tpr=0.9,fpr=0.1,tilt=0.0", "narrow,oracle"),
        "minority.tilted": ("minority,tilt=0.0",),
    },
    "drayson-2025-resampling": {
        "perplexity.once": ("once,separation=0.0", "resampled,separation=0.0"),
        "perplexity.known": ("resampled,separation=0.0",),
        "share.resampled": ("resampled,separation=0.0",),
    },
    "qiao-2026-selection": {
        "claim.kept": ("at-random,n=100", "accumulate,n=100"),
        "kept.t=11": ("at-random,n=100",),
        "accumulate and select.n=100,t=10": ("at-random,n=100",),
        "replace-select.n=100,t=10": ("replace,n=100",),
        "laplace.accumulate": ("laplace,accumulate-select", "laplace,replace-select"),
        "laplace.accumulate and select": ("laplace,accumulate",),
        "laplace.replace and select": ("laplace,accumulate",),
    },
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
    "he-2025-weights": {
        "best.m=100": ("m=100,w=0.2", "m=100,w=0.95"),
        "pays.m=100": ("m=100,w=0.2",),
        "pays.m=1000": ("m=1000,w=0.02",),
        "law.m=1000,w=0.27,t=30": ("m=1000,w=0.02", "m=1000,pooled"),
    },
    "bakshi-2026-fresh-share": {
        "share.n=100,a=0.1,t=40": ("share,n=100,a=0.5", "kept,N=100,k=10", "replace,N=100"),
        "share.n=100,a=0.1,t=6": ("share,n=100,a=0.5", "replace,N=100"),
        "count.N=100,k=10,t=300": ("count,N=100,k=1", "count,N=100,k=50", "replace,N=100"),
        "direction.prior": ("no-prior,N=20",),
        "direction.map": ("gaussian,no-prior,N=20",),
        "count.decides": ("count,N=100,k=1", "count,N=100,k=50", "replace,N=100"),
    },
    "dohmatob-2024-strong": {
        "mixed.p=0.01,n=100000": ("p=0.1,n=9000,m=1000",),
        "plateau.p=0.1": ("p=0.01,n=99000,m=1000",),
    },
    "dohmatob-2024-tails": {
        "cut.k=100,n=100000": ("cut,k=1000,n=100000", "mixed,k=100,n=100000"),
        "plateau.k=100": ("mixed,k=100,n=10000", "cut,k=1000,n=10000"),
    },
    "dey-2024-augment": {
        "augment.t=10.kept": ("discard", "discard,new"),
        "bound.augment": ("discard", "discard,new"),
        "discard.t=5.kept": ("augment", "augment,new"),
    },
    "feng-2024-verifier": {
        "accuracy.n=1000,p=0.6": ("blind,p=0.6", "oracle,p=0.6", "n=1000,p=0.73"),
        "threshold.below.n=10000": ("blind,p=0.6", "n=10000,p=0.69"),
        "threshold.above.n=10000": ("oracle,p=0.9", "n=10000,p=0.64"),
        "width": ("n=1000,p=0.64",),
        "centre.biased": ("centre,none", "centre,bias=0.0"),
        "centre.settled": ("centre,none",),
        "centre.honest": ("centre,bias=0.1", "centre,none"),
    },
    "first-mover": {
        "late": ("enters=24,inflow=200",),
        "undone": ("enters=24,inflow=0",),
        "labelled": ("unlabelled,inflow=200",),
    },
    "cutoff-or-fresh": {
        "law.fresh.rate=0.1,speed=0.016": (
            "fresh,rate=0.2,speed=0.016",
            "fresh,rate=0.05,speed=0.016",
        ),
        "law.cutoff.speed=0.016": ("cutoff,speed=0.0",),
        "fast": ("cutoff,speed=0.0", "cutoff,speed=0.004"),
        "slow": ("cutoff,speed=0.016",),
    },
    "real-share-curve": {
        "gaussian.fresh.N=100,k=20": ("gaussian,none,N=100", "gaussian,fresh,N=100,k=50"),
        "count.gaussian": ("gaussian,fresh,N=100,k=5", "gaussian,none,N=100"),
        "share.gaussian": ("gaussian,fresh,N=400,k=80",),
        "count.discrete": ("discrete,fresh,N=100,k=5",),
        "share.discrete": ("discrete,fresh,N=400,k=80",),
        "supply.discrete": ("discrete,fresh,N=100,k=20",),
    },
    "forgetting-and-poisoning": {
        "collapse.n=50": ("collapse,n=500", "poison,random,m=20"),
        "forgotten": ("forgetting,n=1000,replay=500",),
        "replay.0.1": ("forgetting,n=1000,replay=10", "forgetting,n=1000,replay=500"),
        "poison.greedy": ("poison,random,m=20", "poison,own", "poison,greedy,m=5"),
        "poison.widens": ("poison,own", "collapse,n=50"),
        "poison.own": ("poison,greedy,m=5",),
    },
    "schaeffer-2025-profile": {
        "1.gaussian.replace": ("gaussian,real", "gaussian,accumulate"),
        "5.gaussian.replace": ("gaussian,real", "gaussian,accumulate"),
        "5.gaussian.accumulate": ("gaussian,replace",),
        "5.symbols": ("symbols,real", "symbols,accumulate"),
        "7.symbols.replace": ("symbols,real",),
    },
    "hybrid-text": {
        "edits.cost": ("all-real",),
        "edits.dose": ("real,rows=1.0,tokens=0.25",),
        "spans.help": ("all-generated",),
        "half-and-half": ("real,rows=1.0,tokens=0.25",),
    },
    "grounded-rephrase": {
        "teacher.grounding": ("teacher,free", "own,grounded"),
        "own.grounding": ("teacher,grounded",),
        "teacher.helps.free": ("own,free", "own,grounded", "repeated"),
        "teacher.helps.grounded": ("own,free", "own,grounded", "repeated"),
        "teacher.beats-repeating.free": ("repeated",),
    },
    "alemohammad-2023-fresh": {
        "n_ini.trace_ratio.lam=1.0,smoke": ("fresh,n_ini=100,lam=0.9",),
        "trace.n_ini=100,lam=1.0,smoke": ("fresh,n_ini=100,lam=0.9",),
        "rows.precision.lam=0.8": ("rows,lam=1.0",),
        "rows.trace.lam=0.8": ("rows,lam=1.0", "rows,lam=0.5"),
    },
    "alemohammad-2023-mnist": {
        "guided.recall.smoke": ("synthetic,w=0.0",),
        "unbiased.precision.smoke": ("synthetic,w=1.0",),
    },
    "bohacek-2023-healing": {"collapse.smoke": ("all-real",)},
    "closed-loop-ngram": {"control.rows": ("oracle", "taught=loop")},
    "closed-loop-transformer": {
        "control.rows": ("oracle",),
        "budget.loop": ("taught=nothing", "taught=another"),
    },
    "gerstgrasser-2024-lm": {
        "multiple.smoke": ("replace,T=0.3", "accumulate,T=0.3"),
        "subsample.smoke": ("replace,T=0.3", "accumulate,T=0.3"),
        "cold.replace.smoke": ("replace-multiple", "accumulate"),
    },
    "kazdan-2024-discrete": {
        "collapse.n=10": ("collapse,n=100",),
        "collapse.law.n=100": ("collapse,n=10",),
        "entropy.K=10,n=100,t=10": ("faces,K=10,n=10",),
    },
    "kazdan-2024-gaussian": {
        "replace.trace.n=100,t=100": ("accumulate,d=1,n=100",),
        "replace.law.d=1,n=100": ("accumulate,d=1,n=100", "subsample,d=1,n=100"),
        "accumulate.law.d=1,n=10": ("replace,d=1,n=10", "accumulate,d=1,n=100"),
        "subsample.law.d=1,n=10": ("replace,d=1,n=10",),
    },
    "kazdan-2024-kde": {
        "spread.circles,h=0.5,n=10,replace,t=10": ("circles,h=0.5,n=10,accumulate",),
        "spread.circles,h=0.5,n=10,accumulate,t=10": ("circles,h=0.5,n=10,replace",),
    },
    "seddik-2024-ngram": {"entropy.smoke.100": ("partly-real,n=100",)},
    "shumailov-2024-discrete": {
        "diversity.n=100,t=10": ("decay,n=10", "decay,n=1000"),
        "lost.q=0.001": ("rare,q=0.0005",),
    },
    "shumailov-2024-gaussian": {
        "variance.N=1000": ("recursive,N=1000,ddof=0",),
        "mean-walk.N=500,ddof=1": ("recursive,N=500,ddof=0",),
        "median-sigma.N=1000,ddof=1": ("recursive,N=1000,ddof=0", "recursive,N=100,ddof=1"),
    },
    "shumailov-2024-opt": {"ngram.share": ("ngram,A",)},
    "suresh-2024-survival": {
        "rare.p=0.001,n=10000,t=5": ("rare,p=0.01,n=100",),
        "alphabet.exact.a=1,b=2.7,t=5": ("alphabet,a=2,b=5",),
        "alphabet.bound.a=1,b=2.7,t=5": ("alphabet,a=2,b=5",),
    },
    "hodel-2025-ecosystem": {"first.one-is-best": ("symbols,copies,M=16",)},
    "khelifa-2026-diffusion": {
        "discount.a=0.1,t=6": ("begun=20,replace", "begun=20,a=0.5", "begun=20,a=0.9"),
        "discount.a=0.5,t=4": ("begun=20,replace", "begun=20,a=0.1"),
    },
    "alemohammad-2023-effective-size": {
        "fresh.n_s=100": ("kept,n_s=100", "fresh,n_s=1000"),
        "admissible.n_s=100": ("kept,n_s=100",),
        "bracket.n_s=100": ("kept,n_s=100",),
    },
}
"""By experiment and target: the runs in which it must be missed."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ARMS)
def test_a_claim_fails_in_its_negative_arms(name, demo):
    """On the runs of the demo."""
    experiment = load_experiment(name, "smoke")
    folder = demo.folder / "runs" / "demo" / f"{name}-smoke"
    found = json.loads((folder / "targets.json").read_bytes())
    known = MISSED.get(name, set())
    assert [t for t in found["targets"] if not t["passed"] and t["id"] not in known] == []
    by_name = {run: Run(folder / path) for run, path in found["runs"].items()}
    targets = {t.id: t for t in experiment.targets}
    for claim, arms in ARMS[name].items():
        target = targets[claim]
        # A law is that of the arm which makes the claim, whatever is measured.
        study = experiment.studies[target.at.run]
        for arm in arms:
            wrong = replace(target, at=replace(target.at, run=arm))
            verdict = judge(wrong, by_name, {**experiment.studies, arm: study})
            assert not verdict.passed, (claim, arm)
