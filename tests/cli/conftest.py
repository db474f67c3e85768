"""A command line to call in this process, and a spec to call it with."""

import json
import signal

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app

TOML = """
n_real = 12
generations = 6
chains = 3
reality = "two_moons"
metrics = ["trace_ratio", "entropy", "held_out_nll"]
held_out = 8
keep = { at = [3] }
[learner]
kind = "kde"
bandwidth = 0.2
"""


@pytest.fixture
def genloss(tmp_path, monkeypatch):
    """Return a function that runs a command in an empty folder and returns its result."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGINT)

    def call(*words):
        return CliRunner().invoke(app, [str(word) for word in words], prog_name="genloss")

    yield call
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def told(genloss):
    """Return a function that runs a command with --json and returns what it printed."""

    def call(*words):
        found = genloss(*words, "--json")
        assert found.exit_code == 0, found.stderr
        return json.loads(found.stdout)

    return call


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "moons.toml"
    path.write_text(TOML)
    return path
