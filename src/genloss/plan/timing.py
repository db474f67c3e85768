"""Timing the first generations of a study, on as few rows and chains as a budget allows.

The study's own set-up and recursion run on a ladder of sizes: one chain of few rows first, which
pays for imports and compilation and counts no more once there is another rung, then as much more
as the time left allows, up to the study itself. That the time is over shows wherever work tells
how far it is; what is cut off counts in proportion.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from genloss.core.arrays import Floats
from genloss.core.progress import listening
from genloss.core.regimes import Replace
from genloss.core.roles import Learner
from genloss.errors import FitError, GenlossError
from genloss.plan.extrapolation import Point, Range, extrapolated
from genloss.plan.observed import Observed, ObservingRecorder, reasons_in
from genloss.run.block import record_chain
from genloss.run.events import Phase, Step
from genloss.run.setup import set_up
from genloss.run.threads import computing_on, threads_of
from genloss.run.watch import Watch
from genloss.store.block import GENERATIONS, BlockStore
from genloss.store.manifest import Machine
from genloss.store.parts import SAMPLES
from genloss.store.table import TABLE, Table
from genloss.study.study import Schedule, Study

BUDGET = 10.0
"""Seconds of timing, once all is loaded."""

PROBE = 3
"""Generations that are run of a study of full size."""

FIRST_ROWS = 8
"""Rows of the first rung; one of a learner of epochs, of which a row may be a second of work."""

LEAST, MOST = 2.0, 16.0
"""How much larger the next rung is."""

TIMED = (Phase.FITTING, Phase.DRAWING, Phase.MEASURING)


@runtime_checkable
class EpochLearner(Learner, Protocol):
    """A learner that goes over its rows many times, so that one time tells what all will cost."""

    def one_epoch(self) -> tuple[Learner, int]:
        """Return the learner that stops after one epoch, and the epochs that this one takes."""
        ...


@dataclass(frozen=True)
class Size:
    """Chains and rows of S_0 of a rung, and the rows of all its chains that it fits and draws."""

    chains: int
    rows: int


@dataclass(frozen=True)
class Rung:
    """What one size took."""

    size: Size
    points: dict[Phase, list[Point]]
    row_bytes: float
    kept_bytes: float
    observed: Observed


@dataclass(frozen=True)
class Timing:
    """What was timed: seconds of it without loading, and the largest size, chains x rows of S_0.

    whole: whether that was a block of the study itself. epochs: of a fit, of which one was timed, 0
    for learners without. row_bytes, kept_bytes: on disk, of one measured and one kept generation.
    observed: what showed beside.
    """

    seconds: float
    chains: int
    rows: int
    whole: bool
    epochs: int
    row_bytes: float
    kept_bytes: float
    observed: Observed
    points: Mapping[Phase, Sequence[Point]] = field(repr=False)

    @classmethod
    def of(cls, rungs: Sequence[Rung], full: Size, epochs: int, seconds: float) -> "Timing":
        """Sum rungs up, the smallest first."""
        last = rungs[-1]
        points = {phase: [p for r in rungs for p in r.points[phase]] for phase in TIMED}
        return cls(
            seconds,
            last.size.chains,
            last.size.rows,
            last.size == full and epochs < 2,
            epochs,
            max(r.row_bytes for r in rungs),
            max(r.kept_bytes for r in rungs),
            Observed.last_of([r.observed for r in rungs]),
            points,
        )

    def of_block(self, chains: int, rows: Mapping[Phase, Floats]) -> Range:
        """Return the seconds of a block; rows: of one chain that each phase sees, by generation."""
        # Learners of epochs train chain after chain, and one was watched.
        together = 1 if self.epochs else chains
        total = Range(0.0, 0.0)
        for phase, of_chain in rows.items():
            each = extrapolated(self.points[phase], of_chain * together)
            total += each * (max(self.epochs, 1) if phase == Phase.FITTING else 1)
        return total * (chains / together)


class TimeIsUpError(BaseException):
    """The budget is spent; no Exception, so that nobody but this module takes it for one."""


class Stopwatch:
    """Notes how long a block is in which phase, and ends it when the time is up.

    The time counts once all is loaded; a brief block, which only loads, ends with its first fit.
    """

    def __init__(self, budget: float, clock: Callable[[], float], brief: bool) -> None:
        self.budget, self.clock, self.spent = budget, clock, 0.0
        self.brief, self.loaded = brief, False
        self.begin()

    def begin(self) -> None:
        """Forget the rung before."""
        self.seconds: dict[tuple[Phase, int], float] = {}
        self.last: float | None = None
        self.now = Step(Phase.READING, 0)

    def __call__(self, step: Step) -> None:
        """Take a step of the block."""
        time_now, key = self.clock(), (self.now.phase, self.now.t)
        if self.last is not None and key[0] in TIMED:
            passed = time_now - self.last
            self.seconds[key] = self.seconds.get(key, 0.0) + passed
            self.spent += passed if self.loaded else 0.0
        self.last, self.now = time_now, step
        # What comes before the first fit is no part of what is timed: alone it ends nothing.
        over = (
            self.spent > self.budget and any(t for _, t in self.seconds)
            if self.loaded
            else self.brief and step.phase > Phase.FITTING
        )
        if over and step.t and step.phase in TIMED:
            raise TimeIsUpError

    def points(self, phase: Phase, rows: Callable[[int], float]) -> list[Point]:
        """Return what a phase took of each generation t > 0 with so many rows."""
        now = self.now
        cut = {(now.phase, now.t): now.share} if now.phase in TIMED else {}
        return [
            Point(rows(key[1]), seconds, cut.get(key, 1.0))
            for key, seconds in self.seconds.items()
            if key[0] == phase and key[1]
        ]


def timed(
    study: Study, budget: float = BUDGET, clock: Callable[[], float] = time.perf_counter
) -> Timing:
    """Time the study for `budget` seconds.

    Raises:
        GenlossError: what the study refuses at its own size; fewer rows may be too few for it.
    """
    learner, epochs = study.learner, 0
    if isinstance(learner, EpochLearner):
        learner, epochs = learner.one_epoch()
    study = replace(study, learner=learner)
    full = Size(1 if epochs else study.block_chains(0), study.n_real)
    watch, rungs, refusal = Stopwatch(budget, clock, epochs > 0), list[Rung](), ""
    least = Size(1, 1 if epochs else min(FIRST_ROWS, study.n_real))
    # This one pays for imports and compilation, before the time counts.
    _rung(study, least, full, epochs, watch)
    watch.loaded = True
    size: Size | None = least
    while size is not None:
        before = watch.spent
        rung = _rung(study, size, full, epochs, watch)
        if isinstance(rung, GenlossError):
            refusal = f" ({rung})"
        elif any(rung.points.values()):
            rungs.append(rung)
        size = _next(size, full, budget - watch.spent, watch.spent - before)
    if not rungs:
        raise FitError(
            f"nothing could be timed: few rows are too few for the study{refusal}, and more take "
            f"longer than {budget:g} seconds; run it with generations=1 to see what one takes"
        )
    return Timing.of(rungs, full, epochs, watch.spent)


def _next(size: Size, full: Size, left: float, took: float) -> Size | None:
    """Return the next size, chains before rows; None at the top, or where time does not suffice."""
    if size == full or left < LEAST * took:
        return None
    growth = min(max(left / (2.0 * max(took, 1e-6)), LEAST), MOST)
    chains = min(int(size.chains * growth), full.chains)
    if chains > size.chains:
        return Size(chains, size.rows)
    return Size(chains, min(int(size.rows * growth), full.rows))


def _rung(
    study: Study, size: Size, full: Size, epochs: int, watch: Stopwatch
) -> Rung | GenlossError:
    """Run the first generations of a size; the error where it was too small for the study."""
    small = _small(study, size, 1 if epochs or size != full else PROBE)
    watch.begin()
    shortfalls: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        try:
            _run(small, Path(name), watch, shortfalls)
        except TimeIsUpError:
            pass
        except GenlossError as error:
            if size == full:
                raise
            return error
        sizes = [small.regime.sizes(t + 1, small.n_real, small.n_synthetic) for t in range(PROBE)]
        train = watch.points(Phase.FITTING, lambda t: size.chains * sizes[t - 1].train)
        points = {Phase.FITTING: train}
        for phase in (Phase.DRAWING, Phase.MEASURING):
            points[phase] = watch.points(phase, lambda t: size.chains * sizes[t - 1].synthetic)
        table = Table(Path(name) / TABLE, "", 0, None)
        observed = Observed(reasons_in(table), max(shortfalls, default=None))
        kept = _kept_bytes(Path(name), study, small)
        return Rung(size, points, table.generation_bytes(), kept, observed)


def _run(study: Study, folder: Path, stopwatch: Stopwatch, shortfalls: list[float]) -> None:
    watch = Watch(stopwatch)
    setup = set_up(study, 0, watch)
    threads = threads_of(study, 1)
    store = BlockStore(folder, "", 0, Machine(threads, "", {}))
    store.resume()
    recorder = ObservingRecorder(setup, store, watch, shortfalls)
    with computing_on(threads, setup.study), listening(watch.reached):
        recorder.record(setup.zero)
        record_chain(setup, recorder, setup.zero.history, setup.study.learner, watch)


def _kept_bytes(folder: Path, study: Study, small: Study) -> float:
    """Return the bytes of a kept generation; rows of samples are as many as there will be."""
    total = 0.0
    more = min(study.keep.rows, study.n_synthetic) / max(min(study.keep.rows, small.n_synthetic), 1)
    for path in (folder / GENERATIONS).glob("*/*"):
        total += path.stat().st_size * (more if path.stem == SAMPLES else 1.0)
    return total


def _small(study: Study, size: Size, generations: int) -> Study:
    """Return the study with fewer rows, chains and generations, every one measured, one kept.

    Held-out rows are as many fewer: a base that judges all of them before the first fit would take
    longer than the budget, and what they cost is found by size as well.
    """
    synthetic = max(1, round(study.n_synthetic * size.rows / study.n_real))
    held_out = min(study.held_out, max(1, round(study.held_out * size.rows / study.n_real)))
    return replace(
        study,
        n_real=size.rows,
        n_synthetic=synthetic,
        held_out=held_out,
        generations=min(generations, study.generations),
        regime=study.regime if size.rows == study.n_real else Replace(),
        chains=size.chains,
        chains_per_block=size.chains,
        measure=Schedule(every=1),
        keep=replace(study.keep, every=0, at=(1,)),
    )
