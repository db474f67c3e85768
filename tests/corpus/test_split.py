"""Splits go by document, by content, near their shares, and copies do not cross them."""

import numpy as np
import pytest

from genloss.corpus.document import Document
from genloss.corpus.duplicates import copied, originals
from genloss.corpus.split import Splits, held_out, without_leaks
from genloss.errors import DataError

WORDS = np.array([f"w{i}" for i in range(3000)])


def prose(key: int, words: int = 200) -> list[str]:
    return list(np.random.default_rng(key).choice(WORDS, words))


def documents(n: int) -> list[Document]:
    return [Document(" ".join(prose(i, 50 + 97 * i % 300)), f"d{i}") for i in range(n)]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + 5]) for i in range(max(len(words) - 4, 1))}


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.6])
def test_a_split_keeps_documents_whole_and_comes_near_its_share(share):
    """The nearest boundary of two documents is at most half of the longest one away."""
    every = documents(60)
    rest, held = held_out(every, share, 0, "test")
    assert sorted(d.source for d in rest + held) == sorted(d.source for d in every)
    assert {d.text for d in rest}.isdisjoint(d.text for d in held)
    size = sum(len(d.text) for d in every)
    gap = abs(sum(len(d.text) for d in held) - share * size)
    assert gap <= max(len(d.text) for d in every) / 2


def test_a_split_depends_on_content_and_seed_alone():
    every = documents(60)
    chosen = {d.text for d in held_out(every, 0.2, 0, "test")[1]}
    again = [Document(d.text, "elsewhere") for d in reversed(every)]
    assert {d.text for d in held_out(again, 0.2, 0, "test")[1]} == chosen
    assert {d.text for d in held_out(every, 0.2, 1, "test")[1]} != chosen
    assert {d.text for d in held_out(every, 0.2, 0, "validation")[1]} != chosen


def test_a_new_document_moves_few_others():
    """Ranks are hashes, so documents move at the boundary only: here at most two of sixty."""
    every = documents(61)
    before = {d.text for d in held_out(every[:60], 0.3, 0, "test")[1]}
    after = {d.text for d in held_out(every, 0.3, 0, "test")[1]}
    assert len(before - after) <= 2
    assert len(after - before) <= 2


def test_equal_documents_stay_together():
    every = [Document("the same text", f"copy {i}") for i in range(5)] + documents(3)
    for seed in range(10):
        rest, held = held_out(every, 0.4, seed, "test")
        shared = {d.text for d in rest} & {d.text for d in held}
        assert not shared or len(rest) == 1


def test_one_document_cannot_be_split():
    with pytest.raises(DataError, match=r"validation split needs one.*documents=pieces"):
        held_out(documents(1), 0.1, 0, "validation")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_copied_counts_what_sets_of_words_count(share):
    """Few words, so that documents overlap by chance; an independent count with Python's sets."""
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(["a", "b", "c"], n)) for n in rng.integers(1, 120, size=60)]
    texts[7], texts[50] = "one two", "one two"
    ours, others = texts[:30], texts[30:]
    every = set().union(*map(shingles, others))
    expected = {
        i for i, t in enumerate(ours) if len(shingles(t) & every) >= share * len(shingles(t))
    }
    found = copied(ours, others, share)
    assert set(found) == expected
    assert 0 < len(expected) < 30
    assert others[found[7]] == "one two"


def test_a_copy_is_named_with_the_document_that_holds_most_of_it():
    chapter = prose(1)
    book = prose(2, 5000) + chapter + prose(3, 5000)
    mostly = chapter[:150] + prose(4, 50)
    others = [" ".join(prose(5) + chapter[:20]), " ".join(book), " ".join(prose(6))]
    assert copied([" ".join(mostly), " ".join(prose(7))], others) == {0: 1}


def test_nothing_to_compare():
    assert copied([], ["a b"]) == {}
    assert copied(["a b"], []) == {}
    assert originals([]) == []


def test_originals_keep_the_longer_text():
    section = prose(1)
    texts = [" ".join(section), " ".join(prose(2) + section), " ".join(prose(3)), "a b", "a b"]
    assert originals(texts) == [1, 2, 3]


def near_copy(words: list[str]) -> str:
    """Change every fortieth word: about 5 / 40 of the rows of five words differ."""
    return " ".join("changed" if i % 40 == 20 else w for i, w in enumerate(words))


def planted() -> Splits:
    """Near copies of training documents 0 to 2 are held out, and one of a test document."""
    train = tuple(Document(" ".join(prose(i)), f"train {i}") for i in range(5))
    test = tuple(Document(near_copy(prose(i)), f"test {i}") for i in (0, 1, 10, 11))
    validation = tuple(Document(near_copy(prose(i)), f"valid {i}") for i in (2, 10, 20))
    return Splits(train, validation, test)


LEAKED = (
    ("test 0", "train 0"),
    ("test 1", "train 1"),
    ("valid 2", "train 2"),
    ("valid 10", "test 10"),
)


def test_near_copies_leave_the_held_out_splits():
    clean = without_leaks(planted())
    assert [d.source for d in clean.test] == ["test 10", "test 11"]
    assert [d.source for d in clean.validation] == ["valid 20"]
    assert clean.train == planted().train
    assert clean.leaked == LEAKED
    assert clean.dropped == 4


def test_given_splits_are_reported_and_kept():
    clean = without_leaks(planted(), frozenset({"test", "validation"}))
    assert clean.test == planted().test
    assert clean.leaked == LEAKED
    assert clean.dropped == 0


def test_what_leaks_is_told():
    sizes = "5 training, {} validation, {} test documents"
    left, kept = without_leaks(planted()), without_leaks(planted(), frozenset({"test"}))
    gone, given = "left out as copies of documents of another split", "of a given split kept"
    assert left.summary() == f"{sizes.format(1, 2)}; 4 {gone}; a copy is test 0 of train 0"
    told = kept.summary()
    assert told.startswith(f"{sizes.format(1, 4)}; 2 {gone}; 2 {given} although they are such")
    assert told.endswith("; a copy is test 0 of train 0")
    own = Splits(planted().train, planted().validation[:1], planted().test[:1], empty=3)
    assert own.summary() == f"{sizes.format(1, 1)}; 3 empty"


def test_a_split_of_copies_alone_is_refused():
    whole = planted()
    with pytest.raises(
        DataError, match=r"nothing is left of the test split.*its 2 documents.*test 0 in train 0"
    ):
        without_leaks(Splits(whole.train, whole.validation, whole.test[:2]))
