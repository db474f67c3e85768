"""How commands end: one line and the documented code, for bad words, full pipes and signals."""

import errno
import os
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from genloss.cli.exits import EndedError
from genloss.core.resources import free_memory

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"

DEEP = "[" * 20_000

BAD = [
    (["n_real=" + "9" * 5000], "5000 digits"),
    (["metrics=" + DEEP], "nested too deep"),
    (["name=" + "a" * 400], "File name too long"),
    (["chains=" + str(2**64), "chains_per_block=10"], "expected at most 1,000,000"),
    (["na\x1b[31mme=3"], r"na\x1b[31mme"),
]


@pytest.mark.parametrize(("words", "why"), BAD, ids=lambda v: str(v)[:20])
def test_awkward_words_are_one_line(genloss, spec, words, why):
    found = genloss("run", spec.name, *words)
    assert found.exit_code == 2
    assert why in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert "\x1b" not in found.output


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("word", [f"n_real={10**12}", f"chains={2**64}"])
def test_sizes_that_cannot_fit_are_refused_before_anything_is_allocated(
    genloss, spec, command, word
):
    assert free_memory() < 8 * 10**12
    found = genloss(command, spec.name, word)
    assert found.exit_code == 3
    assert "of memory at least" in found.stderr
    assert [p.name for p in spec.parent.iterdir()] == [spec.name]


@pytest.mark.parametrize(
    "command",
    ["run", "plan", "show", "ls", "verify", "report", "table --metric x --out y", "corpus audit"],
)
@pytest.mark.parametrize("name", ["x" * 300, "y/" * 3000])
def test_a_name_that_is_too_long_is_one_short_line(genloss, spec, command, name):
    found = genloss(*command.split(), name)
    assert found.exit_code == 2
    assert max(map(len, found.stderr.splitlines())) < 250
    assert "Errno" not in found.stderr


def test_a_deep_spec_and_a_path_with_a_nul_are_one_line(genloss, spec):
    (spec.parent / "deep.toml").write_text(f"x = {DEEP}")
    nul = spec.parent / "nul.toml"
    nul.write_text(
        spec.read_text().replace('"two_moons"', '{kind="table_file", path="a\\u0000.npy"}')
    )
    for name, why in (("deep.toml", "nested too deep"), ("nul.toml", "a")):
        found = genloss("run", name)
        assert found.exit_code == 2
        assert why in found.stderr
        assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), 3),
        (OSError(errno.EMFILE, "Too many open files"), 3),
        (OSError(errno.EACCES, "Permission denied"), 2),
        (EndedError(signal.SIGTERM), 143),
        (EndedError(signal.SIGHUP), 129),
    ],
    ids=repr,
)
def test_whatever_happens_is_one_line_and_a_code(genloss, spec, monkeypatch, error, code):
    before = [signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGHUP)]

    def fail(*args, **options):
        raise error

    monkeypatch.setattr("genloss.run.controls.run_with_controls", fail)
    found = genloss("run", spec)
    for number, handler in zip((signal.SIGTERM, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)
    assert found.exit_code == code
    assert len(found.stderr.splitlines()) == 1


def test_a_bug_is_not_disguised(genloss, spec, monkeypatch):
    def fail(*args, **options):
        raise ValueError("a bug")

    monkeypatch.setattr("genloss.run.controls.run_with_controls", fail)
    assert isinstance(genloss("run", spec).exception, ValueError)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", [["ls"], ["--help"], ["ls", "--json"]], ids=" ".join)
def test_a_full_output_is_one_line_and_3(tmp_path, command):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [GENLOSS, *command], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert "No space left" in done.stderr


@pytest.mark.slow
def test_closed_streams_take_nothing_away(spec):
    """What is opened next would get their numbers, and be written to."""
    code = "import os, sys; [os.close(n) for n in (0, 1, 2)]; os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", code, GENLOSS, "run", spec.name, "--workers", "1"]
    assert subprocess.run(command, cwd=spec.parent).returncode == 0
    [run] = (p for p in (spec.parent / "runs").iterdir() if p.name != "controls")
    shown = subprocess.run([GENLOSS, "show", run], capture_output=True, text=True)
    assert "complete" in shown.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_in_order_and_the_run_resumes(spec, number):
    words = [GENLOSS, "run", spec.name, "generations=100000", "metrics=[]", "keep.at=[]"]
    with subprocess.Popen(
        [*words, "--workers", "1"],
        cwd=spec.parent,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list(spec.parent.glob("runs/*/blocks/0000/checkpoint-*")):
            assert process.poll() is None
        os.kill(process.pid, number)
        error = process.stderr.read()
    assert process.returncode == 128 + number
    assert f"ended by {number.name}; run the same command again to resume" in error
    assert "Traceback" not in error


LOST = """
import os, signal, sys, time
from genloss.cli import exits
exits.AGAIN = 0.2
exits.prepare()

class Loses:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            pass

sys.unraisablehook = lambda lost: None
with exits.reported_errors():
    x = Loses()
    del x
    while True:
        time.sleep(0.01)
"""


@pytest.mark.slow
def test_a_signal_that_a_destructor_swallows_comes_again():
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=60)
    assert done.returncode == 128 + signal.SIGTERM
    assert "ended by SIGTERM" in done.stderr


def test_a_warning_is_one_line_without_source():
    code = (
        "import warnings; from genloss.cli import exits; exits.prepare(); "
        "warnings.warn('odd \\x1b[31mred')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("genloss: warning: odd ")
    assert "\x1b" not in line
