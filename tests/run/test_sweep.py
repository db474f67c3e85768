"""Sweeps: ordinary runs, run once, each for itself; a cell that fails does not end the others."""

import json
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from genloss.cli.listing import listing
from genloss.cli.watch import watch
from genloss.errors import ResourceError, SpecError, StoreError
from genloss.plan.sweep_cost import sweep_plan
from genloss.run import disk
from genloss.run.events import Finished, Planned
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.spec.toml import toml_text
from genloss.store.lock import locked
from genloss.store.reader import Run, find_runs
from genloss.store.sweep import read_failures, read_sweep
from genloss.study.study import study_from
from genloss.study.sweep import load_sweep, sweep_from

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"


@pytest.fixture
def spec(small):
    return {**small("moments_replace", metrics=["sigma"]), "name": "small"}


def finished(seen) -> int:
    return sum(isinstance(event, Finished) for event in seen)


@pytest.mark.slow
def test_every_cell_is_an_ordinary_run(spec, tmp_path, folder_bytes):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    done = run_sweep(sweep, tmp_path / "runs", workers=1)
    for (_, study), run in zip(sweep.cells, done.runs, strict=True):
        alone = run_study(study, tmp_path / "alone", workers=1)
        assert folder_bytes(run.path) == folder_bytes(alone.path)
    file = read_sweep(done.folder)
    assert [cell.options for cell in file.cells] == [{"n_real": 8}, {"n_real": 16}]
    assert [(done.folder / cell.run).name for cell in file.cells] == [
        r.path.name for r in done.runs
    ]
    assert done.failed == {}


@pytest.mark.slow
def test_what_is_complete_is_not_run_again_wherever_it_lies(spec, tmp_path):
    """One cell was a run of its own before; values added later run only the new cells."""
    before = run_study(study_from({**spec, "n_real": 8}), tmp_path, workers=1)
    seen = []
    grid = {"vary": {"n_real": [8, 16]}}
    done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1, progress=seen.append)
    assert done.runs[0].path == before.path
    n_blocks = Run(done.runs[1].path).header.n_blocks
    assert finished(seen) == n_blocks
    seen.clear()
    more = {"vary": {"n_real": [16, 32]}}
    run_sweep(sweep_from(spec, more), tmp_path, workers=1, progress=seen.append)
    assert finished(seen) == n_blocks
    assert [cell.options["n_real"] for cell in read_sweep(done.folder).cells] == [8, 16, 32]


@pytest.mark.slow
def test_a_cell_that_fails_does_not_end_the_others(spec, tmp_path):
    """One row leaves a variance with ddof = 1 no degree of freedom."""
    done = run_sweep(sweep_from(spec, {"vary": {"n_real": [1, 8, 16]}}), tmp_path, workers=1)
    assert len(done.failed) == 1
    [why] = done.failed.values()
    assert "degrees of freedom" in why
    assert [run.is_complete for run in done.runs[1:]] == [True, True]
    assert not done.runs[0].path.exists()
    [failure] = read_failures(done.folder).values()
    assert failure["error"] == "FitError"
    [log] = (done.folder / "logs").glob("n_real=1-*.log")
    assert "degrees of freedom" in log.read_text()
    assert "Traceback" in log.read_text()


@pytest.mark.slow
def test_workers_and_order_change_no_byte(spec, tmp_path, folder_bytes):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16, 32], "regime": ["replace", "accumulate"]}})
    one, two = (run_sweep(sweep, tmp_path / str(n), workers=n) for n in (1, 2))
    for a, b in zip(one.runs, two.runs, strict=True):
        assert folder_bytes(a.path) == folder_bytes(b.path)


@pytest.mark.slow
def test_another_sweep_of_the_same_name_is_refused(spec, tmp_path):
    grid = {"vary": {"n_real": [8, 16]}}
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    other = sweep_from({**spec, "held_out": 3}, grid)
    with pytest.raises(StoreError, match="holds another sweep: held_out is None there and 3 here"):
        run_sweep(other, tmp_path, workers=1)
    with pytest.raises(SpecError, match="generations is 3; the folder has 7 already"):
        run_sweep(sweep_from({**spec, "generations": 3}, grid), tmp_path, workers=1)


def test_two_at_once_in_one_folder_are_refused(spec, tmp_path):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    with locked(tmp_path / "small"), pytest.raises(StoreError, match="written by another process"):
        run_sweep(sweep, tmp_path, workers=1)


def test_cells_that_differ_in_nothing_are_refused(spec, tmp_path):
    """Zero synthetic rows mean as many as real ones."""
    sweep = sweep_from(spec, {"vary": {"n_synthetic": [0, spec["n_real"]]}})
    with pytest.raises(SpecError, match="differ in nothing"):
        run_sweep(sweep, tmp_path, workers=1)
    with pytest.raises(SpecError, match="cells n_real=8 and n_real=8 differ in nothing"):
        run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16, 8]}}), tmp_path, workers=1)


def test_the_copy_of_the_spec_is_the_same_sweep(spec, tmp_path):
    vary = {"n_real, n_synthetic": [[8, 4], [16, 8]]}
    sweep = sweep_from(spec, {"vary": vary, "seeds": 4})
    done = run_sweep(sweep, tmp_path / "a", workers=1)
    copy = load_sweep(done.folder / "sweep.toml")
    assert [study for _, study in copy.cells] == [study for _, study in sweep.cells]
    assert tomllib.loads((done.folder / "sweep.toml").read_text())["sweep"]["vary"] == vary


@pytest.mark.slow
def test_ten_thousand_runs_need_few_file_handles(spec, tmp_path):
    """A cell is open while it is at work only: no more folders are locked than workers."""
    sweep = sweep_from({**spec, "generations": 1}, {"vary": {"seed": list(range(60))}})
    most, order = [], []

    def look(event):
        if isinstance(event, Planned):
            order.extend(event.tasks)
        most.append(len([p for p in Path("/proc/self/fd").iterdir() if p.exists()]))

    run_sweep(sweep, tmp_path, workers=1, progress=look)
    assert len(order) >= 60
    assert np.ptp(most) < 10


@pytest.mark.slow
def test_the_command_runs_resumes_and_fails_with_a_code(spec, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(toml_text({k: v for k, v in spec.items() if k != "name"}))
    command = [GENLOSS, "sweep", path, "--root", tmp_path / "runs", "--json"]
    done = subprocess.run([*command, "--vary", "n_real=8,16"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"] == 2
    again = [GENLOSS, "sweep", tmp_path / "runs" / "s", "--json"]
    assert json.loads(subprocess.run(again, capture_output=True).stdout)["complete"] == 2
    bad = subprocess.run([*command, "--vary", "n_real=1,8"], capture_output=True, text=True)
    assert bad.returncode == 1
    assert len(json.loads(bad.stdout)["failed"]) == 1


def test_a_sweep_that_the_disk_cannot_hold_is_refused_and_nothing_is_written(spec, tmp_path):
    """10^12 chains are some terabytes of numbers."""
    huge = {**spec, "chains": 10**12, "chains_per_block": 10**9}
    sweep = sweep_from(huge, {"vary": {"n_real": [8, 16]}})
    with pytest.raises(ResourceError, match=r"2 runs take .* of disk at least; .* free"):
        run_sweep(sweep, tmp_path / "runs", workers=1)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_plan_adds_its_cells_up(spec):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16], "regime": ["replace", "accumulate"]}})
    cost, studies = sweep_plan(sweep, 0.5), [study for _, study in sweep.cells]
    assert (cost.cells, cost.blocks) == (4, sum(s.n_blocks for s in studies))
    assert cost.chains == sum(s.chains for s in studies)
    assert 0.0 < cost.seconds.low <= cost.seconds.high
    # One cell of each regime was timed, the larger one.
    assert set(cost.timed) == {"n_real=16,regime=replace", "n_real=16,regime=accumulate"}
    assert cost.largest == "n_real=16,regime=accumulate"


@pytest.mark.slow
def test_ls_shows_a_sweep_as_one_line_and_its_cells_when_asked(spec, tmp_path, capsys):
    run_study(study_from({**spec, "seed": 9}), tmp_path, workers=1)
    grid = {"vary": {"n_real": [1, 8, 16]}}
    done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    listing(tmp_path, json=True)
    one, sweep = sorted(json.loads(capsys.readouterr().out), key=lambda row: "cells" in row)
    assert one["complete"] is True
    assert {k: sweep[k] for k in ("run", "cells", "done", "failed", "at_work", "complete")} == {
        "run": "small",
        "cells": 3,
        "done": 2,
        "failed": 1,
        "at_work": False,
        "complete": False,
    }
    listing(tmp_path, json=False)
    assert "2 of 3 cells; 1 failed" in capsys.readouterr().out
    listing(done.folder, json=True)
    assert len(json.loads(capsys.readouterr().out)) == 2


@pytest.mark.slow
def test_cells_that_lie_elsewhere_belong_to_the_sweep_too(spec, tmp_path):
    before = run_study(study_from({**spec, "n_real": 8}), tmp_path, workers=1)
    done = run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16]}}), tmp_path, workers=1)
    assert {r.path.resolve() for r in find_runs(done.folder)} == {r.path for r in done.runs}
    assert before.path in {r.path.resolve() for r in find_runs(done.folder)}
    # Listed once, although two ways lead there.
    assert len(find_runs(tmp_path)) == 2


@pytest.mark.parametrize("name", ["../up", "/tmp/away", "", ".", "..", "a/b", 5])
def test_a_name_that_leads_elsewhere_is_refused(spec, name):
    with pytest.raises(SpecError, match="expected letters, digits"):
        sweep_from({**spec, "name": name}, {"vary": {"n_real": [8, 16]}})


def test_a_folder_with_files_of_somebody_is_no_sweeps(spec, tmp_path):
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "photo.jpg").write_bytes(b"me")
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    with pytest.raises(StoreError, match=r"has files but no sweep\.json \(photo\.jpg\)"):
        run_sweep(sweep, tmp_path, workers=1)
    assert [p.name for p in (tmp_path / "small").iterdir()] == ["photo.jpg"]


@pytest.mark.slow
def test_a_sweep_whose_own_file_is_lost_goes_on(spec, tmp_path):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    done = run_sweep(sweep, tmp_path, workers=1)
    (done.folder / "sweep.json").unlink()
    seen = []
    run_sweep(sweep, tmp_path, workers=1, progress=seen.append)
    assert finished(seen) == 0
    assert len(read_sweep(done.folder).cells) == 2


@pytest.mark.slow
def test_cells_that_are_there_need_no_room(spec, tmp_path, monkeypatch):
    grid = {"vary": {"n_real": [8, 16]}}
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=disk.RUN_BYTES))
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    with pytest.raises(ResourceError, match="1 runs take"):
        run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16, 32]}}), tmp_path, workers=1)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["generations", "chains"])
def test_values_of_what_may_grow_are_cells_side_by_side(spec, tmp_path, key):
    spec = {**spec, "chains_per_block": 1}
    for values, cells in (([2, 3], 2), ([3, 2], 2), ([2, 4], 3)):
        seen = []
        sweep = sweep_from(spec, {"vary": {key: values}})
        done = run_sweep(sweep, tmp_path, workers=1, progress=seen.append)
        assert [getattr(study, key) for _, study in sweep.cells] == values
        assert len(read_sweep(done.folder).cells) == cells
    assert len(find_runs(done.folder)) == 3
    assert finished(seen) == done.runs[1].header.n_blocks


@pytest.mark.slow
def test_seeds_can_be_raised_after_values_were_added(spec, tmp_path):
    spec = {**spec, "chains_per_block": 1}
    for values, seeds in (([8], 2), ([16], 2), ([8, 16], 3)):
        grid = {"vary": {"n_real": values}, "seeds": seeds}
        done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    assert len(find_runs(done.folder)) == 2
    assert all(len(run.header.earlier) == 1 for run in done.runs)


@pytest.mark.slow
def test_seeds_are_raised_by_whole_blocks_where_a_spec_says_nothing_of_them(spec, tmp_path):
    """Two chains are one block, six of them three: the first of them is there."""
    spec = {key: value for key, value in spec.items() if key != "chains_per_block"}
    for seeds, blocks in ((2, 1), (6, 3), (6, 3)):
        grid = {"vary": {"n_real": [8, 16]}, "seeds": seeds}
        done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
        assert [run.header.n_blocks for run in done.runs] == [blocks, blocks]
        assert all(run.spec["chains_per_block"] == 2 for run in done.runs)
        assert all(run.is_complete for run in done.runs)
    assert len(find_runs(done.folder)) == 2
    with pytest.raises(SpecError, match="blocks are of 7 chains; the folder has blocks of 2"):
        run_sweep(sweep_from(spec, {**grid, "seeds": 7}), tmp_path, workers=1)


@pytest.mark.slow
def test_ls_shows_a_sweep_whose_cells_lie_elsewhere(spec, tmp_path, capsys):
    grid = {"vary": {"n_real": [8, 16]}}
    for name in ("first", "second"):
        run_sweep(sweep_from({**spec, "name": name}, grid), tmp_path, workers=1)
    listing(tmp_path, True)
    rows = json.loads(capsys.readouterr().out)
    assert [(row["run"], row["done"]) for row in rows] == [("first", 2), ("second", 2)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sweep.json", "failed.json"])
def test_a_damaged_file_of_the_sweeps_own_costs_no_run(spec, tmp_path, name):
    """What the message tells to do is enough: the file goes, and no run is made again."""
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    done = run_sweep(sweep, tmp_path, workers=1)
    (done.folder / name).write_bytes((done.folder / name).read_bytes()[:20])
    with pytest.raises(StoreError, match="remove this file alone and run the spec again"):
        run_sweep(sweep, tmp_path, workers=1)
    (done.folder / name).unlink()
    seen = []
    again = run_sweep(
        load_sweep(done.folder / "sweep.toml"), tmp_path, workers=1, progress=seen.append
    )
    assert again.folder == done.folder
    assert finished(seen) == 0


def test_watch_looks_at_a_sweep_without_a_progress_file(spec, tmp_path, capsys):
    done = run_sweep(sweep_from(spec, {"vary": {"n_real": [8]}}), tmp_path, workers=1)
    run_sweep(sweep_from(spec, {"vary": {"n_real": [8]}}), tmp_path, workers=1)
    watch(done.folder, json=False)
    assert capsys.readouterr().out.startswith("nothing was left to do; ended")
    (done.folder / "progress.json").unlink()
    watch(done.folder, json=False)
    assert capsys.readouterr().out.startswith("no progress written; nobody is at work")
    watch(done.folder, json=True)
    assert json.loads(capsys.readouterr().out) == {"at_work": False, "progress": []}
