"""Notebooks and the code of pages run, cell after cell, and notebooks hold no outputs."""

import json
import re
import sys
import types
from pathlib import Path

import pytest

from genloss.testing import check_metric, check_regime

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))

WATCHED = """\
import genloss

learner = {"kind": "gaussian", "ddof": 1}
study = genloss.Study("gaussian", learner, 50, 20, metrics=["sigma"], name="watched")
with genloss.progress("watched") as show:
    run = genloss.run_study(study, "runs", progress=show)
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


def outputs(cells, folder):
    """Return what a real Jupyter kernel gives out for these cells, in its folder."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [out for cell in notebook.cells for out in cell.get("outputs", [])]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_run_in_a_kernel_of_jupyter(path, tmp_path):
    import nbformat

    shown = outputs(nbformat.read(path, as_version=4).cells, tmp_path)
    views = [json.dumps(out.data) for out in shown if {*out.get("data", {})} - {"text/plain"}]
    assert len(views) >= 3
    assert max(map(len, views)) < 200_000
    assert "mean of all chains at the end" in "".join(out.get("text", "") for out in shown)
    assert not [out for out in shown if out.get("name") == "stderr"]


@pytest.mark.slow
def test_below_a_cell_of_jupyter_one_line_of_progress_stays(tmp_path):
    import nbformat

    shown = outputs([nbformat.v4.new_code_cell(WATCHED)], tmp_path)
    [line] = [out.data["text/plain"] for out in shown if out.output_type == "display_data"]
    assert line.startswith("watched: done")
    assert (tmp_path / "runs").is_dir()
