"""Data sets of the hub: streamed no further than is asked for, or read from its cache by name."""

import json
import sys
from pathlib import Path

import pytest

from genloss.corpus.hub import beside, hub_corpus, hub_rows, with_revision
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.pieces import records_of_pieces, shards_of
from genloss.corpus.record.reading import located, read_records
from genloss.errors import DataError, MissingExtra
from genloss.realities.hub_texts import HubTexts

WRONG = "{this is no JSON\n"


@pytest.fixture
def folder(tmp_path):
    """A data set of two files, the second of which cannot be read."""
    rows = [{"text": f"row {i}"} for i in range(3)]
    (tmp_path / "train-0.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "train-1.jsonl").write_text(WRONG)
    return str(tmp_path)


@pytest.mark.parametrize("limit", [1, 3])
def test_a_limit_reads_no_further(folder, limit):
    found = [d.text for d in hub_rows(folder, "", "train", "", "text", limit)]
    assert found == [f"row {i}" for i in range(limit)]


def test_rows_come_before_the_whole_is_read(folder):
    rows = hub_rows(folder, "", "train", "", "text", 0)
    assert [next(rows).text for _ in range(3)] == ["row 0", "row 1", "row 2"]
    with pytest.raises(DataError, match=r"split train: cannot be read"):
        next(rows)


def test_the_default_is_the_paper_s_text_cut_into_its_articles():
    text = HubTexts()
    assert (text.name, text.config) == ("Salesforce/wikitext", "wikitext-2-raw-v1")
    assert (text.documents, text.block) == ("wikitext", 64)
    splits = (text.train_split, text.validation_split, text.test_split)
    assert splits == ("train", "validation", "test")


REVISION = "0123456789abcdef0123456789abcdef01234567"
CARD = "---\nlicense: cc-by-4.0\ntags:\n- synthetic\n---\nA data set.\n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache as huggingface_hub lays it out, with one data set, and no network."""
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    hub_corpus.cache_clear()
    place = tmp_path / "cache" / "datasets--org--name"
    content = {"README.md": CARD, "en/train-0.jsonl": '{"text": "one"}\n{"text": "two"}\n'}
    content |= {"de/train.csv": "text\ndrei\n", "picture.png": "no", "refs/main": REVISION}
    for name, text in content.items():
        if name.startswith("refs/"):
            file = place / name
        else:
            file = place / "blobs" / str(len(text))
            link = place / "snapshots" / REVISION / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    yield tmp_path
    hub_corpus.cache_clear()


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("hub:org/name", ["drei", "one", "two"]),
        ("hub:org/name/en", ["one", "two"]),
        (f"hub:org/name@{REVISION}", ["drei", "one", "two"]),
        ("hub:org/name@main/de/train.csv", ["drei"]),
    ],
)
def test_a_data_set_is_read_by_its_name_and_its_card_speaks_for_it(cache, name, texts):
    records = list(read_records([Path(name)]))
    assert [r.text for r in records] == texts
    assert {(r.origin, r.licence) for r in records} == {("machine", "CC-BY-4.0")}
    assert with_revision(Path(name)) == f"{name} (revision {REVISION})"
    shards = shards_of(located([Path(name)], Aside()), 1)
    pieces = [r for s in shards for r in records_of_pieces(s, FieldMap(), Aside())]
    assert pieces == records


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("hub:org/other", r"org/other: not to be had from the hub .*offline, give a local folder"),
        ("hub:org/name/fr", "holds no file of it that is read; .*refs/convert/parquet"),
        ("hub:name", "no name of a data set; expected hub:ORG/NAME"),
        ("hub:org/na me", "not to be had from the hub"),
    ],
)
def test_a_data_set_that_cannot_be_had_is_one_line_that_says_what_to_do(cache, name, says):
    with pytest.raises(DataError, match=says) as refused:
        list(read_records([Path(name)]))
    assert "\n" not in str(refused.value)


def test_without_huggingface_hub_the_extra_is_named(cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genloss\[text\]'"):
        list(read_records([Path("hub:org/name")]))


def test_a_name_in_a_mixture_does_not_count_from_its_folder(cache):
    folder = cache / "spec"
    assert beside(folder, Path("hub:org/name")) == Path("hub:org/name")
    assert beside(folder, Path("own")) == folder / "own"
