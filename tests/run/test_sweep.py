"""Sweeps: ordinary runs, run once, each for itself; a cell that fails does not end the others."""

import json
import os
import signal
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from genloss.cli.listing import listing
from genloss.cli.watch import watch
from genloss.errors import ResourceError, SpecError, StoreError
from genloss.plan.sweep_cost import sweep_plan
from genloss.report.chart_files import chart_names, save_figure
from genloss.report.long_table import LongTable
from genloss.report.page import write_report
from genloss.report.table_files import write_table
from genloss.run import disk
from genloss.run.events import Finished, Planned
from genloss.run.progress_file import read_progress
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.spec.toml import toml_text
from genloss.store.lock import locked
from genloss.store.reader import Run, find_runs, runs_below
from genloss.store.sweep import read_failures, read_sweep
from genloss.study.study import study_from
from genloss.study.sweep import load_sweep, sweep_from

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"


@pytest.fixture
def spec(small):
    return {**small("moments_replace", metrics=["sigma"]), "name": "small"}


def finished(seen) -> int:
    return sum(isinstance(event, Finished) for event in seen)


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


def test_the_copy_of_the_spec_is_the_same_sweep(spec, tmp_path):
    vary = {"n_real, n_synthetic": [[8, 4], [16, 8]]}
    sweep = sweep_from(spec, {"vary": vary, "seeds": 4})
    done = run_sweep(sweep, tmp_path / "a", workers=1)
    copy = load_sweep(done.folder / "sweep.toml")
    assert [study for _, study in copy.cells] == [study for _, study in sweep.cells]
    assert tomllib.loads((done.folder / "sweep.toml").read_text())["sweep"]["vary"] == vary


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


def test_a_plan_adds_its_cells_up(spec):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16], "regime": ["replace", "accumulate"]}})
    cost, studies = sweep_plan(sweep, 0.5), [study for _, study in sweep.cells]
    assert (cost.cells, cost.blocks) == (4, sum(s.n_blocks for s in studies))
    assert cost.chains == sum(s.chains for s in studies)
    assert 0.0 < cost.seconds.low <= cost.seconds.high
    # One cell of each regime was timed, the larger one.
    assert set(cost.timed) == {"n_real=16,regime=replace", "n_real=16,regime=accumulate"}
    assert cost.largest == "n_real=16,regime=accumulate"


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


def test_a_sweep_whose_own_file_is_lost_goes_on(spec, tmp_path):
    sweep = sweep_from(spec, {"vary": {"n_real": [8, 16]}})
    done = run_sweep(sweep, tmp_path, workers=1)
    (done.folder / "sweep.json").unlink()
    seen = []
    run_sweep(sweep, tmp_path, workers=1, progress=seen.append)
    assert finished(seen) == 0
    assert len(read_sweep(done.folder).cells) == 2


def test_cells_that_are_there_need_no_room(spec, tmp_path, monkeypatch):
    grid = {"vary": {"n_real": [8, 16]}}
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=disk.RUN_BYTES))
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    with pytest.raises(ResourceError, match="1 runs take"):
        run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16, 32]}}), tmp_path, workers=1)


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


def test_seeds_can_be_raised_after_values_were_added(spec, tmp_path):
    spec = {**spec, "chains_per_block": 1}
    for values, seeds in (([8], 2), ([16], 2), ([8, 16], 3)):
        grid = {"vary": {"n_real": values}, "seeds": seeds}
        done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    assert len(find_runs(done.folder)) == 2
    assert all(len(run.header.earlier) == 1 for run in done.runs)


def test_ls_shows_a_sweep_whose_cells_lie_elsewhere(spec, tmp_path, capsys):
    grid = {"vary": {"n_real": [8, 16]}}
    for name in ("first", "second"):
        run_sweep(sweep_from({**spec, "name": name}, grid), tmp_path, workers=1)
    listing(tmp_path, True)
    rows = json.loads(capsys.readouterr().out)
    assert [(row["run"], row["done"]) for row in rows] == [("first", 2), ("second", 2)]


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


OWN = """
from dataclasses import dataclass
import numpy as np
from genloss.core.view import Direction

@dataclass(frozen=True)
class Mine:
    unit = "1"
    direction = Direction.LOWER
    name = "mine"

    def __call__(self, view):
        return np.full(view.p_0.n_chains, 1.0)
"""


@pytest.mark.slow
def test_cells_of_other_code_are_made_beside_and_the_sweep_knows_where(spec, tmp_path):
    """A class changes between two commands: --fresh makes folders, which the sweep then names."""
    (tmp_path / "own_mine.py").write_text(OWN)
    path = tmp_path / "s.toml"
    path.write_text(toml_text({**spec, "metrics": ["own_mine:Mine"]}))
    command = [GENLOSS, "sweep", path, "--vary", "n_real=8,16", "--workers", "1"]

    def run(*more):
        return subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True)

    assert run().returncode == 0
    (tmp_path / "own_mine.py").write_text(OWN.replace("1.0)", "2.0)"))
    assert run().returncode == 1
    assert run("--fresh").returncode == 0
    folder = tmp_path / "runs" / "small"
    values = [Run(folder / cell.run).series["mine"].values for cell in read_sweep(folder).cells]
    assert all((value == 2.0).all() for value in values)


def test_a_cell_that_failed_is_named_and_has_a_log(spec, tmp_path):
    """Also one that is refused before any of its blocks begins."""
    grid = {"vary": {"n_real": [1, 8], "held_out": [0, 4]}}
    sweep = sweep_from(spec, grid)
    done = run_sweep(sweep, tmp_path, workers=1)
    names = [f"{study.name}-{run.path.name[-16:]}" for (_, study), run in cells_of(sweep, done)]
    assert list(done.failed) == [name for name in names if name.startswith("n_real=1,")]
    for name, why in done.failed.items():
        assert why.startswith("FitError: ")
        log = (done.folder / "logs" / f"{name}.log").read_text()
        assert " block 0: at work\n" in log
        assert f" given up: {why}\n" in log
    kept = done.runs[-1].path
    (kept / "run.json").write_text("{}")
    again = run_sweep(sweep, tmp_path, workers=1)
    assert again.failed[kept.name].startswith("StoreError: ")
    assert "given up: StoreError: " in (done.folder / "logs" / f"{kept.name}.log").read_text()


def cells_of(sweep, done):
    return zip(sweep.cells, done.runs, strict=True)


def test_a_sweep_of_failures_alone_is_reported_as_one(spec, tmp_path, capsys):
    done = run_sweep(sweep_from(spec, {"vary": {"seed": [0, 1], "n_real": [1]}}), tmp_path)
    assert find_runs(done.folder) == []
    page = write_report(done.folder, tmp_path / "page.html").read_text()
    assert "0 of 2 cells measured." in page
    assert "2 cells failed" in page
    assert page.count("<b>seed=") == 2
    with pytest.raises(StoreError, match="is a sweep of which no cell has a run"):
        write_table(LongTable(runs_below([done.folder])), tmp_path / "t.csv")
    # Beside others it stays on the page.
    run_study(study_from(spec), tmp_path, workers=1)
    assert "2 cells failed" in write_report(tmp_path, tmp_path / "page.html").read_text()


@pytest.mark.slow
def test_cells_that_failed_are_no_runs_of_their_own_on_the_page(spec, tmp_path):
    """They have a folder, and nothing measured in it."""
    (tmp_path / "own_nan.py").write_text(OWN.replace("1.0)", "np.nan)"))
    path = tmp_path / "s.toml"
    grid = {"cases": [{"metrics": ["sigma"]}, {"metrics": ["own_nan:Mine"]}]}
    path.write_text(toml_text({**spec, "sweep": grid}))
    command = [GENLOSS, "sweep", path, "--workers", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "metric mine is NaN at generation 0" in done.stdout
    page = write_report(tmp_path / "runs", tmp_path / "page.html").read_text()
    assert "1 of 2 cells measured." in page
    assert "Runs on gaussian" not in page


def test_a_key_that_is_added_makes_no_run_again_and_no_cell_twice(spec, tmp_path):
    """The cells that were there get longer names; with more generations they grow as they are."""
    spec = {**spec, "generations": 4, "checkpoint_every": 2}
    run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16]}}), tmp_path, workers=1)
    grid = {"vary": {"n_real": [8, 16], "regime": ["replace", "accumulate"]}}
    seen = []
    done = run_sweep(sweep_from(spec, grid), tmp_path, workers=1, progress=seen.append)
    blocks = done.runs[0].header.n_blocks
    assert finished(seen) == 2 * blocks
    assert len(read_sweep(done.folder).cells) == 4
    longer = {**spec, "generations": 6}
    grid["vary"]["held_out"] = [0, 5]
    done = run_sweep(sweep_from(longer, grid), tmp_path, workers=1)
    assert len(find_runs(done.folder)) == len(read_sweep(done.folder).cells) == 8
    assert sum(len(run.header.earlier) for run in done.runs) == 4


def test_a_sweep_that_grows_needs_room_for_what_is_new(spec, tmp_path, monkeypatch):
    spec = {**spec, "chains": 1000, "chains_per_block": 1000, "generations": 4}
    grid = {"vary": {"n_real": [8, 16]}}
    run_sweep(sweep_from(spec, grid), tmp_path, workers=1)
    sweep = sweep_from({**spec, "generations": 6}, grid)
    need = 2 * 2 * 1000 * disk.VALUE_BYTES
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=need - 1))
    with pytest.raises(ResourceError, match="2 runs take"):
        run_sweep(sweep, tmp_path, workers=1)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=need))
    assert run_sweep(sweep, tmp_path, workers=1).failed == {}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_a_sweep_that_says_so_and_goes_on(spec, tmp_path, workers):
    path = tmp_path / "s.toml"
    path.write_text(toml_text({**spec, "generations": 3000, "checkpoint_every": 20}))
    command = [GENLOSS, "sweep", path, "--root", tmp_path, "--workers", str(workers)]
    command += ["--vary", "n_real=8,16"]
    begun = {"stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    with subprocess.Popen(command, **begun, **heard) as process:
        while not list(tmp_path.glob("small/*/blocks/0000/manifest.json")):
            assert process.poll() is None
        # As a terminal does: to all workers as well.
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert "interrupted; run the same command again to resume" in said
    assert "Traceback" not in said
    at = read_progress(tmp_path / "small")
    assert (at.state, at.working, at.left, at.run) == ("interrupted", 0, None, "")
    watched = subprocess.run([GENLOSS, "watch", tmp_path / "small"], capture_output=True, text=True)
    assert "nobody is at work: the same command goes on" in watched.stdout
    assert not read_failures(tmp_path / "small")


@pytest.mark.slow
def test_html_in_swept_values_stays_text(spec, tmp_path):
    """In the page, in figures and in names of folders."""
    bad = ["</script><img src=x onerror=alert(1)>", '"&<b>']
    for i, name in enumerate(bad):
        place = tmp_path / str(i) / f"{name.replace('/', '')}.csv"
        place.parent.mkdir()
        place.write_text("x\n" + "\n".join(map(str, range(i, 40))))
        bad[i] = str(place)
    rows = {**spec, "reality": {"kind": "table_file"}, "form": "rows", "metrics": ["trace_ratio"]}
    grid = {"vary": {"reality.path": bad, "n_real": [4, 5, 6]}}
    done = run_sweep(sweep_from(rows, grid), tmp_path / "runs", workers=1)
    assert done.failed == {}
    page = write_report(done.folder, tmp_path / "page.html").read_text()
    assert "onerror=alert(1)" in page
    assert "<img src=x" not in page
    assert '"&<b>' not in page
    assert all("<" not in run.path.name for run in done.runs)
    name = next(name for name in chart_names([done.folder]) if "by-n-real" in name)
    chart = save_figure([done.folder], name, tmp_path / "chart.svg", 89)
    ElementTree.parse(chart)
