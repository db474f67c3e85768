"""What sweeps share is not taken from one of them: a folder that grows is renamed."""

import pytest

from genloss.errors import StoreError
from genloss.run.continuing import continued
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.store.reader import find_runs
from genloss.store.removal import named, remove
from genloss.store.sweep import read_sweep
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from


@pytest.fixture
def spec(small):
    return {**small("moments_replace", metrics=["sigma"], generations=3), "name": "s"}


def grown(spec, root, **more):
    return run_sweep(sweep_from({**spec, **more}, {"vary": {"n_real": [8, 16]}}), root, workers=1)


@pytest.mark.slow
def test_a_sweep_does_not_grow_out_of_another(spec, tmp_path):
    grown(spec, tmp_path)
    over = grown(spec, tmp_path, name="over")
    before = [run.path for run in find_runs(tmp_path)]
    assert len(before) == 2
    with pytest.raises(StoreError, match=r"s cannot grow: .* the sweep .*over, which .* run t"):
        grown(spec, tmp_path, generations=5)
    assert [run.path for run in find_runs(tmp_path)] == before
    assert all((over.folder / cell.run).is_dir() for cell in read_sweep(over.folder).cells)
    # What it has in another folder stays there, and longer cells are new.
    longer = grown(spec, tmp_path, name="over", generations=5)
    assert {run.path.parent for run in longer.runs} == {over.folder}
    remove(named([over.folder]))
    assert {run.path.parent for run in grown(spec, tmp_path, generations=5).runs} == {
        tmp_path / "s"
    }


@pytest.mark.slow
def test_a_run_does_not_grow_out_of_a_sweep(spec, tmp_path):
    alone = run_study(study_from({**spec, "n_real": 8, "name": "alone"}), tmp_path, workers=1)
    done = grown(spec, tmp_path)
    for run, why in zip(
        done.runs, ("run the spec under another name", "genloss sweep"), strict=True
    ):
        longer = study_from({**run.header.spec, "generations": 5})
        with pytest.raises(StoreError, match=f"would lose it; .*{why}"):
            continued(run.path, longer)
        assert run.path.is_dir()
    remove(named([done.folder]))
    assert continued(alone.path, study_from({**alone.header.spec, "generations": 5})).is_dir()
