"""How often the collapse profile is wrong, and how often it sees what was planted.

No time, no peer. Four tables: runs on real rows alone judged against independent controls (each
verdict should say yes in at most 5 %, any of them in at most 10 %, and be unable to tell in at most
20 %); models of a law that differs from reality by a stated amount (seen in at least 80 %); models
whose true statistic lies on the threshold (yes in at most 5 %, no in at most 5 %); exits of the
first alarm's band over a horizon, on real rows alone (at most 5 %). Eight chains and four control
fits of each. The third verdict is that of the run's study, by closed form or none. The fourth has
runs of several sizes, one of them the run itself, whose fits are planted on fewer rows than they
say: of a Gaussian as in examples/sweep.toml, then at four sizes with fewer chains. Ends with 1
where one of these is missed by more than chance explains.

    python benchmarks/profile_calibration.py [sets=200] [SYSTEM ...]
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.about import about_object
from genloss.core.chain import generation_zero
from genloss.core.real_only import RealOnly
from genloss.core.view import Direction, NotApplicable, View
from genloss.judge.profile.alarm import FALSE_EXITS, Watched, first_alarms
from genloss.judge.profile.divergence import divergence
from genloss.judge.profile.evidence import Evidence
from genloss.judge.profile.limits import limit_of, risk_of
from genloss.judge.profile.scaling import SLOWER, Sized, scaling
from genloss.judge.profile.trivial import trivial_scores
from genloss.judge.profile.verdicts import RULES, Answer, Rule, Verdict, verdict
from genloss.run.memory import measure
from genloss.run.setup import set_up
from genloss.run.watch import Watch
from genloss.study.study import Study, study_from

CHAINS, FITS = 8, 4

ZIPF = 1 / (np.arange(100) + 3.7)
ZIPF /= ZIPF.sum()

SYSTEMS: dict[str, dict[str, Any]] = {
    "Gaussian": {
        "reality": {"kind": "gaussian", "d": 1},
        "learner": {"kind": "gaussian", "ddof": 1},
        "n_real": 100,
        "held_out": 1000,
        "metrics": ["w2_squared", "trace_ratio", "tail_coverage", "far_rows"],
    },
    "discrete": {
        "reality": {"kind": "token_law", "p": ZIPF.tolist()},
        "learner": {"kind": "categorical", "k": 100},
        "n_real": 1000,
        "metrics": ["forward_kl", "diversity", "surviving_fraction"],
    },
    "mixture": {
        "reality": {"kind": "two_blobs", "separation": 8.0},
        "learner": {"kind": "mixture", "k": 2, "max_iter": 2000},
        "n_real": 500,
        "held_out": 500,
        "metrics": [
            "squared_l2",
            "trace_ratio",
            "tail_coverage",
            "surviving_modes",
            {"kind": "far_rows", "reference": 500},
        ],
    },
    "regression": {
        "reality": {"kind": "regression", "d": 10},
        "learner": {"kind": "least_squares", "sigma2": 1.0},
        "n_real": 111,
        "metrics": ["excess_risk"],
    },
}


MISSED = {("Gaussian", 8)}
"""Systems and verdicts that "cannot tell" too often on real rows: docs/verdicts.md."""


def blobs(scale: float = 1.0, **options: float) -> dict[str, Any]:
    return {"kind": "two_blobs", "separation": 8.0 * scale, "std": scale, **options}


def tokens(p: Any) -> dict[str, Any]:
    return {"kind": "token_law", "p": (np.asarray(p) / np.sum(p)).tolist()}


def normal(mean: float = 0.0, variance: float = 1.0) -> dict[str, Any]:
    return {"kind": "gaussian", "d": 1, "mean": mean, "variance": variance}


PLANTED: dict[str, dict[int, dict[str, Any]]] = {
    "Gaussian": {
        1: normal(mean=0.75**0.5),
        2: normal(mean=0.2**0.5),
        5: normal(variance=0.25),
        7: normal(variance=0.41),
        8: normal(variance=2.9),
    },
    "discrete": {
        1: tokens(ZIPF * (np.arange(100) < 5)),
        2: tokens(ZIPF * (np.arange(100) < 45)),
        5: tokens(0.14 * ZIPF + 0.86 * (np.arange(100) == 0)),
        7: tokens(ZIPF * (np.arange(100) < 10)),
    },
    "mixture": {
        1: blobs(std=4.5),
        2: blobs(std=1.3),
        5: blobs(0.5),
        6: blobs(weight=1e-5),
        7: blobs(0.64),
        8: blobs(1.5),
    },
    "regression": {
        1: {"kind": "regression", "d": 10, "w": 1 - 0.74**0.5},
        2: {"kind": "regression", "d": 10, "w": 1 - 0.2**0.5},
    },
}
"""By verdict, a law that a model is trained on instead of reality."""

AT_THRESHOLD: dict[str, dict[int, dict[str, Any]]] = {
    "Gaussian": {
        1: normal(mean=0.5**0.5),
        2: normal(mean=0.05**0.5),
        5: normal(variance=0.5),
    },
    "regression": {
        1: {"kind": "regression", "d": 10, "w": 1 - 0.495**0.5},
        2: {"kind": "regression", "d": 10, "w": 1 - 0.0495**0.5},
    },
}
"""The same with a true statistic that lies on the threshold, where errors are most frequent."""


@dataclass(frozen=True)
class Sizes:
    """Rows of the runs that the fourth verdict compares, chains of each, and their form."""

    rows: tuple[int, ...]
    chains: int
    form: str = "rows"


SHIPPED = tomllib.loads((Path(__file__).parents[1] / "examples" / "sweep.toml").read_text())[
    "sweep"
]

FOUR = (30, 100, 300, 1000)

SIZES = {
    "Gaussian": Sizes(tuple(SHIPPED["vary"]["n_real"]), SHIPPED["seeds"], "moments"),
    "discrete": Sizes(FOUR, CHAINS),
}
"""As shipped; of the others fits to most rows take seconds."""

FEWER = [Sizes(FOUR, chains, "moments") for chains in (4, 8, 16, 24, 32, 40)]
"""Of a Gaussian: errors are squares, of whose law few chains tell little."""

LOST = {"planted": {"Gaussian": 0.45}, "on the threshold": {"Gaussian": SLOWER}}
"""Share of the exponent lost, by fits to n0 (n / n0)^(1 - lost) of n rows; symbols have none."""


@dataclass(frozen=True)
class Share:
    """How often a verdict gave each answer, over so many runs, at which mean of its statistic."""

    system: str
    rule: Rule
    metric: str
    statistic: float
    answers: Mapping[Answer, float]


def study(system: str, **changed: Any) -> Study:
    return study_from({**SYSTEMS[system], "generations": 1, **changed})


def fits(system: str, n: int, seed: int) -> dict[str, Any]:
    """Return the values (n,) of every metric of n independent fits on real rows."""
    series = measure(study(system, chains=n, seed=seed)).series
    return {name: one.values[-1] for name, one in series.items()}


def planted(system: str, law: Mapping[str, Any], metric: Any, n: int, seed: int) -> Any:
    """Return the values (n,) of a metric of n models of another law, beside reality."""
    one = replace(study(system, chains=n, seed=seed), metrics=(metric,))
    setup = set_up(one, 0, Watch(lambda step: None))
    streams = setup.streams
    other = study(system, chains=n, reality=dict(law)).reality.realise(n, streams.rng(0, "realise"))
    zero = generation_zero(other, one.form, one.n_real, streams)
    model = setup.study.learner.fit(zero.samples, streams.rng(1, "fit"))
    drawn = one.form.draw(model, one.n_synthetic, streams.rng(1, "sample"), 1)
    rng = streams.rng(1, "metric")
    value = metric(View(1, setup.p_0, model, zero.samples, drawn, setup.held_out, rng))
    assert not isinstance(value, NotApplicable), value.why
    return value


def evidence(one: Study, run: Mapping[str, Any], control: Mapping[str, Any]) -> list[Evidence]:
    """Return the evidence of a run's values (C,) and its control's (C, K), by metric."""
    trivial = trivial_scores(one)
    return [
        Evidence(
            m.name,
            about.aspect,
            run[m.name],
            control[m.name],
            trivial.get(m.name),
            better=1 if m.direction is Direction.HIGHER else -1,
        )
        for m in one.metrics
        if m.name in run and (about := about_object(m)) and about.aspect
    ]


def by_size(
    system: str, at: Sizes, sets: int, lost: float, seed: int, fits: int = 1
) -> list[dict[int, Any]]:
    """Return the risk (chains,) or (chains, fits) at every size with so much lost, by set."""
    found, rows = [dict[int, Any]() for _ in range(sets)], at.rows
    alone = study(system, metrics=SYSTEMS[system]["metrics"][:1], form=at.form, held_out=0)
    risk = risk_of(alone)
    assert risk is not None
    for i, size in enumerate(rows):
        own = round(rows[0] * (size / rows[0]) ** (1 - lost))
        chains = sets * at.chains * fits
        one = replace(
            alone,
            chains=chains,
            chains_per_block=chains,
            n_real=own,
            n_synthetic=own,
            seed=seed + i,
        )
        values = measure(one).series[risk.name].values[-1]
        cut = sets_of({"": values}, sets, fits, at.chains)
        for part, of_set in zip(found, cut, strict=True):
            part[size] = of_set[""]
    return found


def controls_by_size(system: str, at: Sizes, sets: int) -> list[dict[int, Any]]:
    """Return the risk of control fits (chains, fits) at every size, by set."""
    return by_size(system, at, sets, 0.0, 40, FITS)


def law_of_size(run: Mapping[int, Any], control: Mapping[int, Any], metric: str) -> Verdict:
    """Return the fourth verdict on runs of several sizes."""
    return scaling([Sized(size, run[size], control[size]) for size in run], metric)


def sets_of(
    values: Mapping[str, Any], sets: int, fits: int, chains: int = CHAINS
) -> list[dict[str, Any]]:
    """Cut values (n,) into sets of (chains, fits), or (chains,) for one fit."""
    shape = (sets, chains, fits) if fits > 1 else (sets, chains)
    return [{k: v.reshape(shape)[i] for k, v in values.items()} for i in range(sets)]


def shares(system: str, judged: list[list[Any]]) -> Iterator[Share]:
    """Yield how often each verdict gave each answer, from the verdicts of every run."""
    for of_rule in zip(*judged, strict=True):
        answers = {a: float(np.mean([v.answer is a for v in of_rule])) for a in Answer}
        found = [v.found.estimate for v in of_rule if v.found]
        statistic = float(np.mean(found)) if found else float("nan")
        yield Share(system, of_rule[0].rule, of_rule[0].metric, statistic, answers)


def null(system: str, sets: int) -> tuple[list[Share], float]:
    """Return the shares of answers for runs on real rows, and that of runs with any yes."""
    one = study(system)
    runs = sets_of(fits(system, sets * CHAINS, 1), sets, 1)
    controls = sets_of(fits(system, sets * CHAINS * FITS, 2), sets, FITS)
    risk = risk_of(one)
    assert risk is not None
    at = SIZES.get(system)
    at_sizes = by_size(system, at, sets, 0.0, 30) if at else []
    of_sizes = controls_by_size(system, at, sets) if at else []
    # Generations of real rows alone: no closed form says that their risk grows.
    third = divergence(limit_of(replace(one, regime=RealOnly())), "a run on real rows alone")
    judged = []
    for i, (run, control) in enumerate(zip(runs, controls, strict=True)):
        by_aspect = {e.aspect: e for e in evidence(one, run, control)}
        judged.append([verdict(r, by_aspect[r.aspect]) for r in RULES if r.aspect in by_aspect])
        judged[-1].insert(2, third)
        if at:
            more = at_sizes[i][one.n_real][CHAINS:]
            own = {**at_sizes[i], one.n_real: np.concatenate([run[risk.name], more])}
            judged[-1].insert(3, law_of_size(own, of_sizes[i], risk.name))
    any_yes = float(np.mean([any(v.answer is Answer.YES for v in run) for run in judged]))
    return list(shares(system, judged)), any_yes


def power(system: str, laws: Mapping[int, Mapping[str, Any]], sets: int) -> Iterator[Share]:
    """Yield the shares of answers for models of other laws, by verdict."""
    one = study(system)
    controls = sets_of(fits(system, sets * CHAINS * FITS, 3), sets, FITS)
    for number, law in laws.items():
        rule = RULES[number - 1]
        metric = next(m for m in one.metrics if (a := about_object(m)) and a.aspect is rule.aspect)
        values = planted(system, law, metric, sets * CHAINS, 4)
        judged = []
        for run, control in zip(sets_of({metric.name: values}, sets, 1), controls, strict=True):
            [e] = [e for e in evidence(one, run, control) if e.aspect is rule.aspect]
            judged.append([verdict(rule, e)])
        yield from shares(system, judged)


def power_of_size(system: str, at: Sizes, lost: float, sets: int) -> Share:
    """Return the shares of the fourth verdict where so much of a system's exponent is lost."""
    runs, controls = by_size(system, at, sets, lost, 50), controls_by_size(system, at, sets)
    pairs, metric = zip(runs, controls, strict=True), SYSTEMS[system]["metrics"][0]
    return next(shares(system, [[law_of_size(run, c, metric)] for run, c in pairs]))


def of_size(system: str, lost_by: Mapping[str, float], sets: int) -> list[Share]:
    """Return that at the shipped sizes; of systems without a power law none."""
    return (
        [power_of_size(system, SIZES[system], lost_by[system], sets)] if system in lost_by else []
    )


def of_fewer(sets: int) -> bool:
    """Print what the fourth verdict says of a Gaussian at fewer chains; returns whether it errs."""
    fine = True
    print(
        "\n| chains | lost | mean statistic | yes | no | cannot tell |\n|---|---|---|---|---|---|"
    )
    for at in FEWER:
        for lost in (0.0, SLOWER, LOST["planted"]["Gaussian"]):
            one = power_of_size("Gaussian", at, lost, sets)
            fine &= lost > SLOWER or one.answers[Answer.YES] <= most(0.05, sets)
            fine &= lost != SLOWER or one.answers[Answer.NO] <= most(0.05, sets)
            told = [percent(one.answers[x]) for x in (Answer.YES, Answer.NO, Answer.UNKNOWN)]
            row = " | ".join([str(at.chains), f"{lost:g}", f"{one.statistic:.3f}", *told])
            print(f"| {row} |", flush=True)
    return fine


def false_exits(system: str, sets: int, times: int, n_real: int, chains: int = CHAINS) -> float:
    """Return the share of runs on real rows alone that alarm, by any metric, over a horizon.

    Control fits are further generations of the same chains, as a run's are: the same held-out rows.
    """
    cheap = [m for m in SYSTEMS[system]["metrics"] if m != "far_rows" and not isinstance(m, dict)]
    one = study(
        system,
        n_real=n_real,
        metrics=cheap,
        regime="real_only",
        generations=times + FITS,
        chains=sets * chains,
        **({"held_out": 200} if "held_out" in SYSTEMS[system] else {}),
    )
    series = measure(one).series
    t = np.arange(1, times + 1)
    alarmed = 0
    for i in range(sets):
        own = slice(i * chains, (i + 1) * chains)
        watched = [
            Watched(
                name,
                t,
                s.values[1 : times + 1, own],
                s.values[times + 1 :, own].T,
                paired=True,
                error=s.direction is Direction.LOWER,
            )
            for name, s in series.items()
        ]
        alarmed += any(a.t is not None for a in first_alarms(watched))
    return alarmed / sets


def most(share: float, sets: int) -> float:
    """Return a share that chance seldom takes it for: three binomial errors more."""
    return share + 3 * (share * (1 - share) / sets) ** 0.5


def percent(x: float) -> str:
    return f"{100 * x:.1f} %"


def line(s: Share) -> str:
    a = s.answers
    shown = [percent(a[x]) for x in (Answer.YES, Answer.NO, Answer.UNKNOWN)]
    rule = f"{s.rule.number} {s.rule.name}"
    return "| " + " | ".join([s.system, rule, s.metric, f"{s.statistic:.3g}", *shown]) + " |"


HEAD = (
    "| system | verdict | metric | mean statistic | yes | no | cannot tell |\n"
    "|---|---|---|---|---|---|---|"
)


def main(sets: int, systems: list[str]) -> bool:
    """Print the tables; returns whether all bounds hold."""
    fine = True
    print(f"Real rows alone, {sets} runs of {CHAINS} chains:\n\n{HEAD}")
    for system in systems:
        found, any_yes = null(system, sets)
        for one in found:
            fine &= one.answers[Answer.YES] <= most(0.05, sets)
            # The third asks for a closed form.
            tells = one.answers[Answer.UNKNOWN] <= 0.2 or one.rule.number == 3
            fine &= tells or (system, one.rule.number) in MISSED
            print(line(one) + ("" if tells else " missed"), flush=True)
        fine &= any_yes <= most(0.10, sets)
        print(f"| {system} | any of them | | | {percent(any_yes)} | | |", flush=True)
    print(f"\nPlanted:\n\n{HEAD}")
    for system in systems:
        sized = of_size(system, LOST["planted"], sets)
        for one in (*power(system, PLANTED[system], sets), *sized):
            fine &= one.answers[Answer.YES] >= 0.8
            print(line(one), flush=True)
    print(f"\nOn the threshold:\n\n{HEAD}")
    for system in systems:
        on_it = of_size(system, LOST["on the threshold"], sets)
        for one in (*power(system, AT_THRESHOLD.get(system, {}), sets), *on_it):
            fine &= one.answers[Answer.YES] <= most(0.05, sets)
            fine &= one.answers[Answer.NO] <= most(0.05, sets)
            print(line(one), flush=True)
    if "Gaussian" in systems:
        fine &= of_fewer(5 * sets)
    print("\n| system | rows | horizon | runs on real rows that alarm |\n|---|---|---|---|")
    for system, n_real in (("Gaussian", 100), ("Gaussian", 400), ("discrete", 1000)):
        if system in systems:
            for times in (10, 50):
                share = false_exits(system, sets, times, n_real)
                fine &= share <= most(FALSE_EXITS, sets)
                print(f"| {system} | {n_real} | {times} | {percent(share)} |", flush=True)
    return fine


if __name__ == "__main__":
    words = sys.argv[1:]
    asked = [int(w.removeprefix("sets=")) for w in words if w.startswith("sets=")]
    named = [w for w in words if not w.startswith("sets=")]
    sys.exit(0 if main(asked[0] if asked else 200, named or list(SYSTEMS)) else 1)
