"""Sweeps where something is odd: failures, signals, other code, names, what is full or large."""

import json
import os
import signal
import subprocess
import sysconfig
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from genloss.errors import ResourceError, StoreError
from genloss.report.chart_files import chart_names, save_figure
from genloss.report.long_table import LongTable
from genloss.report.page import write_report
from genloss.report.table_files import write_table
from genloss.run import disk
from genloss.run import sweep as sweep_module
from genloss.run.events import Finished
from genloss.run.progress_file import read_progress
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.spec.toml import toml_text
from genloss.store import summaries
from genloss.store.files import read_sealed
from genloss.store.reader import Run, find_runs, runs_below
from genloss.store.sweep import read_failures, read_sweep
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"


@pytest.fixture
def spec(small):
    return {**small("moments_replace", metrics=["sigma"]), "name": "small"}


def finished(seen) -> int:
    return sum(isinstance(event, Finished) for event in seen)


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_large_sweep_leaves_an_index_for_ls(spec, tmp_path, monkeypatch):
    """So that the first listing of ten thousand runs takes no longer than the next one."""
    monkeypatch.setattr(summaries, "FEWEST", 3)
    monkeypatch.setattr(sweep_module, "FEWEST", 3)
    run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16]}}), tmp_path, workers=1)
    assert not (tmp_path / summaries.INDEX).exists()
    run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16, 32]}}), tmp_path, workers=1)
    assert len(json.loads(read_sealed(tmp_path / summaries.INDEX)["runs"])) == 3
