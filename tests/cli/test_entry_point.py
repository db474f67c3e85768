"""The installed command itself, as a shell calls it."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"


def genloss(*words, cwd, **more):
    return subprocess.run(
        [str(GENLOSS), *map(str, words)], cwd=cwd, capture_output=True, text=True, **more
    )


def test_a_run_from_the_shell_is_quiet_on_stderr_and_exits_0(spec):
    done = genloss("run", spec.name, "--json", cwd=spec.parent)
    assert done.returncode == 0
    # A slow machine may see a line of progress.
    assert all(line.startswith("moons: ") for line in done.stderr.splitlines())
    assert json.loads(done.stdout)["complete"] is True


def test_on_a_terminal_long_work_shows_rate_and_time_left(spec):
    """Standard error is a terminal here, standard output is not: progress must not reach it."""
    ours, theirs = os.openpty()
    words = ["run", spec.name, "generations=3000", "metrics=[]", "keep.at=[]", "--json"]
    process = subprocess.Popen(
        [str(GENLOSS), *words, "--workers", "1"],
        cwd=spec.parent,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    seen = b""
    while chunk := read_until_hangup(ours):
        seen += chunk
    out, _ = process.communicate()
    os.close(ours)
    assert process.returncode == 0
    assert json.loads(out)["complete"] is True
    text = seen.decode()
    assert re.search(r"moons: generation \d+ of 3000", text)
    assert re.search(r"[1-9][\d,]* generations/s", text)
    assert re.search(r"\d% .*\d (s|min) left", text)


def read_until_hangup(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # Linux reports the end of a terminal as an error.
        return b""


def test_bad_input_from_the_shell_exits_2_on_stderr(tmp_path):
    done = genloss("run", "nowhere.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("genloss: nowhere.toml: no such spec, run folder or text")


def test_a_missed_target_exits_1_from_the_shell(tmp_path):
    """The verdict is made up; everything from there to the exit code is the command's own."""
    script = tmp_path / "missed.py"
    script.write_text(
        "import sys\n"
        "from genloss.cli import main\n"
        "from genloss.published import reproduce\n"
        "from genloss.judge.verdicts import Verdict\n"
        "missed = Verdict('x', 'y', None, 1.0, 2.0, 3.0, False, 'interval', 'z', 2, 'r')\n"
        "reproduce.reproduce = lambda *args, **more: ([], [missed])\n"
        "sys.argv = ['genloss', 'reproduce', 'shumailov-2024-gaussian', '--json']\n"
        "main.run()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 1
    assert json.loads(done.stdout)["failed"] == 1


def test_a_closed_pipe_is_no_error(spec):
    genloss("run", spec.name, cwd=spec.parent)
    command = f"{GENLOSS} ls --json | true"
    done = subprocess.run(command, shell=True, cwd=spec.parent, capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_paths_and_output_need_no_particular_locale(spec):
    """The C locale with its coercion to UTF-8 switched off is the barest there is."""
    folder = spec.parent / "Läufe"
    env = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = genloss("run", spec.name, "--root", folder, "--json", cwd=spec.parent, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"] is True


TORCHLESS = """
import sys
for name in ("torch", "transformers", "sklearn", "jinja2", "vl_convert"):
    sys.modules[name] = None
from genloss.cli.main import app
app(["run", {spec!r}, "--workers", "1", "--json"])
"""


def test_the_core_runs_where_no_extra_can_be_imported(spec):
    code = TORCHLESS.format(spec=spec.name)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=spec.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"] is True


MISSING = """
import sys
sys.modules["sklearn"] = None
from genloss.cli.main import app
app(["run", {spec!r}, "reality=digits8x8", "n_real=5", "--workers", "1"])
"""


def test_a_missing_extra_says_how_to_install_it(spec):
    done = subprocess.run(
        [sys.executable, "-c", MISSING.format(spec=spec.name)],
        cwd=spec.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "pip install 'genloss[digits]'" in done.stderr
    assert "Traceback" not in done.stderr
