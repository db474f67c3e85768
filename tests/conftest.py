"""What every test folder shares: one hypothesis profile, and run folders as bytes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Before torch is loaded: threads of several test processes on two cores wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples on every machine, and nothing written beside the tests.
settings.register_profile("genloss", derandomize=True, deadline=None, database=None)
settings.load_profile("genloss")

VARYING = ("provenance.jsonl", ".lock")
"""Files that differ from run to run: when, where and by whom."""


@pytest.fixture(scope="session")
def folder_bytes() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads every file of a folder that must be reproduced exactly."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in VARYING)
        return {str(p.relative_to(folder)): p.read_bytes() for p in files}

    return read
