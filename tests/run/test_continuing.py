"""A folder goes on with more chains and generations, to the numbers of one that was longer."""

import pytest

from genloss.errors import RealityExhausted, SpecError, StoreError
from genloss.judge.controls import controls_of
from genloss.run import continuing
from genloss.run.continuing import continued
from genloss.run.controls import run_with_controls
from genloss.run.events import Finished
from genloss.run.runner import header_of, run_studies, run_study
from genloss.run.sweep import run_sweep
from genloss.store.folder import run_path
from genloss.store.reader import Run, find_runs
from genloss.store.removal import last_checkpoints, remove
from genloss.store.sweep import read_sweep
from genloss.store.verify import verify
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

NAMES = ("moments_replace", "rows_accumulate", "kde_accumulate", "endless_augment")
LONG = {"measure": {"every": 1}, "checkpoint_every": 3}


def same_numbers(a: Run, b: Run) -> None:
    assert a.header.fingerprint == b.header.fingerprint
    for name in b.columns:
        assert a.columns[name].t.tolist() == b.columns[name].t.tolist()
        assert a.columns[name].values.tobytes() == b.columns[name].values.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_more_chains_and_generations_end_in_the_same_numbers(small, tmp_path, name):
    short = small(name, generations=4, chains=2, chains_per_block=1, **LONG)
    long = {**short, "generations": 7, "chains": 3}
    run_study(study_from(short), tmp_path / "a", workers=1)
    [folder] = (tmp_path / "a").iterdir()
    place = continued(folder, study_from(long))
    assert place == run_path(tmp_path / "a", header_of(study_from(long)))
    assert not folder.exists()
    [run] = run_studies([study_from(long)], tmp_path / "a", workers=1)
    same_numbers(run, run_study(study_from(long), tmp_path / "b", workers=1))
    assert len(Run(place).header.earlier) == 1
    assert [one for one in verify(Run(place)) if one.problem] == []


@pytest.mark.slow
def test_a_link_leads_to_the_folder_and_its_controls(small, tmp_path):
    spec = small("rows_accumulate", generations=3, **LONG)
    [run] = run_with_controls([study_from(spec)], tmp_path / "a", workers=1)
    link = tmp_path / "link"
    link.symlink_to(run.path)
    assert len(controls_of(Run(link))) == len(controls_of(run)) > 0
    longer = study_from({**spec, "generations": 5})
    place = continued(link, longer)
    assert (place, link.is_symlink()) == (run_path(tmp_path / "a", header_of(longer)), True)


@pytest.mark.slow
def test_it_can_be_continued_again_and_while_unfinished(small, tmp_path):
    specs = [small("rows_accumulate", generations=t, **LONG) for t in (3, 5, 8)]
    place = run_study(study_from(specs[0]), tmp_path / "a", workers=1).path
    place = continued(place, study_from(specs[1]))
    # Nothing ran in between: block and manifest are those of the first.
    place = continued(place, study_from(specs[2]))
    [run] = run_studies([study_from(specs[2])], tmp_path / "a", workers=1)
    assert len(run.header.earlier) == 2
    same_numbers(run, run_study(study_from(specs[2]), tmp_path / "b", workers=1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "short", "long", "error", "why"),
    [
        ("moments_replace", {}, {"generations": 3}, SpecError, "generations is 3; the folder has"),
        ("moments_replace", {}, {"seed": 5}, SpecError, "more than generations and chains differ"),
        (
            "moments_replace",
            {"chains": 3, "chains_per_block": 2},
            {"chains": 5},
            SpecError,
            "the last block of the folder has 1 chains of 2",
        ),
        (
            "moments_replace",
            {"measure": {"every": 4}},
            {"generations": 12},
            SpecError,
            "generation 7 was measured because it was the last one",
        ),
        ("finite_fresh", {}, {"generations": 40}, RealityExhausted, "cannot go on so long"),
    ],
)
def test_what_would_have_come_out_otherwise_is_refused(
    small, tmp_path, folder_bytes, name, short, long, error, why
):
    spec = small(name, **{"generations": 7, "measure": {"every": 1}, **short})
    run = run_study(study_from(spec), tmp_path, workers=1)
    before = folder_bytes(run.path)
    with pytest.raises(error, match=why):
        continued(run.path, study_from({**spec, **long}))
    assert folder_bytes(run.path) == before


@pytest.mark.slow
def test_without_its_last_checkpoint_a_folder_has_nothing_to_go_on_from(small, tmp_path):
    spec = small("rows_accumulate", generations=4, **LONG)
    run = run_study(study_from(spec), tmp_path, workers=1)
    remove(list(last_checkpoints(tmp_path)))
    assert Run(run.path).is_complete
    with pytest.raises(StoreError, match=r"last checkpoint removed \(genloss gc\)"):
        continued(run.path, study_from({**spec, "generations": 6}))
    # As often as one likes it is complete.
    assert run_study(study_from(spec), tmp_path, workers=1).is_complete


@pytest.mark.slow
def test_a_sweep_goes_on_cell_by_cell(small, tmp_path):
    spec = {**small("rows_accumulate", generations=4, chains_per_block=1, **LONG), "name": "s"}
    grid = {"vary": {"n_real": [4, 8]}, "seeds": 2}
    run_sweep(sweep_from(spec, grid), tmp_path / "a", workers=1)
    seen = []
    longer = sweep_from({**spec, "generations": 6}, {**grid, "seeds": 3})
    done = run_sweep(longer, tmp_path / "a", workers=1, progress=seen.append)
    whole = run_sweep(longer, tmp_path / "b", workers=1)
    assert sum(isinstance(event, Finished) for event in seen) == 6
    for a, b in zip(done.runs, whole.runs, strict=True):
        assert len(a.header.earlier) == 1
        same_numbers(a, b)
    assert len(read_sweep(done.folder).cells) == 2


@pytest.mark.slow
def test_a_kill_before_the_folder_is_renamed_loses_nothing(small, tmp_path, monkeypatch):
    spec = {**small("moments_replace", metrics=["sigma"], generations=4, **LONG), "name": "s"}
    grid = {"vary": {"n_real": [8, 16]}}
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    longer = sweep_from({**spec, "generations": 7}, grid)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(continuing, "_rename", killed)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(longer, tmp_path, workers=1)
    done = run_sweep(longer, tmp_path, workers=1)
    names = [run.path.name for run in find_runs(done.folder)]
    assert sorted(names) == sorted(run.path.name for run in done.runs)
    for run in done.runs:
        assert run.path.name.endswith(run.header.fingerprint)
        assert len(run.header.earlier) == 1


def test_a_sweep_whose_last_cell_cannot_go_on_changes_none(small, tmp_path):
    spec = {**small("moments_replace", metrics=["sigma"], generations=4, **LONG), "name": "s"}
    grid = {"vary": {"n_real": [8, 16]}}
    done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    remove(list(last_checkpoints(done.runs[-1].path)))
    with pytest.raises(StoreError, match="last checkpoint removed"):
        run_sweep(sweep_from({**spec, "generations": 7}, grid), tmp_path, workers=1)
    assert all(run.path.exists() for run in done.runs)
