"""Files of records are written by one process at a time, record by record, whole or not at all."""

import gzip
import json

import pytest

from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Record
from genloss.corpus.record.verifying import Verification, verify_records
from genloss.corpus.record.writing import record_lines, sums_of, write_records
from genloss.errors import StoreError


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_two_writers_of_one_file_do_not_mix(tmp_path, packing):
    """The second one is refused, the first one's file is whole, and a later one replaces it."""
    file = tmp_path / f"a.jsonl{packing}"
    with record_lines(file) as first:
        first.put(Record.of("one"))
        with pytest.raises(StoreError, match="being written by another process"):
            write_records([Record.of("two")], file)
        first.put(Record.of("three"))
    assert [r.text for r in read_records([file])] == ["one", "three"]
    assert list(verify_records([file], Verification())) == []
    write_records([Record.of("four")], file)
    assert [r.text for r in read_records([file])] == ["four"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [file.name, sums_of(file).name]


def test_what_fails_leaves_the_old_file_and_no_part(tmp_path):
    file = tmp_path / "a.jsonl"
    write_records([Record.of("old")], file)
    before = file.read_bytes(), sums_of(file).read_bytes()

    def broken():
        yield Record.of("new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_records(broken(), file)
    assert (file.read_bytes(), sums_of(file).read_bytes()) == before
    assert len(list(tmp_path.iterdir())) == 2


def test_a_part_that_a_kill_left_is_begun_anew(tmp_path):
    (tmp_path / "a.jsonl.part").write_text("half a li")
    assert write_records([Record.of("one")], tmp_path / "a.jsonl") == 1
    assert list(verify_records([tmp_path / "a.jsonl"], Verification())) == []


def test_whole_files_are_taken_over_line_by_line(tmp_path):
    for i in range(3):
        write_records([Record.of(f"{i} {k}") for k in range(i)], tmp_path / f"{i}.jsonl")
    whole = tmp_path / "whole.jsonl.gz"
    with record_lines(whole) as written:
        for i in range(3):
            written.take(tmp_path / f"{i}.jsonl")
    assert written.number == 3
    assert [r.text for r in read_records([whole])] == ["1 0", "2 0", "2 1"]
    assert list(verify_records([whole], Verification())) == []
    with gzip.open(whole) as lines:
        assert json.loads(lines.readline())["text"] == "1 0"


@pytest.mark.parametrize("bytes_left", [-1, 0, -60])
def test_a_file_that_is_not_whole_is_not_taken_over(tmp_path, bytes_left):
    part, whole = tmp_path / "part.jsonl", tmp_path / "whole.jsonl"
    write_records([Record.of("one"), Record.of("two")], part)
    part.write_bytes(part.read_bytes()[:bytes_left])
    with pytest.raises(StoreError, match="not whole"), record_lines(whole) as written:
        written.take(part)
    assert list(tmp_path.glob("whole*")) == []


def test_every_changed_or_missing_byte_is_noticed(tmp_path):
    """But for the last line end, which is no part of a record."""
    file = tmp_path / "a.jsonl"
    write_records([Record.of("one", origin="human")], file)
    for path in (file, sums_of(file)):
        whole = path.read_bytes()
        for i in range(len(whole)):
            path.write_bytes(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :])
            assert any(verify_records([file], Verification())), (path.name, i)
            if i % 5:
                continue
            path.write_bytes(whole[:i])
            assert any(verify_records([file], Verification())) or i == len(whole) - 1
        path.write_bytes(whole)


def test_a_line_that_is_gone_with_its_digest_is_missed(tmp_path):
    file = tmp_path / "a.jsonl"
    write_records([Record.of("one"), Record.of("two")], file)
    for path in (file, sums_of(file)):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([lines[0], *lines[2:]]))
    [problem] = verify_records([file], Verification())
    assert (problem.fault, "holds 1 digests and says 2" in problem.reason) == ("missing", True)
