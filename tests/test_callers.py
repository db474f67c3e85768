"""Nothing lives for its tests alone: every function and class of the source has a caller.

A caller is other source, a public name of genloss, an entry of the catalogue, a page of the API, a
script of docs, an example, or a benchmark that simulates the coverage of what is printed. Names are
resolved by module, so that two of one name are two.
"""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PUBLIC = SOURCE / "genloss" / "__init__.pyi"
OTHERS = [PUBLIC, *(ROOT / "docs").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]
OTHERS += (ROOT / "benchmarks").glob("*_coverage.py")

DOCUMENTED = ("genloss.theory.", "genloss.judge.estimates")
"""Modules of which the API reference has every function: closed forms, estimates over chains."""

HOOKS = {"__getattr__", "__dir__"}
"""Functions that Python calls by their names."""

Name = tuple[str, str]


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def names_in(tree: ast.AST) -> Counter[str]:
    return Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def used_elsewhere(tree: ast.AST) -> set[Name]:
    """Return (module, name) of what is imported, taken from an imported module, or in an index."""
    used, modules = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                used.add((node.module, alias.name))
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            used |= set(re.findall(r"^(genloss[\w.]*):(\w+)$", node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.add((modules.get(node.value.id, ""), node.attr))
    return used


def used_inside(tree: ast.Module, node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether a module calls its own function, or hands it to a decorator that keeps it."""
    keeps = [d for d in node.decorator_list if "app." in ast.unparse(d)]
    return bool(keeps) or names_in(tree)[node.name] > names_in(node)[node.name]


def without_callers(folder: Path, others: list[Path] = ()) -> list[str]:
    """Return module:name of all functions and classes below a folder that nothing uses."""
    trees = {path: ast.parse(path.read_text()) for path in sorted(folder.rglob("*.py"))}
    used = set()
    for tree in (*trees.values(), *(ast.parse(path.read_text()) for path in others)):
        used |= used_elsewhere(tree)
    return [
        f"{module_of(path)}:{node.name}"
        for path, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if (module_of(path), node.name) not in used and not used_inside(tree, node)
    ]


@pytest.mark.slow
def test_every_function_and_class_has_a_caller():
    left = [
        name
        for name in without_callers(SOURCE / "genloss", OTHERS)
        if not name.startswith(DOCUMENTED)
        if name.partition(":")[2] not in HOOKS
    ]
    assert left == []


def test_what_only_calls_itself_has_no_caller(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_callers.SOURCE", tmp_path)
    (tmp_path / "a.py").write_text(
        "from b import used\n\ndef alone(n): return alone(n - 1)\n\ndef root(): used()\n\nroot()\n"
    )
    (tmp_path / "b.py").write_text("def used(): pass\n\nclass Lonely: pass\n")
    (tmp_path / "c.py").write_text("import a\n\ndef used(): pass\n")
    assert without_callers(tmp_path) == ["a:alone", "b:Lonely", "c:used"]
