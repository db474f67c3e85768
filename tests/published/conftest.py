"""The demo, run once by the command as a shell calls it: every experiment at smoke scale."""

import json
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Demo:
    """Where it ran, and what it printed."""

    folder: Path
    told: dict[str, Any]


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Demo:
    """Return the demo; who asks for it belongs to the group of this name in tests/conftest.py."""
    folder = tmp_path_factory.mktemp("demo")
    genloss = Path(sysconfig.get_path("scripts")) / "genloss"
    done = subprocess.run(
        [genloss, "demo", "--json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Demo(folder, json.loads(done.stdout))
