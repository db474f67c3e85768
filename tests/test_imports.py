"""Importing is light, changes nothing, and never needs what it may not find."""

import json
import runpy
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import genloss
from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

ROOT = Path(__file__).parents[1]

HEAVY = ("torch", "transformers", "scipy", "matplotlib", "numba", "pydantic", "sklearn", "numpy")


def modules_after(code: str) -> set[str]:
    """Return the top-level modules loaded by a fresh interpreter that runs this code."""
    told = "import sys, json; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{told}"], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


HELP = """
from genloss.cli.main import app
try:
    app(["--help"])
except SystemExit as left:
    assert left.code == 0
"""


@pytest.mark.parametrize("code", ["import genloss", HELP, "import genloss; dir(genloss)"])
def test_import_and_help_load_nothing_heavy(code):
    assert modules_after(code) & set(HEAVY) == set()


@pytest.mark.slow
def test_the_core_is_numpy_only():
    code = "from genloss.core import chain, forms, regimes, samplers, source, streams"
    assert modules_after(code) & set(HEAVY) == {"numpy"}


@pytest.mark.slow
def test_running_a_gaussian_study_loads_neither_torch_nor_matplotlib(tmp_path):
    code = f"""
from pathlib import Path
from genloss.study.study import study_from
from genloss.run.runner import run_study
spec = dict(reality="gaussian", learner=dict(kind="gaussian", ddof=1), n_real=5, generations=2)
run_study(study_from(spec), Path({str(tmp_path)!r}), workers=1)
"""
    assert modules_after(code) & {"torch", "transformers", "matplotlib", "sklearn"} == set()


STATE = """
import random, sys, warnings, signal, locale, decimal
import numpy as np
def state():
    return (
        np.random.get_state()[1].tobytes(), random.getstate(), np.geterr(), np.get_printoptions(),
        sys.getrecursionlimit(), str(warnings.filters), signal.getsignal(signal.SIGINT),
        locale.setlocale(locale.LC_ALL), str(decimal.getcontext()),
    )
before = state()
import genloss.run.runner, genloss.cli.main, genloss.cli.display, genloss.metrics.rows
import genloss.models.mixture.mixture, genloss.models.kde
genloss.cli.main
assert state() == before
"""


@pytest.mark.slow
def test_importing_changes_no_global_state():
    """A package of the field switched gradients off in the whole process by being imported."""
    modules_after(STATE)


TORCH = """
import torch
import genloss.run.runner, genloss.cli.main, genloss.metrics.rows
assert torch.is_grad_enabled()
"""


@pytest.mark.slow
def test_importing_leaves_torch_as_it_is():
    assert "torch" in modules_after(TORCH)


def test_every_public_name_loads():
    for name in dir(genloss):
        assert getattr(genloss, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = genloss.nonsense


def test_every_class_that_a_spec_can_name_is_public_and_so_is_what_its_fields_take():
    classes = [find_class(role, kind, kind) for role, kinds in CATALOG.items() for kind in kinds]
    for cls in classes:
        assert getattr(genloss, cls.__name__) is cls
        for taken in dataclasses_in(cls):
            assert getattr(genloss, taken.__name__) is taken
    names = [cls.__name__ for cls in classes] + " ".join(genloss._OTHERS.values()).split()
    assert len(set(names)) == len(names)


def dataclasses_in(hint) -> set[type]:
    """Return the dataclasses that the fields of one are made of, all the way down."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        below = [dataclasses_in(hints[field.name]) for field in fields(hint)]
    else:
        below = [dataclasses_in(h) for h in get_args(hint)]
    own = {hint} if isinstance(hint, type) and is_dataclass(hint) else set()
    return own.union(*below)


def test_type_checkers_see_the_public_names():
    written = runpy.run_path(str(ROOT / "docs" / "generate_stub.py"))["stub"]()
    assert (ROOT / "src" / "genloss" / "__init__.pyi").read_text() == written, "run `make golden`"


def test_listing_kinds_loads_nothing_heavy():
    code = "from genloss.spec.registry import CATALOG; assert 'kde' in CATALOG['learner']"
    assert modules_after(code) & set(HEAVY) == set()


@pytest.mark.parametrize(
    ("name", "near"),
    [("VAE", "VAELearner"), ("TraceRation", "TraceRatio"), ("run_studys", "run_study")],
)
def test_an_unknown_name_is_answered_with_a_near_one(name, near):
    with pytest.raises(AttributeError, match=f"did you mean .*{near}"):
        getattr(genloss, name)
    with pytest.raises(AttributeError, match="see dir"):
        _ = genloss.zzzzzz
