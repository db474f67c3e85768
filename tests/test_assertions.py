"""Every test can fail: it asserts, expects an error, or calls something that does."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CALLS = ("raises", "warns", "fail")
"""How calls end that are assertions; those that begin with assert_ are too."""

LAWS = "check_"
"""How the laws of genloss.testing begin, and checks of benchmarks and docs: they raise."""

Function = ast.FunctionDef


def last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def asserts(function: Function) -> bool:
    """Whether a function asserts or raises by itself."""
    return any(
        isinstance(node, ast.Assert | ast.Raise)
        or (isinstance(node, ast.Call) and is_assertion(last_name(node.func)))
        for node in ast.walk(function)
    )


def is_assertion(name: str) -> bool:
    return name.startswith(("assert_", LAWS)) or name in CALLS


def called(function: Function) -> set[str]:
    """Return what a function calls, and what it returns: a fixture hands out its helper."""
    nodes = list(ast.walk(function))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    given = (node.value for node in nodes if isinstance(node, ast.Return) and node.value)
    return {last_name(node) for node in (*calls, *given)}


def without_assertions(files: list[Path]) -> list[str]:
    """Return file:test of the tests that nothing can make fail but an error."""
    functions = [
        (path, node)
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, Function)
    ]
    asserting = {node.name for _, node in functions if asserts(node)}
    # A helper, or a fixture that returns one, asserts if what it calls does.
    while more := {
        node.name
        for _, node in functions
        if node.name not in asserting and called(node) & asserting
    }:
        asserting |= more
    return [
        f"{path.name}:{node.name}"
        for path, node in functions
        if node.name.startswith("test_") and node.name not in asserting
    ]


@pytest.mark.slow
def test_every_test_asserts_something():
    assert without_assertions(sorted(HERE.rglob("*.py"))) == []


def test_a_test_that_only_calls_is_found(tmp_path):
    file = tmp_path / "test_x.py"
    file.write_text(
        "def helper(x):\n    assert x\n\n"
        "def test_by_helper():\n    helper(1)\n\n"
        "def test_nothing():\n    print(1)\n"
    )
    assert without_assertions([file]) == ["test_x.py:test_nothing"]
