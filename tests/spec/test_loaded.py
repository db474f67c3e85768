"""What runs is what was imported: edits of a file are noticed, whenever they were made."""

import importlib
import os
import sys

import pytest

from genloss.errors import SpecError, StoreError
from genloss.run.block import run_block
from genloss.run.runner import header_of, run_study
from genloss.run.task import Task
from genloss.spec.code import code_of
from genloss.store.folder import create_or_match, run_path
from genloss.study.study import study_from

OWN = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from edited_helper import FACTOR

@dataclass(frozen=True)
class Constant:
    name: ClassVar[str] = "constant"
    unit: ClassVar[str] = "1"
    direction: ClassVar[str] = "start"

    def __call__(self, view):
        return np.full(view.p_0.n_chains, FACTOR * 1.0)
"""
HELPER = "FACTOR = 1\n"
EDITS = [("edited_own", OWN.replace("1.0", "2.00")), ("edited_helper", "FACTOR = 2.0\n")]
# Of other lengths: Python itself overlooks edits of the same length within a second.


@pytest.fixture(params=["cached", "not cached"])
def place(request, tmp_path, monkeypatch):
    """Return a folder with both modules, which are imported with or without a cache."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", request.param == "not cached")
    (tmp_path / "edited_own.py").write_text(OWN)
    (tmp_path / "edited_helper.py").write_text(HELPER)
    importlib.invalidate_caches()
    yield tmp_path
    forget()


def forget() -> None:
    for name in ("edited_own", "edited_helper"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


def own_study():
    return study_from(
        {
            "reality": "gaussian",
            "learner": {"kind": "gaussian", "ddof": 1},
            "n_real": 8,
            "generations": 3,
            "chains": 2,
            "chains_per_block": 1,
            "metrics": ["edited_own:Constant"],
        }
    )


def constant(run) -> float:
    return run.series["constant"].values[-1, 0]


@pytest.mark.slow
@pytest.mark.parametrize(("module", "text"), EDITS)
def test_an_edit_between_two_runs_asks_for_a_reload(place, module, text):
    run = run_study(own_study(), place / "runs", workers=1)
    (place / f"{module}.py").write_text(text)
    for _ in range(2):
        with pytest.raises(SpecError, match=rf"{module}\.py has changed since {module} was impor"):
            run_study(own_study(), place / "runs", workers=1)
    old = own_study()
    # What was loaded is what the old numbers are of.
    assert code_of(old) == run.header.code[0]
    importlib.reload(sys.modules["edited_helper"])
    importlib.reload(sys.modules["edited_own"])
    with pytest.raises(SpecError, match="edited_own was imported again after this Constant"):
        run_study(old, place / "runs", workers=1)
    with pytest.raises(StoreError, match="made by other code"):
        run_study(own_study(), place / "runs", workers=1)
    fresh = run_study(own_study(), place / "runs", workers=1, code_changed="fresh")
    assert (constant(run), constant(fresh)) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("place", "module", "text"),
    [("cached", *EDITS[0]), ("cached", *EDITS[1]), ("not cached", *EDITS[0])],
    indirect=["place"],
)
def test_an_edit_between_import_and_first_run_is_noticed(place, module, text):
    """Without a cache, that of the class's own module, which genloss has imported."""
    study = own_study()
    (place / f"{module}.py").write_text(text)
    with pytest.raises(SpecError, match=rf"{module}\.py has changed since"):
        run_study(study, place / "runs", workers=1)


@pytest.mark.parametrize("place", ["cached"], indirect=True)
def test_a_cache_of_other_code_is_noticed(place):
    """Python takes a cache for current where time and size of the source are the same."""
    own_study()
    forget()
    about = (place / "edited_helper.py").stat()
    (place / "edited_helper.py").write_text("FACTOR = 2\n")
    os.utime(place / "edited_helper.py", ns=(about.st_atime_ns, about.st_mtime_ns))
    study = own_study()
    assert sys.modules["edited_helper"].FACTOR == 1, "here Python notices it itself"
    with pytest.raises(SpecError, match=r"edited_helper\.py has changed since.*remove .*\.pyc"):
        run_study(study, place / "runs", workers=1)


def test_words_and_times_are_no_edit(place):
    study = own_study()
    os.utime(place / "edited_own.py", (1, 1))
    run = run_study(study, place / "runs", workers=1)
    (place / "edited_own.py").write_text(OWN + "\n# a word\n")
    assert run_study(study, place / "runs", workers=1).path == run.path


def test_an_edit_does_not_end_what_runs(place):
    """What was imported goes on, block by block; the next start asks for a reload."""
    study = own_study()

    def edit(event) -> None:
        (place / "edited_own.py").write_text(OWN.replace("1.0", "2.0"))

    run = run_study(study, place / "runs", workers=1, progress=edit)
    assert run.is_complete
    assert constant(run) == 1.0
    with pytest.raises(SpecError, match="has changed since"):
        run_study(study, place / "runs", workers=1)


def test_a_worker_that_imports_an_edited_file_is_stopped(place):
    study = own_study()
    header = header_of(study)
    run = run_path(place / "runs", header)
    create_or_match(run, header)
    forget()
    (place / "edited_helper.py").write_text("FACTOR = 20\n")
    with pytest.raises(StoreError, match="was edited while the run began") as error:
        run_block(Task(own_study(), run, 0))
    assert header.code[0].modules["edited_helper"] in str(error.value)
