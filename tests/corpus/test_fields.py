"""The text of a row: a column, a dotted path, messages; and what is refused."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genloss.corpus.readers.fields import text_in
from genloss.corpus.readers.rows import rows_of
from genloss.corpus.reading import read_corpus
from genloss.errors import DataError


def messages(*contents) -> list[dict]:
    return [{"role": "user", "content": content} for content in contents]


ROWS = [
    ("text", {"text": "a"}, "a"),
    ("text", {"text": None, "id": 1}, ""),
    ("a.b", {"a": {"b": "deep"}}, "deep"),
    ("a.b", {"a.b": "literal", "a": {"b": "deep"}}, "literal"),
    ("a.b", {"a": None}, ""),
    ("a.b.c", {"a": [{"b": {"c": "x"}}, {"b": {"c": "y"}}, {"b": None}]}, "x\n\ny"),
    ("m.content", {"m": messages("ask", "tell")}, "ask\n\ntell"),
    ("m", {"m": messages("ask", None, "tell")}, "ask\n\ntell"),
    ("m", {"m": []}, ""),
    (
        "m",
        {"m": [{"from": "human", "value": "ask"}, {"from": "gpt", "value": "tell"}]},
        "ask\n\ntell",
    ),
    (
        "m",
        {"m": messages([{"type": "text", "text": "see"}, {"type": "image", "url": "x"}], "yes")},
        "see\n\nyes",
    ),
]


@pytest.mark.parametrize(("field", "row", "text"), ROWS)
def test_the_text_of_a_row(field, row, text):
    assert text_in(row, field, "here") == text


@pytest.mark.parametrize(
    ("field", "row", "says"),
    [
        ("text", {"body": "a"}, r"here: no field 'text'; it has body"),
        ("a.b", {"a": {"c": 1}}, "no field 'b' on the way of 'a.b'; it has c"),
        ("a.b", {"a": "plain"}, "b of a.b is str; expected a table of fields before the dot"),
        ("a.b", {"a": {"b": 5}}, r"a\.b is int; expected text"),
        ("m", {"m": messages(5)}, "a message of m is int; expected text"),
        ("m", {"m": [{"role": "user"}]}, "a message of m is NoneType; expected text"),
        ("m", {"m": ["one", "two"]}, "m is list; expected text"),
    ],
)
def test_rows_without_such_a_text_are_refused(field, row, says):
    with pytest.raises(DataError, match=says):
        text_in(row, field, "here")


@pytest.mark.parametrize("name", ["messages", "conversations"])
def test_a_chat_is_read_without_being_named(tmp_path, name):
    rows = [{name: messages("one", "two")}, {name: messages("three")}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    read = read_corpus(tmp_path, files=["*"]).documents["train"]
    assert [d.text for d in read] == ["one\n\ntwo", "three"] * 2
    read = read_corpus(tmp_path / "b.parquet", text_field=f"{name}.content").documents["train"]
    assert [d.text for d in read] == ["one\n\ntwo", "three"]
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "x", name: messages("y")}))
    assert [d.text for d in read_corpus(tmp_path / "a.jsonl").documents["train"]] == ["x"]


def test_one_field_serves_a_whole_file(tmp_path):
    rows = [{"messages": messages("one")}, {"text": "two"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match="line 2: no field 'messages'; it has text"):
        read_corpus(tmp_path)


@pytest.mark.parametrize("text", ["x,y\n1.5,2\n", ";a;b\n0;1;2\n", "2020,2021\n50.1,49.8\n"])
def test_a_table_of_numbers_is_told_where_numbers_go(tmp_path, text):
    file = tmp_path / "mine.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=r"no text.*kind = 'table_file', path = 'mine.csv'"):
        list(rows_of(file, "text"))
    with pytest.raises(DataError, match="no field 'body'"):
        list(rows_of(file, "body"))
    file.write_text("x,y\n1.5,words\n")
    with pytest.raises(DataError, match="no field 'text'"):
        list(rows_of(file, "text"))
