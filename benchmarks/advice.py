"""Whether advice holds: fresh chains at the advised real rows, and at 0.6 times as many.

For each system: advice at 95 % for a new chain, then 30 chains that the search never saw (another
seed) with the rows advised, of which 26 must meet the target, and 30 with 0.6 times as many real
rows, of which 15 must miss it. No theory is used. Ends with 1 where a system fails.

    python benchmarks/advice.py [gaussian mixture ngram digits ...] [root=FOLDER] [seed=0]
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genloss.plan.advise.advice import Effort, advise
from genloss.plan.advise.question import Question, question_of, target_of
from genloss.plan.advise.supplies import Axis, Supply, real_rows
from genloss.run.runner import run_study
from genloss.study.study import study_from

FRESH = 30
MEET, MISS = 26, 15
LESS = 0.6
SEED = 20_000
"""Of the fresh chains; the search's own are drawn from the study's seed."""


@dataclass(frozen=True)
class System:
    """A spec, a target, and how real rows are supplied and counted."""

    spec: Mapping[str, Any]
    target: str
    supply: Supply
    axis: Axis
    chains: int = 20


SYSTEMS = {
    "gaussian": System(
        {
            "reality": {"kind": "gaussian", "d": 80},
            "learner": {"kind": "gaussian", "ddof": 0},
            "form": "moments",
            "n_real": 200,
            "metrics": ["squared_mean_error"],
        },
        "squared_mean_error <= 1 at 20",
        "fresh",
        "count",
    ),
    "mixture": System(
        {
            "reality": {"kind": "blobs", "k": 3, "d": 8, "box": 5.0},
            "learner": {"kind": "mixture", "k": 3},
            "n_real": 300,
            "held_out": 2000,
            "metrics": ["held_out_nll"],
        },
        "held_out_nll <= 13.2 at 10",
        "fresh",
        "count",
    ),
    "ngram": System(
        {
            "reality": {"kind": "text", "vocabulary": 512},
            "learner": {"kind": "ngram", "order": 2},
            "sampler": {"kind": "sampling", "max_new": 64, "min_new": 64},
            "n_real": 500,
            "held_out": 100,
            "metrics": ["perplexity"],
        },
        "perplexity <= 60 at 5",
        "kept",
        "share",
    ),
    "digits": System(
        {
            "reality": "digits8x8",
            "learner": {"kind": "gaussian", "ddof": 0},
            "n_real": 800,
            "metrics": ["w2_squared"],
        },
        "w2_squared <= 0.1 at 10",
        "kept",
        "share",
    ),
}


@dataclass(frozen=True)
class Confirmed:
    """What fresh chains did: how many met the target at the advice, and missed it with less."""

    rows: int | None
    low: float
    high: float
    total: int
    met: int
    missed: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether both bars are passed."""
        return self.met >= MEET and self.missed >= MISS


def confirmed(system: System, root: Path, seed: int = 0, workers: int = 0) -> Confirmed:
    """Return what fresh chains make of a system's advice."""
    target = target_of(system.target)
    study = study_from(
        dict(system.spec) | {"generations": target.t, "seed": seed, "name": "advice"}
    )
    question = question_of(study, target)
    begun = time.perf_counter()
    dial = real_rows(question.study, system.axis, system.supply)
    effort = Effort(root, system.chains, workers=workers)
    [answer] = advise(question, [dial], effort, theory=False).answers
    seconds = time.perf_counter() - begun
    if answer.rows is None:
        return Confirmed(None, answer.low, answer.high, answer.total, 0, 0, seconds)
    met = fresh(question, system, answer.rows, root, seed)
    less = fresh(question, system, max(1, round(LESS * answer.rows)), root, seed)
    return Confirmed(answer.rows, answer.low, answer.high, answer.total, met, FRESH - less, seconds)


def fresh(question: Question, system: System, k: int, root: Path, seed: int) -> int:
    """Return how many of 30 new chains meet the target with k real rows."""
    rows = real_rows(question.study, system.axis, system.supply)
    study = replace(rows.study_of(k), seed=SEED + seed, chains=FRESH, chains_per_block=FRESH)
    values = run_study(study, root / "fresh", workers=1).columns[question.target.metric].values[-1]
    return int(sum(question.target.is_met(float(v)) for v in np.asarray(values)))


def main(words: list[str]) -> int:
    """Confirm the advice on some systems, or on all."""
    options = dict(word.split("=", 1) for word in words if "=" in word)
    names = [word for word in words if "=" not in word] or list(SYSTEMS)
    seed = int(options.get("seed", "0"))
    print(f"{'system':10} {'advised':>8} {'95 %':>14} {'of':>6} {'met':>6} {'missed':>7} {'s':>6}")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(options.get("root", folder))
        for name in names:
            out = confirmed(SYSTEMS[name], root / name, seed)
            failed += not out.holds
            ends = f"{out.low:.0f} to {out.high:.0f}"
            print(
                f"{name:10} {out.rows!s:>8} {ends:>14} {out.total:>6} {out.met:>3}/{FRESH} "
                f"{out.missed:>4}/{FRESH} {out.seconds:>6.0f}",
                flush=True,
            )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
