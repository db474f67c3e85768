"""A real lack of memory: the system kills workers, and the sweep is done with less at a time."""

import os
import subprocess
import sysconfig
import time
from pathlib import Path
from pydoc_data.topics import topics

import pytest

from genloss.spec.toml import toml_text
from genloss.store.reader import find_runs

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"
GROUPS = Path("/sys/fs/cgroup/memory")
"""Groups of version 1, in which anybody who may write there can set a limit."""

LIMIT = 900 << 20
"""Bytes for the command and its workers: one holds torch (0.4 GB) and a part of the activations."""

SPEC = {
    "reality": {"kind": "text", "block": 64, "documents": "pieces"},
    "learner": {
        "kind": "transformer",
        "start": "scratch",
        "width": 128,
        "layers": 4,
        "training": {"epochs": 1, "batch": 512},
    },
    "n_real": 512,
    "n_synthetic": 8,
    "generations": 1,
    "metrics": ["perplexity"],
    "held_out": 8,
    "sweep": {"vary": {"seed": [0, 1]}},
}


@pytest.fixture
def group():
    """Return a group of processes that may take so much memory together."""
    place = GROUPS / f"genloss-{os.getpid()}"
    try:
        place.mkdir()
        (place / "memory.limit_in_bytes").write_text(str(LIMIT))
    except OSError as error:
        pytest.skip(f"no group with a limit can be made here: {error}")
    yield place
    # Python's tracker of resources ends a moment after the command.
    for _ in range(100):
        if not (place / "cgroup.procs").read_text():
            break
        time.sleep(0.1)
    place.rmdir()


@pytest.mark.deep
def test_what_is_killed_for_lack_of_memory_is_tried_alone_and_then_in_smaller_portions(
    tmp_path, group
):
    """Two fits of 0.8 GB of activations exceed it, one does too, one of some parts does not."""
    text = tmp_path / "text"
    text.mkdir()
    for name in sorted(topics, key=lambda name: -len(topics[name]))[:40]:
        (text / f"{name}.txt").write_text(topics[name])
    spec = {**SPEC, "reality": {**SPEC["reality"], "path": str(text)}}
    (tmp_path / "s.toml").write_text(toml_text(spec))
    command = [GENLOSS, "sweep", "s.toml", "--workers", "2"]
    inside = ["/bin/sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", *command]
    done = subprocess.run(inside, cwd=tmp_path, capture_output=True, text=True)
    logs = "".join(log.read_text() for log in tmp_path.glob("runs/s/logs/*.log"))
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{logs}"
    assert "a worker process died (for lack of memory)" in logs
    assert "begins again, with no other task beside it" in logs
    assert "begins again, in portions for 1/2 of the memory" in logs
    runs = find_runs(tmp_path / "runs")
    assert [run.is_complete for run in runs] == [True, True]
