"""Folders of every make: what is read into which split, what is left out, what is refused."""

import json
import os
import random
from pathlib import Path

import pyarrow as pa
import pytest

from genloss.corpus.reading import read_corpus, read_part
from genloss.errors import DataError

from .written import PACKED, ROWS, write_prose, write_rows


def documents(path, **options) -> dict[str, list[str]]:
    read = read_corpus(path, **options).documents
    return {split: [d.text for d in found] for split, found in read.items()}


def left_out(path, **options) -> dict[str, str]:
    return {e.name: e.why for e in read_corpus(path, **options).inventory.entries if not e.split}


def some(n: int, key: str = "x") -> list[str]:
    """Return texts with quotes, line ends and separators in them."""
    return [f'{key} {i}, "said" é;\tand\nmore' for i in range(n)]


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("way", ROWS)
def test_every_way_of_writing_rows_gives_the_same_documents(tmp_path, way, packing):
    file = write_rows(tmp_path, "rows", some(5), way, packing)
    assert documents(file) == documents(tmp_path) == {"train": some(5)}
    write_rows(tmp_path, "rows", some(5), way, packing, field="body")
    assert documents(file, text_field="body") == {"train": some(5)}
    with pytest.raises(DataError, match=r"no field 'text'.*it has id, body"):
        documents(file)


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("suffix", [".txt", ".text", ".md", ".TXT"])
def test_every_way_of_writing_prose(tmp_path, suffix, packing):
    write_prose(tmp_path, "a", "one\r\ntwo", suffix, packing)
    assert documents(tmp_path) == {"train": ["one\ntwo"]}


SPLITS = {
    "none": {"train": "part-{i}"},
    "names": {"train": "train-{i}", "test": "test-{i}"},
    "shards": {
        "train": "data/train-{i:05}-of-00002",
        "validation": "data/validation-{i:05}-of-00002",
        "test": "data/test-{i:05}-of-00002",
    },
    "folders": {"train": "train/{i}", "validation": "dev/{i}", "test": "eval/{i}"},
    "deep folders": {"train": "en/training/{i}", "validation": "en/val/{i}"},
    "inside names": {"train": "wiki.train.{i}", "validation": "wiki.valid.{i}"},
}


def built(folder: Path, seed: int) -> dict[str, list[str]]:
    """Build a folder of a random make; return its documents by split, sorted."""
    pick = random.Random(seed)
    truth: dict[str, list[str]] = {}
    for split, name in SPLITS[pick.choice(sorted(SPLITS))].items():
        texts = some(pick.randint(2, 5), f"{split} {seed}")
        half = len(texts) // 2
        for i, part in enumerate((texts[:half], texts[half:])):
            stem, packing = name.format(i=i), pick.choice(sorted(PACKED))
            if pick.random() < 0.3:
                for j, text in enumerate(part):
                    write_prose(folder, f"{stem}-{j}", text, pick.choice((".txt", ".md")), packing)
            else:
                write_rows(folder, stem, part, pick.choice(sorted(ROWS)), packing)
        truth[split] = sorted(texts)
    litter(folder, pick)
    return truth


def litter(folder: Path, pick: random.Random) -> None:
    """Add what is no data: a card, settings, hidden files, caches, links that go in circles."""
    inside = sorted(f for f in folder.rglob("*") if f.is_dir())
    data = min(f for f in folder.rglob("*") if f.is_file())
    place = pick.choice([folder, *inside])
    made = {
        "card": lambda: write_prose(folder, "README", "about", ".md"),
        "licence": lambda: write_prose(folder, "LICENSE", "all rights", ".txt"),
        "settings": lambda: (folder / "dataset_info.json").write_text('{"text": "no"}'),
        "other settings": lambda: (place / "labels.json").write_text('["a", "b"]'),
        "hidden": lambda: write_prose(folder / ".git", "x", "hidden"),
        "hidden file": lambda: write_prose(place, ".x", "hidden"),
        "cache": lambda: write_rows(place, "cache-1f", ["again"], "stream.arrow"),
        "page": lambda: write_prose(place, "page", "<p>no</p>", ".html"),
        "code": lambda: write_prose(place, "load", "code", ".py"),
        "system": lambda: write_prose(folder / "@eaDir", "y", "thumbnail"),
        "pipe": lambda: os.mkfifo(place / "pipe.txt"),
        "loop": lambda: (place / "up").symlink_to(folder, target_is_directory=True),
        "broken": lambda: (place / "gone.txt").symlink_to(folder / "nothing"),
        "second name": lambda: (data.parent / f"again-{data.name}").symlink_to(data),
    }
    for name in pick.sample(sorted(made), 5):
        made[name]()


@pytest.mark.parametrize("seed", range(80))
def test_folders_of_every_make(tmp_path, seed):
    truth = built(tmp_path, seed)
    read = {split: sorted(texts) for split, texts in documents(tmp_path).items()}
    assert read == truth
    # Each file of the folder is in the account, once, and nothing else.
    names = [e.path for e in read_corpus(tmp_path).inventory.entries]
    assert len(set(names)) == len(names)
    together = documents(tmp_path, named_splits="ignore")
    assert sorted(together["train"]) == sorted(t for texts in truth.values() for t in texts)


def test_a_folder_moved_behind_a_link_is_the_same_corpus(tmp_path):
    write_prose(tmp_path / "elsewhere" / "deep", "more", "beyond")
    (tmp_path / "corpus").mkdir()
    write_prose(tmp_path / "corpus", "own", "own")
    (tmp_path / "corpus" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "corpus")
    (tmp_path / "elsewhere" / "over").symlink_to(tmp_path / "elsewhere" / "deep")
    assert documents(tmp_path / "corpus") == {"train": ["beyond", "own"]}
    why = "links to a folder that is read already"
    assert left_out(tmp_path / "corpus") == {"linked/back": why, "linked/over": why}
    (tmp_path / "way").symlink_to(tmp_path / "corpus")
    assert documents(tmp_path / "way") == documents(tmp_path / "corpus")


def test_hard_links_and_links_are_one_file_each(tmp_path):
    write_prose(tmp_path, "b", "one")
    os.link(tmp_path / "b.txt", tmp_path / "c.txt")
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    assert documents(tmp_path) == {"train": ["one"]}
    same = "the same file as b.txt"
    assert left_out(tmp_path) == {"a.txt": same, "c.txt": same}


def test_what_is_read_and_left_out_is_said_in_a_line(tmp_path):
    for i in range(6):
        write_prose(tmp_path, f"x{i}", "no", ".html")
    write_prose(tmp_path, "README", "about", ".md")
    write_rows(tmp_path, "train", some(2), "lines.jsonl", ".gz")
    write_rows(tmp_path, "test", some(2, "y"), "rows.parquet")
    assert read_corpus(tmp_path).inventory.summary() == (
        "train: 1 .jsonl.gz read; test: 1 .parquet read; left out README.md (about the data); "
        "left out x0.html, x1.html, x2.html and 3 more (markup, not text)"
    )
    (tmp_path / "a\nb\udcff.html").write_text("")
    assert "a\\x0ab\\xdcff.html" in read_corpus(tmp_path).inventory.summary()


def test_a_readme_is_read_where_nothing_lies_beside_or_below_it(tmp_path):
    write_prose(tmp_path / "one", "README", "first", ".md")
    write_prose(tmp_path / "two", "README", "second", ".md")
    assert documents(tmp_path) == {"train": ["first", "second"]}
    write_prose(tmp_path / "two", "text", "third")
    assert documents(tmp_path) == {"train": ["first", "third"]}
    assert documents(tmp_path, files=["README*"]) == {"train": ["first", "second"]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("rows", "lines.jsonl", ""), ("rows", "lines.jsonl", ".gz")),
        (("rows", "rows.parquet", ""), ("rows", "comma.csv", "")),
        (("rows", "array.json", ".xz"), ("elsewhere/other", "stream.arrow", ".zst")),
    ],
)
def test_the_same_text_under_two_suffixes_counts_once(tmp_path, first, second):
    for stem, way, packing in (first, second):
        write_rows(tmp_path, stem, some(6), way, packing)
    assert documents(tmp_path) == {"train": some(6)}
    assert next(iter(left_out(tmp_path).values())).startswith("the same text as ")
    # Shorter by a row: two versions of one text, and nobody knows which is meant.
    stem, way, packing = second
    write_rows(tmp_path, stem, [*some(5), "another"], way, packing)
    with pytest.raises(DataError, match=r"5 of 6 documents .*reality\.files="):
        documents(tmp_path)
    assert len(documents(tmp_path, files=["*"])["train"]) == 12
    write_rows(tmp_path, stem, some(6, "other"), way, packing)
    assert sorted(documents(tmp_path)["train"]) == sorted(some(6) + some(6, "other"))


def test_prose_that_stands_in_rows_too_counts_once_and_splits_are_apart(tmp_path):
    for i, text in enumerate(some(4)):
        write_prose(tmp_path / "txt", str(i), text + "\n")
    write_rows(tmp_path, "all", some(4), "lines.jsonl")
    assert documents(tmp_path) == {"train": [text + "\n" for text in some(4)]}
    other = tmp_path / "other"
    write_rows(other, "train", some(4), "lines.jsonl")
    write_rows(other, "test", some(4), "rows.parquet")
    assert documents(other) == {"train": some(4), "test": some(4)}


def test_copies_inside_one_suffix_stay(tmp_path):
    write_prose(tmp_path, "a", "same")
    write_prose(tmp_path, "b", "same")
    assert documents(tmp_path) == {"train": ["same", "same"]}


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train.txt", "notes.txt"], None),
        (["train.txt", "dev.txt", "extra/x.txt"], None),
        (["data.txt", "test.txt"], None),
        (["driving-test.txt", "a.txt", "train-journey.txt"], {"train": 3}),
        (["test.txt"], {"train": 1}),
        (["train.txt"], {"train": 1}),
        (
            ["training_1.txt", "Validation.txt", "b_eval.txt"],
            {"train": 1, "validation": 1, "test": 1},
        ),
        (["training-1.txt", "Validation.txt"], {"train": 1, "validation": 1}),
        (["train/test/a.txt", "test/train.txt"], {"train": 1, "test": 1}),
        (["latest.txt", "strain.txt"], {"train": 2}),
        (["train_test.txt", "b.txt"], {"train": 2}),
    ],
)
def test_names_tell_splits_or_it_is_asked(tmp_path, names, splits):
    for i, name in enumerate(names):
        write_prose(tmp_path, name.removesuffix(".txt"), f"text {i}")
    if splits is None:
        with pytest.raises(DataError, match=r"names a split and .* does not.*named_splits=ignore"):
            read_corpus(tmp_path)
        splits = {"train": len(names)}
        assert {k: len(v) for k, v in documents(tmp_path, named_splits="ignore").items()} == splits
    else:
        assert {k: len(v) for k, v in documents(tmp_path).items()} == splits


def test_a_split_that_another_path_gives_is_not_read_here(tmp_path):
    for split in ("train", "test"):
        write_rows(tmp_path, split, [split], "lines.jsonl")
    reading = read_corpus(tmp_path, elsewhere=["test"])
    assert [d.text for d in reading.documents["train"]] == ["train"]
    assert set(reading.documents) == {"train"}
    assert "test.jsonl (test is read elsewhere)" in reading.inventory.summary()
    assert [d.text for d in read_part(tmp_path, "test")[0]] == ["test"]
    assert [d.text for d in read_part(tmp_path / "train.jsonl", "test")[0]] == ["train"]
    with pytest.raises(DataError, match=r"holds test and train .* and no validation"):
        read_part(tmp_path, "validation")


def saved(folder: Path, **parts: list[str]) -> None:
    """Write what `save_to_disk` writes: the files that state.json names."""
    for name, texts in parts.items():
        write_rows(folder, name, texts, "stream.arrow")
    state = {"_data_files": [{"filename": f"{name}.arrow"} for name in parts]}
    (folder / "state.json").write_text(json.dumps(state))


def test_a_saved_data_set_is_what_its_state_names(tmp_path):
    saved(tmp_path, **{"data-00000-of-00002": some(3), "data-00001-of-00002": some(2, "y")})
    write_rows(tmp_path, "cache-8a", some(5, "again"), "stream.arrow")
    write_rows(tmp_path, "tmpfile", some(5, "again"), "stream.arrow")
    assert documents(tmp_path) == {"train": some(3) + some(2, "y")}
    assert left_out(tmp_path)["tmpfile.arrow"] == "not among the files that state.json names"
    (tmp_path / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(DataError, match=r"names data-00001-of-00002\.arrow, which is not there"):
        read_corpus(tmp_path)


def test_a_card_with_several_configurations_asks_which(tmp_path):
    card = "---\nconfigs:\n- config_name: small\n  data_files: x\n- config_name: 'large'\n---\ntext"
    for name in ("small", "large"):
        write_rows(tmp_path / name, "train-00000-of-00001", [name], "rows.parquet")
    (tmp_path / "README.md").write_text(card)
    with pytest.raises(DataError, match=r"2 configurations \(large, small\).*reality\.files="):
        read_corpus(tmp_path)
    assert documents(tmp_path / "small") == {"train": ["small"]}
    assert documents(tmp_path, files=["large/*"]) == {"train": ["large"]}
    (tmp_path / "README.md").write_text(card.replace("'large'", "small"))
    assert documents(tmp_path) == {"train": ["large", "small"]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"learning_rate": 0.1}'),
        ("a.json", '["name", "other"]'),
        ("a.json", "[]"),
        ("a.json", "3"),
        ("config.json", '{"text": "x"}'),
    ],
)
def test_json_that_is_no_data_is_left_out_beside_data(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    write_prose(tmp_path, "own", "own")
    assert documents(tmp_path) == {"train": ["own"]}
    assert list(left_out(tmp_path)) == [name]


def test_json_rows_without_the_field_are_an_error_beside_data(tmp_path):
    (tmp_path / "a.json").write_text('[{"body": "lost?"}]')
    write_prose(tmp_path, "own", "own")
    with pytest.raises(DataError, match=r"no field 'text'.*it has body;.*reality\.files"):
        read_corpus(tmp_path)
    assert documents(tmp_path, files=["*.txt"]) == {"train": ["own"]}


@pytest.mark.parametrize("name", ["a.html", "a.xml", "a.pdf", "a.docx", "a.zip", "a.tar.gz"])
def test_a_named_file_with_other_syntax_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"<p>text</p>")
    with pytest.raises(DataError, match="it would be read with its syntax"):
        read_corpus(tmp_path / name)


def test_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(DataError, match="is a pipe; expected a regular file"):
        read_corpus(tmp_path / "pipe.jsonl")
    with pytest.raises(DataError, match="is a device; expected a regular file"):
        read_corpus(os.devnull)


def test_two_frames_and_a_cut_of_zstandard(tmp_path):
    file = tmp_path / "a.txt.zst"
    packed = PACKED[".zst"](b"first ") + PACKED[".zst"](b"second")
    file.write_bytes(packed)
    assert documents(file) == {"train": ["first second"]}
    for cut in (len(packed) - 1, 5):
        file.write_bytes(packed[:cut])
        with pytest.raises(DataError, match="truncated or damaged"):
            read_corpus(file)


def test_text_that_is_not_utf8_in_parquet_has_its_row(tmp_path):
    offsets = pa.py_buffer(b"".join(i.to_bytes(4, "little") for i in (0, 2, 4)))
    bad = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ok\xff\xfe")])
    pa.parquet.write_table(pa.table({"text": bad}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 2: text holds byte 0xff, which is not UTF-8"):
        read_corpus(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b'text\n"open', "line 2: no table .*close its quotes"),
        ("a.csv", b"id,text\n1,a,b\n", "line 2 ends a row of 3 cells; the header has 2"),
        ("a.csv", b"text,text\na,b\n", "names text twice"),
        ("a.csv", b"", "no field 'text'"),
        ("a.csv", b"text\na\0b\n", "0x00, which is not UTF-8 text"),
        ("a.json", b'[{"text": "a"}, 5]', "row 2: is int"),
        ("a.jsonl", b'{"text": "a", "text": "b"}', "line 1: two values of the field 'text'; give"),
        ("a.json", b'[{"text": "a"}, {"text": "b", "m": {"x": 1, "x": 2}}]', "row 2: two .* 'x'"),
        ("a.json", b'{"text": "a", "text": "b"}', "two values of the field 'text'"),
        ("a.json", b'{"n": 1, "rows": [{"text": "a"}]}', "rows in its field rows to a file of"),
        ("a.json", b'{"text": ["a"], "id": [1, 2]}', "columns of .* expected equally many"),
        ("a.txt", b"\x1f\x8b\x08\0 packed", "packed by gzip, and should end in .gz"),
        ("a.txt", b"%PDF-1.7\n\xe2\xe3", "a PDF; take the text out of it"),
    ],
)
def test_damaged_rows_are_refused_in_one_line(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says) as refused:
        read_corpus(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_field_that_stands_twice_with_one_value_is_one(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a: \\"b\\": c", "text": "a: \\"b\\": c"}\n' * 2)
    assert documents(tmp_path) == {"train": ['a: "b": c'] * 2}


def test_cells_may_be_longer_than_pythons_own_limit(tmp_path):
    (tmp_path / "a.csv").write_text(f'text\n"{"x" * 200_000}"\n')
    assert [len(text) for text in documents(tmp_path)["train"]] == [200_000]


def test_rows_of_json_are_not_read_as_prose(tmp_path):
    for name in ("a.txt", "a.data"):
        (tmp_path / name).write_text('{"text": "a"}\n{"text": "b"}\n')
        with pytest.raises(DataError, match=r"looks like rows of JSON.*rename it to \.jsonl"):
            read_corpus(tmp_path / name)
        (tmp_path / name).write_text('{"an example": 1}\nand prose about it\n{"text": \n')
        assert len(documents(tmp_path / name)["train"]) == 1


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("README.md", True),
        ("readme.txt", True),
        ("README_de.md", True),
        ("README.de.md.gz", True),
        ("LICENSE-MIT.txt", True),
        ("NOTICE.txt", True),
        ("requirements.txt", True),
        ("robots.txt", True),
        ("notice of sale.txt", False),
        ("notice-of-sale.txt", False),
        ("authors I knew.md", False),
        ("license to read.txt", False),
        ("readmethod.txt", False),
    ],
)
def test_titles_that_begin_like_a_readme_are_documents(tmp_path, name, about):
    (tmp_path / name).write_bytes(PACKED[".gz" if name.endswith(".gz") else ""](b"that"))
    write_prose(tmp_path, "text", "this")
    assert len(documents(tmp_path)["train"]) == 2 - about


def test_many_reasons_are_told_in_short(tmp_path):
    write_prose(tmp_path, "own", "own")
    for i in range(12):
        write_prose(tmp_path, f"x{i}", "no", f".s{i:02}")
    summary = read_corpus(tmp_path).inventory.summary()
    assert summary.endswith("left out x3.s03 (.s03 is not read); left out 6 more for other reasons")


def test_files_of_another_suffix_are_read_where_it_is_named(tmp_path):
    """A folder of code: its suffix says that it is text, '*' does not say that of a picture."""
    for name in ("a.py", "b/c.py", "d.png", "e.txt", "f.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"text of {name}")
    assert documents(tmp_path) == {"train": ["text of e.txt"]}
    assert documents(tmp_path, files=["*.py"]) == {"train": ["text of a.py", "text of b/c.py"]}
    assert documents(tmp_path, files=["*"]) == {"train": ["text of e.txt"]}
    with pytest.raises(DataError, match=r"holds none of .* that matches \*.html"):
        documents(tmp_path, files=["*.html"])
    (tmp_path / "e.txt").unlink()
    with pytest.raises(DataError, match=r"a.py: .py is not read.*name their suffix.*'\*.py'"):
        documents(tmp_path)


LEFT = {
    "whole": ("run.json", "provenance.jsonl", "blocks/0000/metrics.jsonl"),
    "without its blocks": ("run.json", "provenance.jsonl", "theory.json"),
    "without its header": ("provenance.jsonl", "blocks/0000/metrics.jsonl"),
    "without its provenance": ("run.json", "blocks/0000/metrics.jsonl"),
    "blocks alone": ("blocks/0000/metrics.jsonl", "blocks/0000/manifest.json"),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_left_of_a_run_is_no_text(tmp_path, what):
    (tmp_path / "mine.jsonl").write_text('{"text": "mine"}\n')
    # One name of a run alone is somebody's own.
    (tmp_path / "run.json").write_text('[{"text": "also mine"}]')
    for name in LEFT[what]:
        (tmp_path / "runs/a" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "runs/a" / name).write_text('{"text": "a run"}\n')
    assert sorted(documents(tmp_path)["train"]) == ["also mine", "mine"]
    assert "a run of genloss" in left_out(tmp_path).values()
