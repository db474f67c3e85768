"""What one worker must run is run by one: groups of tests under xdist."""

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import GROUPS

ROOT = Path(__file__).parents[1]
SHARED = """
import pytest
@pytest.fixture(scope="session")
def shared():
    with open("{log}", "a") as out:
        out.write("made")
"""


def test_the_files_of_groups_are_there():
    assert all((ROOT / file).is_file() for files in GROUPS.values() for file in files)


def test_whoever_asks_for_the_demo_is_of_its_group():
    files = (ROOT / "tests").rglob("test_*.py")
    users = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.parent.name == "published" and "demo.folder" in path.read_text()
    }
    assert users == set(GROUPS["demo"])


@pytest.mark.slow
def test_one_worker_makes_what_a_group_shares(tmp_path):
    folder, log = tmp_path / "tests" / "published", tmp_path / "log"
    folder.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (folder.parent / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "conftest.py").write_text(SHARED.format(log=log))
    for file in GROUPS["demo"]:
        (tmp_path / file).write_text("def test_one(shared): pass\ndef test_two(shared): pass")
    words = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "tests"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "4 passed" in done.stdout, done.stdout
    assert log.read_text() == "made"
