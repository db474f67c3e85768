"""Every name that a spec may use: it loads, is frozen, and its description builds it again."""

from dataclasses import fields

import pytest

from genloss.errors import SpecError
from genloss.spec.build import build, describe, find_class
from genloss.spec.registry import CATALOG
from genloss.testing import check_object

NEEDED = {
    "gaussian": {"ddof": 1},
    "categorical": {"k": 4},
    "kde": {"bandwidth": "scott"},
    "mixture": {"k": 2},
    "uniform_tokens": {"k": 4},
    "zipf_mandelbrot": {"k": 4},
    "token_law": {"p": [0.25, 0.75]},
    "table_file": {"path": "rows.npy"},
    "thinning": {"keep": 0.5},
    "mix": {"real_fraction": 0.5},
    "fresh": {"n_real": 5},
    "window": {"k": 2},
    "static_contamination": {"law": "gaussian", "n_foreign": 3},
    "shrinkage": {"lam": 0.5},
    "symbol_probability": {"symbol": 1},
    "mode_share": {"mode": 0},
    "class_share": {"features": "classifier"},
    "class_entropy": {"features": "classifier"},
    "confidence": {"features": "classifier"},
    "label_accuracy": {"features": "classifier"},
    "switch": {"first": "replace", "at": 3, "then": "accumulate"},
    "ngram": {"vocabulary": 10},
    "transformer": {"start": "scratch"},
    "hugging_face": {"base": "somebody/some-model"},
    "vision": {"base": "somebody/some-model"},
}
"""Fields without a default; realities and learners share names, so a role may not need them."""

ENTRIES = [(role, kind) for role, kinds in CATALOG.items() for kind in kinds]


def part(role: str, kind: str) -> dict:
    """Return the smallest table that builds this kind."""
    known = {f.name for f in fields(find_class(role, kind, role))}
    needed = {k: v for k, v in NEEDED.get(kind, {}).items() if k in known}
    return {"kind": kind, **needed}


@pytest.mark.parametrize(("role", "kind"), ENTRIES)
def test_every_name_builds_an_object_that_keeps_the_laws_of_all_roles(role, kind):
    built = build(role, part(role, kind))
    outcome = check_object(built, role)
    assert not set(outcome.skipped) - {"what it says of itself is whole"}
    assert describe(built)["kind"] == kind


def test_a_role_that_is_none_is_refused():
    with pytest.raises(SpecError, match="role is 'leaner'; expected one of reality, learner"):
        check_object(build("learner", {"kind": "gaussian", "ddof": 1}), "leaner")


def test_no_class_has_two_names():
    paths = [path for kinds in CATALOG.values() for path in kinds.values()]
    assert len(set(paths)) == len(paths)


def test_a_kind_without_needed_fields_may_be_a_bare_name():
    assert build("regime", "accumulate") == build("regime", {"kind": "accumulate"})
