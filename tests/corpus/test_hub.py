"""Data sets of the hub: streamed, and no further than is asked for."""

import json

import pytest

from genloss.corpus.hub import hub_rows
from genloss.errors import DataError
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
