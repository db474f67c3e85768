"""Beside the library datasets and pandas: the same documents in the same splits."""

import random

import pandas as pd
import pytest

from genloss.corpus.reading import read_corpus

from .written import write_prose, write_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    cache = str(tmp_path_factory.mktemp("cache"))

    def loaded(folder) -> dict[str, list[str]]:
        found = datasets.load_dataset(str(folder), cache_dir=cache)
        return {split: sorted(rows["text"]) for split, rows in found.items()}

    return loaded


def ours(folder) -> dict[str, list[str]]:
    return {s: sorted(d.text for d in ds) for s, ds in read_corpus(folder).documents.items()}


NAMES = [
    {"train": "train", "test": "test"},
    {"train": "training_1", "validation": "dev_1", "test": "eval_1"},
    {"train": "data/train-00000-of-00001", "validation": "data/validation-00000-of-00001"},
    {"train": "train/a", "validation": "valid/a", "test": "testing/a"},
    {"train": "my.train.x", "test": "my.test.x"},
    {"train": "part-of-it"},
]
WAYS = ["lines.jsonl", "array.json", "comma.csv", "rows.parquet"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("names", NAMES, ids=[str(i) for i in range(len(NAMES))])
def test_a_folder_is_what_datasets_reads(load, tmp_path, names, way):
    write_prose(tmp_path, "README", "# about", ".md")
    for split, name in names.items():
        write_rows(tmp_path, name, [f'{split} {i}, "é"\n\nx' for i in range(4)], way)
    assert ours(tmp_path) == load(tmp_path)


def test_a_saved_and_mapped_data_set_is_what_datasets_reads(tmp_path):
    datasets = pytest.importorskip("datasets")
    texts = [f"text {i}" for i in range(30)]
    whole = datasets.DatasetDict(
        train=datasets.Dataset.from_dict({"text": texts[:20]}),
        test=datasets.Dataset.from_dict({"text": texts[20:]}),
    )
    whole.save_to_disk(str(tmp_path / "dict"))
    whole["train"].save_to_disk(str(tmp_path / "one"), num_shards=3)
    again = datasets.load_from_disk(str(tmp_path / "one"))
    again.map(lambda row: {"text": row["text"].upper()})
    again.select(range(3)).save_to_disk(str(tmp_path / "few"))
    assert any(f.name.startswith("cache-") for f in (tmp_path / "one").iterdir())
    assert ours(tmp_path / "one") == {"train": sorted(texts[:20])}
    assert ours(tmp_path / "few") == {"train": sorted(texts[:3])}
    assert ours(tmp_path / "dict") == {"train": sorted(texts[:20]), "test": sorted(texts[20:])}


@pytest.mark.parametrize("seed", range(20))
def test_tables_of_text_are_what_pandas_reads(tmp_path, seed):
    pick = random.Random(seed)
    signs = ["a", '"', ",", ";", "\n", "\t", " ", "é", "'", "NA", "\r\n", "0"]
    texts = ["".join(pick.choices(signs, k=pick.randint(1, 9))) for _ in range(20)]
    frame = pd.DataFrame({"n": range(20), "text": texts, "other": texts[::-1]})
    separator = pick.choice(",;\t|")
    suffix = ".tsv" if separator == "\t" else ".csv"
    frame.to_csv(tmp_path / f"a{suffix}", sep=separator, index=False, quoting=pick.choice((0, 1)))
    theirs = pd.read_csv(tmp_path / f"a{suffix}", sep=separator, dtype=str, keep_default_na=False)[
        "text"
    ]
    expected = [text for text in theirs if text.strip()]
    assert [d.text for d in read_corpus(tmp_path).documents["train"]] == expected
