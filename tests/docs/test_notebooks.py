"""Notebooks and the code of pages run, cell after cell, and notebooks hold no outputs."""

import json
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from genloss.testing import check_metric, check_regime

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))

RUN = """
import ast, json, sys
shown = []
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] != "code":
        continue
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["id"], "exec"), globals())
    if last is not None:
        value = eval(compile(ast.Expression(last.value), cell["id"], "eval"), globals())
        for way in ("_repr_mimebundle_", "_repr_html_"):
            if value is not None and hasattr(value, way):
                shown.append(json.dumps(getattr(value, way)()))
print(len(shown), max(map(len, shown)))
"""


def test_there_is_one_for_teachers():
    assert "collapse.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_small_and_hold_no_outputs(path):
    assert path.stat().st_size < 100_000
    cells = json.loads(path.read_text())["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("python.md", ""),
        ("own-metric.md", r"(\[\[?( *\d\.\d+){4}\]\s*)+\]"),
        ("own-regime.md", r"[01]\.\d+"),
    ],
)
def test_the_code_of_pages_runs(page, printed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    exec(compile(code, page, "exec"), {"__name__": "page"})
    assert re.fullmatch(printed, capsys.readouterr().out.strip())


CHECKS = {
    "own-metric.md": ("Reach", check_metric),
    "own-regime.md": ("BackToTheRoots", check_regime),
}


@pytest.mark.parametrize("page", CHECKS)
def test_the_classes_of_pages_keep_the_laws(page, monkeypatch):
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
    module = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    exec(compile(code.partition("\nstudy =")[0], page, "exec"), vars(module))
    name, check = CHECKS[page]
    check(getattr(module, name)())


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_run(path, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    views, longest = map(int, done.stdout.split()[-2:])
    assert views >= 3
    assert longest < 200_000
    assert "mean of all chains at the end" in done.stdout
