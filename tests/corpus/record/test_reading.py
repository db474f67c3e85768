"""Reading records: every sort of file, what is left aside, and never more memory than a line."""

import gzip
import io
import json
import lzma
import resource
import tracemalloc
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from tests.corpus.written import PACKED, ROWS, write_prose, write_rows

from genloss.corpus.readers import arrow_rows
from genloss.corpus.readers.found import THIRD
from genloss.corpus.record import reading
from genloss.corpus.record.aside import Aside, aside_in
from genloss.corpus.record.dated import Dated
from genloss.corpus.record.field_map import FieldMap, read_field_map, with_flags
from genloss.corpus.record.line import line_of
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Evidence, Generator, Record, id_of
from genloss.errors import DataError, SpecError

TEXTS = ["One text.", "Another text,\nof two lines.", "Ein dritter für später."]


def write_lines(file: Path, *rows) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def read(*paths, fields=None):
    aside = Aside()
    return list(read_records(paths, fields, aside)), aside


TABLES = (".parquet", ".arrow", ".feather")


@pytest.mark.parametrize(
    ("way", "packing"),
    # Tables are packed inside.
    [
        (way, packing)
        for way in ROWS
        for packing in PACKED
        if not (packing and way.endswith(TABLES))
    ],
)
def test_every_sort_of_rows_gives_the_same_records(tmp_path, way, packing):
    file = write_rows(tmp_path, "rows", TEXTS, way, packing)
    records, aside = read(file)
    assert [r.text for r in records] == TEXTS
    assert [r.id for r in records] == [id_of(t) for t in TEXTS]
    assert [str(r.attributes["id"]) for r in records] == ["0", "1", "2"]
    assert aside.summary() == ""


def test_a_folder_is_read_in_order_and_what_is_not_read_is_named(tmp_path):
    write_prose(tmp_path, "b/second", "Second.")
    write_prose(tmp_path, "a/first", "First.", packing=".gz")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "README.md").write_text("About the data.")
    (tmp_path / "d.txt").write_bytes("caf\xe9".encode("latin-1"))
    records, aside = read(tmp_path)
    assert [r.text for r in records] == ["First.", "Second."]
    assert [r.source for r in records] == ["first.txt.gz", "second.txt"]
    assert {Path(u.file).name for u in aside.first} == {"c.pdf", "README.md", "d.txt"}
    [unread] = [u for u in aside.first if u.file.endswith("d.txt")]
    assert "line 1, byte 4 is 0xe9" in unread.reason
    assert "Latin-1" in unread.reason


def test_bad_lines_go_aside_and_the_others_are_read(tmp_path):
    file = tmp_path / "rows.jsonl"
    lines = [
        b'{"text": "good"}',
        b"{not json",
        b'{"text": "caf\xe9"}',
        b"[1, 2]",
        b'{"body": "no text"}',
        b'{"text": "  "}',
        b'{"text": 7}',
        b'{"text": "\\ud800"}',
        b"",
        b'{"record": 1, "id": "sha256:0", "text": "x"}',
        b"[" * 100_000,
        b'{"text": "one", "text": "another"}',
        b'{"text": "odd", "n": %s, "date": %s, "depth": "%s"}'
        % (b"9" * 400, b"9" * 400, b"1" * 5000),
        b'{"text": "last", "n": {"x": 1}, "text": "last"}',
    ]
    file.write_bytes(b"\n".join(lines))
    records, aside = read(file)
    assert [r.text for r in records] == ["good", "odd", "last"]
    assert set(records[1].attributes) == {"claimed_as_given"}
    assert aside.doubts.total() == 2
    kinds = {u.line: u.kind for u in aside.first if u.line != 13}
    assert kinds == {
        2: "not JSON",
        3: "not UTF-8 text",
        4: "not a row",
        5: "no field of text",
        6: "no text",
        7: "no field of text",
        8: "not Unicode",
        10: "not a valid record",
        11: "not JSON",
        12: "two values",
    }
    assert str(aside.first[0]).startswith(f"{file}: line 2: not JSON")
    assert aside.left_out.total() == 10


def test_fields_are_guessed_mapped_and_fixed(tmp_path):
    row = {
        "text": "x",
        "url": "https://example.org/1",
        "date": "2019-05",
        "license": "cc-by-4.0",
        "origin": "model",
        "generator": "gpt2",
        "domain": "news",
        "n": 3,
        "long": "y" * 500,
        "meta": {"when": "2020"},
    }
    [record], aside = read(write_lines(tmp_path / "a.jsonl", row))
    assert record.source == "https://example.org/1"
    assert record.claimed == Dated(date(2019, 5, 1), date(2019, 5, 31), "claimed")
    assert (record.licence, record.origin) == ("CC-BY-4.0", "machine")
    assert record.evidence == (Evidence("declared", "machine", "field origin: model"),)
    assert record.generator == Generator("gpt2")
    assert record.attributes == {"domain": "news", "n": 3}
    table = tmp_path / "map.toml"
    table.write_text(
        'text = "text"\nattributes = ["n"]\n[fields]\nclaimed = "meta.when"\norigin = ""\n'
        'generator = ""\n[fixed]\norigin = "human"\n[grades]\nclaimed = "archive"\n'
    )
    fields = with_flags(read_field_map(table), ["source=domain"], ["licence=MIT"])
    [record], _ = read(tmp_path / "a.jsonl", fields=fields)
    assert record.claimed == Dated(date(2020, 1, 1), date(2020, 12, 31), "archive")
    assert (record.source, record.licence, record.origin) == ("news", "MIT", "human")
    assert (record.attributes, record.depth, record.generator) == ({"n": 3}, 0, None)
    assert aside.summary() == ""


def test_doubtful_fields_are_unknown_counted_and_kept_as_they_were(tmp_path):
    row = {"text": "x", "date": "spring", "license": "Free Stuff/3", "parents": ["p"], "depth": "x"}
    [record], aside = read(write_lines(tmp_path / "a.jsonl", row))
    assert (record.claimed, record.licence, record.parents, record.depth) == (None, "", (), None)
    assert record.attributes == {
        "claimed_as_given": "spring",
        "licence_as_given": "Free Stuff/3",
    }
    assert aside.left_out.total() == 0
    assert aside.doubts.total() == 4


def test_origins_that_contradict_each_other_are_unknown_with_both_kept(tmp_path):
    [record], _ = read(
        write_lines(tmp_path / "a.jsonl", {"text": "x", "origin": "human", "synthetic": True})
    )
    assert record.origin == "unknown"
    assert record.contradictory
    assert [e.says for e in record.evidence] == ["human", "machine"]


def test_an_edited_text_with_a_generator_is_no_contradiction(tmp_path):
    [record], _ = read(
        write_lines(tmp_path / "a.jsonl", {"text": "x", "origin": "mixed", "generator": "gpt-4"})
    )
    assert (record.origin, record.contradictory) == ("edited", False)


def test_records_are_taken_as_they_are(tmp_path):
    record = Record.of("x", licence="MIT", attributes={"group": "a"}, depth=2)
    file = tmp_path / "a.jsonl"
    file.write_text(line_of(record) + "\n")
    assert read(file)[0] == [record]


def test_the_aside_is_a_file_once_all_is_read(tmp_path):
    out = tmp_path / "aside.jsonl"
    file = write_lines(tmp_path / "a.jsonl", {"text": "x"}, 3)
    with aside_in(out) as aside:
        assert len(list(read_records([file], None, aside))) == 1
        assert not out.exists()
    [entry] = map(json.loads, out.read_text().splitlines())
    assert (entry["file"], entry["line"], entry["kind"]) == (str(file), 2, "not a row")
    other = tmp_path / "other.jsonl"
    with pytest.raises(DataError, match="no such file"), aside_in(other) as aside:
        list(read_records([tmp_path / "nothing"], None, aside))
    assert not list(tmp_path.glob("other*"))


@pytest.mark.slow
def test_a_line_of_gigabytes_is_left_aside_in_constant_memory(tmp_path, monkeypatch):
    """The same code path as with 10 GB: a line over the limit is never held as a whole."""
    monkeypatch.setattr("genloss.corpus.readers.bounded.LONGEST", 1 << 20)
    file = tmp_path / "zeros.jsonl.gz"
    with gzip.open(file, "wb", 1) as out:
        out.write(b'{"text": "before"}\n')
        for _ in range(200):
            out.write(bytes(1 << 20))
        out.write(b'\n{"text": "after"}\n')
    tracemalloc.start()
    records, aside = read(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [r.text for r in records] == ["before", "after"]
    assert [(u.line, u.kind) for u in aside.first] == [(2, "line too long")]
    assert peak < 12 << 20


@pytest.mark.slow
def test_a_bomb_is_left_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("genloss.corpus.readers.bounded.BOMB_SIZE", 1 << 20)
    file = tmp_path / "bomb.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"text": "a"}\n' + (b" " * 1023 + b"\n") * (32 << 10)))
    records, aside = read(file)
    assert [r.text for r in records] == ["a"]
    assert "over 250 times its size" in aside.first[0].reason


@pytest.mark.slow
def test_many_records_take_no_more_memory_than_few(tmp_path):
    file = tmp_path / "rows.jsonl"
    with file.open("w") as out:
        for i in range(20_000):
            out.write(json.dumps({"text": f"{i} " + "word " * 60}) + "\n")
    tracemalloc.start()
    count = sum(1 for _ in read_records([file]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, file.stat().st_size > 6_000_000) == (20_000, True)
    assert peak < 5 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[fields]\nlicense = 'x'", "did you mean 'licence'"),
        ("[fixed]\nparents = 'x'", "no field 'parents'"),
        ("[grades]\nclaimed = 'sworn'", "no grade 'sworn'"),
        ("fields = 3", "is int; expected a table"),
        ("colour = 3", "no field 'colour'"),
        ("[", "no map of fields"),
        ("text = 3", "text is 3; expected text"),
        ("[fields]\nclaimed = 3", "claimed is 3; expected text"),
        ("attributes = 'topic'", "attributes is 'topic'; expected a list"),
        ("me = [3]", r"me\[0\] is 3; expected text"),
        ("third_party = 'no'", "third_party is 'no'; expected true or false"),
    ],
)
def test_a_map_that_says_something_else_is_refused(tmp_path, table, message):
    file = tmp_path / "map.toml"
    file.write_text(table)
    with pytest.raises(SpecError, match=message):
        read_field_map(file)


def test_flags_without_a_field_are_refused():
    with pytest.raises(SpecError, match="no equals sign"):
        with_flags(FieldMap(), ["claimed"], [])
    assert reading.LINES[0] == ".jsonl"


@pytest.mark.slow
@pytest.mark.parametrize("packing", [".gz", ".xz"])
def test_lines_before_the_damage_of_a_packed_file_are_read(tmp_path, packing):
    """200 kB of lines that no other line is like, cut off in the last hundredth."""
    lines = [json.dumps({"text": f"line {i} {i * 7919 % 104729}"}) + "\n" for i in range(6000)]
    file = tmp_path / f"a.jsonl{packing}"
    with {".gz": gzip.open, ".xz": lzma.open}[packing](file, "wt") as out:
        out.writelines(lines)
    file.write_bytes(file.read_bytes()[: -file.stat().st_size // 100])
    records, aside = read(file)
    assert len(records) > 4000
    assert [r.text for r in records] == [json.loads(line)["text"] for line in lines[: len(records)]]
    assert "damaged" in aside.first[0].reason


def test_what_a_command_has_written_into_a_folder_is_no_input_of_it(tmp_path):
    write_lines(tmp_path / "a.jsonl", {"text": "one"})
    write_lines(tmp_path / "out.jsonl", {"text": "two"})
    (tmp_path / "work").mkdir()
    write_lines(tmp_path / "work" / "b.jsonl", {"text": "three"})
    aside = Aside()
    own = (tmp_path / "out.jsonl", tmp_path / "work")
    assert [r.text for r in read_records([tmp_path], None, aside, own)] == ["one"]
    assert aside.left_out == {"an output of this command": 2}
    # What is named is read, unless it would be written over.
    named = read_records([tmp_path / "work" / "b.jsonl"], None, Aside(), own)
    assert [r.text for r in named] == ["three"]
    with pytest.raises(DataError, match=r"out\.jsonl is read, and would be written over"):
        list(read_records([tmp_path / "out.jsonl"], None, Aside(), own))


@pytest.mark.slow
def test_long_rows_of_tables_are_decoded_few_at_a_time(tmp_path, monkeypatch):
    """200 rows of 100 kB, which are 20 MB: at 1 MB at once, the peak is a fifth at most.

    A batch of Arrow is in memory as a whole; its rows are not, too."""
    arrow, parquet = (pytest.importorskip(f"pyarrow{m}") for m in ("", ".parquet"))
    monkeypatch.setattr(arrow_rows, "AT_ONCE", 1 << 20)
    texts = [f"{i} " + "abcdefghi " * 10_000 for i in range(200)]
    parquet.write_table(arrow.table({"text": texts}), tmp_path / "a.parquet")
    with arrow.OSFile(str(tmp_path / "a.arrow"), "wb") as out:
        table = arrow.table({"text": texts})
        with arrow.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
    for name, most in (("a.parquet", 4e6), ("a.arrow", 24e6)):
        seen = 0
        tracemalloc.start()
        for record in read_records([tmp_path / name]):
            assert record.text == texts[seen]
            seen += 1
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == 200
        assert peak < most


@pytest.mark.slow
def test_a_small_text_is_opened_once(tmp_path, monkeypatch):
    """What it is and what it says are told from the same bytes."""
    chat = "[31/12/2023, 23:58:01] Ada: Hello\n[31/12/2023, 23:59:01] Bob: Hi\n"
    for i, text in enumerate(("one", "two\nlines\n", "\ufeffthree\r\n")):
        (tmp_path / f"{i}.txt").write_bytes(text.encode())
    opened = Counter()
    open_of = io.open

    def counted(file, *args, **kwargs):
        opened[Path(file).name] += 1
        return open_of(file, *args, **kwargs)

    monkeypatch.setattr("io.open", counted)
    records, aside = read(tmp_path)
    assert [r.text for r in records] == ["one", "two\nlines\n", "three\n"]
    assert opened == {"0.txt": 1, "1.txt": 1, "2.txt": 1}
    # A long one is told as well, and read a piece at a time.
    (tmp_path / "chat.txt").write_text(chat * 2000)
    records, aside = read(tmp_path / "chat.txt")
    assert aside.left_out == {THIRD: 4000}
