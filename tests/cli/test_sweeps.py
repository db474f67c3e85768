"""Sweeps on the command line: what an override means, and what is said of it."""

import shutil

import pytest

from genloss.cli.sweeps import beyond_measured
from genloss.errors import StoreError
from genloss.store.output import check_output
from genloss.store.reader import Run, find_runs

TOML = """
reality = "gaussian"
learner = { kind = "gaussian", ddof = 1 }
form = "moments"
n_real = 10
generations = 2
metrics = ["sigma"]
[sweep]
vary = { n_real = [10, 20] }
seeds = 8
"""


@pytest.fixture
def sweep(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(TOML)
    return path


@pytest.mark.slow
def test_chains_of_a_grid_on_the_command_line(genloss, sweep, tmp_path):
    """Of a spec as of its folder, which goes on with more of them."""
    words = ("--workers", 1, "--no-controls")
    assert genloss("sweep", sweep, "chains=4", *words).exit_code == 0
    runs = find_runs(tmp_path / "runs")
    assert [run.header.spec["chains"] for run in runs] == [4, 4]
    assert genloss("sweep", tmp_path / "runs" / "s", "chains=8", *words).exit_code == 0
    assert {Run(run.path).header.spec["chains"] for run in find_runs(tmp_path / "runs")} == {8}


@pytest.mark.slow
def test_what_the_grid_undoes_is_refused_or_said(genloss, sweep, tmp_path):
    refused = genloss("sweep", sweep, "n_real=500")
    assert refused.exit_code == 2
    assert "override n_real=500: n_real varies over [10, 20]" in refused.stderr
    assert genloss("plan", sweep, "n_real=500").exit_code == 2
    assert not (tmp_path / "runs").exists()
    sweep.write_text(TOML.replace("vary = { n_real = [10, 20] }", "cases = [{n_real=9}, {seed=2}]"))
    words = ("--workers", 1, "--no-controls")
    said = genloss("sweep", sweep, "n_real=50", *words)
    assert said.exit_code == 0
    assert "n_real=50 holds in 1 of 2 cells; the others set n_real themselves" in said.stderr
    sweep.write_text(TOML.replace("n_real = [10, 20]", "generations = [1, 2]"))
    assert genloss("sweep", sweep, "name=g", *words).exit_code == 0
    refused = genloss("sweep", tmp_path / "runs" / "g", "generations=9")
    assert refused.exit_code == 2
    assert "generations=9: generations varies in" in " ".join(refused.stderr.split())


@pytest.mark.slow
def test_no_page_is_written_over_a_file_of_the_sweep(genloss, sweep, tmp_path):
    assert genloss("sweep", sweep, "--workers", 1, "--no-controls").exit_code == 0
    folder = tmp_path / "runs" / "s"
    for name in ("sweep.json", "sweep.toml", "failed.json", "progress.json", "logs"):
        with pytest.raises(StoreError, match=f"{name}(/page)? belongs to the sweep"):
            check_output(folder / name / "page" if name == "logs" else folder / name)
    check_output(folder / "report.html")
    check_output(tmp_path / "runs" / "failed.json")


def test_what_nobody_measured_is_told_by_formula():
    assert beyond_measured(10_000, 5_000) == ""
    said = beyond_measured(20_000, 5_000)
    assert "250,000 files" in said
    assert "`ls` 4 s, `table` 60 s, `report` 3 min" in said


@pytest.mark.slow
def test_a_sweep_lists_cells_that_lie_in_another_folder(genloss, told, sweep, tmp_path):
    words = ("--workers", 1, "--no-controls")
    assert genloss("sweep", sweep, *words).exit_code == 0
    assert genloss("sweep", sweep, "name=over", "--vary", "n_real=10", *words).exit_code == 0
    [row] = told("ls", "runs/over")
    assert row["run"].startswith("../s/n_real=10-")
    assert row["complete"] is True
    assert len(told("ls", "runs/s")) == 2
    assert len(told("ls", "runs")) == 2
    shutil.rmtree(tmp_path / "runs" / "s")
    said = genloss("ls", "runs/over").stdout
    assert "runs/over is a sweep of which no cell has a run" in " ".join(said.split())
    (tmp_path / "runs" / "over" / "sweep.json").write_text("{}")
    [row] = told("ls", "runs/over")
    assert "sweep.json" in row["problem"]


def test_the_table_of_resources_reaches_the_cluster(genloss, sweep):
    sweep.write_text(TOML + "resources = { cpus = 0 }\n")
    refused = genloss("sweep", sweep, "--on", "ray")
    assert refused.exit_code == 2
    assert "expected cpus above 0" in " ".join(refused.stderr.split())
