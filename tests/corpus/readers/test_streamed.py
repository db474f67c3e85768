"""Tables and arrays of JSON, piece by piece: what reading the whole gives, in constant memory.

The oracle reads the whole file by the standard library. Pieces of a few bytes put a boundary into
every token.
"""

import csv
import gzip
import io
import json
import random
import re
import tracemalloc

import pytest
from tests.corpus.test_damage import damaged

from genloss.corpus.readers import bounded
from genloss.corpus.readers.bounded import read_text, text_lines
from genloss.corpus.readers.csv_rows import cells
from genloss.corpus.readers.json_array import elements
from genloss.corpus.readers.json_rows import document
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.reading import read_records
from genloss.errors import DataError

MIB = 1 << 20


@pytest.fixture(params=[1, 5, 1000])
def small(request, monkeypatch):
    """Pieces of so many bytes."""
    monkeypatch.setattr(bounded, "CHUNK", request.param)
    return request.param


def some_value(pick: random.Random, depth: int = 0):
    kind = pick.randrange(9 if depth < 3 else 7)
    if kind == 7:
        return [some_value(pick, depth + 1) for _ in range(pick.randrange(4))]
    if kind == 8:
        return {some_text(pick): some_value(pick, depth + 1) for _ in range(pick.randrange(4))}
    return (None, True, -1.5e-300, 10**30, float("inf"), some_text(pick), some_text(pick))[kind]


def some_text(pick: random.Random) -> str:
    return "".join(pick.choices(["a", "é", "😀", '"', "\\", "\n", "]", "}", ",", " ", "["], k=5))


def some_array(pick: random.Random) -> str:
    rows = [{"text": some_text(pick), "v": some_value(pick)} for _ in range(pick.randrange(6))]
    rows += [some_value(pick)] * (pick.random() < 0.2)
    text = json.dumps(rows, indent=pick.choice([None, 1]), ensure_ascii=pick.random() < 0.5)
    return pick.choice(["", "\ufeff", " \n"]) + text + pick.choice(["", "\n \t", "\r\n"])


def read_until_refused(values) -> tuple[list, str]:
    found = []
    try:
        for value in values:
            found.append(value)
    except DataError as error:
        return found, str(error)
    return found, ""


def test_elements_are_those_of_the_whole_array(tmp_path, small):
    pick, file = random.Random(0), tmp_path / "a.json"
    for _ in range(150):
        file.write_text(some_array(pick), "utf-8")
        assert list(elements(file)) == json.loads(file.read_text("utf-8-sig"))


def test_damaged_arrays_are_refused_where_the_whole_is(tmp_path, small):
    pick, file = random.Random(0), tmp_path / "a.json"
    for _ in range(120):
        content = damaged(some_array(pick).encode(), pick)
        file.write_bytes(b"[" + content.lstrip(b"\xef\xbb\xbf \n\t")[1:])
        found, said = read_until_refused(elements(file))
        try:
            whole, where = json.loads(read_text(file)), None
        except json.JSONDecodeError as error:
            whole, where = None, (error.lineno, error.colno)
        except (ValueError, RecursionError, DataError):
            whole, where = None, ()
        assert bool(said) == (whole is None), (file.read_bytes(), said, where)
        if whole is not None:
            assert found == whole
        elif where:
            line, column = (f"{n:,}" for n in where)
            assert f"line {line}, column {column})" in said, file.read_bytes()


@pytest.mark.slow
def test_lines_and_cells_are_those_of_the_whole_table(tmp_path, small):
    pick, file = random.Random(0), tmp_path / "a.csv"
    signs = ["a", '"', ",", ";", "\n", "\r\n", "\r", " ", "é", "😀", "\u2028", "\v"]
    for case in range(100):
        texts = ["".join(pick.choices(signs, k=pick.randint(0, 9))) for _ in range(12)]
        out = io.StringIO()
        ends = pick.choice(["\n", "\r\n", "\r"])
        rows = list(zip(texts, texts[::-1], strict=True))
        csv.writer(out, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(rows)
        file.write_bytes(out.getvalue().encode() if case % 2 else "".join(texts).encode())
        text = file.read_bytes().decode()
        assert list(text_lines(file)) == list(io.StringIO(text, newline=""))
        whole = cells(io.StringIO(text, newline=""), ",", str(file))
        streamed = cells(text_lines(file), ",", str(file))
        assert read_until_refused(streamed) == read_until_refused(whole)
        if case % 2:
            found = [tuple(row) for _, row in cells(text_lines(file), ",", str(file))]
            assert found == rows


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"caf\xe9 and", (1, 4)),
        (b"one\ntwo\n" + "é€😀".encode() * 9 + b"\xe2\x82", (3, 82)),
        (b"one\n\xe2\x82\n", (2, 1)),
        (b"one\nt\0", (2, 2)),
        (b"\n\n" + b"x" * 50 + b"\xff", (3, 51)),
    ],
)
def test_bytes_that_are_no_text_have_line_and_byte(tmp_path, small, content, place):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_text(file)
    line, byte = place
    assert re.search(rf"a\.csv: line {line}, byte {byte} is 0x", str(refused.value))


def test_what_is_too_long_is_refused_with_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr(bounded, "LONGEST", 1000)
    long, good = "x" * 1001, '{"text": "good"}'
    cases = {
        "line.csv": (f"text\ngood\n{long}\n", "line 3: a line of more than 1,000 characters"),
        "quote.csv": ('text\ngood\n"open\n' + "x\n" * 600, "line 3 begins a row of more than"),
        "element.json": (f'[{good}, {{"text": "{long}"}}]', "row 2: an element of more than"),
        "open.json": (f'[{good}, {{"text": "{long * 9}', "row 2: an element of more than"),
    }
    for name, (content, says) in cases.items():
        (tmp_path / name).write_text(content)
        aside = Aside()
        assert [r.text for r in read_records([tmp_path / name], aside=aside)] == ["good"]
        [unread] = aside.first
        assert unread.file.endswith(name)
        assert says in unread.reason


def test_one_object_over_its_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("genloss.corpus.readers.json_rows.LARGEST_OBJECT", 100)
    (tmp_path / "a.json").write_text(json.dumps({"text": ["x" * 100], "id": [1]}))
    with pytest.raises(DataError, match=r"one JSON object of more than 100 characters.*\.jsonl"):
        list(document(tmp_path / "a.json"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Each sort of rows, 60 MB of it."""
    folder = tmp_path_factory.mktemp("large")
    row = {"text": 'A "word", and\na line. ' + "word " * 20_000, "id": 7}
    n = 60_000_000 // len(row["text"])
    with (folder / "a.json").open("w") as out:
        out.write("[" + json.dumps(row))
        out.writelines(f",\n{json.dumps(row)}" for _ in range(n - 1))
        out.write("]")
    with (folder / "a.csv").open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(row)
        table.writerows(row.values() for _ in range(n))
    return folder, n


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_a_large_file_takes_the_memory_of_its_rows(large, name):
    folder, n = large
    file = folder / name
    assert file.stat().st_size > 59_000_000
    tracemalloc.start()
    number = sum(1 for _ in read_records([file]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert number == n
    # A piece as bytes and as text, what is left of the one before, and some rows.
    assert peak < 12 * MIB


BOMBS = ["json", "csv", "jsonl", "txt", "html", "parquet", "arrow", "eml", "mbox"]


@pytest.mark.parametrize("begin", [b"", b'[{"text": "'])
@pytest.mark.parametrize("name", BOMBS)
def test_zeros_that_are_packed_are_refused_in_constant_memory(tmp_path, monkeypatch, name, begin):
    """The same code path as with 10 GB."""
    monkeypatch.setattr(bounded, "LONGEST", MIB)
    monkeypatch.setattr("genloss.corpus.readers.arrow_rows.LARGEST", MIB)
    file = tmp_path / f"a.{name}.gz"
    with gzip.open(file, "wb", 1) as out:
        out.write(begin)
        for _ in range(30):
            out.write(bytes(MIB))
    aside = Aside()
    tracemalloc.start()
    assert list(read_records([file], aside=aside)) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert aside.left_out.total() == 1
    assert "\n" not in aside.first[0].reason
    assert peak < 12 * MIB


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a", b"a\n", b"a\n\nb", b"x\r\n" * 9, b"\xff" * 900]
)
@pytest.mark.parametrize("lines", [1, 2, 5, 100])
def test_lines_begin_alike_in_a_file_and_in_its_bytes(tmp_path, content, lines):
    (file := tmp_path / "a.txt").write_bytes(content)
    found = list(bounded.beginnings(file, lines))
    assert found == list(bounded.beginnings(tmp_path / "not there", lines, content))
    assert len(found) == min(lines, content.count(b"\n") + (content[-1:] not in b"\n"))
