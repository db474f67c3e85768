"""Labels of other sets: taken where they are clear, and else said not to be."""

import json

import pytest

from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap, with_flags
from genloss.corpus.record.reading import read_records


def read(tmp_path, row, *flags, name="rows.jsonl"):
    """Return the record of a row, and what was put aside about it."""
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"text": "a text of some words", **row}) + "\n")
    aside = Aside()
    [record] = read_records([tmp_path], with_flags(FieldMap(), flags, ()), aside)
    return record, aside


@pytest.mark.parametrize(
    ("row", "origin"),
    [
        ({"generated": 1}, "machine"),
        ({"generated": 0.0}, "human"),
        ({"ai_generated": "1.0"}, "machine"),
        ({"is_human": True}, "human"),
        ({"is_human": 0}, "machine"),
        ({"origin": "Human_Written"}, "human"),
        ({"synthetic": "yes"}, "machine"),
    ],
)
def test_clear_labels_are_taken(tmp_path, row, origin):
    record, aside = read(tmp_path, row)
    assert record.origin == origin
    assert not aside.doubts


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"label": 1}, "synthetic or human=label"),
        ({"label": "ai"}, "origin or generator=label"),
        ({"model": "human"}, "origin or generator=model"),
        ({"origin": "Reuters"}, "--field generator=origin"),
    ],
)
def test_labels_that_may_tell_are_said_not_to_be_taken(tmp_path, row, words):
    record, aside = read(tmp_path, row)
    assert (record.origin, record.evidence) == ("unknown", ())
    assert aside.doubts.total() == 1
    assert words in aside.first[0].reason


@pytest.mark.parametrize("row", [{"label": 3}, {"label": "sports"}, {"topic": "fake"}, {"n": 1}])
def test_other_fields_raise_no_doubt(tmp_path, row):
    assert not read(tmp_path, row)[1].doubts


def test_one_of_a_field_of_another_name_is_nobody_until_it_is_said(tmp_path):
    """MAGE's 1 is a person's text, others' 1 a machine's."""
    record, aside = read(tmp_path, {"label": 1}, "origin=label")
    assert (record.origin, record.attributes["origin_as_given"]) == ("unknown", "1")
    assert "--field human=label" in aside.first[0].reason
    assert read(tmp_path, {"label": 1}, "human=label")[0].origin == "human"
    assert read(tmp_path, {"label": 1}, "synthetic=label")[0].origin == "machine"


def test_origin_none_says_nothing_of_people(tmp_path):
    assert read(tmp_path, {"origin": "none"})[0].origin == "unknown"
    assert read(tmp_path, {"generator": "none"})[0].origin == "human"


def test_other_values_of_such_fields_stay_attributes(tmp_path):
    record, aside = read(tmp_path, {"generated": "2024-01-02", "human": "Ada"})
    assert record.attributes == {"generated": "2024-01-02", "human": "Ada"}
    assert not aside.doubts


@pytest.mark.parametrize("name", ["human/1.jsonl", "chatgpt.jsonl"])
def test_names_of_files_and_folders_are_said_not_to_be_taken(tmp_path, name):
    record, aside = read(tmp_path, {}, name=name)
    assert record.origin == "unknown"
    assert "--fix origin" in aside.first[0].reason
    (tmp_path / name).unlink()
    assert not read(tmp_path, {"origin": "human"}, name=name)[1].doubts


def test_an_attribute_does_not_stand_for_an_origin(tmp_path):
    """A field that was mapped away may not pass a rule for people."""
    record, _ = read(tmp_path, {"origin": "human", "by": "machine", "id": "7"}, "origin=by")
    assert record.attributes["origin"] == "human"
    assert record.key("origin") == "machine"
    assert record.key("id") == record.id


def test_zeros_are_kept_and_missing_numbers_are_none(tmp_path):
    (tmp_path / "map.toml").write_text('attributes = ["score", "rank", "gone"]')
    row = {"score": 0.0, "rank": 0, "gone": float("nan"), "year": float("nan")}
    fields = FieldMap(attributes=("score", "rank", "gone"))
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": "a text", **row}) + "\n")
    [record] = read_records([tmp_path / "rows.jsonl"], fields)
    assert record.attributes == {"score": 0.0, "rank": 0}
    assert record.claimed is None
    record, aside = read(tmp_path, row)
    assert record.attributes == {"score": 0.0, "rank": 0}
    assert not aside.doubts


def test_half_a_character_in_any_field_is_told_before_it_is_written(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "one", "title": "\\ud800"}\n{"text": "two"}\n')
    aside = Aside()
    assert [r.text for r in read_records([tmp_path / "rows.jsonl"], None, aside)] == ["two"]
    assert aside.left_out == {"not Unicode": 1}


def test_a_source_may_be_the_label_and_the_text_is_no_other_field(tmp_path):
    record, aside = read(tmp_path, {"source": "Human"})
    assert (record.source, record.origin) == ("Human", "unknown")
    assert "=source" in aside.first[0].reason
    (tmp_path / "rows.jsonl").write_text(json.dumps({"generation": "a text by a model"}) + "\n")
    aside = Aside()
    [record] = read_records([tmp_path], with_flags(FieldMap(), ["text=generation"], ()), aside)
    assert (record.depth, aside.doubts.total()) == (None, 0)
