"""Tally: where a run is, how fast it goes and how long it will take, counted from its events."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genloss.core.arrays import Floats
from genloss.run.events import Event, Failed, Finished, Moved, Phase, Planned, Retried, Step
from genloss.run.pace import Pace
from genloss.run.task import Task, drawn
from genloss.store.folder import is_control_path
from genloss.study.study import Study

BEGINNING = Step(Phase.READING, 0)

POINTS = 200
"""Generations whose sizes are looked at; those between are interpolated."""


@dataclass(frozen=True)
class Standing:
    """Where a run is.

    blocks, finished: of all blocks, controls not counted, and those done. working, failed: those
    that have begun and go on, those given up. retried: how often one began again after a failure
    that was none of its own.
    task, step: one at work, and where that is; seconds: how long it has been in its phase. share in
    [0, 1] of all work. rate: generations per second since the first fit, 0 before the first is
    done. left: seconds, None before anything can be told; at_least: while a generation's other
    phases, or runs of another kind of model, have not been seen.
    """

    blocks: int = 0
    finished: int = 0
    working: int = 0
    failed: int = 0
    retried: int = 0
    task: Task | None = None
    step: Step = BEGINNING
    seconds: float = 0.0
    share: float = 0.0
    rate: float = 0.0
    left: float | None = None
    at_least: bool = False


class Tally:
    """A sink that counts; O(1) an event, so that fast blocks are not slowed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._plan(())

    def __call__(self, event: Event) -> None:
        """Count an event; a new plan begins at 0."""
        if isinstance(event, Planned):
            self._plan(event.tasks)
        elif isinstance(event, Moved):
            self._move(event.task, event.step)
        elif isinstance(event, Finished):
            # Whoever looks at workers now and then may never see the moment at which one is done.
            self._move(event.task, Step(Phase.DONE, self.tasks[event.task].study.generations))
        elif isinstance(event, Retried):
            self.retried += 1
        elif isinstance(event, Failed):
            self._fail(event.task)

    def _plan(self, tasks: tuple[Task, ...]) -> None:
        self.tasks, n = tasks, len(tasks)
        own = {i for i, task in enumerate(tasks) if not is_control_path(task.run)}
        # Where nothing but controls is run, they are what counts.
        self.own = own or set(range(n))
        known: dict[tuple[object, ...], Work] = {}
        self.work = [Work.like(task.study, known) for task in tasks]
        self.weights = [task.weight for task in tasks]
        totals = [w.rows[-1] * c for w, c in zip(self.work, self.weights, strict=True)]
        self.total = sum(totals)
        self.pace = Pace([type(task.study.learner) for task in tasks], totals)
        self.steps: list[Step | None] = [None] * n
        self.entered = [self.clock()] * n
        self.counted = [0.0] * n
        self.found = [0] * n
        self.done = self.before = 0.0
        self.generations = self.retried = 0
        self.finished: set[int] = set()
        self.failed: set[int] = set()
        self.begun: float | None = None
        self.spent = dict.fromkeys(Phase, 0.0)
        # Before a generation is done, all of it is taken for fitting.
        self.portions = 1.0, 0.0, 0.0

    def _move(self, i: int, step: Step) -> None:
        now, last = self.clock(), self.steps[i]
        fresh = last is None or last.phase < Phase.FITTING
        if last is None or (last.phase, last.t) != (step.phase, step.t):
            if last is not None:
                self.spent[last.phase] += now - self.entered[i]
            self.entered[i] = now
        self.steps[i] = step
        amount = self.work[i].until(self._place(step)) * self.weights[i]
        counted = self.counted[i]
        if fresh and step.phase >= Phase.FITTING:
            # What an earlier session did says nothing about the speed of this one.
            self.found[i] = step.generations
            counted = self.work[i].until(step.generations) * self.weights[i]
            self.before += counted
            self.begun = now if self.begun is None else self.begun
        self.done += amount - self.counted[i]
        self.pace.drop(i, counted - self.counted[i])
        self.counted[i] = amount
        if step.phase >= Phase.FITTING:
            self.pace.gain(i, amount - counted, now)
        if step.generations > self.found[i]:
            self.generations += step.generations - self.found[i]
            self.found[i] = step.generations
            self.portions = self._portions()
        if step.phase == Phase.DONE and step.t == self.tasks[i].study.generations:
            self.finished.add(i)
            self.pace.rest(i, now)

    def _fail(self, i: int) -> None:
        self.failed.add(i)
        self.pace.rest(i, self.clock())
        self.pace.drop(i, self.work[i].rows[-1] * self.weights[i] - self.counted[i])

    def _place(self, step: Step) -> float:
        """Return the generations done, with the part of the one under way."""
        if step.phase in (Phase.READING, Phase.BASE, Phase.DONE) or not step.t:
            return step.generations
        fit, draw, rest = self.portions
        inside = {
            Phase.FITTING: fit * step.share,
            Phase.DRAWING: fit + draw * step.share,
            Phase.MEASURING: fit + draw + rest * step.share,
        }
        return step.generations + inside.get(step.phase, 1.0)

    def _portions(self) -> tuple[float, float, float]:
        """Return which parts of the generations so far fitting, drawing and the rest took."""
        fit, draw = self.spent[Phase.FITTING], self.spent[Phase.DRAWING]
        all_ = fit + draw + self.spent[Phase.MEASURING] + self.spent[Phase.WRITING]
        return (fit / all_, draw / all_, 1.0 - (fit + draw) / all_) if all_ else (1.0, 0.0, 0.0)

    def _share(self) -> float:
        # The sum of the parts may miss the last bit of the whole.
        if self.tasks and len(self.finished) == len(self.tasks):
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def standing(self) -> Standing:
        """Return where the run is now."""
        now, tasks = self.clock(), self.tasks
        at_work = [
            (i, s)
            for i, s in enumerate(self.steps)
            if s is not None and i not in self.finished and i not in self.failed
        ]
        seconds = max(now - (now if self.begun is None else self.begun), 1e-9)
        gained = self.done - self.before
        ahead = len(tasks) - len(self.finished) - len(self.failed)
        known = self.begun is not None and gained > 0.0 and ahead > 0
        i, step = at_work[0] if at_work else (None, BEGINNING)
        return Standing(
            blocks=len(self.own),
            finished=len(self.finished & self.own),
            failed=len(self.failed),
            retried=self.retried,
            working=len(at_work),
            task=None if i is None else tasks[i],
            step=step,
            seconds=0.0 if i is None else now - self.entered[i],
            share=self._share(),
            rate=self.generations / seconds,
            left=self.pace.left(now, seconds, ahead) if known else None,
            at_least=not self.generations or not self.pace.all_seen,
        )


@dataclass(frozen=True, eq=False)
class Work:
    """The rows of one chain that a study fits and draws, up to each of some generations.

    Where statistics are drawn instead, few rows stand for them.
    """

    t: Floats
    rows: Floats

    @classmethod
    def of(cls, study: Study, counts: Callable[[Study, int], int] = drawn) -> "Work":
        """Add the rows of D_t and S_t up, each generation as `counts` counts so many rows."""
        last = study.generations
        points = np.unique(np.linspace(1, last, min(last, POINTS)).astype(np.int64))
        sizes = [study.regime.sizes(int(t), study.n_real, study.n_synthetic) for t in points]
        each = np.array([counts(study, s.train + s.synthetic) for s in sizes], dtype=np.float64)
        # Generations between two points are as large as the later one.
        rows = np.cumsum(each * np.diff(points, prepend=0))
        return cls(np.append(0.0, points), np.append(0.0, rows))

    @classmethod
    def like(cls, study: Study, known: dict[tuple[object, ...], "Work"]) -> "Work":
        """Return `of` a study, from what is known of those that differ in nothing that counts."""
        sizes = study.n_real, study.n_synthetic, study.generations
        key = (repr(study.regime), repr(study.form), *sizes)
        if key not in known:
            known[key] = cls.of(study)
        return known[key]

    def until(self, t: float) -> float:
        """Return the rows of generations 1 to t, in part of the last one too."""
        return float(np.interp(t, self.t, self.rows))
