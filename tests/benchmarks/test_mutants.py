"""Every mutant is another program than its source; its tests run it, and fail, hang or pass."""

import ast
import importlib
import random
import sys
from functools import cache
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

SOURCE = """
LIMIT: int | None = 3


@dataclass(frozen=True)
class Clip:
    def of(self, x, low=-1):
        if x < low and low > -1:
            return low
        check(x)
        total = x.sum(axis=1)
        return x * 2 if x >= 0 else x // 2
"""


@pytest.fixture
def mutants(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("mutants")
    for name in [n for n in sys.modules if n.partition(".")[0] in ("mutants", "mutation")]:
        monkeypatch.delitem(sys.modules, name)


def of(mutants, text=SOURCE):
    path = Path("a.py")
    return [mutants.mutant(path, text, site) for site in mutants.sites(text)]


def test_every_place_gives_another_program_that_parses_under_a_name_of_its_own(mutants):
    found = of(mutants)
    assert len({m.source for m in found}) == len({m.change for m in found}) == len(found) == 21
    assert all(ast.dump(ast.parse(m.source)) != ast.dump(ast.parse(SOURCE)) for m in found)
    changes = {m.change for m in found}
    assert "a.py Clip.of: x < low -> x <= low" in changes
    assert "a.py Clip.of: x * 2 -> x / 2" in changes
    assert "a.py Clip.of: -1 -> +1" in changes
    assert "a.py Clip.of: 1 -> 2 (2)" in changes
    assert "a.py Clip.of: x.sum(axis=1) -> x.sum()" in changes
    assert "a.py Clip.of: check(x) -> pass" in changes
    assert "a.py module: True -> False" in changes
    assert not any("|" in change for change in changes)


def test_a_mutant_knows_what_runs_it(mutants):
    where = {m.change: (m.owner, list(m.lines)) for m in of(mutants)}
    assert where["a.py Clip.of: x < low -> x <= low"] == ("Clip.of", [8])
    assert where["a.py Clip.of: x * 2 -> x / 2"] == ("Clip.of", [12])
    # Values of arguments and decorators are computed at import.
    assert where["a.py Clip: -1 -> +1"][0] == ""
    assert where["a.py module: True -> False"][0] == ""


@pytest.mark.slow
def test_a_seed_draws_the_same_mutants(mutants):
    one, two = (mutants.draw(8, random.Random(3), "theory/s") for _ in range(2))
    assert one == two
    assert len({m.change for m in one}) == 8
    assert len({m.path for m in one}) > 1
    for place in mutants.PLACES:
        assert (mutants.ROOT / mutants.PACKAGE / place).is_dir()
    assert mutants.own_folder(Path("src/genloss/metrics/arrays/tails.py")) == "tests/metrics/"
    writing = Path("src/genloss/models/torch/lm/writing/beam.py")
    assert mutants.own_folder(writing) == "tests/models/torch/lm/writing/"


PACKAGE = {
    "src/genloss/__init__.py": "",
    "src/genloss/core/__init__.py": "",
    "src/genloss/core/steps.py": (
        "def steps(n):\n    while n > 1:\n        n -= 2\n    return n * 1\n"
    ),
    "tests/core/test_steps.py": (
        "from genloss.core.steps import steps\n\n\n"
        "def test_of_five():\n    assert steps(5) == 1\n\n\n"
        "def test_never_passes():\n    assert steps(4) == 1\n"
    ),
    "tests/contracts/test_laws.py": (
        "from genloss.core.steps import steps\n\n\n"
        "def test_that_whole_numbers_remain():\n    assert type(steps(5)) is int\n"
    ),
    "pyproject.toml": "",
}


@pytest.mark.slow
def test_mutants_are_killed_by_tests_that_pass_without_them_or_live(mutants, tmp_path, monkeypatch):
    """n * 1 and n / 1 are alike to ==, but not to the law of another folder; n - -2 never ends."""
    checkout = tmp_path / "genloss"
    for name, text in PACKAGE.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)
    monkeypatch.setattr(mutants.trials, "SPARE", 1.0)
    tests = mutants.reach.measured(checkout, tmp_path / "cache")
    (one,) = tests.tests.values()
    assert one.test == "tests/core/test_steps.py::test_of_five"
    laws = mutants.reach.measured(checkout, tmp_path / "cache", mutants.reach.LAWS)
    (law,) = laws.tests.values()
    path = Path("src/genloss/core/steps.py")
    assert one.lines[path.as_posix()] == [2, 3, 4]
    text = PACKAGE[path.as_posix()]
    found = [mutants.mutant(path, text, site) for site in mutants.sites(text)]
    fates = {
        m.change.rpartition(": ")[2]: mutants.fate(m, checkout, (lambda: tests, lambda: laws), 60)
        for m in found
    }
    change = next(m for m in found if m.change.endswith("n * 1 -> n / 1"))
    assert mutants.fate(change, checkout, (lambda: tests,), 60) == mutants.Fate("alive")
    assert fates["n * 1 -> n / 1"] == mutants.Fate("killed", law.test)
    killed = mutants.Fate("killed", one.test, near=True)
    assert fates["n > 1 -> n >= 1"] == fates["1 -> 2 (2)"] == killed
    assert fates["n -= 2 -> n += 2"] == mutants.Fate("killed", one.test, near=True, hangs=True)
    assert (checkout / path).read_text() == text
    assert mutants.failing_anyway(checkout, list(fates.values()), tests.tests | laws.tests) == set()


def test_what_is_known_is_not_run_again_unless_a_test_has_changed(mutants, tmp_path):
    one, two, three = of(mutants)[:3]
    record = mutants.Record(tmp_path / "fates.jsonl", "tests")
    record.put(one, mutants.Fate("killed", "test", near=True))
    record.put(two, mutants.Fate("alive"))
    again = mutants.Record(tmp_path / "fates.jsonl", "tests")
    assert again.get(one) == mutants.Fate("killed", "test", near=True)
    assert again.get(two) == mutants.Fate("alive")
    assert again.get(three) is None
    later = mutants.Record(tmp_path / "fates.jsonl", "other tests")
    assert later.get(one)
    assert later.get(two) is None


def test_the_share_is_of_those_that_are_no_equivalents(mutants):
    """Wilson at 1 of 50: (0.02 + 1.92 / 50 -+ 1.96 (0.02 0.98 / 50 + 0.96 / 2500)^1/2) / 1.0768."""
    fates = [mutants.Fate("killed", near=True)] * 48 + [mutants.Fate("killed", hangs=True)]
    fates += [mutants.Fate("alive")] + [mutants.Fate("equivalent")] * 4
    words, share = mutants.summary(fates)
    assert share == 1 / 50
    assert words.startswith("49 killed (1 by tests of another folder only, 1 hang), 1 alive, 4 eq")
    assert words.endswith("2.0% alive, 95 % Wilson interval 0.4% to 10.5%")


@pytest.mark.slow
def test_equivalents_are_named_as_mutants_are_with_a_reason(mutants):
    lines = mutants.EQUIVALENT.read_text().splitlines()
    for line in lines:
        change, _, reason = line.partition("  # ")
        assert reason, line
        path, scope, after = change.split(" ", 2)
        assert scope.endswith(":")
        assert " -> " in after
        assert change in named(mutants, path, scope)


@cache
def named(mutants, path, scope):
    """Return what the mutants of one scope change."""
    places, sites = placed(mutants, path)
    change = importlib.import_module("mutation.changes").change
    return {change(Path(path), places, site) for site in sites.get(scope, ())}


@cache
def placed(mutants, path):
    """Return all places of a file, and its sites by scope."""
    text = (mutants.ROOT / path).read_text()
    changes = importlib.import_module("mutation.changes")
    places = list(changes._places(ast.parse(text)))
    found: dict[str, list] = {}
    for site in mutants.sites(text):
        found.setdefault(f"{places[site.node].scope or 'module'}:", []).append(site)
    return places, found
