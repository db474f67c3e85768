"""Running: failures are loud and lose nothing, progress counts, workers behave."""

import importlib
import sys

import numpy as np
import pytest

from genloss.core.chain import draw_real
from genloss.core.streams import Streams
from genloss.errors import DataError, GenlossError, RealityExhausted, SpecError, StoreError
from genloss.plan.cost import plan_of
from genloss.run.block import run_block
from genloss.run.events import Failed, Finished, Moved, Phase, Step
from genloss.run.runner import header_of, run_studies, run_study
from genloss.run.setup import reserve
from genloss.spec.build import describe
from genloss.spec.parts import entries
from genloss.store.folder import create_or_match
from genloss.store.lock import locked
from genloss.store.reader import Run
from genloss.study.study import study_from

OWN = '''
"""Metrics that misbehave at generation 3."""
import os
from dataclasses import dataclass
import numpy as np
from genloss.core.view import Direction

class Named:
    unit = "1"
    direction = Direction.LOWER

    @property
    def name(self):
        return type(self).__name__

@dataclass(frozen=True)
class NaN(Named):
    def __call__(self, view):
        found = np.ones(view.p_0.n_chains)
        found[-1] = np.nan if view.t == 3 else 1.0
        return found

@dataclass(frozen=True)
class Infinite(Named):
    def __call__(self, view):
        return np.full(view.p_0.n_chains, np.inf if view.t % 2 else -np.inf)

@dataclass(frozen=True)
class Scalar(Named):
    def __call__(self, view):
        return 1.0

@dataclass(frozen=True)
class Late(Named):
    def __call__(self, view):
        return 1.0 if view.t == 3 else np.ones(view.p_0.n_chains)

@dataclass(frozen=True)
class Broken(Named):
    def __call__(self, view):
        raise ZeroDivisionError("a bug of the metric")

@dataclass(frozen=True)
class Draw(Named):
    k: int = 0
    kind_: str = "draw"

    @property
    def name(self):
        return f"{self.kind_}({self.k})"

    def __call__(self, view):
        return view.rng.random(view.p_0.n_chains)

@dataclass(frozen=True)
class Killed(Named):
    def __call__(self, view):
        if view.t == 3:
            os._exit(9)
        return np.ones(view.p_0.n_chains)
'''


@pytest.fixture
def own(tmp_path, monkeypatch, small):
    """Return a function that builds a small study with a metric of the module above."""
    (tmp_path / "own_metrics.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    # The module of another test is another folder's, and may have been edited.
    sys.modules.pop("own_metrics", None)

    def study(metric, **more):
        return study_from(
            small("moments_replace", metrics=["sigma", f"own_metrics:{metric}"], **more)
        )

    return study


def measured(run) -> list[int]:
    return run.series["sigma"].t.tolist() if "sigma" in run.series else []


def only(folder) -> Run:
    [path] = (p.parent for p in folder.rglob("run.json"))
    return Run(path)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_nan_stops_the_run_with_name_generation_and_chain(own, tmp_path, workers):
    with pytest.raises(StoreError, match=r"metric NaN is NaN at generation 3, chain [01]"):
        run_study(own("NaN"), tmp_path / "runs", workers=workers)
    run = only(tmp_path / "runs")
    # With two workers, the block that failed second may not have begun its table.
    tables = [path.read_text() for path in run.path.glob("blocks/*/metrics.jsonl")]
    assert any('"t":2' in table for table in tables)
    assert not any('"t":3' in table for table in tables)
    assert not run.is_complete
    assert run.provenance()[-1]["why"] == "StoreError"


@pytest.mark.slow
def test_infinities_are_values(own, tmp_path):
    run = run_study(own("Infinite", keep={"at": []}), tmp_path / "runs", workers=1)
    values = run.series["Infinite"].values
    np.testing.assert_array_equal(values[:, 0], [-np.inf, np.inf] * 4)


@pytest.mark.slow
def test_a_metric_without_a_value_per_chain_is_refused(own, tmp_path):
    with pytest.raises(SpecError, match=r"Scalar returned shape \(\); expected one value per cha"):
        run_study(own("Scalar"), tmp_path / "runs", workers=1)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_bad_input_leaves_no_folder(own, small, tmp_path, workers):
    """A metric that is refused at t = 0, and a learner that cannot fit: nothing is written."""
    too_few = study_from(small("moments_replace", n_real=1, metrics=[], keep={"at": [0]}))
    for study in (own("Scalar"), too_few):
        with pytest.raises(GenlossError):
            run_studies([study, own("Infinite")], tmp_path / "runs", workers=workers)
        left = [Run(p) for p in (tmp_path / "runs").iterdir()]
        assert all(run.header.fingerprint != header_of(study).fingerprint for run in left)
        assert all(not run.is_blank for run in left)


def test_bad_input_takes_nothing_away_that_was_there(own, small, tmp_path):
    """What another session left resumes; what came before a late refusal is kept."""
    with pytest.raises(SpecError, match="Late returned shape"):
        run_study(own("Late"), tmp_path / "late", workers=1)
    assert measured(only(tmp_path / "late")) == [0, 1, 2]
    study = own("Scalar")
    create_or_match(tmp_path / "mine", header_of(study), entries(study))
    with pytest.raises(SpecError, match="Scalar returned shape"):
        run_studies([study], tmp_path, folders=[tmp_path / "mine"], workers=1)
    assert Run(tmp_path / "mine").is_blank


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_is_not_disguised(own, tmp_path, workers):
    with pytest.raises(ZeroDivisionError, match="a bug of the metric"):
        run_study(own("Broken"), tmp_path / "runs", workers=workers)


@pytest.mark.slow
def test_a_worker_that_dies_is_reported_and_the_run_resumes(own, tmp_path, small, folder_bytes):
    study = own("Killed")
    with pytest.raises(StoreError, match=r"a worker process died .* it resumes; fewer workers"):
        run_study(study, tmp_path / "runs", workers=2)
    (tmp_path / "own_metrics.py").write_text(OWN.replace("os._exit(9)", "pass"))
    # What this process has imported is older than the file now, and would be refused.
    importlib.reload(sys.modules["own_metrics"])
    study = study_from(describe(study))
    again = run_study(study, tmp_path / "runs", workers=2, code_changed="same")
    assert again.is_complete
    assert measured(again) == list(range(8))


def test_every_metric_draws_from_a_stream_of_its_own(own, small, tmp_path):
    """Neither another kind's nor one that the chain itself uses; options do not change draws."""
    asked = ((0, "draw"), (0, "toss"), (1, "toss"))
    metrics = [{"kind": "own_metrics:Draw", "k": k, "kind_": kind} for k, kind in asked]
    own("Draw")
    study = study_from(small("moments_replace", metrics=metrics, chains_per_block=3))
    run = run_study(study, tmp_path / "runs", workers=1)
    np.testing.assert_array_equal(run.series["toss(0)"].values, run.series["toss(1)"].values)
    drawn = [run.series[name].values for name in ("draw(0)", "toss(0)")]
    roles = ("reality", "fit", "sample", "compose", "curate", "held_out", "realise")
    chain = [Streams(0).rng(t, role).random(3) for t in range(8) for role in roles]
    everything = np.concatenate([*(d.ravel() for d in drawn), *chain])
    assert len(np.unique(everything)) == everything.size == 2 * 24 + 8 * 7 * 3


def test_the_last_generation_is_always_measured(small, tmp_path):
    spec = small("moments_replace", measure={"at": [2]}, metrics=["sigma"])
    assert measured(run_study(study_from(spec), tmp_path, workers=1)) == [2, 7]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_events_tell_the_tasks_and_where_each_is(small, tmp_path, workers):
    """Three chains in blocks of two: two tasks of 7 generations; a finished run is done at once."""
    study, seen = study_from(small("moments_replace")), []
    run_study(study, tmp_path, workers=workers, progress=seen.append)
    assert [task.block for task in seen[0].tasks] == [0, 1]
    moved = [event for event in seen[1:] if isinstance(event, Moved)]
    assert {event.task for event in seen[1:] if event not in moved} == {0, 1}
    for block in (0, 1):
        assert [e for e in seen[1:] if e.task == block][-1] == Finished(block)
        steps = [event.step for event in moved if event.task == block]
        assert steps[-1] == Step(Phase.DONE, 7)
        assert [s.generations for s in steps] == sorted(s.generations for s in steps)
    again = []
    run_study(study, tmp_path, workers=workers, progress=again.append)
    assert {e.step for e in again[1:] if isinstance(e, Moved)} == {Step(Phase.DONE, 7)}


def test_every_phase_of_every_generation_is_told_in_order(small, tmp_path):
    study, seen = study_from(small("moments_replace", chains=2, generations=2)), []
    run_study(study, tmp_path, workers=1, progress=seen.append)
    steps = [e.step for e in seen if isinstance(e, Moved)]
    told = [(s.phase, s.t) for s in steps if not s.steps and not s.share]
    inside = (Phase.FITTING, Phase.DRAWING, Phase.MEASURING, Phase.WRITING, Phase.DONE)
    of_each = [(phase, t) for t in (1, 2) for phase in inside]
    assert told == [(Phase.READING, 0), *((p, 0) for p in inside[2:]), *of_each]


def test_a_failure_is_told_before_it_is_raised(own, tmp_path):
    seen = []
    with pytest.raises(StoreError, match="metric NaN is NaN"):
        run_study(own("NaN"), tmp_path / "runs", workers=1, progress=seen.append)
    assert isinstance(seen[-1], Failed)
    assert seen[-1].task == 0


@pytest.mark.slow
def test_an_error_of_progress_frees_the_folder(small, tmp_path, folder_bytes):
    """The same process may try again at once: no lock and no half-run block is left behind."""
    study = study_from(small("rows_accumulate"))

    def stop(event):
        raise KeyboardInterrupt

    for workers in (1, 2):
        root = tmp_path / str(workers)
        with pytest.raises(KeyboardInterrupt):
            run_study(study, root, workers=workers, progress=stop)
        assert run_study(study, root, workers=workers).is_complete


@pytest.mark.slow
def test_a_folder_in_use_is_refused_and_the_others_are_freed(small, tmp_path):
    one, two = (study_from(small("moments_replace", seed=seed)) for seed in (0, 1))
    first = run_study(one, tmp_path, workers=1)
    with locked(first.path), pytest.raises(StoreError, match="is being written by another"):
        run_studies([two, one], tmp_path, workers=1)
    assert all(run.is_complete for run in run_studies([two, one], tmp_path, workers=1))


@pytest.mark.slow
def test_a_reality_too_small_is_refused_before_anything_runs(small, tmp_path):
    """40 rows: 12 for S_0, 5 held out, 3 fresh in each of 6 generations make 35; 9 make 44."""
    enough = study_from(small("finite_fresh"))
    short = study_from(small("finite_fresh", generations=10))
    assert plan_of(enough).real_rows_per_chain == 35
    for ask in (plan_of, lambda s: run_study(s, tmp_path, workers=1)):
        with pytest.raises(
            RealityExhausted, match=r"trains on 39 real rows per chain and holds out 5; .* 40, 35"
        ):
            ask(short)
    assert [*tmp_path.iterdir()] == []


def test_held_out_rows_are_never_trained_on(small, tmp_path):
    study = study_from(small("finite_fresh"))
    p_0 = study.reality.realise(3, Streams(0).rng(0, "realise"))
    rest, held_out = reserve(study, p_0, Streams(0))
    handed = rest.rows(0, rest.n_rows)
    for c in range(3):
        both = np.concatenate([handed[c], held_out[c]])
        assert len(np.unique(both[:, 0])) == 40
    assert held_out.shape == (3, 5, 2)


def test_the_held_out_stream_is_not_the_training_stream(small, tmp_path):
    study = study_from(small("rows_accumulate"))
    streams = Streams(0)
    p_0, held_out = reserve(study, study.reality.realise(3, streams.rng(0, "realise")), streams)
    real = draw_real(p_0, study.form, study.n_real, streams, 0, 0)[0]
    assert not np.intersect1d(real.x, held_out).size


def test_a_plan_has_the_right_numbers_and_leaves_nothing(small, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    study = study_from(small("rows_accumulate", measure={"every": 2}, generations=9, n_synthetic=5))
    plan = plan_of(study)
    assert list(tmp_path.iterdir()) == []
    numbers = {
        "chains": 3,
        "blocks": 2,
        "generations": 9,
        "rows_of_s_0": 12,
        "rows_of_d_last": 12 + 8 * 5,
        "rows_of_s_last": 5,
        "real_rows_per_chain": 12 + 20,
        "measured_generations": 6,
        "kept_generations": 3,
    }
    assert {k: getattr(plan, k) for k in numbers} == numbers
    assert plan.timing.whole
    assert 0.0 < plan.seconds.low <= plan.seconds.high


@pytest.mark.slow
def test_a_plan_knows_the_disk_it_will_take(small, tmp_path):
    """Table and kept generations are counted; header, checkpoint and provenance are not."""
    study = study_from(small("moments_replace", generations=60, keep={"every": 10, "rows": 5}))
    run = run_study(study, tmp_path, workers=1)
    counted = [*run.path.rglob("metrics.jsonl"), *run.path.rglob("generations/*/*")]
    size = sum(p.stat().st_size for p in counted) / 1e6
    np.testing.assert_allclose(plan_of(study).disk_bytes / 1e6, size, rtol=0.25, atol=0.0006)


@pytest.mark.parametrize("workers", [-1, 1.5])
def test_workers_must_be_a_whole_number(small, tmp_path, workers):
    with pytest.raises(DataError, match="workers is"):
        run_study(study_from(small("moments_replace")), tmp_path, workers=workers)


@pytest.mark.slow
def test_errors_of_learners_arrive_whole_from_workers(small, tmp_path):
    spec = small("moments_replace", n_real=1, metrics=[])
    for workers in (1, 2):
        with pytest.raises(GenlossError, match="leave no degrees of freedom"):
            run_study(study_from(spec), tmp_path / str(workers), workers=workers)


class Backwards:
    """An executor that takes all tasks it may, and runs the last one first."""

    side_by_side = 5

    def threads(self, study):
        return 1

    def __init__(self):
        self.blocks = []

    def run(self, feed, sink):
        while tasks := list(iter(feed.take, None)):
            for i, task in reversed(tasks):
                self.blocks.append(task.block)
                run_block(task, lambda step, i=i: sink(Moved(i, step)))
                sink(Finished(i))


@pytest.mark.slow
def test_an_executor_of_ones_own_leaves_the_same_bytes(small, tmp_path, folder_bytes):
    studies = [
        study_from({**small("rows_mix"), "name": "a", "chains": 6}),
        study_from({**small("moments_replace"), "name": "b"}),
    ]
    ours = run_studies(studies, tmp_path / "ours", workers=1)
    executor, events = Backwards(), []
    theirs = run_studies(studies, tmp_path / "theirs", executor=executor, progress=events.append)
    assert sorted(executor.blocks) == [0, 0, 1, 1, 2]
    assert executor.blocks != sorted(executor.blocks)
    assert sum(isinstance(event, Finished) for event in events) == 5
    for one, other in zip(ours, theirs, strict=True):
        assert other.is_complete
        assert folder_bytes(one.path) == folder_bytes(other.path)
