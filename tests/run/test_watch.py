"""`genloss watch`: another process's work, from what it writes."""

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

from genloss.cli import watch
from genloss.errors import StoreError
from genloss.run.progress_file import Progress, read_progress
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.store.lock import is_held, locked
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"

AT = Progress("running", 40, 7, 2, 1, 3, 0.25, 50.0, 90.0, "n=8-0123", 2, 5, 9, "")


def test_a_line_says_what_a_sweep_is_at():
    line = "; ".join(watch._parts(AT))
    assert line == (
        "25%; 7 of 40 blocks done; 1 failed; 3 tried again; 50 generations/s; 90 s left; "
        "n=8-0123, generation 5 of 9"
    )


@pytest.mark.slow
def test_watching_ends_where_nobody_works(small, tmp_path, capsys):
    spec = {**small("moments_replace"), "name": "small"}
    done = run_sweep(sweep_from(spec, {"vary": {"n_real": [8, 16]}}), tmp_path, workers=1)
    watch.watch(done.folder, json=False)
    assert capsys.readouterr().out == "100%; 4 of 4 blocks done; ended\n"
    assert read_progress(done.folder).share == 1.0
    watch.watch(done.runs[0].path, json=False)
    assert capsys.readouterr().out == "generation 7 of 7 checkpointed; ended\n"
    watch.watch(done.folder, json=True)
    assert json.loads(capsys.readouterr().out)["at_work"] is False


def test_a_folder_is_held_while_a_process_writes(small, tmp_path):
    run = run_study(study_from(small("moments_replace")), tmp_path, workers=1)
    assert not is_held(run.path)
    with locked(run.path):
        assert is_held(run.path)
    assert not is_held(tmp_path / "nothing")


@pytest.mark.slow
def test_what_is_no_sweep_and_no_run_is_refused(tmp_path):
    with pytest.raises(StoreError, match="neither the folder of a sweep"):
        watch.watch(tmp_path, json=False)
    done = subprocess.run([GENLOSS, "watch", tmp_path], capture_output=True, text=True)
    assert done.returncode == 2
