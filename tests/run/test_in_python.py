"""What people write in scripts, notebooks, prompts: names, strings as paths, classes of a cell."""

import inspect
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

import genloss
from genloss.errors import MissingExtra, SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.run.runner import header_of
from genloss.store.reader import Run
from genloss.study.study import Study, study_from

SPEC = {"reality": "gaussian", "learner": {"kind": "gaussian", "ddof": 1}, "n_real": 9}


@pytest.mark.parametrize(
    ("named", "built"),
    [
        ({"regime": "accumulate"}, {"regime": genloss.Accumulate()}),
        ({"metrics": ["sigma"]}, {"metrics": (genloss.Sigma(),)}),
        ({"metrics": (genloss.W2(), "sigma")}, {"metrics": (genloss.W2(), genloss.Sigma())}),
        ({"keep": {"at": [0, 2]}}, {"keep": genloss.Keep(at=(0, 2))}),
        ({"curator": {"kind": "thinning", "keep": 0.5}}, {"curator": genloss.Thinning(keep=0.5)}),
        (
            {"regime": genloss.Switch("replace", 2, {"kind": "mix", "real_fraction": 0.5})},
            {"regime": genloss.Switch(genloss.Replace(), 2, genloss.Mix(real_fraction=0.5))},
        ),
        (
            {"metrics": (genloss.FID(features="pixels"),)},
            {"metrics": (genloss.FID(features=genloss.Pixels()),)},
        ),
    ],
    ids=str,
)
def test_parts_may_be_named_as_specs_name_them(named, built):
    options = {**SPEC, "generations": 3}
    plain = study_from(options)
    assert Study(**options) == plain
    assert Study(**{**options, **named}) == Study(**{**vars(plain), **built})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"regime": "acumulate"}, "did you mean 'accumulate'"),
        ({"regime": 3}, "regime is 3; expected a name or a table"),
        ({"metrics": "sigma"}, r"such as \['sigma'\]"),
        ({"metrics": genloss.W2()}, "expected a list"),
        ({"metrics": (genloss.W2,)}, r"metrics\[0\] is the class W2; expected W2\(...\)"),
        ({"metrics": (genloss.Replace(),)}, r"no metric, it lacks direction, name, unit, __call__"),
        ({"learner": genloss.Replace()}, "no learner, it lacks fit, restore"),
        ({"regime": genloss.Switch("nothing", 2, "mix")}, "regime.first: unknown regime"),
    ],
    ids=str,
)
def test_parts_that_fill_no_role_are_refused_by_name(wrong, message):
    with pytest.raises(SpecError, match=message):
        Study(**{**SPEC, "generations": 3, **wrong})


@dataclass(frozen=True)
class Towards:
    direction: str
    name = "towards"
    unit = "1"

    def __call__(self, view):
        return view.held_out


def test_a_direction_that_is_none_is_refused_before_anything_runs(tmp_path):
    study = Study(**SPEC, generations=2, metrics=(Towards("up"),))
    with pytest.raises(SpecError, match="towards: direction is 'up'; expected one of lower, hig"):
        genloss.run_study(study, tmp_path / "runs", workers=1)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("module", "reality", "extra"),
    [("sklearn", "digits8x8", "digits"), ("tokenizers", {"kind": "text"}, "text")],
)
def test_what_is_not_installed_is_told_before_anything_is_made(
    monkeypatch, tmp_path, module, reality, extra
):
    study = Study(**{**SPEC, "reality": reality}, generations=2)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"pip install 'genloss\[{extra}\]'"):
        genloss.run_study(study, tmp_path / "runs", workers=1)
    assert not (tmp_path / "runs").exists()


def test_what_type_checkers_see_of_a_study_is_what_it_takes():
    source = inspect.getsource(Study)
    shown = source[source.index("def __init__") : source.index("def __post_init__")]
    names = [line.split(":")[0].strip() for line in shown.splitlines() if line.startswith(12 * " ")]
    assert names == ["self,", *(field.name for field in fields(Study))]


@pytest.mark.slow
def test_every_place_may_be_a_string(tmp_path):
    study = Study(**SPEC, generations=2, metrics=["sigma"])
    run = genloss.run_study(study, str(tmp_path / "a"), workers=1)
    root = str(tmp_path / "b")
    genloss.run_studies([study], root, folders=[str(tmp_path / "b" / "own")], workers=1)
    [again] = genloss.find_runs(root)
    assert again.path == tmp_path / "b" / "own"
    assert genloss.Run(str(run.path)).series["sigma"].values.tolist() == (
        again.series["sigma"].values.tolist()
    )
    assert genloss.load_study(str(run.path)) == study
    experiment = genloss.load_experiment("shumailov-2024-discrete", "smoke", ["chains=2"])
    runs, _ = genloss.reproduce(experiment, str(tmp_path / "c"), workers=1)
    assert runs[0].path.is_relative_to(tmp_path / "c")


@pytest.mark.slow
def test_reports_take_strings(tmp_path):
    study = Study(**SPEC, generations=2, metrics=["sigma"])
    genloss.run_study(study, tmp_path / "runs", workers=1)
    page = genloss.write_report(str(tmp_path / "runs"), str(tmp_path / "page.html"))
    assert page == tmp_path / "page.html"
    several = genloss.write_report([str(tmp_path / "runs")], str(tmp_path / "again.html"))
    assert several.read_bytes() == page.read_bytes()


def test_no_public_function_asks_for_a_path_alone():
    for name in dir(genloss):
        value = getattr(genloss, name)
        if not callable(value) or (isinstance(value, type) and issubclass(value, Exception)):
            continue
        for parameter in inspect.signature(value).parameters.values():
            assert parameter.annotation not in (Path, "Path"), (name, parameter.name)


def in_cell(cls):
    """Return a class as one of a notebook cell, whose module has no file."""

    @dataclass(frozen=True)
    class OfAFunction(cls):
        pass

    return OfAFunction


@pytest.mark.slow
def test_a_class_of_a_cell_runs_here_and_says_so(tmp_path):
    learner = in_cell(GaussianLearner)(ddof=1)
    study = Study(genloss.Gaussian(), learner, 9, 2, chains=2, chains_per_block=1)
    with pytest.warns(UserWarning, match="in this process alone: other processes cannot import"):
        run = genloss.run_study(study, tmp_path / "a")
    assert run.is_complete
    with pytest.raises(SpecError, match=r"^pass workers=1, or put the class into a module"):
        genloss.run_study(study, tmp_path / "b", workers=2)
    assert not (tmp_path / "b").exists()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "running in this process")
        warnings.filterwarnings("ignore", ".*nobody can check")
        genloss.run_study(study, tmp_path / "c", workers=1)


UNGUARDED = """
import genloss
learner = {"kind": "gaussian", "ddof": 1}
study = genloss.Study("gaussian", learner, 9, 2, chains=2, chains_per_block=1)
genloss.run_study(study, "runs", workers=2)
"""

OWN = """
from dataclasses import dataclass
from genloss.models.gaussian import GaussianLearner

@dataclass(frozen=True)
class Mine(GaussianLearner):
    pass
"""


def run_here(folder, *command):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [*command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_the_remedy_first(tmp_path):
    (tmp_path / "script.py").write_text(UNGUARDED)
    done = run_here(tmp_path, sys.executable, "script.py")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("genloss.errors.SpecError: put the call below `if __name__")
    assert "bootstrapping phase" not in done.stderr
    assert not list((tmp_path / "runs").glob("*"))
    guarded = UNGUARDED.replace("genloss.run_study", "if __name__ == '__main__': genloss.run_study")
    (tmp_path / "script.py").write_text(guarded)
    assert run_here(tmp_path, sys.executable, "script.py").returncode == 0


@pytest.mark.slow
def test_a_class_of_a_script_is_the_same_class_in_its_workers(tmp_path):
    """Workers import a script under another name; it is the same script, and resumes as such."""
    mine = 'genloss.Study("gaussian", Mine(ddof=1), 9, 2, chains=2, chains_per_block=1)'
    call = f"if __name__ == '__main__': genloss.run_study({mine}, 'runs', workers=2)\n"
    (tmp_path / "script.py").write_text(f"import genloss\n{OWN}\n{call}")
    for _ in range(2):
        done = run_here(tmp_path, sys.executable, "script.py")
        assert done.returncode == 0, done.stderr
    [run] = (tmp_path / "runs").iterdir()
    assert Run(run).is_complete
    assert Run(run).spec["learner"]["kind"] == "__main__:Mine"


@pytest.mark.slow
def test_the_command_line_reaches_classes_of_the_current_folder_and_so_do_workers(tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    (tmp_path / "spec.toml").write_text(
        'reality = "gaussian"\nlearner = { kind = "mine:Mine", ddof = 1 }\nn_real = 9\n'
        "generations = 2\nchains = 2\nchains_per_block = 1\n"
    )
    script = str(Path(sys.executable).with_name("genloss"))
    done = run_here(tmp_path, script, "run", "spec.toml", "--workers", "2")
    assert done.returncode == 0, done.stderr
    # What is installed comes first: nothing in the folder takes its place.
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    assert run_here(tmp_path, script, "run", "spec.toml", "n_real=8").returncode == 0
    (tmp_path / "mine.py").unlink()
    gone = run_here(tmp_path, script, "run", "spec.toml", "n_real=7")
    assert gone.returncode == 2
    assert "looked among installed packages and in the current folder" in gone.stderr


def test_numbers_out_of_arrays_are_numbers(tmp_path):
    plain = genloss.Study(
        "gaussian", {"kind": "gaussian", "ddof": 1}, 20, 2, genloss.Fresh(5), seed=3
    )
    numpy = replace(plain, n_real=np.int64(20), regime=genloss.Fresh(np.int32(5)), seed=np.uint8(3))
    assert type(numpy.n_real) is int
    assert header_of(numpy).fingerprint == header_of(plain).fingerprint
    assert genloss.run_study(numpy, tmp_path, workers=1).is_complete
