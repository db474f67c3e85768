"""Stopped after any step, a run resumes to the same bytes as the unbroken one.

Here within one process, deterministically; tests of real kills are in test_kill.
"""

import pytest

from genloss.errors import StoreError
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.run.block import run_block
from genloss.run.runner import header_of, run_studies, run_study
from genloss.run.task import Task
from genloss.spec.parts import entries
from genloss.store.block import BlockStore
from genloss.store.folder import create_or_match, run_path
from genloss.study.load import load_study
from genloss.study.study import Study, study_from


@pytest.fixture
def study(system):
    return study_from(system)


@pytest.fixture
def unbroken(study, tmp_path, folder_bytes):
    return folder_bytes(run_study(study, tmp_path / "unbroken", workers=1).path)


class Stopped(Exception):
    """Enough for now."""


@pytest.mark.slow
def test_stopped_after_every_generation_it_resumes(study, unbroken, tmp_path, folder_bytes):
    """One generation at a time, over and over: all work since a checkpoint is done again."""
    header = header_of(study)
    run = run_path(tmp_path / "broken", header)
    create_or_match(run, header, entries(study))
    for stop in range(1, study.generations + 1):

        def tell(step, stop=stop):
            if step.generations >= stop:
                raise Stopped

        with pytest.raises(Stopped):
            run_block(Task(study, run, 0), tell)
    run_study(study, tmp_path / "broken", workers=1)
    found = folder_bytes(run)
    assert found.keys() == unbroken.keys()
    assert [name for name in unbroken if found[name] != unbroken[name]] == []


class Died(Exception):
    """The process would be gone here."""


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("rows_subsample", "kde_accumulate")]


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["append", "keep", "checkpoint"])
@pytest.mark.parametrize("name", ["finite_fresh", *SLOW])
def test_dying_around_every_store_call_loses_nothing(
    small, tmp_path, folder_bytes, monkeypatch, name, call, when
):
    study = study_from(
        small(name, generations=4, chains_per_block=3, checkpoint_every=2, keep={"at": [1, 4]})
    )
    unbroken = folder_bytes(run_study(study, tmp_path / "unbroken", workers=1).path)
    real, calls = getattr(BlockStore, call), []

    def dying(store, *args):
        calls.append(store)
        if when == "after":
            real(store, *args)
        if len(calls) == stop:
            raise Died
        if when == "before":
            real(store, *args)

    for stop in range(1, 30):
        monkeypatch.setattr(BlockStore, call, dying)
        calls.clear()
        try:
            run_study(study, tmp_path / str(stop), workers=1)
        except Died:
            monkeypatch.setattr(BlockStore, call, real)
            run = run_study(study, tmp_path / str(stop), workers=1)
            assert folder_bytes(run.path) == unbroken
        else:
            break
    # Nothing left to interrupt: that many calls there are.
    assert stop - 1 == {"append": 5, "keep": 2, "checkpoint": 3}[call]


def test_a_finished_run_is_left_as_it_is(study, unbroken, tmp_path, folder_bytes):
    run = run_study(study, tmp_path / "unbroken", workers=1)
    assert folder_bytes(run.path) == unbroken
    assert [line["event"] for line in run.provenance()] == ["start", "done"] * 2


@pytest.mark.slow
def test_how_often_checkpoints_are_written_changes_no_number(small, tmp_path):
    tables = []
    for every in (1, 2, 100):
        study = study_from(small("kde_accumulate", checkpoint_every=every))
        run = run_study(study, tmp_path / str(every), workers=1)
        tables.append((run.blocks[0].path / "metrics.jsonl").read_bytes())
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.slow
def test_a_metric_more_never_shifts_the_chain(small, tmp_path):
    """Metrics draw from streams of their own: the others' values are the same to the bit."""
    few = small("rows_accumulate", metrics=["trace_ratio"])
    many = small(
        "rows_accumulate", metrics=["sliced_wasserstein", "trace_ratio", "energy_distance", "sigma"]
    )
    one, two = (run_study(study_from(s), tmp_path, workers=1) for s in (few, many))
    found, right = two.series["trace_ratio"].values, one.series["trace_ratio"].values
    assert found.tobytes() == right.tobytes()
    # Another slot in the list, the same stream.
    flipped = small(
        "rows_accumulate", metrics=["energy_distance", "sliced_wasserstein", "trace_ratio"]
    )
    three = run_study(study_from(flipped), tmp_path, workers=1)
    name = "sliced_wasserstein"
    assert three.series[name].values.tobytes() == two.series[name].values.tobytes()


@pytest.mark.slow
def test_two_processes_give_the_bytes_of_one(small, tmp_path, folder_bytes):
    """Workers rebuild every study from its description; blocks do not know of each other."""
    wide = small("rows_accumulate", reality={"kind": "gaussian", "d": 150}, n_real=300)
    specs = [small("finite_fresh"), small("kde_accumulate"), small("endless_augment"), wide]
    # Wide enough for the linear algebra to use several threads, where it may.
    studies = [study_from(spec) for spec in specs]
    one, two = (run_studies(studies, tmp_path / str(k), workers=k) for k in (1, 2))
    for mine, theirs in zip(one, two, strict=True):
        assert folder_bytes(theirs.path) == folder_bytes(mine.path)


@pytest.mark.slow
def test_the_same_folder_refuses_another_study(small, tmp_path, folder_bytes):
    one, two = (study_from(small("moments_replace", seed=seed)) for seed in (0, 1))
    run_studies([one], tmp_path, folders=[tmp_path / "here"], workers=1)
    before = folder_bytes(tmp_path / "here")
    with pytest.raises(StoreError, match=r"seed\s+there 0\s+here 1"):
        run_studies([two], tmp_path, folders=[tmp_path / "here"], workers=1)
    assert folder_bytes(tmp_path / "here") == before


def test_a_number_written_as_an_integer_resumes(tmp_path, folder_bytes):
    """describe() holds what was given, 4; the folder's spec builds 4.0: one identity."""
    study = Study(Gaussian(variance=4), GaussianLearner(1), n_real=5, generations=2)
    run = run_study(study, tmp_path, workers=1)
    before = folder_bytes(run.path)
    [again] = run_studies([load_study(run.path)], tmp_path, folders=[run.path], workers=1)
    assert again.header.fingerprint == run.header.fingerprint
    assert folder_bytes(run.path) == before
