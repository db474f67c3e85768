"""The docs cannot rot: the CLI reference is regenerated, examples run, links lead somewhere."""

import importlib
import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.study.load import load_study
from genloss.study.sweep import load_sweep
from genloss.testing import check_learner

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.slow
def test_cli_reference_is_what_the_commands_print():
    made = runpy.run_path(str(ROOT / "docs" / "generate_cli_reference.py"))
    assert (ROOT / "docs" / "cli.md").read_text() == made["reference"](), "run `make golden`"


def test_every_command_is_in_the_reference():
    made = runpy.run_path(str(ROOT / "docs" / "generate_cli_reference.py"))
    names = {c.name or c.callback.__name__ for c in app.registered_commands}
    assert names == set(made["COMMANDS"])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_in_the_docs_exist(page):
    names = {c.name or c.callback.__name__ for c in app.registered_commands}
    names |= {group.typer_instance.info.name for group in app.registered_groups}
    for used in re.findall(r"^genloss (\w+)", page.read_text(), flags=re.MULTILINE):
        assert used in names, f"{page.name} uses `genloss {used}`"


def test_extending_shows_the_example_that_runs():
    shown = (ROOT / "docs" / "extending.md").read_text()
    code = re.search(r"<!-- examples/new_learner.py -->\n```python\n(.*?)```", shown, re.DOTALL)
    assert code.group(1).strip() == (ROOT / "examples" / "new_learner.py").read_text().strip()


def test_the_example_keeps_the_laws(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    check_learner(importlib.import_module("new_learner").HistogramLearner(), "line")


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda p: p.name)
def test_example_specs_build(path):
    spec = tomllib.loads(path.read_text())
    made = load_sweep(path) if "sweep" in spec else load_study(path)
    assert made.name == spec["name"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["record", "corpus"])
def test_the_commands_of_a_page_on_corpora_run(name, tmp_path, monkeypatch):
    """All of its blocks, in their order, on a folder of three texts and one that is none."""
    page = (ROOT / "docs" / f"{name}.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines
    folder = tmp_path / "texts"
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.txt").write_text(f"Text {i} of three, which people wrote.\n")
    (folder / "3.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "a.eml").write_text("From: ada@example.org\n\nMy own words.\n")
    monkeypatch.chdir(tmp_path)
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line)[1:], prog_name="genloss")
        assert done.exit_code == 0, f"{line}: {done.output}"


FILES = {
    "sweeps": ("sizes.csv", "sizes.pdf", "report.html"),
    "filters": ("detector.svg", "filters.svg"),
    "verdicts": ("verdict.svg",),
}
"""What the commands of a page write."""


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_commands_of_a_page_run(name, tmp_path, monkeypatch):
    """All of its blocks, in their order, on the examples as they are shipped."""
    page = (ROOT / "docs" / f"{name}.md").read_text()
    lines = [
        line
        for block in re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(lines) >= 4
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    shown = []
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line)[1:], prog_name="genloss")
        assert done.exit_code == 0, f"{line}: {done.output}"
        shown += [done.stdout] if line.startswith("genloss show") else []
    for file in FILES[name]:
        assert (tmp_path / file).stat().st_size > 1000
    answers = re.findall(
        r"^\| (\d) [^|]+ \| (\w[\w ]*) \|[^|]+\| (\w[\w ]*) \|", page, re.MULTILINE
    )
    for number, *two in answers:
        for answer, run in zip(two, shown, strict=True):
            assert re.search(rf"^{number} .*\? +{answer}\b", run, re.MULTILINE), (number, answer)


@pytest.mark.slow
def test_the_commands_of_the_page_on_real_data_run(tmp_path, monkeypatch):
    """They draw its figures; where it says a number, that is what comes out."""
    page = (ROOT / "docs" / "how-much-real-data.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) == 4
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    shown = []
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line)[1:], prog_name="genloss")
        assert done.exit_code == 0, f"{line}: {done.output}"
        shown.append(done.stdout)
    for name in ("frontier.svg", "runs.svg"):
        assert (tmp_path / name).stat().st_size > 10_000
    for row in re.findall(r"^real rows, a count.*(?:exact|to \d+)", page, flags=re.MULTILINE):
        assert row.split() in [line.split()[: len(row.split())] for line in shown[1].splitlines()]
    assert "21 (2.06 %)" in shown[2]
    assert "3 (0.299 %)" in shown[2]


TRACKER = """
import sys
from contextlib import nullcontext
calls = []
def start_run(): return nullcontext()
def init(project): pass
def log_metric(name, value, step): calls.append((name, value, step))
def log(values, step): calls.extend((k, v, step) for k, v in values.items())
def finish(): pass
import atexit
atexit.register(lambda: print(len(calls), len({c[2] for c in calls})))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlflow", "trackio"])
def test_sinks_for_trackers_hand_every_value_over_and_are_twenty_lines(name, tmp_path):
    """The tracker is none of ours: one that counts stands in for it."""
    path = ROOT / "examples" / "trackers" / f"{name}_sink.py"
    assert len(path.read_text().splitlines()) <= 20
    (tmp_path / f"{name}.py").write_text(TRACKER)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, path], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # Five metrics at generations 0, 5, ..., 200.
    assert done.stdout.split() == ["205", "41"]


SCRIPTS = [
    pytest.param(p, id=p.name, marks=[pytest.mark.slow] if "base_model" in p.name else [])
    for p in sorted((ROOT / "examples").glob("*.py"))
]


@pytest.mark.slow
@pytest.mark.parametrize("path", SCRIPTS)
def test_examples_run_and_are_twenty_lines(path, tmp_path):
    assert len(path.read_text().splitlines()) <= 60
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "generation" in done.stdout


def test_the_architecture_names_every_room_once():
    page = (ROOT / "docs" / "architecture.md").read_text()
    listed = re.findall(r"^([a-z]+)/ ", page, flags=re.MULTILINE)
    rooms = [p.parent.name for p in (ROOT / "src" / "genloss").glob("*/__init__.py")]
    assert sorted(listed) == sorted(rooms)


def test_every_file_that_the_architecture_names_is_there():
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|toml))?)`", page)
    assert len(named) > 50
    for name in named:
        assert any((root / name).exists() for root in (ROOT / "src" / "genloss", ROOT)), name
