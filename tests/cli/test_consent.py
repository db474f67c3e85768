"""A stored spec imports no code of others until somebody agrees, however it names it."""

import shutil
import sys
import warnings

import pytest
from tests.foreign import METRIC

from genloss.core.consent import CodeRefused, refusing_code
from genloss.judge.theory_lines import theory_of
from genloss.run.runner import run_study
from genloss.run.sweep import run_sweep
from genloss.spec.build import build
from genloss.spec.toml import toml_text
from genloss.store.folder import THEORY
from genloss.store.reader import Run
from genloss.study.study import study_from
from genloss.study.sweep import sweep_from

SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 8,
    "generations": 8,
    "chains": 2,
    "name": "h",
}

MODULES = ("own_noted", "own-noted", "été_noted", "own noted", "own.noted")
KINDS = [
    f"{module}:{name}"
    for module in MODULES
    for name in ("Noted", "Été", "Noted x")
    if module != "own.noted"
]


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """Return the file that appears when a module of others is imported; it lies where users are."""
    for module in MODULES:
        (tmp_path / f"{module}.py").write_text(METRIC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "imported"
    forget()


def forget():
    for module in MODULES:
        sys.modules.pop(module, None)


def hostile(tmp_path, kind):
    """Return the folder of a run that names a kind, whose code this process has not imported."""
    spec = {**SPEC, "metrics": ["sigma", kind]}
    run = run_study(study_from(spec), tmp_path / "runs", workers=1)
    forget()
    (tmp_path / "imported").unlink()
    (run.path / THEORY).unlink(missing_ok=True)
    return run.path


@pytest.mark.parametrize("kind", KINDS)
def test_no_spelling_of_a_class_is_imported_without_consent(tmp_path, marker, kind):
    spec = {**SPEC, "metrics": ["sigma", {"kind": kind}]}
    for metrics in (spec["metrics"], ["sigma", kind]):
        with pytest.raises(CodeRefused), refusing_code():
            study_from({**spec, "metrics": metrics})
    for role in ("reality", "learner", "regime", "sampler"):
        with pytest.raises(CodeRefused), refusing_code():
            build(role, kind)
    assert not marker.exists()
    assert study_from(spec).metrics[1].name == "noted"
    assert marker.exists()


@pytest.mark.slow
def test_a_run_folder_asks_and_is_read_without_theory(tmp_path, marker, genloss):
    kind = "own-noted:Noted"
    path = hostile(tmp_path, kind)
    for words in (["run", path], ["plan", path], ["advise", path, "--target", "sigma >= 0.1 at 8"]):
        refused = genloss(*words)
        assert refused.exit_code == 2
        said = " ".join(refused.stderr.split())
        assert f"names {kind}, whose code would run" in said
        assert "--trust" in said
    with pytest.warns(UserWarning, match="shown without theory"):
        assert theory_of(Run(path)) == {}
    for words in (
        ["show", path],
        ["table", path, "--out", tmp_path / "t.csv"],
        ["ls", tmp_path],
        ["verify", path],
        ["forecast", path, "--at", "20"],
    ):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert genloss(*words).exit_code == 0, words
        assert any(kind in str(each.message) for each in said) == (words[0] in ("show", "table"))
    assert not marker.exists()
    assert genloss("run", path, "--trust", "--workers", "1").exit_code == 0
    assert marker.exists()


@pytest.mark.slow
def test_the_folder_of_an_experiment_asks(tmp_path, marker, genloss):
    """Only the folder names the class; a spec file that the command names needs no consent."""
    kind = "own-noted:Noted"
    folder = tmp_path / "student-2026"
    folder.mkdir()
    spec = {"title": "own", "study": {**SPEC, "metrics": ["sigma", kind]}, "runs": [{"name": "h"}]}
    (folder / "spec.toml").write_text(toml_text(spec))
    (folder / "targets.toml").write_text("targets = []\n")
    words = ("reproduce", folder, "--scale", "smoke", "--root", tmp_path / "runs")
    refused = genloss(*words)
    assert refused.exit_code == 2
    said = " ".join(refused.stderr.split())
    assert f"names {kind}, whose code would run" in said
    assert "if it is yours, or you trust where it comes from, genloss reproduce --trust" in said
    assert not marker.exists()
    assert not (tmp_path / "runs").exists()
    assert genloss(*words, "--trust", "--workers", "1", "--no-controls").exit_code == 0
    assert marker.exists()


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_the_folder_of_a_sweep_asks(tmp_path, marker, shared, genloss):
    """Whether all cells name the class or the grid alone does."""
    kind = "own-noted:Noted"
    spec = {**SPEC, "metrics": ["sigma", kind] if shared else ["sigma"]}
    vary = {"n_real": [8, 9]} if shared else {"metrics": [["sigma"], ["sigma", kind]]}
    run_sweep(sweep_from(spec, {"vary": vary}), tmp_path / "s", workers=1, controls=False)
    forget()
    marker.unlink()
    [folder] = (tmp_path / "s").iterdir()
    words = ("--workers", "1", "--no-controls")
    for asked in (("sweep", folder, *words), ("plan", folder)):
        refused = genloss(*asked)
        assert refused.exit_code == 2
        said = " ".join(refused.stderr.split())
        assert f"names {kind}, whose code would run" in said
        assert "genloss sweep --trust" in said
    shutil.rmtree(next(p for p in folder.iterdir() if p.is_dir() and p.name != "logs"))
    assert not marker.exists()
    assert genloss("sweep", folder, "--trust", *words).exit_code == 0
    assert marker.exists()


def test_a_function_asks_as_a_class_does(marker):
    with pytest.raises(CodeRefused, match="own-noted:f"), refusing_code():
        build("scorer", {"kind": "function", "path": "own-noted:f"})
