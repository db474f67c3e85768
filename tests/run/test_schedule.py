"""What follows from failures: lost workers and lack of memory are tried again, bugs are not."""

import os
import signal
import sys
from pathlib import Path

import pytest

from genloss.errors import ResourceError, SpecError, WorkerLost
from genloss.run.events import Failed, Finished, Planned, Retried
from genloss.run.runner import run_studies, run_study
from genloss.run.sweep import run_sweep
from genloss.store.files import read_sealed
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

OWN = '''
"""A metric that fails so many times at generation t, counted in a file, and then never again."""
import os, signal
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from genloss.core.view import Direction

@dataclass(frozen=True)
class Fails:
    how: str
    times: int
    counter: str
    t: int = 3
    unit = "1"
    direction = Direction.LOWER
    name = "fails"

    def __call__(self, view):
        count = Path(self.counter)
        done = len(count.read_text()) if count.exists() else 0
        if view.t == self.t and done < self.times:
            with count.open("a") as file:
                file.write("x")
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.how == "memory":
                raise MemoryError
            raise ZeroDivisionError
        return np.ones(view.p_0.n_chains)
'''


@pytest.fixture
def failing(tmp_path, monkeypatch, small):
    (tmp_path / "own_failing.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("own_failing", None)

    def spec(how, times, **more):
        fails = {"kind": "own_failing:Fails", "how": how, "times": times}
        fails |= {"counter": str(tmp_path / "counter"), "t": more.pop("t", 3)}
        more = {"checkpoint_every": 1, "generations": 7, **more}
        return small("rows_accumulate", metrics=["sigma", fails], **more)

    return spec


def unbroken(spec, tmp_path):
    """Run the same spec where the failures are over already."""
    counter = spec["metrics"][1]["counter"]
    with open(counter, "w") as file:
        file.write("x" * spec["metrics"][1]["times"])
    run = run_study(study_from(spec), tmp_path / "unbroken", workers=1)
    os.unlink(counter)
    return run


@pytest.mark.slow
def test_every_loss_is_told_with_its_reason(failing, tmp_path, folder_bytes):
    spec, seen = failing("kill", 2, t=5, checkpoint_every=2, chains_per_block=1), []
    whole = unbroken(spec, tmp_path)
    run = run_study(study_from(spec), tmp_path / "runs", workers=2, progress=seen.append)
    again = [event for event in seen if isinstance(event, Retried)]
    assert len(again) == 2
    for event in again:
        assert isinstance(event.error, WorkerLost)
        assert "killed by SIGKILL" in str(event.error)
        assert 0 <= event.lost <= 4
    assert folder_bytes(run.path) == folder_bytes(whole.path)


@pytest.mark.slow
def test_a_worker_that_is_lost_again_and_again_is_given_up(failing, tmp_path):
    spec, seen = failing("kill", 100, chains_per_block=1), []
    with pytest.raises(WorkerLost, match="a worker process died"):
        run_study(study_from(spec), tmp_path / "runs", workers=2, progress=seen.append)
    tries = [e.task for e in seen if isinstance(e, Retried)]
    assert max(tries.count(i) for i in set(tries)) == 2


def test_lack_of_memory_is_tried_alone_and_then_given_up(failing, tmp_path):
    """In one process nothing is side by side: there is nothing to try otherwise."""
    spec, seen = failing("memory", 1, chains_per_block=1), []
    with pytest.raises(ResourceError, match="lacks memory") as caught:
        run_study(study_from(spec), tmp_path / "runs", workers=1, progress=seen.append)
    assert caught.value.lacks == "memory"
    assert not [e for e in seen if isinstance(e, Retried)]


@pytest.mark.slow
def test_lack_of_memory_ends_in_the_same_bytes_with_fewer_side_by_side(
    failing, tmp_path, folder_bytes
):
    spec, seen = failing("memory", 1, chains_per_block=1), []
    whole = unbroken(spec, tmp_path)
    run = run_study(study_from(spec), tmp_path / "runs", workers=2, progress=seen.append)
    [again] = [e for e in seen if isinstance(e, Retried)]
    assert again.how == "with no other task beside it"
    # Nothing ended between its second beginning and its end.
    after = seen[seen.index(again) :]
    ended = [e.task for e in after if isinstance(e, Finished)]
    assert len(ended) == len(set(ended))
    assert folder_bytes(run.path) == folder_bytes(whole.path)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_bug_is_not_tried_again(failing, tmp_path, workers):
    spec, seen = failing("bug", 1), []
    with pytest.raises(ZeroDivisionError):
        run_study(study_from(spec), tmp_path / "runs", workers=workers, progress=seen.append)
    assert [type(e) for e in seen if isinstance(e, Retried | Failed)] == [Failed]


@pytest.mark.slow
def test_a_poisoned_cell_ends_no_other_and_its_log_says_why(failing, tmp_path):
    """Its worker dies whenever it is tried; the other cells are complete."""
    spec = {**failing("kill", 1000, chains_per_block=1), "name": "poisoned"}
    good = {**spec["metrics"][1], "times": 0}
    cases = [{"metrics": ["sigma", good], "n_real": n} for n in (8, 16)]
    cases.insert(0, {"metrics": spec["metrics"], "n_real": 4})
    done = run_sweep(sweep_from(spec, {"cases": cases}), tmp_path / "runs", workers=2)
    assert [run.is_complete for run in done.runs] == [False, True, True]
    [why] = done.failed.values()
    assert "killed by SIGKILL" in why
    log = (done.folder / "logs" / f"{done.runs[0].path.name}.log").read_text()
    assert log.count("begins again, attempt") >= 2
    at = read_sealed(done.folder / "progress.json")
    assert at["state"] == "ended"
    # Blocks of that cell which were at work when the first one was given up.
    assert 1 <= at["failed"] <= 2
    assert at["retried"] >= 2


@pytest.mark.slow
def test_folders_are_open_while_they_are_at_work(small, tmp_path):
    """Each run notes its own beginning and end: none of the others lies between."""
    studies = [study_from(small("moments_replace", seed=seed)) for seed in range(3)]
    runs = run_studies(studies, tmp_path, workers=1)
    assert all([s["event"] for s in run.provenance()] == ["start", "done"] for run in runs)


@pytest.mark.slow
def test_an_own_executor_may_be_given(small, tmp_path, folder_bytes):
    """It runs the tasks in any order: the last that it is handed begins first."""
    from genloss.run.block import run_block

    class Backwards:
        side_by_side = 100

        def threads(self, study):
            return 1

        def run(self, feed, sink):
            handed = list(iter(feed.take, None))
            for number, task in reversed(handed):
                try:
                    run_block(task)
                except SpecError as error:
                    sink(Failed(number, error))
                else:
                    sink(Finished(number))
            assert feed.take() is None

    study = study_from(small("rows_accumulate", chains_per_block=1))
    one = run_study(study, tmp_path / "one", executor=Backwards())
    two = run_study(study, tmp_path / "two", workers=1)
    assert folder_bytes(one.path) == folder_bytes(two.path)


def workers() -> list[int]:
    """Return the workers of this process; the tracker of multiprocessing is none."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, command in commands.items() if b"spawn_main" in command]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_twenty_kills_change_nothing(small, tmp_path, folder_bytes):
    """Real SIGKILLs of whatever worker is at work, at whatever it is doing."""
    spec = small("rows_accumulate", chains_per_block=1, generations=60, checkpoint_every=5)
    spec = {**spec, "name": "killed", "chains": 4}
    grid = {"vary": {"seed": list(range(6))}}
    whole = run_sweep(sweep_from(spec, grid), tmp_path / "whole", workers=1)
    kills, retried = 0, 0

    def kill(event):
        nonlocal kills, retried
        retried += isinstance(event, Retried)
        if kills < 20 and not isinstance(event, Planned | Retried | Failed | Finished):
            children = workers()
            if children and event.step.t > 1:
                os.kill(children[kills % len(children)], signal.SIGKILL)
                kills += 1

    for _ in range(20):
        done = run_sweep(sweep_from(spec, grid), tmp_path / "runs", workers=2, progress=kill)
        if not done.failed and kills >= 20:
            break
    assert kills == 20
    assert retried >= 5
    for a, b in zip(whole.runs, done.runs, strict=True):
        assert folder_bytes(a.path) == folder_bytes(b.path)
