"""Tokenisers give every text back, learn the same from the same, and read nothing into words."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from genloss.core.samples import NO_TOKEN
from genloss.core.text import Tokeniser as TokeniserProtocol
from genloss.corpus.documents import embedded
from genloss.corpus.tokenisers import END, BytePair, Pretrained
from genloss.errors import DataError

TEXTS = [d.text for d in embedded()[:12]]
LEARNED = BytePair(600).made_from(TEXTS)


@pytest.fixture
def files(tmp_path):
    """Write the learned tokeniser as GPT-2 stores its own: vocab.json and merges.txt."""
    model = json.loads(LEARNED.to_json())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]), "utf-8")
    merges = "".join(f"{' '.join(pair)}\n" for pair in model["merges"])
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + merges, "utf-8")
    return tmp_path


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


def test_long_texts_are_cut_where_the_tokeniser_cuts():
    """Parts of 65,536 characters give the tokens of the whole; so do texts of many at a time."""
    long = "\n\n".join(d.text for d in embedded())
    assert len(long) > 300_000
    texts = ["short", long, "", long[:70_000], "x" * 200_000]
    whole = [LEARNED.inner.encode(t, add_special_tokens=False).ids for t in texts]
    for found, expected in zip(LEARNED.encode(texts), whole, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_gpt2_files_give_the_same_tokens(files):
    found = Pretrained(str(files)).made_from([])
    assert (found.size, found.end, found.bytewise) == (600, 0, True)
    for ours, theirs in zip(LEARNED.encode(TEXTS), found.encode(TEXTS), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert found.decode(found.encode([f"x {END} y"])[0]) == f"x {END} y"


def test_a_tokenizer_json_is_read_without_its_cuts_fillings_and_templates(tmp_path):
    inner = Tokenizer.from_str(LEARNED.to_json())
    inner.enable_truncation(5)
    inner.enable_padding(length=50)
    inner.save(str(tmp_path / "tokenizer.json"))
    for source in (tmp_path, tmp_path / "tokenizer.json"):
        found = Pretrained(str(source)).made_from([])
        np.testing.assert_array_equal(found.encode(TEXTS[:1])[0], LEARNED.encode(TEXTS[:1])[0])


def test_the_end_token_is_the_one_that_the_files_name(files):
    vocabulary = json.loads((files / "vocab.json").read_text("utf-8"))
    (files / "vocab.json").write_text(json.dumps({**vocabulary, "</s>": 600, "<X>": 601}), "utf-8")
    assert Pretrained(str(files)).made_from([]).end == 0
    for said in ("</s>", {"content": "</s>", "lstrip": False}):
        (files / "tokenizer_config.json").write_text(json.dumps({"eos_token": said}))
        assert Pretrained(str(files)).made_from([]).end == 600
    assert Pretrained(str(files), end="<X>").made_from([]).end == 601
    assert Pretrained(str(files)).made_from([]).size == 602


def test_identity_is_the_content(files, tmp_path_factory):
    before = Pretrained(str(files)).identity()
    other = tmp_path_factory.mktemp("copy")
    for file in files.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    assert Pretrained(str(other)).identity() == before
    assert Pretrained(str(other), end="a").identity() != before
    merges = (other / "merges.txt").read_text("utf-8").splitlines()
    (other / "merges.txt").write_text("\n".join(merges[:-1]), "utf-8")
    assert Pretrained(str(other)).identity() != before
    assert BytePair(300).identity() != BytePair(301).identity()


def test_tokenisers_that_are_not_byte_level_are_given_whole_texts(tmp_path):
    """Words of a WordPiece model: nothing is cut, and what it does not know is unknown."""
    inner = Tokenizer(models.WordPiece({"[UNK]": 0, "[SEP]": 1, "a": 2, "b": 3}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.decoder = decoders.WordPiece()
    inner.save(str(tmp_path / "tokenizer.json"))
    found = Pretrained(str(tmp_path)).made_from([])
    assert (found.bytewise, found.end) == (False, 1)
    np.testing.assert_array_equal(found.encode(["a b c"])[0], [2, 3, 0])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "neither tokenizer.json nor vocab.json with merges.txt"),
        ({"vocab.json": "{}"}, "neither"),
        ({"tokenizer.json": "{"}, "no tokeniser of that format"),
        ({"vocab.json": "{", "merges.txt": ""}, "no tokeniser of that format"),
        ({"vocab.json": '{"a": 0}', "merges.txt": ""}, "1 entries, none of them.*set end"),
    ],
)
def test_folders_that_hold_no_tokeniser(tmp_path, content, says):
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        Pretrained(str(tmp_path)).made_from([])


def test_an_end_that_is_not_there_and_a_path_that_is_not(files):
    with pytest.raises(DataError, match="none of them '<nope>'"):
        Pretrained(str(files), end="<nope>").made_from([])
    with pytest.raises(DataError, match="no such file or folder"):
        Pretrained("./not/here").made_from([])
    (files / "tokenizer_config.json").write_text("[]")
    with pytest.raises(DataError, match="not a JSON object"):
        Pretrained(str(files)).made_from([])
