"""The shape of the source: small files, small functions, and nothing that must not be there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = sorted((ROOT / "src" / "genloss").rglob("*.py"))
EVERYTHING = [*SOURCE, *sorted((ROOT / "tests").rglob("*.py"))]
MOST_LINES, MOST_FUNCTION_LINES = 450, 60


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_look_at():
    assert len(SOURCE) > 50


@pytest.mark.parametrize("path", EVERYTHING, ids=shown)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) < MOST_LINES


def code_lines(function: ast.FunctionDef) -> int:
    """Count the lines of a body without the docstring, which carries the mathematics."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", SOURCE, ids=shown)
def test_functions_are_short(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node) < MOST_FUNCTION_LINES, node.name


FORBIDDEN = {
    r"type: ignore(?!\[)": "an ignored type error names its code",
    r"#\s*noqa(?!:)": "a silenced rule is named",
    r"\bpickle\.|allow_pickle\s*=\s*True|\bimport pickle\b": "nothing is pickled",
    r"[\"'(]/(home|root|tmp|mnt|opt|srv|Users)/": "no absolute path",
    r"np\.random\.(seed|rand|randn|normal|choice|uniform|shuffle)\b": "no global random numbers",
    r"^\s*(import random|from random import)\b": "no global random numbers",
    r"(?<!`)seed\s*\+\s*(t|generation)\b": "streams are named, seeds are not added to",
    r"\bTODO\b|\bFIXME\b|NotImplementedError": "nothing is left half-done",
    r"\bhasattr\(": "capabilities are protocols",
}


@pytest.mark.slow
@pytest.mark.parametrize("pattern", FORBIDDEN, ids=FORBIDDEN.values())
def test_source_holds_nothing_forbidden(pattern):
    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in SOURCE
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []


@pytest.mark.slow
def test_torch_is_imported_in_one_folder_only():
    for path in SOURCE:
        if "torch" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.partition(".")[0] in ("torch", "transformers")], path


@pytest.mark.slow
def test_every_module_says_what_it_is():
    for path in SOURCE:
        assert ast.get_docstring(ast.parse(path.read_text())), path


OUTLINE = re.compile(r"^(\w+) {2,}\S", re.MULTILINE)
ROOMS = [p for p in SOURCE if p.name == "__init__.py" and OUTLINE.search(p.read_text())]


@pytest.mark.parametrize("room", ROOMS, ids=shown)
def test_the_outline_of_a_room_names_each_of_its_files(room):
    """One line `name  what it is` for every module and folder; theory and arrays have tables."""
    files = [p.stem for p in room.parent.glob("*.py") if p != room]
    rooms = [p.parent.name for p in room.parent.glob("*/__init__.py")]
    outline = ast.get_docstring(ast.parse(room.read_text()))
    assert sorted(OUTLINE.findall(outline)) == sorted(files + rooms)
