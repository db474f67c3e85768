"""Code lines leave out what explains the code."""

import importlib
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

TEXT = '''"""A module,
on two lines."""

LIMIT = 3
"""What it limits."""


def double(  # a reason
    x,
):
    """Return 2 x."""
    # why

    return """
    a text""" * x
'''


def test_comments_docstrings_and_blank_lines_are_no_code(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    house = importlib.import_module("house")
    assert house.code_lines(TEXT) == 6
