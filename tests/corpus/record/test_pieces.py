"""A corpus cut into pieces gives the records of the whole, in their order."""

import gzip
import json
from itertools import pairwise
from zlib import crc32

import pytest

from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.pieces import records_of_pieces, shards_of
from genloss.corpus.record.reading import located, read_records


def rows(n):
    return [{"text": f"text {i} " + "word " * (i * i % 17), "n": i} for i in range(n)]


def in_pieces(path, size):
    aside = Aside()
    shards = list(shards_of(located([path], aside), size))
    return shards, [r for s in shards for r in records_of_pieces(s, FieldMap(), aside)]


@pytest.mark.parametrize("size", [1, 7, 100, 1000, 10_000])
def test_lines_are_cut_between_lines(tmp_path, size):
    lines = [json.dumps(row) for row in rows(80)]
    lines[3], lines[20] = "", "not json"
    file = tmp_path / "a.jsonl"
    file.write_text("\ufeff" + "\n".join(lines))
    shards, records = in_pieces(file, size)
    assert records == list(read_records([file]))
    assert len(records) == 78
    assert records[-1].source == "a.jsonl:80"
    assert len(shards) == (1 if size == 10_000 else len(shards))
    spans = [piece.span for shard in shards for piece in shard if piece.span]
    assert all(a.stop == b.start for a, b in pairwise(spans))


def test_parquet_is_cut_between_row_groups(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "a.parquet"
    parquet.write_table(arrow.Table.from_pylist(rows(80)), file, row_group_size=9)
    shards, records = in_pieces(file, 500)
    assert len(shards) > 3
    assert records == list(read_records([file]))


def test_a_compressed_file_is_not_cut(tmp_path):
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(json.dumps(r) for r in rows(80)).encode()))
    shards, records = in_pieces(file, 10)
    assert len(shards) == 1
    assert records == list(read_records([file]))


def test_further_files_change_only_the_shards_that_they_fall_into(tmp_path):
    for i in range(300):
        (tmp_path / f"{crc32(str(i).encode()):08x}.txt").write_text(f"text {i} " * 9)
    before, _ = in_pieces(tmp_path, 1 << 18)
    (tmp_path / "7fffffff.txt").write_text("a new text")
    after, records = in_pieces(tmp_path, 1 << 18)
    assert len(records) == 301
    assert len(before) > 20
    assert len(set(after) - set(before)) <= 2
