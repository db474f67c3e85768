"""A result does not outlive the code that made it: it is refused, begun anew, or accepted."""

import sys

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.errors import StoreError
from genloss.judge.controls import controls_of
from genloss.run.controls import run_with_controls
from genloss.run.runner import run_study
from genloss.store.header import read_header
from genloss.store.reader import Run
from genloss.study.study import study_from

OWN = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np

from genloss.core.regimes import Replace

@dataclass(frozen=True)
class Mine(Replace):
    pass

@dataclass(frozen=True)
class Constant:
    name: ClassVar[str] = "constant"
    unit: ClassVar[str] = "1"
    direction: ClassVar[str] = "start"

    def __call__(self, view):
        return np.full(view.p_0.n_chains, VALUE)
"""


@pytest.fixture
def own(tmp_path, monkeypatch, small):
    """Return a function that writes the metric's module and returns a study with it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def study(value, **more):
        (tmp_path / "own_code.py").write_text(OWN.replace("VALUE", value))
        sys.modules.pop("own_code", None)
        spec = small("moments_replace", **{"metrics": ["sigma", "own_code:Constant"], **more})
        return study_from(spec)

    yield study
    sys.modules.pop("own_code", None)


def last(run):
    return run.series["constant"].values[-1, 0]


@pytest.mark.slow
def test_the_code_stands_beside_the_fingerprint_and_is_no_part_of_it(own, tmp_path):
    first = run_study(own("1.0"), tmp_path / "a", workers=1)
    second = run_study(own("2.0"), tmp_path / "b", workers=1)
    assert first.header.fingerprint == second.header.fingerprint
    [code] = first.header.code
    assert list(code.modules) == ["own_code"]
    assert first.header.code != second.header.code
    assert first.provenance()[0]["code"][0]["modules"] == code.modules


@pytest.mark.slow
def test_other_code_is_refused_with_both_sides(own, tmp_path):
    run = run_study(own("1.0"), tmp_path, workers=1)
    theirs = run.header.code[0].modules["own_code"]
    with pytest.raises(StoreError, match=r"made by other code than there is now") as error:
        run_study(own("2.0"), tmp_path, workers=1)
    assert theirs in str(error.value)
    assert "--fresh" in str(error.value)
    assert last(Run(run.path)) == 1.0
    # What changes no number is no other code.
    again = run_study(own("(1.0)"), tmp_path, workers=1)
    assert again.path == run.path


@pytest.mark.slow
def test_fresh_starts_a_folder_that_the_same_code_finds_again(own, tmp_path):
    old = run_study(own("1.0"), tmp_path, workers=1)
    new = run_study(own("2.0"), tmp_path, workers=1, code_changed="fresh")
    assert new.path != old.path
    assert (last(Run(old.path)), last(new)) == (1.0, 2.0)
    assert run_study(own("2.0"), tmp_path, workers=1).path == new.path
    assert run_study(own("1.0"), tmp_path, workers=1).path == old.path


@pytest.mark.slow
def test_same_code_goes_on_and_records_both(own, tmp_path):
    old = run_study(own("1.0"), tmp_path, workers=1)
    same = run_study(own("2.0"), tmp_path, workers=1, code_changed="same")
    assert same.path == old.path
    header = read_header(same.path)
    assert [list(code.modules) for code in header.code] == [["own_code"]] * 2
    assert header.code[0] != header.code[1]
    assert [len(line["code"]) for line in same.provenance() if "code" in line] == [1, 1]
    # Once accepted, it need not be accepted again; a third one must.
    run_study(own("2.0"), tmp_path, workers=1)
    with pytest.raises(StoreError, match="other code"):
        run_study(own("3.0"), tmp_path, workers=1)


@pytest.mark.slow
def test_a_run_is_not_held_against_a_control_of_other_code(own, tmp_path):
    """One without controls, then an edit, then a new folder with its controls."""
    old = run_study(own("1.0"), tmp_path, workers=1)
    [new] = run_with_controls([own("2.0")], tmp_path, workers=1, code_changed="fresh")
    assert [c.kind for c in controls_of(new)] == ["constant"]
    assert controls_of(old) == ()
    # Its own control stands beside the other one, and each is found by the code that made it.
    [old] = run_with_controls([own("1.0")], tmp_path, workers=1, code_changed="fresh")
    for run, value in ((old, 1.0), (new, 2.0)):
        [control] = controls_of(run)
        assert (control.fits("constant") == value).all()


@pytest.mark.slow
def test_a_control_lacks_what_its_run_alone_has(own, tmp_path):
    """A regime of one's own is no part of a control, whose code is the less."""
    study = own("1.0", regime={"kind": "own_code:Mine"}, metrics=["sigma"])
    [run] = run_with_controls([study], tmp_path, workers=1)
    [control] = controls_of(run)
    assert (len(run.header.code), control.run.header.code) == (1, ())


def test_code_that_nobody_can_check_is_said(own, tmp_path, monkeypatch):
    study = own("1.0")
    monkeypatch.delattr(sys.modules["own_code"], "__file__")
    run = run_study(study, tmp_path, workers=1)
    assert run.header.code[0].unchecked == (
        "Constant: no source file (a notebook, a prompt, an archive)",
    )
    with pytest.warns(UserWarning, match="nobody can check Constant"):
        run_study(study, tmp_path, workers=1)


@pytest.mark.slow
def test_the_command_line_asks_for_it(own, tmp_path, monkeypatch):
    own("1.0")
    (tmp_path / "spec.toml").write_text(
        'reality = "gaussian"\nlearner = { kind = "gaussian", ddof = 1 }\nn_real = 5\n'
        'generations = 2\nmetrics = ["own_code:Constant"]\n'
    )

    monkeypatch.chdir(tmp_path)

    def run(*options):
        return CliRunner().invoke(app, ["run", "spec.toml", "--workers", "1", *options])

    assert run().exit_code == 0
    own("2.0")
    refused = run()
    assert (refused.exit_code, "made by other code" in refused.stderr) == (2, True)
    assert run("--fresh", "--same-code").exit_code == 2
    assert run("--same-code").exit_code == 0
    assert run().exit_code == 0
    own("3.0")
    assert run("--fresh").exit_code == 0
    assert len([p for p in (tmp_path / "runs").iterdir() if p.name != "controls"]) == 2
