"""Every name that a spec may use: it loads, is frozen, and its description builds it again."""

import pytest

from genloss.errors import SpecError
from genloss.spec.build import build, describe
from genloss.spec.registry import CATALOG
from genloss.testing import check_object

from .table import TABLE, lines

ENTRIES = [pytest.param(role, line, id=f"{role}-{line}") for role in TABLE for line in lines(role)]


@pytest.mark.parametrize(("role", "line"), ENTRIES)
def test_every_line_builds_an_object_that_keeps_the_laws_of_all_roles(role, line):
    built = line.build(role)
    outcome = check_object(built, role)
    assert not set(outcome.skipped) - {"what it says of itself is whole"}
    assert describe(built)["kind"] == line.kind


def test_lines_are_of_names_of_the_index():
    assert set(TABLE) == set(CATALOG)
    for role, kinds in CATALOG.items():
        assert {line.kind for line in lines(role)} == set(kinds)


@pytest.mark.parametrize("role", ["learner", "regime"])
def test_what_is_known_by_hand_is_written_for_each(role):
    """The forms that a learner refuses, and the origins of the rows that a regime trains on."""
    missing = set(CATALOG[role]) - {line.kind for line in TABLE[role]}
    assert not missing, f"{missing} without a line of {role.upper()}S in tests/contracts/table.py"


def test_a_role_that_is_none_is_refused():
    with pytest.raises(SpecError, match="role is 'leaner'; expected one of reality, learner"):
        check_object(build("learner", {"kind": "gaussian", "ddof": 1}), "leaner")


def test_no_class_has_two_names():
    paths = [path for kinds in CATALOG.values() for path in kinds.values()]
    assert len(set(paths)) == len(paths)


def test_a_kind_without_needed_fields_may_be_a_bare_name():
    assert build("regime", "accumulate") == build("regime", {"kind": "accumulate"})
