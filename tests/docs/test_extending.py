"""docs/extending.md: only the edits that it shows, in a copy of the tree, make a class of ours."""

import ast
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from genloss.core.about import works

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text()
OURS = PAGE[PAGE.index("## One of ours") : PAGE.index("## A package of your own")]
RECIPE = re.compile(r"^### An? (\w+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
EDIT = re.compile(
    r"^`([^`]+)`, (at the end|a new file|under `\w+`)[^`]*\n\n```(?:python|text)\n(.*?)```",
    re.MULTILINE | re.DOTALL,
)
RECIPES = {role: EDIT.findall(text) for role, text in RECIPE.findall(OURS)}
ROLES = {"learner", "metric", "regime", "reality", "decoding", "curator", "figure"}
CLASSES = sorted(ROLES - {"figure"})


def about(role: str) -> tuple[str, str, str, tuple[str, ...]]:
    """Return kind, title, meaning and works that the class of a recipe states."""
    calls = (n for n in ast.walk(ast.parse(RECIPES[role][0][2])) if isinstance(n, ast.Call))
    (found,) = (c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "About")
    kind, title, meaning, *works = map(ast.literal_eval, found.args)
    return kind, title, meaning, works[0] if works else ()


KINDS = {role: re.match(r' *"(\w+)":', edits[1][2])[1] for role, edits in RECIPES.items()}
BIN = Path(sys.executable).parent

SPEC, TABLE = "src/genloss/spec", "tests/contracts/table.py"
FAULTS = {
    "learner": ("rng)\n        variance =", "rng)\n        full.cov[0] *= 2\n        variance ="),
    "metric": ("std.max(axis=1)]", "np.full(len(std), std.max())]"),
    "regime": ("history.synthetic[-1]", "history.real"),
    "reality": ("np.eye(2) / 6", "np.eye(2) / 3"),
    "decoding": ("p[p < self.share] = 0.0", "p[uniform < self.share] = 0.0"),
    "figure": ('"opacity": 0.2', '"opacity": 0.2, "color": "#123456"'),
    "curator": ("(*rows.x.shape[:2], -1)[:, :, 0]", "(*rows.x.shape[:2], -1)[::-1, :, 0]"),
}
"""What of a recipe is replaced by what, so that a law of its role breaks."""


def test_every_role_has_a_recipe_of_at_most_30_lines():
    assert set(RECIPES) == ROLES
    for role, edits in RECIPES.items():
        assert sum(len(text.splitlines()) for *_, text in edits) <= 30, role


def test_a_recipe_is_a_class_and_two_lines():
    for role, edits in RECIPES.items():
        (path, whole, _), *lines = edits
        assert whole in ("at the end", "a new file")
        index = f"{SPEC}/{'figures' if role == 'figure' else 'registry'}.py"
        outline = [f"{path.rpartition('/')[0]}/__init__.py"] if whole == "a new file" else []
        assert [path for path, *_ in lines] == [index, TABLE, *outline]
        assert all(len(text.splitlines()) == 1 for *_, text in lines)


def made(folder: Path, path: str, where: str, text: str) -> None:
    """Make one edit of the page."""
    file = folder / path
    if where == "a new file":
        assert not file.exists()
        file.write_text(text)
        return
    before = file.read_text()
    if where == "at the end":
        file.write_text(before.rstrip("\n") + "\n\n\n" + text)
        return
    name = re.escape(where.split("`")[1])
    opened = rf'^ *(?:"{name}"|{name}\b).*[\[{{(]\n|^{name}  +\S.*\n'
    (start,) = re.finditer(opened, before, re.MULTILINE)
    file.write_text(before[: start.end()] + text + before[start.end() :])


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "PYTHONPATH": str(folder / "src"),
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
    }
    return subprocess.run(
        command, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def did(folder: Path, command: str) -> str:
    done = run(folder, command)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def recipe_of(target: str) -> list[str]:
    """Return the commands of a target of the Makefile."""
    lines = re.search(rf"^{target}: setup\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    return [line.strip().replace("$(BIN)", str(BIN)) for line in lines[1].splitlines()]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the tree with the documented edits, `make golden` run, and no others."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("src", "tests", "docs", "examples"):
        # With what is compiled: copies keep the times of files, by which it is known to be theirs.
        shutil.copytree(ROOT / name, folder / name)
    for name in ("pyproject.toml", "mkdocs.yml", "README.md", "CONTRIBUTING.md", "Makefile"):
        shutil.copy2(ROOT / name, folder)
    for edits in RECIPES.values():
        for edit in edits:
            made(folder, *edit)
    for command in recipe_of("golden"):
        did(folder, command)
    return folder


TABLES = "names_of_the_index or written_for_each or every_kind_has or every_entry or revisions"


def contracts(folder: Path, words: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the contracts whose names hold one of these words."""
    tests = "tests/contracts tests/golden tests/spec/test_about.py tests/test_layout.py"
    return run(folder, f"python -m pytest -q -p no:cacheprovider -k '{words}' -rA {tests}")


def ended(done: subprocess.CompletedProcess[str], outcome: str, kind: str) -> list[str]:
    return re.findall(rf"^{outcome} (\S*\[[^\]\n]*\b{kind}\b.*\])", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_they_keep_the_contracts(copy):
    done = contracts(copy, f"{' or '.join(KINDS.values())} or {TABLES} or titles_differ or outline")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for role, kind in KINDS.items():
        passed = " ".join(ended(done, "PASSED", kind))
        words = ["keeps_the_laws["]
        words += ["keeps_the_laws_of_all_roles", "says_what_it_is"] if role in CLASSES else []
        for needed in words:
            assert needed in passed, f"{kind}: {needed}"


@pytest.mark.slow
def test_a_wrong_class_breaks_a_law_of_its_role(copy, tmp_path):
    wrong = tmp_path / "wrong"
    shutil.copytree(copy, wrong)
    for role, fault in FAULTS.items():
        file = wrong / RECIPES[role][0][0]
        text = RECIPES[role][0][2]
        assert text.replace(*fault) != text
        file.write_text(file.read_text().replace(text, text.replace(*fault)))
    done = contracts(wrong, " or ".join(KINDS.values()))
    for role, kind in KINDS.items():
        failed = " ".join(ended(done, "FAILED", kind))
        assert "keeps_the_laws[" in failed, f"nothing noticed the fault in the {role}"


@pytest.mark.slow
def test_the_reference_holds_them(copy):
    """Pages are made as those of every kind, of which `make check` builds the whole site."""
    pages, _ = recipe_of("docs")
    for command in ("ruff check src tests", "ruff format --check src tests", pages):
        did(copy, command)
    for role in CLASSES:
        kind = KINDS[role]
        page = copy / "docs" / "api" / f"{'sampler' if role == 'decoding' else role}.md"
        _, _, entry = page.read_text().partition(f"\n## {kind}\n")
        _, title, meaning, cited = about(role)
        for words in (title, meaning, *(works()[key].link for key in cited)):
            assert words in entry.partition("\n## ")[0], f"{kind} without {words!r}"


NUMBERS = """
reality = { kind = "cross", noise = 0.1 }
learner = "isotropic"
regime = "grace"
curator = { kind = "below", bound = 0.9 }
metrics = ["axis_spread"]
n_real = 20
generations = 5
chains = 4
"""
WORDS = """
reality = { kind = "text", path = "pages.txt", documents = "pieces", vocabulary = 300, block = 8 }
learner = { kind = "ngram", order = 2 }
sampler = { kind = "likely", max_new = 8 }
metrics = ["distinct_n"]
n_real = 20
generations = 2
"""


@pytest.mark.slow
def test_a_report_says_what_they_are(copy):
    pages = sorted((copy / "docs").glob("*.md"))
    (copy / "pages.txt").write_text("\n\n".join(page.read_text() for page in pages))
    for name, spec in (("numbers", NUMBERS), ("words", WORDS)):
        (copy / f"{name}.toml").write_text(spec)
        did(copy, f"python -m genloss run {name}.toml --workers 1")
    did(copy, "python -m genloss report runs --out page.html")
    page = html.unescape((copy / "page.html").read_text())
    for role in CLASSES:
        _, title, meaning, cited = about(role)
        for words in (title, meaning, *(works()[key].title for key in cited)):
            assert words in page, f"a report without {words!r} of the {role}"
    assert "real rows up to generation 3, then what the last model wrote" in page
    assert "band: from the least of the components to the largest" in page
