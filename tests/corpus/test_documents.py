"""Documents: what is read, from which files, and what is refused with which words."""

import bz2
import gzip
import json
import lzma

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genloss.corpus.document import Document
from genloss.corpus.documents import content_hash, cut, digest, embedded
from genloss.corpus.hub import hub_rows
from genloss.corpus.reading import read_corpus
from genloss.errors import DataError


def read_documents(path, *options, **more) -> tuple[list[Document], int]:
    reading = read_corpus(path, *options, **more)
    return reading.documents["train"], reading.empty


def texts(path, **options) -> list[str]:
    return [d.text for d in read_documents(path, **options)[0]]


def json_lines(*rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_a_plain_file_is_one_document(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffGrüße,\r\n\r\n世界 ☃\n".encode())
    assert texts(file) == ["Grüße,\n\n世界 ☃\n"]
    assert texts(file) == texts(str(file))


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip), (".xz", lzma), (".bz2", bz2)])
def test_compressed_files(tmp_path, suffix, pack):
    (tmp_path / f"a.txt{suffix}").write_bytes(pack.compress("plain é\n".encode()))
    content = json_lines({"text": "one"}, {"text": "two"})
    (tmp_path / f"a.jsonl{suffix}").write_bytes(pack.compress(content))
    assert texts(tmp_path / f"a.txt{suffix}") == ["plain é\n"]
    assert texts(tmp_path / f"a.jsonl{suffix}") == ["one", "two"]


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path):
    for name in ("b.txt", "a/z.md", "a/y.txt", ".git/x.txt", "a/.hidden.txt", "a/code.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert texts(tmp_path) == ["a/y.txt", "a/z.md", "b.txt"]


def test_rows_and_prose_are_read_and_what_is_about_them_is_not(tmp_path):
    (tmp_path / "README.md").write_text("about this data set")
    (tmp_path / "a.jsonl").write_bytes(json_lines({"text": "row"}))
    (tmp_path / "c.txt").write_text("prose")
    pq.write_table(pa.table({"text": ["first", "second"]}), tmp_path / "b.parquet")
    assert texts(tmp_path) == ["row", "first", "second", "prose"]


def test_parquet_and_json_take_the_named_field(tmp_path):
    table = pa.table({"body": ["one", None, "  ", "two"], "n": [1, 2, 3, 4]})
    pq.write_table(table, tmp_path / "a.parquet")
    documents, empty = read_documents(tmp_path / "a.parquet", text_field="body")
    assert [d.text for d in documents] == ["one", "two"]
    assert [d.source[-5:] for d in documents] == ["row 1", "row 4"]
    assert empty == 2
    (tmp_path / "a.jsonl").write_bytes(json_lines({"body": "one"}, {"body": None}, {"body": "two"}))
    documents, empty = read_documents(tmp_path / "a.jsonl", text_field="body")
    assert [d.source[-6:] for d in documents] == ["line 1", "line 3"]
    assert empty == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", "fine\nalso\ncaf\xe9 au lait".encode("latin-1"), "line 3, byte 4 is 0xe9"),
        ("a.txt", "fine\ncaf\xe9".encode("latin-1"), "iconv -f CP1252 -t UTF-8"),
        ("a.txt", "wide".encode("utf-16"), "UTF-16"),
        ("a.txt", b"", "holds no text"),
        ("a.txt", b" \n\t\n", "1 empty"),
        ("a.jsonl", json_lines({"text": "a"}) + b'{"text": "\xe9"}', "line 2, byte 11 is 0xe9"),
        ("a.jsonl", json_lines({"text": "a"}) + b'{"text": ', "line 2: not JSON"),
        ("a.jsonl", json_lines({"text": "a"}, ["b"]), "line 2: is list"),
        ("a.jsonl", json_lines({"Text": "a", "id": 1}), "did you mean 'Text'.*it has Text, id"),
        ("a.jsonl", json_lines({"text": 5}), "line 1: text is int; expected text"),
        ("a.jsonl", b"[" * 100_000, "line 1: not JSON"),
        ("a.jsonl", b'{"n": ' + b"1" * 5000 + b"}", "line 1: not JSON"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "\\ud800"}', r"line 2: character 1 is '\\ud800'"),
        ("a.jsonl", b'{"text": "broken \\ud800 x"}', "character 8 .*after 'broken '; .*remove it"),
        ("a.txt", "a\nwide".encode("utf-16-le"), "line 1, byte 2 is 0x00.*iconv -f UTF-16LE"),
        ("a.arrow", b"no stream", "no whole stream of Arrow"),
        ("a/b.xlsx", b"text", r"1 visible files \(b.xlsx: .xlsx is not read\); name their suffix"),
        ("a.csv", b"id,body\n1,x", r"no field 'text'.*it has id, body"),
        ("a.jsonl", b"", "holds no text"),
        ("a.jsonl.xz", b"no archive", "truncated or damaged"),
        ("a.txt.gz", gzip.compress(b"x" * 99, mtime=0)[:20], "truncated or damaged"),
        ("a.parquet", b"PAR1 not really", "no whole Parquet file"),
        ("a/code.py", b"x = 1", "holds none of .txt, .text, .md, .*.parquet"),
    ],
)
def test_bad_files_say_where_and_what_to_do(tmp_path, name, content, says):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_documents(file if file.parent == tmp_path else file.parent)


def test_parquet_without_the_column_or_with_numbers(tmp_path):
    pq.write_table(pa.table({"texts": ["a"], "n": [1]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"no field 'text' \(did you mean 'texts'\?\)"):
        read_documents(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 1: n is int"):
        read_documents(tmp_path / "a.parquet", text_field="n")


@pytest.mark.slow
def test_a_data_set_saved_to_disk_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    table = pa.table({"id": [1, 2, 3], "text": ["one", None, "two"]})
    datasets.Dataset(table).save_to_disk(tmp_path)
    documents, empty = read_documents(tmp_path)
    assert ([d.text for d in documents], empty) == (["one", "two"], 1)
    assert documents[1].source.endswith("arrow: row 3")
    assert [d.text for d in hub_rows(str(tmp_path), "", "train", "", "text", 0)] == [
        "one",
        "",
        "two",
    ]
    with pytest.raises(DataError, match=r"no field 'body'.*it has id, text"):
        read_documents(tmp_path, text_field="body")


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match="missing: No such file or directory; check the path"):
        read_corpus(tmp_path / "missing")


ARTICLES = [
    " = First = \n",
    "\n",
    " Text of it with a formula k \n",
    " = 3 and so on = \n",
    " and more . \n",
    "\n",
    " = = Section = = \n",
    "\n",
    " More . \n",
    "\n",
    " = Second , with = inside = \n",
    "\n",
    " Other text . \n",
]


@pytest.mark.parametrize("rows", [ARTICLES, ["".join(ARTICLES)], [a[:-1] for a in ARTICLES]])
def test_wikitext_articles_begin_at_their_headings(rows):
    """Rows or one text, with line ends or without: the same articles; the formula is no heading."""
    found = [d.text for d in cut([Document(row, "x") for row in rows], "wikitext")]
    assert [text.count("\n") for text in found] == [6, 2][: len(found)]
    assert found[0].startswith(" = First = \n Text of it")
    assert found[1] == " = Second , with = inside = \n Other text . \n"
    assert "".join(found) == "".join(line for line in ARTICLES if line.strip())


def test_wikitext_without_blank_lines_goes_by_every_heading():
    dense = [Document("".join(a for a in ARTICLES if a.strip()), "x")]
    assert [d.text.split("\n")[0] for d in cut(dense, "wikitext")] == [
        " = First = ",
        " = 3 and so on = ",
        " = Second , with = inside = ",
    ]


def test_text_that_is_no_wikitext(tmp_path):
    (tmp_path / "a.txt").write_text("= no heading =\ntext")
    with pytest.raises(DataError, match="begins an article"):
        read_documents(tmp_path / "a.txt", "wikitext")


@pytest.mark.parametrize("gap", ["\n\n", "\n"])
def test_pieces_are_cut_at_gaps_and_lose_nothing_else(gap):
    paragraphs = [f"Paragraph {i} " + "word " * (37 * i % 90) for i in range(400)]
    whole = gap.join(paragraphs)
    found = [d.text for d in cut([Document(whole, "book")], "pieces")]
    assert gap.join(found) == whole
    assert len(found) > 5
    assert all(8000 - 400 < len(piece) < 8000 + 600 for piece in found[:-1])
    assert len({d.source for d in cut([Document(whole, "book")], "pieces")}) == len(found)


@pytest.mark.slow
def test_embedded_topics_do_not_stand_in_each_other():
    """An independent count with sets of words: no topic shares half of its rows of five words."""
    documents = embedded()
    sets = [shingles(d.text) for d in documents]
    assert len(documents) > 40
    assert sum(len(d.text) for d in documents) > 300_000
    for i, mine in enumerate(sets):
        for other in sets[:i] + sets[i + 1 :]:
            if len(other) >= len(mine):
                assert len(mine & other) < 0.5 * len(mine), documents[i].source


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + 5]) for i in range(max(len(words) - 4, 1))}


def test_hashes_cover_texts_and_boundaries_but_not_sources():
    one, two = Document("ab", "here"), Document("c", "here")
    assert digest([one, two]) == digest([Document("ab", "there"), Document("c", "there")])
    assert digest([one, two]) != digest([Document("abc", "here")])
    assert digest([one, two]) != digest([two, one])
    assert content_hash("a", "s") != content_hash("a")
