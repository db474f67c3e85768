"""Cards of others are evidence: what they say of machines and licences counts for their files."""

import json

import pytest

from genloss.corpus.record.reading import read_records

CARDS = {
    "tag": "---\nlicense: cc-by-4.0\ntags:\n- text\n- synthetic\n---\n# Data\n",
    "inline": "---\nlicense: cc-by-4.0\ntags: [text, 'synthetic']\n---\n",
    "DataDreamer": "---\ntags:\n- datadreamer\n- datadreamer-0.46.0\nlicense: cc-by-4.0\n---\n",
    "datatrove": "---\nlicense:\n- cc-by-4.0\n---\nGenerated using [datatrove](x) and a model.\n",
}


def read(folder, card, *rows):
    (folder / "data").mkdir()
    (folder / "README.md").write_text(card)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "data" / "rows.jsonl").write_text(lines)
    return list(read_records([folder]))


@pytest.mark.parametrize("card", CARDS)
def test_a_card_speaks_for_the_files_below_it(tmp_path, card):
    rows = {"text": "a"}, {"text": "b", "origin": "human"}, {"text": "c", "license": "MIT"}
    silent, human, licensed = read(tmp_path, CARDS[card], *rows)
    assert (silent.origin, silent.licence) == ("machine", "CC-BY-4.0")
    assert silent.evidence[0].detail.startswith("README.md: ")
    assert (human.origin, human.contradictory) == ("unknown", True)
    assert licensed.licence == "MIT"


@pytest.mark.parametrize("card", ["# Data\nsynthetic\n", "---\ntags:\n- photosynthetic\n---\n"])
def test_a_card_that_says_nothing_changes_nothing(tmp_path, card):
    [record] = read(tmp_path, card, {"text": "a"})
    assert (record.origin, record.evidence) == ("unknown", ())


def test_a_card_above_what_is_read_is_not_looked_for(tmp_path):
    read(tmp_path, CARDS["tag"], {"text": "a"})
    [record] = read_records([tmp_path / "data"])
    assert record.origin == "unknown"
