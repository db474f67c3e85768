"""What `genloss show` prints first: the report's question, its answer, its matrix over runs."""

import shutil
import subprocess
import sys

import pytest

from genloss.cli import console
from genloss.report.measured import measured
from genloss.report.profiles import profiles, questions
from genloss.report.question import question
from genloss.report.sections import find_sections
from genloss.run.controls import run_with_controls
from genloss.study.study import study_from

GAUSSIAN = {
    "reality": {"kind": "gaussian", "d": 1},
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 50,
    "generations": 30,
    "chains": 20,
    "metrics": ["trace_ratio", "w2_squared"],
    "measure": {"every": 10},
}

SHOWN_WITHOUT_THE_REPORT = """
import sys
for name in ("jinja2", "markupsafe", "vl_convert", "torch", "pyarrow"):
    sys.modules[name] = None
from genloss.cli.main import app
app(["show", sys.argv[1]])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("opening") / "runs"
    studies = [
        study_from(GAUSSIAN | {"regime": regime, "name": regime})
        for regime in ("replace", "accumulate")
    ]
    run_with_controls(studies, root, workers=1)
    return root


def in_a_row(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_a_folder_opens_as_its_report_does(genloss, place):
    shown = genloss("show", place).stdout
    [section] = find_sections([place])
    opening, *_ = shown.split(str(section.runs[0].path))
    assert opening.startswith(question(section))
    found = profiles([measured(run) for run in section.runs])
    assert len({one.answers for one in found}) == 2
    for one in found:
        assert f"{one.label}: {one.sentence}" in opening
        answers = ["?" if a == "cannot tell" else a for a in (*one.answers, one.early, one.late)]
        assert f"{one.label} {' '.join(answers)} {one.first}" in in_a_row(opening)
    for number, words, *_ in questions():
        assert f"{number} {words}" in in_a_row(opening)


@pytest.mark.slow
def test_a_single_run_opens_with_its_question_and_its_sentence(genloss, place):
    [section] = find_sections([place])
    run = section.runs[0]
    lines = genloss("show", run.path).stdout.splitlines()
    assert lines[0].startswith("Over 30 generations of gaussian on gaussian: what becomes of")
    [one] = profiles([measured(run)])
    assert lines[1] == one.sentence


@pytest.mark.slow
def test_the_matrix_fits_80_columns(genloss, place, monkeypatch):
    monkeypatch.setattr(console, "PIPED", 80)
    monkeypatch.setattr(console, "terminal_width", lambda stream: 80)
    lines = genloss("show", place).stdout.splitlines()
    [row] = [line for line in lines if line.startswith("replace ") and "yes" in line]
    assert len(row) <= 80
    assert len(row.split()) == 11


@pytest.mark.slow
def test_alarms_say_when_and_how_far(genloss, place):
    [section] = find_sections([place])
    run = section.runs[1]
    shown = in_a_row(genloss("show", run.path).stdout)
    [one] = profiles([measured(run)])
    assert "deviations of a fit away" in one.alarms[0]
    for line in one.alarms:
        assert f"alarm of {line}" in shown


def test_a_damaged_run_hides_neither_the_question_nor_the_others(genloss, place, tmp_path):
    copy = tmp_path / "copied"
    shutil.copytree(place, copy)
    [broken] = copy.glob("accumulate-*")
    metrics = broken / "blocks" / "0000" / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes()[:-9] + b"000000000")
    done = genloss("show", copy)
    assert done.exit_code == 2
    assert done.stdout.startswith("Over 30 generations of gaussian on gaussian")
    assert "only what the last model wrote?" in done.stdout
    assert f"{broken}  damaged" in done.stdout


@pytest.mark.slow
def test_show_needs_nothing_of_the_report_that_the_core_has_not(place):
    done = subprocess.run(
        [sys.executable, "-c", SHOWN_WITHOUT_THE_REPORT, str(place)],
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("Over 30 generations"), done.stderr
    assert "1 most of it lost" in in_a_row(done.stdout)
