"""Really killed, with SIGKILL, at many moments: resumed equals unbroken, byte for byte."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from genloss.run.runner import header_of, run_study
from genloss.store.folder import run_path
from genloss.study.study import study_from

pytestmark = pytest.mark.slow

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"
SCRIPT = Path(__file__).with_name("die_at_every_call.py")
DEADLINE = 60.0
STRIDES = [("finite_fresh", 4), ("kde_accumulate", 11), ("endless_augment", 11)]
"""Every which call kills; what writes folders is the same for all of them."""
EVERY = [pytest.param(name, 1, marks=pytest.mark.deep) for name, _ in STRIDES]


@pytest.mark.parametrize(("name", "stride"), [*STRIDES, *EVERY])
def test_killed_before_any_file_system_call_it_resumes(small, tmp_path, name, stride):
    """The process dies, is resumed, dies at the same count again, and is resumed."""
    spec = small(name, generations=4, chains_per_block=3, checkpoint_every=2, keep={"at": [1, 4]})
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "spec.json"), str(tmp_path / "runs")]
    done = subprocess.run([*command, str(stride)], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["wrong"] == []
    assert told["calls"] > 30
    assert told["deaths"] >= told["calls"] // stride


def toml(spec: dict, path: Path) -> Path:
    """Write a spec; JSON values are TOML values but for tables, which become dotted keys."""
    lines = []

    def write(prefix: str, value) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                write(f"{prefix}.{key}" if prefix else key, inner)
        else:
            lines.append(f"{prefix} = {json.dumps(value)}")

    write("", spec)
    path.write_text("\n".join(lines))
    return path


def table_bytes(run: Path) -> int:
    return sum(p.stat().st_size for p in run.glob("blocks/*/metrics.jsonl"))


def killed_after(command: list[str], run: Path, size: int) -> int:
    """Start the command, kill it once its tables hold `size` bytes; return the exit code."""
    deadline = time.monotonic() + DEADLINE
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while process.poll() is None and table_bytes(run) < size:
            assert time.monotonic() < deadline, f"no {size} bytes within {DEADLINE} s"
        process.kill()
    return process.returncode


LONG = {"generations": 200, "checkpoint_every": 40, "keep": {"every": 60, "rows": 5}}
CASES = [
    pytest.param("finite_fresh", 1),
    pytest.param("rows_accumulate", 2),
    pytest.param("moments_replace", 1, marks=pytest.mark.deep),
    pytest.param("kde_accumulate", 2, marks=pytest.mark.deep),
    pytest.param("endless_augment", 1, marks=pytest.mark.deep),
]
"""What these have of their own to resume, test_resume stops in this process, too."""


@pytest.mark.parametrize(("name", "workers"), CASES)
def test_a_killed_command_resumes(small, tmp_path, folder_bytes, name, workers):
    more = {"regime": {"kind": "fresh", "n_real": 1}} if name == "finite_fresh" else {}
    last = 20 if name == "finite_fresh" else LONG["generations"]
    spec = small(name, **{**LONG, "generations": last}, **more)
    study = study_from(spec)
    unbroken = run_study(study, tmp_path / "unbroken", workers=1).path
    whole = table_bytes(unbroken)
    run = run_path(tmp_path / "runs", header_of(study))
    options = ["--root", str(tmp_path / "runs"), "--workers", str(workers)]
    command = [str(GENLOSS), "run", str(toml(spec, tmp_path / "spec.toml")), *options]
    codes = [killed_after(command, run, int(share * whole)) for share in (0.01, 0.5)]
    assert -signal.SIGKILL in codes
    subprocess.run(command, check=True, capture_output=True)
    assert folder_bytes(run) == folder_bytes(unbroken)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_workers_do_not_outlive_a_killed_parent(small, tmp_path):
    """They would go on writing beside the process that resumes."""
    spec = small("rows_accumulate", generations=20_000, chains_per_block=1)
    run = run_path(tmp_path, header_of(study_from(spec)))
    path = toml(spec, tmp_path / "spec.toml")
    command = [str(GENLOSS), "run", str(path), "--root", str(tmp_path), "--workers", "2"]
    deadline = time.monotonic() + DEADLINE
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while table_bytes(run) < 1000:
            assert process.poll() is None
            assert time.monotonic() < deadline
        workers = children(process.pid)
        process.kill()
    assert len(workers) >= 2
    while any(alive(pid) for pid in workers):
        assert time.monotonic() < deadline, "workers outlive their parent"


def interrupted(command: list[str], run: Path, times: int) -> subprocess.CompletedProcess:
    """Send SIGINT to the whole process group, as a terminal does, once or in quick succession."""
    deadline = time.monotonic() + DEADLINE
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while table_bytes(run) < 500:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


DEEP = [pytest.param(t, w, marks=pytest.mark.deep) for t, w in ((2, 1), (1, 2))]


@pytest.mark.parametrize(("times", "workers"), [(1, 1), (2, 2), *DEEP])
def test_ctrl_c_leaves_a_folder_that_resumes(small, tmp_path, folder_bytes, times, workers):
    spec = small("moments_replace", generations=800, checkpoint_every=100)
    study = study_from(spec)
    run = run_path(tmp_path, header_of(study))
    path = toml(spec, tmp_path / "spec.toml")
    options = ["--root", str(tmp_path), "--workers", str(workers), "--json"]
    found = interrupted([str(GENLOSS), "run", str(path), *options], run, times)
    assert found.returncode == 130
    assert "interrupted; run the same command again to resume" in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""
    right = run_study(study, tmp_path / "unbroken", workers=1)
    assert not type(right)(run).is_complete
    resumed = run_study(study, tmp_path, workers=1)
    assert folder_bytes(resumed.path) == folder_bytes(right.path)
    events = [line["event"] for line in resumed.provenance()]
    assert events[-2:] == ["start", "done"]
    assert "stop" in events or times == 2
