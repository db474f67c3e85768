"""Splits that rows say themselves, and parts of data sets that names imply."""

import json

import pandas as pd
import pytest

from genloss.corpus.reading import read_corpus, read_part

from .written import write_rows


def documents(path, **options) -> dict[str, list[str]]:
    read = read_corpus(path, **options).documents
    return {split: [d.text for d in found] for split, found in read.items()}


def left_out(path, **options) -> dict[str, str]:
    return {e.name: e.why for e in read_corpus(path, **options).inventory.entries if not e.split}


def some(n: int, key: str = "x") -> list[str]:
    return [f'{key} {i}, "said" é;\tand\nmore' for i in range(n)]


@pytest.mark.parametrize("way", [".jsonl", ".csv", ".parquet"])
def test_rows_that_say_their_split_are_read_into_it(tmp_path, way):
    texts, splits = some(6), ["train", "test", "train", "Validation", "train", "dev"]
    frame = pd.DataFrame({"text": texts, "split": splits})
    file = tmp_path / f"all{way}"
    if way == ".jsonl":
        frame.to_json(file, orient="records", lines=True)
    else:
        frame.to_csv(file) if way == ".csv" else frame.to_parquet(file)
    parts = {"train": texts[::2], "test": texts[1:2], "validation": texts[3::2]}
    assert documents(tmp_path) == parts
    assert read_corpus(tmp_path).by_rows == "by their field split: 3 train, 1 test, 2 validation"
    assert documents(tmp_path, named_splits="ignore") == {"train": texts}
    assert documents(tmp_path, elsewhere=["test"]) == {k: parts[k] for k in ("train", "validation")}
    found, _, there = read_part(tmp_path, "test")
    assert [d.text for d in found] == parts["test"]
    assert there.summary() == f"1 {way} read"


@pytest.mark.parametrize(
    "splits",
    [
        ["train", None, "test"],
        ["test", "test", "test"],
        ["train", "fold 3", "test"],
        ["banana", "cream", "lengthwise"],
    ],
)
def test_a_field_that_tells_no_splits_is_a_field(tmp_path, splits):
    rows = [{"text": f"text {i}", "split": split} for i, split in enumerate(splits)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert documents(tmp_path) == {"train": ["text 0", "text 1", "text 2"]}
    # A text may have that name.
    assert len(documents(tmp_path, text_field="text")["train"]) == 3


def test_parts_that_names_imply_and_are_not_there_are_told(tmp_path):
    for name in ("train-00001-of-00003", "train-00002-of-00003", "test-00000-of-00001"):
        write_rows(tmp_path, f"data/{name}", some(2, name), "lines.jsonl")
    assert left_out(tmp_path) == {
        "data/train-00000-of-00003.jsonl": "not there, by the numbers in the names of the others"
    }
    assert left_out(tmp_path, files=["data/*"]) == {}
    write_rows(tmp_path, "data/train-00000-of-00003", some(2), "lines.jsonl")
    assert left_out(tmp_path) == {}
