"""A record survives its line; a line that breaks a rule is refused with the rule."""

import json
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloss.corpus.record.dated import GRADES, Dated
from genloss.corpus.record.line import line_of, record_from
from genloss.corpus.record.record import (
    KINDS,
    ORIGINS,
    Evidence,
    Generator,
    Record,
    id_of,
)
from genloss.errors import DataError

WORDS = st.text(max_size=20)
EVIDENCE = st.builds(Evidence, st.sampled_from(KINDS), st.sampled_from(ORIGINS), WORDS)
DATES = st.none() | st.tuples(st.dates(), st.dates(), st.sampled_from(GRADES)).map(
    lambda d: Dated(min(d[:2]), max(d[:2]), d[2])
)
RECORDS = st.builds(
    Record.of,
    st.text(max_size=200),
    source=WORDS,
    claimed=DATES,
    captured=DATES,
    licence=st.sampled_from(("", "MIT", "CC-BY-4.0 AND MIT")),
    consent=st.lists(WORDS, max_size=2).map(tuple),
    origin=st.sampled_from(ORIGINS),
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
    generator=st.none() | st.builds(Generator, st.text(min_size=1), WORDS, WORDS),
    parents=st.lists(WORDS.map(id_of), max_size=2).map(tuple),
    depth=st.none() | st.integers(0, 9),
    grounded=st.none() | st.booleans(),
    attributes=st.dictionaries(WORDS, WORDS | st.integers() | st.floats(-9, 9), max_size=3),
)


@pytest.mark.slow
@given(RECORDS)
def test_a_record_survives_its_line(record):
    line = line_of(record)
    assert "\n" not in line
    assert record_from(json.loads(line)) == record


def test_an_id_is_the_hash_of_the_exact_bytes():
    text = "Straße\n"
    assert id_of(text) == f"sha256:{sha256(text.encode()).hexdigest()}"
    # One letter in two ways is two texts: nothing is normalised.
    assert id_of("\u00e9") != id_of("e\u0301")


WHOLE = {"record": 1, "id": id_of("a"), "text": "a"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"record": 2}, "format 2; this version reads 1"),
        ({"record": True}, "format True"),
        ({"id": "sha256:abc"}, "64 hex digits"),
        ({"text": None}, "neither text nor a path"),
        ({"text": 3}, "text is int; expected str"),
        ({"colour": "red"}, "no field 'colour'"),
        ({"origin": "robot"}, "origin is 'robot'"),
        ({"depth": -1}, "depth is -1"),
        ({"grounded": "yes"}, "grounded is str"),
        ({"claimed": {"first": "2019"}}, "claimed has no last"),
        ({"claimed": {"first": "2020", "last": "2019", "grade": "crawl"}}, "before it begins"),
        ({"claimed": {"first": "x", "last": "2019", "grade": "crawl"}}, "claimed: no date"),
        ({"evidence": [{"kind": "hearsay", "says": "human"}]}, "evidence of kind 'hearsay'"),
        ({"generator": {"revision": "1"}}, "generator has revision"),
        ({"parents": "sha256:1"}, "parents is str"),
        ({"attributes": {"a": [1]}}, "attribute a is list"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused(change, message):
    with pytest.raises(DataError, match=message):
        record_from({**WHOLE, **change})


def test_records_are_grouped_by_fields_and_attributes():
    record = Record.of(
        "a",
        source="https://www.example.org/a",
        claimed=Dated(date(2019, 5, 1), date(2019, 5, 31)),
        generator=Generator("gpt2"),
        attributes={"group": "essays", "score": 0.5},
    )
    keys = ("domain", "month", "year", "generator", "group", "score", "licence", "nothing", "depth")
    expected = ["example.org", "2019-05", "2019", "gpt2", "essays", "0.5", *["unknown"] * 3]
    assert [record.key(name) for name in keys] == expected


def test_evidence_that_names_two_origins_is_a_contradiction():
    says = [Evidence("declared", "human"), Evidence("detector", "machine")]
    assert Record.of("a", evidence=tuple(says)).contradictory
    assert not Record.of("a", evidence=(says[0], Evidence("declared", "unknown"))).contradictory
