"""How often forecasts hold, and whether they beat the last value and the last slope.

    python benchmarks/forecast.py [root=runs/forecast] [sides=develop,score] [only=SYSTEM]

Runs the units of forecast_units.py below root (once; half an hour of one core), forecasts each from
its first 3, 6 and 12 generations for 2, 5 and 10 times as far, and holds the forecasts against what
came: the mean of the same chains, and as many chains of the same study that no forecast saw. Theory
and rates apart. The score is the interval score (Gneiting and Raftery 2007) in units of the mean
step seen, as in the M4 competition; its geometric mean over forecasts is beside it, as a few
explosions carry the plain one. The two rivals go on from the last value or by the last slope; their
intervals are those of a random walk (of the level, of the slope), widened until they hold 90 % on
the development units. Errors of coverage are over units.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from forecast_units import SEEDS, TIMES, TO, Experiment, split
from genloss.judge.forecast.forecasts import RATE, Forecast, of_column, refusal
from genloss.judge.predictions import theory_lines
from genloss.run.runner import run_study
from genloss.store.series import Column
from genloss.study.study import study_from

MISS = 2 / 0.1
"""What an interval score adds for each unit by which a 90 % interval misses."""

RIVALS = ("last value", "last slope")


@dataclass(frozen=True)
class Case:
    """A forecast and what came of it: the mean of these chains, and other chains (C,).

    rivals: centre and width of the last value and of the last slope. step: the mean step seen.
    """

    unit: tuple[str, str, int]
    forecast: Forecast
    mean: float
    chains: np.ndarray
    rivals: tuple[tuple[float, float], ...]
    step: float

    @property
    def mean_inside(self) -> bool:
        """Whether the mean came out inside its interval."""
        return self.forecast.mean.low <= self.mean <= self.forecast.mean.high

    @property
    def chains_inside(self) -> float:
        """The share of other chains inside theirs."""
        x = self.forecast.chain
        return float(((x.low <= self.chains) & (self.chains <= x.high)).mean())

    @property
    def score(self) -> float:
        """The interval score of the mean."""
        return interval_score(self.forecast.mean.low, self.forecast.mean.high, self)

    def rival_score(self, which: int, wider: float) -> float:
        """Return that of a rival whose intervals are so much wider."""
        centre, width = self.rivals[which]
        return interval_score(centre - wider * width, centre + wider * width, self)


def interval_score(low: float, high: float, case: Case) -> float:
    outside = max(low - case.mean, 0.0) + max(case.mean - high, 0.0)
    return (high - low + MISS * outside) / case.step


def cases(experiment: Experiment, seed: int, root: Path) -> Iterator[Case]:
    """Yield every forecast of one unit, by theory where there is some, and by rates."""
    study = study_from({**experiment.spec, "seed": seed, "name": experiment.system})
    run = run_study(study, root, workers=1)
    lines = {k: v for k, v in theory_lines(study).items() if v.statistic.is_mean}
    for column in run.columns.values():
        if not np.isfinite(column.values).all():
            continue
        for last in TO:
            asked = np.array([last * k for k in TIMES if last * k in column.t])
            seen = part(column, (column.t >= 1) & (column.t <= last), study.chains_per_block)
            if not asked.size or refusal(seen):
                continue
            both = [lines, {}] if column.name in lines else [{}]
            found = [f for of in both for f in of_column(seen, asked, of)]
            for forecast in found:
                now = column.values[list(column.t).index(forecast.at)]
                own, others = np.split(now, [study.chains_per_block])
                steps = np.diff(seen.values.mean(axis=1))
                yield Case(
                    (experiment.system, experiment.name, seed),
                    forecast,
                    float(own.mean()),
                    others,
                    tuple(rivals(seen.values.mean(axis=1), forecast.at - last)),
                    float(np.abs(steps).mean()) or 1.0,
                )


def part(column: Column, there: np.ndarray, chains: int) -> Column:
    return replace(column, t=column.t[there], values=column.values[there][:, :chains])


def rivals(mean: np.ndarray, ahead: int) -> Iterator[tuple[float, float]]:
    """Yield centre and width: of a walk of the level, and of one of the slope."""
    steps, bends = np.diff(mean), np.diff(mean, 2)
    yield float(mean[-1]), float(np.sqrt((steps**2).mean() * ahead))
    walked = ahead * (ahead + 1) * (2 * ahead + 1) / 6
    yield float(mean[-1] + ahead * steps[-1]), float(np.sqrt((bends**2).mean() * walked))


def widened(developed: Sequence[Case], which: int) -> float:
    """Return the factor with which a rival's intervals hold 90 % of the development units."""
    missed = [abs(c.mean - c.rivals[which][0]) / max(c.rivals[which][1], 1e-300) for c in developed]
    return float(np.quantile(missed, 0.9))


def coverage(inside: Sequence[float], units: Sequence[tuple[str, str, int]]) -> str:
    """Return the share that held, and its error over units."""
    by_unit: dict[tuple[str, str, int], list[float]] = {}
    for unit, held in zip(units, inside, strict=True):
        by_unit.setdefault(unit, []).append(held)
    share = float(np.mean(inside))
    left = [sum(h - share for h in held) for held in by_unit.values()]
    error = float(np.sqrt(np.sum(np.square(left)))) / len(inside)
    return f"{100 * share:5.1f} +- {100 * error:3.1f}"


def row(name: str, some: Sequence[Case], wider: Sequence[float]) -> str:
    units = [c.unit for c in some]
    scores = [[c.score for c in some]]
    scores += [[c.rival_score(i, w) for c in some] for i, w in enumerate(wider)]
    told = "  ".join(f"{np.mean(s):9.1f} {np.exp(np.mean(np.log(s))):7.1f}" for s in scores)
    return (
        f"{name:22} {len(set(units)):5} {len(some):6}  "
        f"{coverage([c.mean_inside for c in some], units)}  "
        f"{coverage([c.chains_inside for c in some], units)}  {told}"
    )


HEAD = (
    "units forec.       mean, %        chain, %   score, and geometric         last value"
    "         last slope"
)


def show(some: Sequence[Case], wider: Sequence[float]) -> None:
    """Print a table for theory and one for rates."""
    for rate in (False, True):
        mine = [c for c in some if (c.forecast.source == RATE) == rate]
        print(f"\n{'rates' if rate else 'theory':22} {HEAD}")
        print(row("all", mine, wider))
        for system in dict.fromkeys(c.unit[0] for c in mine):
            print(row(system, [c for c in mine if c.unit[0] == system], wider))
        for last in TO:
            print(row(f"from {last}", [c for c in mine if c.forecast.seen == last], wider))
        for k in TIMES:
            far = [c for c in mine if c.forecast.at == k * c.forecast.seen]
            print(row(f"{k} times as far", far, wider))
        for metric in dict.fromkeys(c.forecast.metric for c in mine):
            print(row(metric, [c for c in mine if c.forecast.metric == metric], wider))


def main(
    root: str = "runs/forecast", sides: str = "develop,score", only: str = "", seeds: str = ""
) -> None:
    """Score forecasts; seeds=4:8 scores on units of other seeds."""
    first, _, last = seeds.partition(":")
    chosen = {**SEEDS, **({"score": range(int(first), int(last))} if seeds else {})}
    every: dict[str, list[Case]] = {}
    for side, experiments in split().items():
        mine = [e for e in experiments if not only or e.system == only]
        every[side] = [
            case
            for e in (mine if side in sides.split(",") else ())
            for seed in list(chosen[side])[: e.seeds]
            for case in cases(e, seed, Path(root) / side)
        ]
    rates = [c for c in every["develop"] if c.forecast.source == RATE]
    wider = [widened(rates, i) for i in range(len(RIVALS))] if rates else [1.645, 1.645]
    print(f"rivals widened by {wider[0]:.2f} (last value) and {wider[1]:.2f} (last slope)")
    for side, some in every.items():
        if some:
            print(f"\n{side}: {len({c.unit for c in some})} units, nominal 90 %")
            show(some, wider)


if __name__ == "__main__":
    main(**dict(argument.split("=", 1) for argument in sys.argv[1:]))
