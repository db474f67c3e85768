"""Fingerprints: stable, complete, and refusing what has no stable form."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloss.core.regimes import Accumulate, Replace
from genloss.errors import StoreError
from genloss.spec.build import describe
from genloss.store.fingerprint import canonical_json, fingerprint
from genloss.study.study import identity, study_from

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "fingerprint.json").read_text())
SPEC, PINNED = GOLDEN["spec"], GOLDEN["fingerprint"]


def test_the_fingerprint_of_one_study_is_pinned():
    """Changes only if identities change their meaning; then say so in the changelog."""
    assert fingerprint(identity(study_from(SPEC))) == PINNED


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(max_size=5)
    # Fractions only: whole floats count as integers, on purpose.
    | st.floats(-10, 10).filter(lambda x: not x.is_integer()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def reordered(value):
    if isinstance(value, dict):
        return {k: reordered(v) for k, v in reversed(value.items())}
    return [reordered(v) for v in value] if isinstance(value, list) else value


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=4), PLAIN, max_size=5))
def test_the_order_of_keys_does_not_matter(value):
    assert fingerprint(reordered(value)) == fingerprint(value)


@pytest.mark.slow
@given(PLAIN)
def test_nothing_of_a_description_is_lost(value):
    assert json.loads(canonical_json(value)) == value


def test_two_field_less_classes_do_not_hash_alike():
    marks = {fingerprint({"regime": describe(r)}) for r in (Replace(), Accumulate())}
    assert len(marks) == 2


def test_order_of_lists_does_matter():
    assert fingerprint({"x": [1, 2]}) != fingerprint({"x": [2, 1]})


@pytest.mark.parametrize(("one", "two"), [(1, 1.0), (0, -0.0), (4_000_000, 4e6), ([2], (2.0,))])
def test_whole_numbers_are_alike_however_written(one, two):
    """A study built in Python with variance = 1 resumes from its folder, where it is 1.0."""
    assert fingerprint({"x": one}) == fingerprint({"x": two})


@pytest.mark.parametrize(("one", "two"), [(1, True), (0, False), (0.5, "0.5"), (1, "1"), (0, None)])
def test_other_types_are_not_alike(one, two):
    assert fingerprint({"x": one}) != fingerprint({"x": two})


def test_a_fingerprint_is_16_hexadecimal_digits():
    mark = fingerprint({})
    assert len(mark) == 16
    assert int(mark, 16) >= 0


@dataclass(frozen=True)
class Thing:
    x: int = 1


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, r"spec\.a\[1\]\.b is nan; a fingerprint needs finite numbers"),
        (math.inf, "is inf"),
        (len, "is a builtin_function_or_method"),
        (lambda: 1, "is a function"),
        (Thing(), "is a Thing"),
        (np.zeros(2), "is a ndarray"),
        ({1, 2}, "is a set"),
        (b"1", "is a bytes"),
    ],
)
def test_values_without_a_stable_form_are_refused_with_their_place(value, why):
    with pytest.raises(StoreError, match=why):
        fingerprint({"a": [0, {"b": value}]})


@pytest.mark.parametrize("change", [{"name": "other"}, {"checkpoint_every": 3}])
def test_what_only_says_where_or_how_often_is_no_identity(change):
    assert fingerprint(identity(study_from({**SPEC, **change}))) == PINNED


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"chains_per_block": 5},
        {"n_synthetic": 99},
        {"regime": {"kind": "mix", "real_fraction": 0.1, "real_rows": "same"}},
        {"learner": {"kind": "gaussian", "ddof": 0}},
        {"metrics": ["sigma"]},
        {"warm_start": True},
        {"held_out": 1},
        {"keep": {"at": [1]}},
    ],
)
def test_everything_else_is(change):
    assert fingerprint(identity(study_from({**SPEC, **change}))) != PINNED


def test_a_file_counts_by_its_content_not_by_its_path(tmp_path):
    rows = np.random.default_rng(0).normal(size=(10, 2))
    marks = []
    for name, x in (("a.npy", rows), ("b.npy", rows), ("c.npy", rows + 1)):
        np.save(tmp_path / name, x)
        reality = {"kind": "table_file", "path": str(tmp_path / name)}
        marks.append(fingerprint(identity(study_from({**SPEC, "reality": reality}))))
    assert marks[0] == marks[1] != marks[2]
