"""docs/extending.md: only the edits that it shows, in a copy of the tree, make a class of ours."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- (append|index|table): (\S+) -->\n```python\n(.*?)```", re.DOTALL)
BLOCKS = BLOCK.findall((ROOT / "docs" / "extending.md").read_text())
SPEC = """
reality = { kind = "gaussian", d = 2 }
learner = { kind = "gaussian", ddof = 1 }
regime = "grace"
curator = "below"
metrics = ["axis_ratio"]
n_real = 20
generations = 5
chains = 4
"""


def test_each_is_short():
    assert len(BLOCKS) >= 8
    for _, _, text in BLOCKS:
        assert len(text.splitlines()) <= 30


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the tree with the documented edits and no others."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for action, where, text in BLOCKS:
        if action == "append":
            path = folder / where
            path.write_text(path.read_text().rstrip("\n") + "\n\n\n" + text)
            continue
        index = action == "index"
        path = folder / ("src/genloss/spec/registry.py" if index else "tests/golden/tiny.py")
        start = re.search(
            rf'^.*"{where}": {{\n' if index else rf"^{where}.*{{\n", path.read_text(), re.M
        )
        before = path.read_text()
        path.write_text(before[: start.end()] + text + before[start.end() :])
    return folder


def run(folder, *words):
    env = {**os.environ, "PYTHONPATH": str(folder / "src")}
    command = [sys.executable, "-m", *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_they_keep_the_contracts(copy):
    run(copy, "tests.golden.tiny", "laws", "under grace", "below")
    names = "axis_ratio or grace or below or every_kind or every_entry or revisions or titles"
    tests = ("tests/contracts/test_catalog.py", "tests/spec/test_about.py", "tests/golden")
    told = run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-k", names, *tests)
    assert "passed" in told


@pytest.mark.slow
def test_a_report_says_what_they_are(copy):
    (copy / "spec.toml").write_text(SPEC)
    run(copy, "genloss", "run", "spec.toml", "--workers", "1")
    run(copy, "genloss", "report", "runs", "--out", "page.html")
    page = (copy / "page.html").read_text()
    for words in (
        "Axis ratio",
        "How unequal the coordinates spread.",
        "real rows up to generation 3, then what the last model wrote",
        "Nepotistically Trained Generative Image Models Collapse",
        "regime grace",
    ):
        assert words in page
