"""Scores of texts, and what kind of evidence they are."""

import numpy as np
import pytest

from genloss.core.about import words_of
from genloss.core.scorer import evidence_of, scored
from genloss.errors import DataError


class Says:
    """A scorer that says what it is told."""

    def __init__(self, *scores, evidence="detector"):
        self.said, self.evidence = np.array(scores), evidence

    def scores(self, texts):
        return self.said


def test_a_number_a_text_or_nan():
    found = scored(Says(1, 2), ["a", "b"])
    assert found.dtype == np.float64
    assert found.tolist() == [1, 2]
    assert np.isnan(scored(Says(1.0, np.nan), ["a", "b"])[1])


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_what_is_no_score_is_told_with_its_text(bad):
    with pytest.raises(DataError, match="Says gave text 1 an infinite score"):
        scored(Says(0.0, bad, np.nan), ["a", "b", "c"])
    for said in (Says(1.0), Says(), Says([1.0, 2.0])):
        with pytest.raises(DataError, match=r"Says gave scores of shape .* for 2 texts; expected"):
            scored(said, ["a", "b"])


def test_only_a_test_for_a_watermark_is_evidence_of_one():
    assert evidence_of(Says(evidence="watermark")) == "watermark"
    assert evidence_of(Says()) == "detector"
    assert evidence_of(object()) == "detector"


def test_kinds_in_words():
    assert words_of("two_moons") == "two moons"
    assert words_of("package.module:TwoMoons") == "two moons"
    assert words_of("module:A") == "a"
