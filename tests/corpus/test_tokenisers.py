"""Tokenisers give every text back, learn the same from the same, and read nothing into words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genloss.core.samples import NO_TOKEN
from genloss.core.text import Tokeniser as TokeniserProtocol
from genloss.corpus.documents import embedded
from genloss.corpus.tokenisers import END, BytePair
from genloss.errors import DataError

TEXTS = [d.text for d in embedded()[:12]]
LEARNED = BytePair(600).made_from(TEXTS)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.text())
def test_every_text_comes_back(text):
    (tokens,) = LEARNED.encode([text])
    assert LEARNED.decode(tokens) == text
    assert tokens.dtype == np.int64
    assert LEARNED.end not in tokens
    assert ((tokens >= 0) & (tokens < LEARNED.size)).all()


@pytest.mark.parametrize("text", ["", " ", END, f"a{END}b", "</s>", "\x00\r\n\t", "e\u0301 ﬁ 👩‍🚀"])
def test_words_that_look_special_are_words(text):
    (tokens,) = LEARNED.encode([text])
    assert LEARNED.end not in tokens
    assert LEARNED.decode(tokens) == text


def test_end_and_filling_are_left_out_of_the_text():
    (tokens,) = LEARNED.encode(["two words"])
    row = np.concatenate([[LEARNED.end], tokens, [LEARNED.end], tokens, [NO_TOKEN, NO_TOKEN]])
    assert LEARNED.decode(row) == "two wordstwo words"


def test_learning_is_deterministic_and_looks_at_all_texts():
    assert BytePair(600).made_from(TEXTS).to_json() == LEARNED.to_json()
    assert BytePair(600).made_from(iter(TEXTS)).to_json() == LEARNED.to_json()
    assert BytePair(600).made_from(TEXTS[:-1]).to_json() != LEARNED.to_json()
    assert isinstance(LEARNED, TokeniserProtocol)


def test_the_vocabulary_is_end_then_bytes_then_merges():
    assert (LEARNED.size, LEARNED.end) == (600, 0)
    bytes_only = BytePair(257).made_from(TEXTS)
    assert bytes_only.size == 257
    text = "naïve 世界"
    assert bytes_only.encode([text])[0].size == len(text.encode())
    assert BytePair(4096).made_from(["too short a text"]).size == 257


@pytest.mark.parametrize("vocabulary", [0, 256, -1, 300.0, True])
def test_too_small_vocabularies_are_refused(vocabulary):
    with pytest.raises(DataError, match="vocabulary is"):
        BytePair(vocabulary)


@pytest.mark.slow
def test_long_texts_are_cut_where_the_tokeniser_cuts():
    """Parts of 65,536 characters give the tokens of the whole; so do texts of many at a time."""
    long = "\n\n".join(d.text for d in embedded())
    assert len(long) > 300_000
    texts = ["short", long, "", long[:70_000], "x" * 200_000]
    whole = [LEARNED.inner.encode(t, add_special_tokens=False).ids for t in texts]
    for found, expected in zip(LEARNED.encode(texts), whole, strict=True):
        np.testing.assert_array_equal(found, expected)
