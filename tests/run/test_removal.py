"""What may go: said first, then removed, and never what somebody works in."""

import json
import os
import signal
import subprocess
import sysconfig
import time
from pathlib import Path

import pytest

from genloss.cli import removal as cli_removal
from genloss.errors import StoreError
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.spec.toml import toml_text
from genloss.store import removal
from genloss.store.lock import locked
from genloss.store.reader import Run, find_runs
from genloss.store.sweep import read_sweep, write_failures
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"


@pytest.fixture
def run(small, tmp_path):
    return run_study(study_from(small("rows_accumulate")), tmp_path / "runs", workers=1)


def test_a_run_is_removed_by_name_and_only_when_told(run):
    waste = removal.named([run.path])
    assert waste[0].bytes == sum(p.stat().st_size for p in run.path.rglob("*") if p.is_file())
    assert run.path.exists()
    removal.remove(waste)
    assert not run.path.exists()


def test_what_is_no_run_is_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    with pytest.raises(StoreError, match="neither a run nor a sweep"):
        removal.named([tmp_path / "letters"])


@pytest.mark.slow
def test_nobody_removes_what_is_being_written(run, small, tmp_path):
    with locked(run.path), pytest.raises(StoreError, match="is being written; cancel it first"):
        removal.named([run.path])
    spec = {**small("moments_replace"), "name": "s"}
    done = run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16]}}), tmp_path, workers=1)
    with locked(done.folder):
        assert list(removal.last_checkpoints(done.folder)) == []
        with pytest.raises(StoreError, match="is being written"):
            removal.named([done.runs[0].path])


def test_stale_runs_are_unfinished_and_untouched(run):
    assert list(removal.stale(run.path.parent, 0.0)) == []
    manifest = run.path / "blocks/0000/manifest.json"
    manifest.unlink()
    assert [one.path for one in removal.stale(run.path.parent, 0.0)] == [run.path]
    old = time.time() - 40 * removal.DAY
    for place, _, names in os.walk(run.path):
        for name in names:
            os.utime(os.path.join(place, name), (old, old))
        os.utime(place, (old, old))
    [one] = removal.stale(run.path.parent, 30.0)
    assert one.why == "unfinished, untouched for 40 days"
    assert list(removal.stale(run.path.parent, 50.0)) == []


def test_last_checkpoints_go_and_every_number_stays(run):
    before = {name: column.values.tobytes() for name, column in run.columns.items()}
    waste = list(removal.last_checkpoints(run.path.parent))
    assert len(waste) == run.header.n_blocks
    removal.remove(waste)
    after = Run(run.path)
    assert after.is_complete
    assert {name: column.values.tobytes() for name, column in after.columns.items()} == before
    assert list(removal.last_checkpoints(run.path.parent)) == []


@pytest.mark.slow
def test_the_commands_say_first_and_cancel_ends_in_order(small, tmp_path):
    spec = small("moments_replace", generations=100_000, metrics=[], keep={"at": []})
    path = tmp_path / "s.toml"
    path.write_text(toml_text({k: v for k, v in spec.items() if k != "name"}))
    root = tmp_path / "runs"
    command = [GENLOSS, "sweep", path, "--vary", "seed=1,2", "--root", root, "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while not list(root.glob("s/*/blocks/0000/manifest.json")):
            assert process.poll() is None
        done = subprocess.run([GENLOSS, "cancel", root / "s", "--json"], capture_output=True)
        assert json.loads(done.stdout)["process"] == process.pid
        process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    again = subprocess.run([GENLOSS, "cancel", root / "s"], capture_output=True, text=True)
    assert (again.returncode, "nobody is at work" in again.stderr) == (2, True)
    said = subprocess.run([GENLOSS, "rm", root / "s"], capture_output=True, text=True)
    assert "would go; --yes removes them" in said.stdout
    assert find_runs(root)
    gone = subprocess.run([GENLOSS, "rm", root / "s", "--yes", "--json"], capture_output=True)
    assert json.loads(gone.stdout)["removed"] is True
    assert not (root / "s").exists()


@pytest.fixture
def sweep_folder(small, tmp_path):
    spec = {**small("moments_replace"), "name": "s.safetensors"}
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    return run_sweep(sweep, tmp_path / "runs", workers=1).folder


@pytest.mark.slow
def test_a_link_is_refused_and_what_it_names_stays(sweep_folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(sweep_folder)
    with pytest.raises(StoreError, match=r"link is a link; name the folder itself: .*safetensors"):
        removal.named([link])
    assert read_sweep(sweep_folder).cells


@pytest.mark.slow
def test_a_sweep_of_any_name_is_removed_whole(sweep_folder):
    removal.remove(removal.named([sweep_folder]))
    assert not sweep_folder.exists()


@pytest.mark.slow
def test_a_sweep_with_another_or_with_work_in_it_stays(sweep_folder, small):
    [cell, _] = find_runs(sweep_folder)
    with locked(cell.path), pytest.raises(StoreError, match="is being written"):
        removal.named([sweep_folder])
    waste = removal.named([sweep_folder])
    with locked(cell.path), pytest.raises(StoreError, match="is being written"):
        removal.remove(waste)
    spec = {**small("moments_replace"), "name": "inner"}
    run_sweep(sweep_from(spec, {"vary": {"n_real": [9]}}), sweep_folder, workers=1)
    with pytest.raises(StoreError, match=r"holds another sweep, .*inner"):
        removal.named([sweep_folder])


@pytest.mark.slow
def test_a_complete_cell_that_was_refused_later_is_no_waste(sweep_folder):
    """Refused on a machine without room, say: its numbers are whole all the same."""
    cells = read_sweep(sweep_folder).cells
    why = {"error": "ResourceError", "message": "no room", "time": "2026-01-01T00:00:00+00:00"}
    write_failures(sweep_folder, {cell.fingerprint: why for cell in cells})
    assert list(removal.failed(sweep_folder)) == []
    (sweep_folder / cells[0].run / "blocks/0000/manifest.json").unlink()
    assert [one.path for one in removal.failed(sweep_folder)] == [sweep_folder / cells[0].run]


def test_a_cell_that_lies_elsewhere_is_not_the_sweeps_to_remove(run, small):
    spec = {**small("rows_accumulate"), "name": "other"}
    grid = {"vary": {"n_real": [spec["n_real"]]}}
    done = run_sweep(sweep_from(spec, grid), run.path.parent, workers=1)
    assert done.runs[0].path == run.path
    why = {"error": "WorkerLost", "message": "gone", "time": "2026-01-01T00:00:00+00:00"}
    write_failures(done.folder, {run.header.fingerprint: why})
    (run.path / "blocks/0000/manifest.json").unlink()
    assert list(removal.failed(done.folder)) == []


@pytest.mark.parametrize("process", [0, -1, 2**22 + 1])
def test_cancel_ends_nobody_else(run, monkeypatch, process):
    """A lock may name what is no process, or one that is not ours to end."""
    (run.path / ".lock").write_text(json.dumps({"process": process, "since": "now"}))
    monkeypatch.setattr(cli_removal, "is_held", lambda _: True)
    with pytest.raises(StoreError, match=r"nobody is at work|cannot be ended"):
        cli_removal.cancel(run.path, json=False)


@pytest.mark.slow
def test_whoever_removes_runs_hears_of_the_sweeps_that_have_them(small, tmp_path):
    spec = small("moments_replace")
    run_sweep(sweep_from({**spec, "name": "s"}, {"vary": {"n_real": [8, 16]}}), tmp_path, workers=1)
    other = sweep_from({**spec, "name": "t"}, {"vary": {"n_real": [8, 32]}})
    run_sweep(other, tmp_path, workers=1)
    assert removal.named([tmp_path / "s"])[0].why == "sweep, of which t has cells"
    assert removal.named([tmp_path / "t"])[0].why == "sweep"
