"""How a schedule tries again: with how little after a lack of memory, and after losing how much."""

import sys
from collections.abc import Callable
from importlib import import_module

import pytest

from genloss.core.resources import MEMORY, memory_parts
from genloss.errors import ResourceError, WorkerLost
from genloss.run.block import run_block
from genloss.run.events import Failed, Finished, Moved, Phase, Retried
from genloss.run.job import job_of, kind_of
from genloss.run.opening import Cell, opened
from genloss.run.runner import header_of
from genloss.run.schedule import ALONE, FEWER, SMALLER
from genloss.run.sweep import run_sweep
from genloss.run.task import Task
from genloss.run.threads import has_networks
from genloss.store.folder import run_path
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

OWN = '''
"""A metric that computes on the threads of networks where it says so, and notes what it has."""
from dataclasses import dataclass
import numpy as np
from genloss.core.resources import memory_parts
from genloss.core.view import Direction

SEEN = []

@dataclass(frozen=True)
class Notes:
    uses_threads: bool = False
    greedy: bool = False
    unit = "1"
    direction = Direction.LOWER
    name = "notes"

    def __call__(self, view):
        SEEN.append(memory_parts())
        return np.ones(view.p_0.n_chains)
'''


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Return the module of the user's own metric."""
    (tmp_path / "own_notes.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_notes", raising=False)
    return import_module("own_notes")


def is_greedy(task: Task) -> bool:
    return task.study.metrics[-1].greedy


class Four:
    """Has up to four tasks at work; the greedy one, which runs first, needs what it is told.

    needs: whether so many tasks at work beside such parts of memory leave it enough. tries: at how
    many at work, itself included, and with which parts it was tried.
    """

    side_by_side = 4

    def __init__(self, needs: Callable[[int, int], bool]) -> None:
        self.needs, self.tries = needs, list[tuple[int, int]]()

    def threads(self, study):
        return 1

    def run(self, feed, sink):
        at_work = dict[int, Task]()
        while True:
            while len(at_work) < self.side_by_side and (item := feed.take()) is not None:
                number, task = item
                # As it arrives elsewhere.
                at_work[number] = job_of(kind_of(task), task.as_text())
            if not at_work:
                return
            number = next((i for i, task in at_work.items() if is_greedy(task)), min(at_work))
            event = self.ended(number, at_work[number], len(at_work))
            del at_work[number]
            sink(event)

    def ended(self, number, task, count):
        if is_greedy(task):
            self.tries.append((count, task.memory_parts))
            if not self.needs(count, task.memory_parts):
                return Failed(number, ResourceError(f"lacks memory beside {count - 1}", MEMORY))
        elif not has_networks(task.study):
            run_block(task)
        return Finished(number)


LADDER = [(4, 1), (2, 1), (1, 1), (1, 2), (1, 4), (1, 8)]
HOW = [FEWER, ALONE, SMALLER.format(2), SMALLER.format(4), SMALLER.format(8)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "needs", "steps"),
    [
        (True, lambda count, parts: False, 6),
        (True, lambda count, parts: parts == 4, 5),
        (True, lambda count, parts: count == 2, 2),
        (False, lambda count, parts: False, 3),
    ],
    ids=["nothing is enough", "a quarter is", "one beside it is", "nothing to divide"],
)
def test_less_and_less_is_tried_and_then_it_is_given_up(
    notes, small, tmp_path, network, needs, steps
):
    """The others, of which there are more than fit beside it, are complete in the end."""
    spec = small("moments_replace", metrics=["sigma"], chains=1)
    greedy = {"kind": "own_notes:Notes", "uses_threads": network, "greedy": True}
    modest = {"kind": "own_notes:Notes"}
    # The longest begins first.
    cases = [{"metrics": ["sigma", greedy], "generations": 99}]
    cases += [{"metrics": ["sigma", modest], "seed": seed} for seed in range(6)]
    sweep, seen = sweep_from({**spec, "name": "hungry"}, {"cases": cases}), []
    executor = Four(needs)
    done = run_sweep(sweep, tmp_path / "runs", executor=executor, progress=seen.append)
    assert executor.tries == LADDER[:steps]
    again = [event for event in seen if isinstance(event, Retried)]
    assert [event.how for event in again] == HOW[: steps - 1]
    assert all(run.is_complete for run in done.runs[1:])
    log = (done.folder / "logs" / f"{done.runs[0].path.name}.log").read_text()
    told = [
        log.count(f"lacks memory beside {n}; 0 generations lost; begins again") for n in (3, 1, 0)
    ]
    assert sum(told) == steps - 1
    for how in HOW:
        assert log.count(f"begins again, {how}") == (how in HOW[: steps - 1])
    if needs(*LADDER[steps - 1]):
        assert done.failed == {}
    else:
        assert list(done.failed.values()) == ["ResourceError: lacks memory beside 0"]
        assert "given up: ResourceError: lacks memory beside 0" in log


def test_a_block_counts_on_its_part_of_the_memory_alone(notes, small, tmp_path):
    spec = small("moments_replace", metrics=["sigma", {"kind": "own_notes:Notes"}], chains=1)
    study = study_from(spec)
    cell = Cell(study, run_path(tmp_path / "runs", header_of(study)), header_of(study))
    with opened(cell, lambda event: None):
        run_block(Task.of(*Task(study, cell.path, 0, memory_parts=4).as_text()))
    assert set(notes.SEEN) == {4}
    assert memory_parts() == 1


class Dies:
    """Runs its one task here; attempts are lost after such generations, 0 before any step."""

    side_by_side = 1

    def __init__(self, *lost_after: int) -> None:
        self.lost_after = list(lost_after)

    def threads(self, study):
        return 1

    def run(self, feed, sink):
        while (item := feed.take()) is not None:
            number, task = item
            last = self.lost_after.pop(0) if self.lost_after else None

            def tell(step, number=number, last=last):
                sink(Moved(number, step))
                if step.phase == Phase.DONE and step.t == last:
                    raise WorkerLost("killed")

            try:
                if last == 0:
                    raise WorkerLost("killed")
                run_block(task, tell)
            except WorkerLost as error:
                sink(Failed(number, error))
            else:
                sink(Finished(number))


def test_what_each_attempt_lost_is_told_and_nothing_twice(small, tmp_path):
    """Generation 5 is lost with the first; the second dies before it has said anything."""
    spec = small("moments_replace", metrics=["sigma"], chains=1, checkpoint_every=4)
    sweep, seen = sweep_from({**spec, "name": "lost"}, {"vary": {"seed": [0]}}), []
    done = run_sweep(sweep, tmp_path / "runs", executor=Dies(5, 0), progress=seen.append)
    assert done.runs[0].is_complete
    assert [event.lost for event in seen if isinstance(event, Retried)] == [1, 0]
    log = (done.folder / "logs" / f"{done.runs[0].path.name}.log").read_text()
    assert "WorkerLost: killed; 1 generation lost; begins again, attempt 2 of 3" in log
    assert "WorkerLost: killed; 0 generations lost; begins again, attempt 3 of 3" in log
