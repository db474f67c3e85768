"""No number of a kind moves without a revision: tiny runs of every kind against a frozen table."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.regimes import Replace
from genloss.spec.build import describe
from genloss.spec.registry import CATALOG
from genloss.study.study import study_from

from .studies import LEFT_OUT, STUDIES, has_network, kind_in, whole
from .tiny import FILE, measured, names_in, revision, same

FROZEN = json.loads(FILE.read_text())


def is_slow(spec):
    return has_network(spec) or kind_in(spec, "reality") == "text"


CASES = [
    pytest.param(name, marks=pytest.mark.slow if is_slow(spec) else ())
    for name, spec in STUDIES.items()
]


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_those_of_the_table(name):
    for key, entry in measured(name, STUDIES[name]):
        assert key in FROZEN, f"{key} is new; add it: python -m tests.golden.tiny"
        assert entry["revision"] == FROZEN[key]["revision"], f"{key}: python -m tests.golden.tiny"
        assert same(entry["values"], FROZEN[key]["values"], has_network(STUDIES[name])), (
            f"the numbers of {key} moved; undo that, or give its class "
            f"numbers_revision = {entry['revision'] + 1} and run python -m tests.golden.tiny"
        )


def test_every_kind_has_numbers():
    kinds = {key.partition(": ")[2] for key, entry in FROZEN.items() if entry["values"]}
    roles = CATALOG.keys() - {"scorer"}  # no part of a study
    wanted = {f"{role}/{k}" for role in roles for k in CATALOG[role] if k not in LEFT_OUT}
    assert wanted - kinds == set(), "measured nowhere; make golden, or name a study for it"


def test_every_entry_has_a_study():
    assert {key.partition(":")[0] for key in FROZEN} == set(STUDIES)


@pytest.mark.slow
def test_every_entry_is_measured(tmp_path):
    named = {
        f"{name}: {role}/{kind}"
        for name, spec in STUDIES.items()
        for role, kind, _ in names_in(study_from(whole(spec, tmp_path)))
    }
    assert set(FROZEN) == named


def test_revisions_are_those_of_the_classes():
    for key, entry in FROZEN.items():
        role, _, kind = key.partition(": ")[2].partition("/")
        assert entry["revision"] == revision(role, kind)


@pytest.mark.parametrize("shift", [1e-5, 1.0, np.nan])
def test_a_table_notices_what_moves(shift):
    before = [1.0, 2.0, 300.0]
    assert same(before, [1.0 + 1e-9, 2.0, 300.0], networks=False)
    assert not same(before, [1.0 + shift, 2.0, 300.0], networks=False)
    assert not same(before, before[:2], networks=True)


@dataclass(frozen=True)
class Moved(Replace):
    numbers_revision = 2


@dataclass(frozen=True)
class Derived(Moved):
    """What moved in a base moved here, too."""


def test_a_revision_is_part_of_the_identity_and_of_nothing_else():
    assert describe(Moved(), identity=True)["numbers_revision"] == 2
    assert "numbers_revision" not in describe(Moved())
    assert "numbers_revision" not in describe(Replace(), identity=True)
    assert describe(Derived(), identity=True)["numbers_revision"] == 2
