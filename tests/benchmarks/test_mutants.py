"""Every mutant is another program than its source, and says what was changed."""

import ast
import importlib
import random
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

SOURCE = """
LIMIT: int | None = 3


def clip(x, low):
    if x < low and low > -1:
        return low
    return x * 2 if x >= 0 else x // 2
"""


@pytest.fixture
def mutants(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("mutants")


def test_every_place_gives_another_program_that_parses(mutants):
    places = mutants.sites(ast.parse(SOURCE))
    of = [mutants.mutant(Path("a.py"), SOURCE, *place) for place in places]
    assert len({m.source for m in of}) == len(of) == 14
    assert all(ast.dump(ast.parse(m.source)) != ast.dump(ast.parse(SOURCE)) for m in of)
    changes = {m.change for m in of}
    assert "a.py:6: x < low -> x <= low" in changes
    assert "a.py:8: x * 2 -> x / 2" in changes
    assert "a.py:6: -1 -> +1" in changes
    assert not any("|" in change for change in changes)


def test_a_seed_draws_the_same_mutants(mutants):
    one, two = (mutants.draw(8, random.Random(3), "theory/s") for _ in range(2))
    assert one == two
    assert len({m.change for m in one}) == 8
    assert len({m.path for m in one}) > 1
    for place in mutants.PLACES:
        assert (mutants.ROOT / mutants.PACKAGE / place).is_dir()


def test_tests_are_those_that_name_the_module_its_own_first(mutants):
    tails = Path("src/genloss/metrics/arrays/tails.py")
    tests = mutants.relevant_tests(tails, deep=True)
    assert tests[0] == "tests/metrics/test_tails.py"
    assert "tests/contracts/test_metric_bindings.py" in tests
    # Nothing is called after the module of quantiles; the distances that import it are tested.
    steps = Path("src/genloss/metrics/arrays/quantiles.py")
    assert "tests/metrics/test_distances.py" in mutants.relevant_tests(steps, deep=True)
