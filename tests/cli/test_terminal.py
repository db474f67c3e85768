"""What stands on a terminal of 80 columns, and in a pipe."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.report.conftest import decay, make_run

from genloss.cli import console
from genloss.cli.verify import verified
from genloss.run.controls import with_controls
from genloss.run.runner import run_studies
from genloss.study.study import study_from

GENLOSS = Path(sys.executable).with_name("genloss")


@pytest.fixture
def runs(tmp_path):
    metrics = {
        "trace_ratio": decay(5, 20),
        "w2_squared": 1e-9 * decay(5, 20),
        "a_metric_with_a_long_name(option=1.25, rows=1000)": 1234.5 + decay(5, 20),
    }
    for name in ("one", "two"):
        make_run(tmp_path / "runs", name, metrics=metrics, absent={"fid": "no images"})
    return tmp_path / "runs"


def on_a_terminal(*words, cwd, columns=80) -> str:
    """Return what a command writes to a terminal, without colours."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "40"}
    process = subprocess.Popen(
        [str(GENLOSS), *map(str, words)], cwd=cwd, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            seen += chunk
    # The other end has hung up.
    except OSError:
        pass
    os.close(ours)
    process.wait()
    return re.sub(r"\x1b\[[0-9;]*m", "", seen.decode()).replace("\r", "")


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 60, 100])
def test_no_interval_and_no_number_is_cut(runs, columns):
    shown = on_a_terminal("show", "runs", cwd=runs.parent, columns=columns)
    assert max(map(len, shown.splitlines())) <= columns
    ranges = re.findall(r"\[([^\]\n]*)\]", shown.split("\u2500\n", 1)[1])
    # Three metrics in two runs, at the first and the last generation at least.
    assert len([r for r in ranges if re.fullmatch(r"[\d.e+-]+, [\d.e+-]+", r)]) >= 12
    for word in ("trace_ratio", "w2_squared", "1 is reality", "squared units", "no images"):
        assert word in shown


@pytest.mark.slow
def test_all_three_generations_stand_where_they_fit(runs):
    piped = subprocess.run(
        [str(GENLOSS), "show", "runs/" + os.listdir(runs)[0]],
        cwd=runs.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for t in (0, 3, 5):
        assert f"t = {t} " in piped
    [line] = [line for line in piped.splitlines() if line.startswith("trace_ratio")]
    assert len(re.findall(r"\S+ \[\S+, \S+\]", line)) == 3


@pytest.mark.slow
def test_sentences_break_between_words(runs):
    words = ["plan", "nowhere-that-anybody-would-have-put-such-a-spec.toml"]
    shown = on_a_terminal(*words, cwd=runs.parent)
    assert max(map(len, shown.splitlines())) <= 80
    assert "no such spec, run folder or text" in " ".join(shown.split())


def test_what_was_verified_breaks_between_words(runs, monkeypatch, capsys):
    monkeypatch.setattr(console, "terminal_width", lambda stream: 40)
    assert verified([runs], json=False)
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 40
    assert "2 runs: nothing has changed since they were written" in " ".join(said.split())


@pytest.mark.slow
def test_the_answer_stands_first_and_what_it_rests_on_below(tmp_path):
    study = study_from(
        {
            "reality": {"kind": "gaussian", "d": 1},
            "learner": {"kind": "gaussian", "ddof": 0},
            "form": "moments",
            "n_real": 10,
            "generations": 60,
            "chains": 8,
            "metrics": ["w2_squared", "trace_ratio", "squared_mean_error"],
        }
    )
    both = with_controls([study], tmp_path)
    run, *_ = run_studies(list(both.studies), tmp_path, folders=list(both.folders), workers=1)
    shown = on_a_terminal("show", run.path.name, cwd=tmp_path)
    assert max(map(len, shown.splitlines())) <= 80
    prose = " ".join(shown.split())
    assert "After 60 generations this is a collapse: " in prose
    assert "most of its variety is gone." in prose
    answers = re.findall(r"^([1-8]) .*?(yes|no|cannot tell)", shown, flags=re.MULTILINE)
    assert [(n, a) for n, a in answers if n in "35"] == [("3", "no"), ("5", "yes")]
    assert len(answers) == 8
    assert prose.index("After 60") < prose.index("verdict") < prose.index("metric: median")
    assert re.search(r"first alarm: \w+ at t = \d+", prose)
    beside = shown[shown.index("at the last t") :]
    assert re.search(r"^squared_mean_error +$", beside, flags=re.MULTILINE)
    assert len(re.findall(r"^  over control .*paired: r \S+, var\. x \S+ *$", beside, re.M)) == 3
