"""Small runs of a sweep: for every setting tried, one number per chain."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from json import dumps
from pathlib import Path

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import FitError
from genloss.plan.advise.question import Question
from genloss.run.events import Sink
from genloss.run.sweep import SweepRuns, run_sweep
from genloss.run.tally import Work
from genloss.spec.build import describe
from genloss.study.study import Study, identity
from genloss.study.sweep import sweep_from

SLOW = 2.0
"""Processor seconds of a cell from which on several processes are worth their start.

Those that pass on a busy machine say little of it."""


@dataclass(frozen=True, eq=False)
class Cell:
    """What one setting of the dial gave: the metric of every chain (C,)."""

    dial: float
    values: Floats


@dataclass
class Evidence:
    """Runs made so far, each a cell of one sweep below root, which another call goes on with.

    study_of: the study at a setting of the dial. paired: all settings share their random streams.
    """

    question: Question
    study_of: Callable[[float], Study]
    what: str
    root: Path
    chains: int
    workers: int = 0
    progress: Sink | None = None
    paired: bool = False
    seconds: float = field(init=False, default=0.0)
    rows: float = field(init=False, default=0.0)
    _slow: bool = field(init=False, default=False)
    _cells: dict[tuple[float, int], Cell] = field(init=False, default_factory=dict)
    _studies: dict[tuple[float, int], Study] = field(init=False, default_factory=dict)
    _cases: list[dict[str, object]] = field(init=False, default_factory=list)

    @property
    def cells(self) -> list[Cell]:
        """Return what is known, a cell for each setting, by the dial."""
        dials = sorted({dial for dial, _ in self._cells})
        return [self._at(dial) for dial in dials]

    def _at(self, dial: float) -> Cell:
        parts = [cell.values for (d, _), cell in sorted(self._cells.items()) if d == dial]
        return Cell(dial, np.concatenate(parts))

    @property
    def folder(self) -> Path:
        """Return the folder of the sweep."""
        return self.root / self._name

    @property
    def _name(self) -> str:
        text = dumps(identity(self.question.study), sort_keys=True, default=str)
        digest = sha256(f"{text} {self.what} {self.paired}".encode()).hexdigest()[:8]
        return f"{self.question.study.name}-{self.what}-{digest}"

    def add(self, dials: Sequence[float], times: int = 1) -> None:
        """Run some settings; one that was run before is run once more, with other chains.

        times: how many times the usual number of chains.

        Raises:
            FitError: a cell failed.
        """
        studies, cases = self._studies, self._cases
        shared = describe(self.question.study) | {"name": self._name}
        for dial in dials:
            again = sum(d == dial for d, _ in studies)
            study = self._study(dial, again, times * self.chains)
            studies[dial, again] = study
            cases.append(_options(study, shared))
        begun = time.perf_counter()
        if not self._cells and len(cases) > 1:
            # One in this process says whether others are worth their start.
            used = time.process_time()
            self._run(shared, cases[:1], 1)
            self._slow = time.process_time() - used > SLOW
        done = self._run(shared, cases, self.workers or (0 if self._slow else 1))
        self.seconds += time.perf_counter() - begun
        if done.failed:
            raise FitError(f"a run of the search failed: {next(iter(done.failed.values()))}")
        for (key, study), run in zip(studies.items(), done.runs, strict=True):
            if key in self._cells:
                continue
            column = run.columns.get(self.question.target.metric)
            if column is None:
                why = run.not_applicable.get(self.question.target.metric, "it was not measured")
                raise FitError(f"{self.question.target.metric} has no value: {why}")
            self.rows += float(Work.of(study).rows[-1]) * study.chains
            self._cells[key] = Cell(key[0], np.asarray(column.values[-1]))

    def _run(
        self, shared: Mapping[str, object], cases: Sequence[Mapping[str, object]], workers: int
    ) -> SweepRuns:
        sweep = sweep_from(shared, {"cases": list(cases)})
        return run_sweep(sweep, self.root, workers=workers, progress=self.progress)

    def _study(self, dial: float, again: int, chains: int) -> Study:
        study = self.study_of(dial)
        place = again if self.paired else (again, round(1e6 * dial))
        seed = np.random.SeedSequence((study.seed, *np.atleast_1d(place))).generate_state(1)[0]
        block = chains if study.chains_per_block == study.chains else study.chains_per_block
        return replace(study, seed=int(seed), chains=chains, chains_per_block=min(block, chains))


def reached(question: Question, cell: Cell) -> float:
    """Return the estimand of one cell as it was seen: a mean, or Weibull's quantile over chains."""
    if question.estimand == "mean":
        return float(cell.values.mean())
    level = question.level if question.target.sign > 0 else 1 - question.level
    return float(np.quantile(cell.values, level, method="weibull"))


def _options(study: Study, shared: Mapping[str, object]) -> dict[str, object]:
    """Return the fields in which a study differs from what all of them share."""
    whole = describe(study)
    return {k: v for k, v in whole.items() if k != "name" and v != shared.get(k)}
