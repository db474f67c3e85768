"""Text as p_0: laws of a finite reality, arithmetic of blocks, identity, and what is refused."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from pydantic import TypeAdapter

from genloss.core.abilities import FiniteModel
from genloss.core.roles import Reality
from genloss.core.samples import NO_TOKEN
from genloss.core.text import ContinuedText, TextModel, checked_tokens
from genloss.corpus.documents import embedded
from genloss.errors import DataError, RealityExhausted, SpecError
from genloss.realities.hub_texts import HubTexts
from genloss.realities.texts import Texts
from genloss.spec.build import Identified, build, describe
from genloss.study.study import Study
from genloss.study.study import identity as identity_of


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def story(key: int, words: int = 400) -> str:
    lines = rng(key).choice([f"word{i}é" for i in range(150)], (words // 10, 10))
    return "\n".join(" ".join(line) for line in lines) + "\n"


@pytest.fixture
def folder(tmp_path):
    for i in range(20):
        (tmp_path / f"{i:02}.txt").write_text(story(i), "utf-8")
    return tmp_path


@pytest.fixture
def rows_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("rows") / "all.jsonl"
    file.write_text("".join(json.dumps({"body": story(i)}) + "\n" for i in range(20)))
    return file


@pytest.mark.slow
def test_the_default_is_ready_and_is_a_text_model():
    reality = Texts()
    model = reality.realise(3, rng())
    assert isinstance(reality, Reality)
    assert isinstance(reality, Identified)
    assert isinstance(model, TextModel)
    assert isinstance(model, FiniteModel)
    assert model.summary.train.blocks == model.n_rows > 500
    assert min(model.summary.validation.blocks, model.summary.test.blocks) > 50
    assert model.summary.vocabulary == model.tokeniser.size == 4096
    assert (model.summary.leaked, model.summary.empty) == ((), 0)
    assert isinstance(build("reality", "genloss.realities.texts:Texts"), Texts)


@pytest.mark.slow
def test_blocks_are_rows_of_tokens_handed_out_once():
    model = Texts(block=32).realise(2, rng())
    n = model.n_rows
    rows = model.rows(0, n)
    assert rows.shape == (2, n, 32)
    assert rows.dtype == np.int64
    checked_tokens(rows, model.tokeniser.size)
    np.testing.assert_array_equal(
        np.concatenate([model.rows(0, 7), model.rows(7, 5)], axis=1), rows[:, :12]
    )
    blocks = model.corpus.train[: n * 32].reshape(n, 32)
    for chain in rows:
        np.testing.assert_array_equal(np.sort(chain.ravel()), np.sort(blocks.ravel()))
        assert {r.tobytes() for r in chain} == {r.tobytes() for r in blocks.astype(np.int64)}
    assert (rows[0] != rows[1]).any()
    assert model.labels_of(0, 5) is None
    with pytest.raises(
        RealityExhausted, match=f"{n} \\(.*of which 3 are used and {n - 3} are left"
    ):
        model.rows(3, n)


def test_held_out_blocks_come_from_documents_of_their_own():
    model = Texts().realise(2, rng())
    m = model.summary.validation.blocks
    same, held = model.split(m)
    assert same is model
    assert held.shape == (2, m, 64)
    assert model.split(0)[1].shape == (2, 0, 64)
    assert {r.tobytes() for r in held[0]} == {r.tobytes() for r in held[1]}
    assert (held[0] != held[1]).any()
    train = {r.tobytes() for r in model.rows(0, model.n_rows)[0]}
    assert train.isdisjoint(r.tobytes() for r in held[0])
    assert train.isdisjoint(r.tobytes() for r in model.test)
    with pytest.raises(RealityExhausted, match=f"{m + 1} held-out rows.*{m} validation blocks"):
        model.split(m + 1)


@pytest.mark.slow
def test_draws_are_blocks_and_repeat_with_their_stream():
    model = Texts().realise(3, rng())
    stream = rng(1)
    first, second = model.sample(50, stream), model.sample(50, stream)
    assert first.shape == (3, 50, 64)
    assert (first != second).any()
    assert (first[0] != first[1]).any()
    np.testing.assert_array_equal(model.sample(50, rng(1)), first)
    known = {r.tobytes() for r in model.rows(0, model.n_rows)[0]}
    assert known.issuperset(r.tobytes() for r in first.reshape(-1, 64))
    before = {name: x.copy() for name, x in model.state().items()}
    again = Texts().realise(3, rng()).state()
    for name, x in model.state().items():
        np.testing.assert_array_equal(x, before[name])
        np.testing.assert_array_equal(x, again[name])


@pytest.mark.slow
def test_streams_hold_documents_between_end_tokens(folder):
    """end, document, end, ..., end: 1 + sum of (tokens + 1); blocks are its whole cuts of T."""
    reality = Texts(str(folder), block=50, vocabulary=400)
    model, splits = reality.realise(1, rng()), reality.splits()
    encode, end = model.tokeniser.encode, model.tokeniser.end
    expected = [end]
    for document in splits.train:
        expected += [*encode([document.text])[0], end]
    np.testing.assert_array_equal(model.corpus.train, expected)
    part = model.summary.train
    assert (part.tokens, part.blocks) == (len(expected), len(expected) // 50)
    assert part.size == sum(len(d.text.encode()) for d in splits.train)
    assert part.documents == len(splits.train)
    starts = model.starts
    assert starts.shape == (len(splits.train), 50)
    np.testing.assert_array_equal(
        starts, [encode([document.text])[0][:50] for document in splits.train]
    )


@pytest.mark.slow
def test_a_block_goes_on_with_the_next_one_of_the_text(folder):
    model = Texts(str(folder), block=50, vocabulary=400).realise(2, rng())
    assert isinstance(model, ContinuedText)
    stream = model.corpus.train
    rows, after = model.rows(0, model.n_rows), model.following(0, model.n_rows)
    assert rows.shape == after.shape
    for chain in range(2):
        at = {int(i): row for row, i in enumerate(model.order[chain])}
        for i in range(model.n_rows - 1):
            np.testing.assert_array_equal(after[chain, at[i]], rows[chain, at[i + 1]])
        last = after[chain, at[model.n_rows - 1]]
        left = stream[model.n_rows * 50 :]
        np.testing.assert_array_equal(last[: left.size], left)
        assert (last[left.size :] == NO_TOKEN).all()
    np.testing.assert_array_equal(model.following(3, 2), after[:, 3:5])


def test_starts_of_short_documents_are_filled_up(folder):
    (folder / "short.txt").write_text("word1é")
    for seed in range(50):
        reality = Texts(str(folder), block=64, vocabulary=400, seed=seed)
        if any(d.text == "word1é" for d in reality.splits().train):
            break
    model = reality.realise(1, rng())
    row = model.starts[-1]
    (tokens,) = model.tokeniser.encode(["word1é"])
    np.testing.assert_array_equal(row[: tokens.size], tokens)
    assert (row[tokens.size :] == NO_TOKEN).all()


def test_test_bytes_are_those_of_the_test_blocks(folder):
    """In a byte-level vocabulary every character of an entry stands for one byte.

    The last block may end inside a character, whose first bytes show as three of U+FFFD.
    """
    model = Texts(str(folder), vocabulary=400).realise(1, rng())
    inner, test = model.tokeniser.inner, model.test.ravel()
    counted = sum(len(inner.id_to_token(int(t))) for t in test if t != model.tokeniser.end)
    assert abs(model.test_bytes - counted) <= 3
    used = model.summary.test.blocks * 64
    assert model.summary.test.tokens - 64 < used <= model.summary.test.tokens
    assert model.test_bytes <= model.summary.test.size


@pytest.mark.slow
def test_rows_as_text():
    model = Texts().realise(1, rng())
    end = model.tokeniser.end
    a, b = model.tokeniser.encode(["One text.", "Another"])
    row = np.concatenate([[end], a, [end], b, [NO_TOKEN]])
    assert model.texts(row[None]) == ["One text.\n\nAnother"]
    assert len(model.texts(model.test[:4])) == 4


@pytest.mark.slow
def test_the_tokeniser_learns_from_training_documents_alone(folder, tmp_path_factory):
    """A word that is frequent in the test text, and only there, is not in the vocabulary."""
    test = tmp_path_factory.mktemp("held") / "test.txt"
    test.write_text("zyxwvut " * 200)
    tokeniser = Texts(str(folder), test_path=str(test)).realise(1, rng()).tokeniser
    known, unknown = tokeniser.encode([" word", " zyxwvut"])
    assert known.size == 1
    assert unknown.size == 8


def test_no_document_stands_in_two_splits(folder):
    (folder / "copy.txt").write_text(story(3), "utf-8")
    for seed in range(8):
        splits = Texts(str(folder), seed=seed).splits()
        parts = [{d.text for d in p} for p in (splits.train, splits.validation, splits.test)]
        assert sum(len(p) for p in parts) == len(set().union(*parts))
        assert all(parts)


@pytest.mark.slow
def test_a_second_reading_uses_the_first_until_the_file_changes(folder):
    model = Texts(str(folder)).realise(1, rng())
    assert Texts(str(folder)).realise(2, rng()).corpus is model.corpus
    (folder / "99.txt").write_text(story(99, 800), "utf-8")
    assert Texts(str(folder)).realise(1, rng()).corpus is not model.corpus


@pytest.mark.slow
def test_identity_is_the_text_not_its_place_or_packing(folder, rows_file):
    one = Texts(str(folder))
    other = Texts(str(rows_file), text_field="body")
    assert one.identity() == other.identity()
    one, other = study(one), study(other)
    assert identity_of(one) == identity_of(other)
    assert describe(one) != describe(other)
    changed = Texts(str(folder), vocabulary=300), Texts(str(folder), block=32)
    changed += Texts(str(folder), seed=1), Texts()
    described = [json.dumps(identity_of(study(t))) for t in (one.reality, *changed)]
    assert len(set(described)) == 5
    (folder / "00.txt").write_text(story(0) + ".", "utf-8")
    assert Texts(str(folder)).identity() != other.reality.identity()


def test_identity_is_what_was_read_and_not_how(tmp_path):
    rows = [{"text": story(i), "body": story(100 + i)} for i in range(20)]
    lines = [json.dumps(row) + "\n" for row in rows]
    (tmp_path / "train.jsonl").write_text("".join(lines[:12]))
    (tmp_path / "test.jsonl").write_text("".join(lines[12:]))
    ways = [
        Texts(str(tmp_path)),
        Texts(str(tmp_path), files=("train*",)),
        Texts(str(tmp_path), named_splits="ignore"),
        Texts(str(tmp_path), text_field="body"),
        Texts(str(tmp_path), documents="pieces"),
        Texts(str(tmp_path / "train.jsonl"), test_path=str(tmp_path / "test.jsonl")),
        Texts(str(tmp_path), test_path=str(tmp_path)),
    ]
    names = [json.dumps(way.identity()) for way in ways]
    assert len(set(names)) == 4
    assert names[0] == names[4] == names[5] == names[6]
    assert len(ways[0].splits().test) == len(ways[6].splits().test) == 8
    assert "cut into pieces at blank lines" in ways[4].data_summary()
    assert "test.jsonl (test is read elsewhere)" in ways[6].data_summary()


def study(reality) -> Study:
    return Study(
        reality, build("learner", {"kind": "gaussian", "ddof": 1}), n_real=5, generations=1
    )


def test_given_splits_are_used_as_they_are(folder, rows_file, tmp_path_factory):
    other = tmp_path_factory.mktemp("held")
    (other / "valid.txt").write_text(story(100), "utf-8")
    (other / "test.txt").write_text(story(4), "utf-8")
    reality = Texts(
        str(folder), validation_path=str(other / "valid.txt"), test_path=str(other / "test.txt")
    )
    splits = reality.splits()
    assert len(splits.train) == 20
    assert [d.text for d in splits.validation] == [story(100)]
    assert [d.text for d in splits.test] == [story(4)]
    assert splits.dropped == 0
    assert len(splits.leaked) == 1
    assert "1 of a given split kept" in reality.data_summary()
    half = Texts(str(folder), test_path=str(other / "valid.txt")).splits()
    assert len(half.train) + len(half.validation) == 20
    assert [d.text for d in half.test] == [story(100)]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"block": 1}, "block is 1"),
        ({"vocabulary": 100}, "vocabulary is 100"),
        ({"seed": -1}, "seed is -1"),
        ({"validation": 0.0}, "validation is 0.0"),
        ({"test": 10}, "test is 10"),
        ({"validation": 0.5, "test": 0.5}, "leave nothing to train on"),
        ({"documents": "lines"}, "documents is 'lines'"),
        ({"tokeniser": "x", "vocabulary": 300}, "has its own; drop one"),
        ({"end": "</s>"}, "without a tokeniser"),
    ],
)
def test_options_out_of_range(fields, says):
    for recipe in (Texts, HubTexts):
        with pytest.raises((SpecError, DataError), match=says):
            recipe(**fields)


def test_unknown_fields_and_wrong_types_are_refused():
    with pytest.raises(SpecError, match="did you mean 'vocabulary'"):
        build("reality", {"kind": "genloss.realities.texts:Texts", "vocabularly": 4})
    for recipe in (Texts(), HubTexts()):
        adapter = TypeAdapter(type(recipe))
        assert adapter.validate_python(vars(recipe)) == recipe
        assert hash(adapter.validate_python(vars(recipe))) == hash(recipe)
        for name in vars(recipe):
            with pytest.raises((ValueError, SpecError)):
                adapter.validate_python({**vars(recipe), name: {"no": "number"}})


@pytest.mark.parametrize("n_chains", [0, -1, 1.5])
def test_impossible_numbers_of_chains_are_refused(n_chains):
    with pytest.raises(ValueError, match="n_chains is"):
        Texts().realise(n_chains, rng())


def test_text_that_is_too_small(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text(f"document {i}")
    says = r"the \w+ split has 1 documents of 10 bytes and \d+ tokens, too few for one block of 64"
    with pytest.raises(DataError, match=says):
        Texts(str(tmp_path)).realise(1, rng())
    (tmp_path / "2.txt").unlink()
    with pytest.raises(DataError, match="split needs one of its own"):
        Texts(str(tmp_path)).realise(1, rng())


@pytest.mark.slow
def test_one_long_file_in_pieces(tmp_path):
    (tmp_path / "book.txt").write_text("\n\n".join(story(i) for i in range(60)), "utf-8")
    model = Texts(str(tmp_path / "book.txt"), documents="pieces").realise(1, rng())
    assert model.summary.train.documents > 10


HUB = {"config": "", "documents": "whole", "text_field": "body", "vocabulary": 300, "block": 16}


@pytest.mark.slow
def test_a_local_data_set_with_splits_of_its_own(tmp_path):
    for key, (name, n) in enumerate({"train": 9, "validation": 2, "test": 3}.items()):
        rows = [{"body": story(100 * key + i)} for i in range(n)] + [{"body": ""}]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    reality = HubTexts(str(tmp_path), **HUB)
    summary = reality.realise(2, rng()).summary
    assert [p.documents for p in (summary.train, summary.validation, summary.test)] == [9, 2, 3]
    assert summary.empty == 3
    assert reality.data_summary() == "9 training, 2 validation, 3 test documents; 3 empty"
    assert reality.splits().test[2].text == story(202)
    limited = HubTexts(str(tmp_path), **HUB, limit=2).splits()
    assert [len(p) for p in (limited.train, limited.validation, limited.test)] == [2, 2, 2]
    own = HubTexts(str(tmp_path), **HUB, validation_split="", test_split="").splits()
    assert len(own.train) + len(own.validation) + len(own.test) == 9
    with pytest.raises(DataError, match="split nope: cannot be read"):
        HubTexts(str(tmp_path), **HUB, test_split="nope").splits()
    with pytest.raises(DataError, match="no field 'text'; it has body"):
        HubTexts(str(tmp_path), **{**HUB, "text_field": "text"}).splits()


OFFLINE = """
from genloss.errors import DataError
from genloss.realities.hub_texts import HubTexts
from genloss.realities.texts import Texts
for what in (HubTexts(), Texts(tokeniser="facebook/opt-125m")):
    try:
        what.identity()
    except DataError as error:
        print(error)
"""


@pytest.mark.slow
def test_offline_errors_say_what_to_do(tmp_path):
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, env=environment, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Salesforce/wikitext (wikitext-2-raw-v1), split ")
    assert lines[1].startswith("facebook/opt-125m: not to be had from the hub")
    for line in lines:
        assert "give a local folder, or unset HF_HUB_OFFLINE, which" in line
        assert "if it is gated" in line


@pytest.mark.slow
def test_importing_text_loads_no_library_of_text():
    code = (
        "import genloss.realities.texts, sys; "
        "print(sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for library in (
        "tokenizers",
        "datasets",
        "pyarrow",
        "huggingface_hub",
        "transformers",
        "torch",
    ):
        assert f"'{library}'" not in done.stdout


@pytest.mark.slow
def test_the_default_text_fits_the_embedded_documents():
    splits = Texts().splits()
    every = {d.text for part in (splits.train, splits.validation, splits.test) for d in part}
    assert every == {d.text for d in embedded()}
