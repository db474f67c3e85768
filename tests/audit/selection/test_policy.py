"""What a policy answers, by hand."""

import pytest

from genloss.audit.selection.bands import bands_of
from genloss.audit.selection.policy import Clause, Policy
from genloss.corpus.record.record import Record

LICENCES = Policy({"licence": Clause(frozenset({"MIT", "CC0-1.0"}), frozenset({"GPL-3.0-only"}))})


@pytest.mark.parametrize(
    ("licence", "verdict"),
    [
        ("MIT", "allowed"),
        ("", "unknown"),
        ("Zlib", "unknown"),
        ("GPL-3.0-only", "refused"),
        ("MIT OR GPL-3.0-only", "allowed"),
        ("MIT AND GPL-3.0-only", "refused"),
        ("MIT AND Zlib", "unknown"),
        ("Zlib OR GPL-3.0-only", "unknown"),
        ("MIT AND (Zlib OR CC0-1.0)", "unknown"),
    ],
)
def test_licences(licence, verdict):
    assert LICENCES.answer(Record.of("x", licence=licence)).verdict == verdict


def test_a_signal_against_it_comes_before_a_licence_for_it():
    policy = Policy({**LICENCES.clauses, "consent": Clause(refused=frozenset({"noai"}))})
    answer = policy.answer(Record.of("x", licence="MIT", consent=("noai",)))
    assert (answer.verdict, answer.ground) == ("refused", "consent signal noai")
    assert policy.answer(Record.of("x", licence="MIT")).verdict == "allowed"


def test_bands_are_thirds_of_a_reference():
    texts = ["the the the", "the cat the", "cat zebra yak"]
    found = bands_of(texts, texts)
    assert [found.band(t) for t in texts] == ["common words", "middling words", "rare words"]
    assert found.band("42!") == "no words"
