"""An audit by shards is the audit of one pass, in any order and after any number of readings."""

import json
import random
from datetime import date

import pytest

from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.by_shards import audit_by_shards
from genloss.audit.profile.duplicates import Duplicates
from genloss.audit.profile.options import AuditOptions
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Record
from genloss.errors import DataError

OPTIONS = AuditOptions(sample=40, near=70, today=date(2026, 11, 30))


def write(folder, n=90, seed=0, name="rows"):
    rng = random.Random(seed)
    folder.mkdir(exist_ok=True)
    rows = []
    for i in range(n):
        text = " ".join(f"w{rng.randrange(300)}" for _ in range(40))
        rows.append(
            {"text": text, "origin": ("human", "machine")[i % 2], "date": str(2000 + i % 9)}
        )
        if i % 10 == 0:
            rows.append(rows[-1] | {"origin": "unknown"})
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(lines + "no row\n")
    return folder


def by_shards(corpus, folder, do=None, aside=None, shard=4_000, **more):
    def backwards(step, jobs):
        for job in reversed(jobs):
            job.perform()

    asked = (FieldMap(), OPTIONS, aside or Aside(), do or backwards)
    return audit_by_shards([corpus], folder, *asked, shard=shard, **more)


@pytest.mark.parametrize("shard", [3_000, 1 << 30])
def test_the_numbers_of_one_pass(tmp_path, shard):
    corpus = write(tmp_path / "corpus")
    others = write(tmp_path / "others", 20)
    sets = [("others", read_records([others]))]
    right = audit_of(read_records([corpus]), OPTIONS, read_records([others]), sets)
    aside = Aside()
    more = {"against": [others], "reference": [others], "shard": shard}
    assert by_shards(corpus, tmp_path / "work", aside=aside, **more) == right
    assert right["duplicates"]["exact"]["count"] == 9
    assert aside.left_out == {"not JSON": 1}


def test_a_second_audit_counts_what_is_new(tmp_path):
    corpus = write(tmp_path / "corpus")
    by_shards(corpus, tmp_path / "work", shard=1 << 14)
    counted = {p: p.stat().st_mtime_ns for p in (tmp_path / "work/read").iterdir()}
    write(corpus, 30, seed=1, name="z")
    grown = by_shards(corpus, tmp_path / "work", shard=1 << 14)
    after = {p: p.stat().st_mtime_ns for p in (tmp_path / "work/read").iterdir()}
    assert sum(after.get(p) == time for p, time in counted.items()) >= len(counted) - 1
    assert len(after) > len(counted)
    assert grown == audit_of(read_records([corpus]), OPTIONS)


def test_duplicates_that_are_merged_are_those_of_one_count():
    rng = random.Random(3)
    texts = [" ".join(f"w{rng.randrange(900)}" for _ in range(60)) for _ in range(60)]
    texts += [text.replace(text.split()[30], "other") for text in texts[:20]] + texts[:5]
    whole = Duplicates(70, 0.8)
    merged = Duplicates(70, 0.8)
    for start in range(0, len(texts), 17):
        part = Duplicates(70, 0.8)
        for text in texts[start : start + 17]:
            whole.add(Record.of(text))
            part.add(Record.of(text))
        merged.merge(*part.state())
    assert merged.result() == whole.result()
    assert whole.result()["not_looked_at"] == 10
    assert whole.result()["near"]["count"] >= 8


def test_nothing_to_read_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no record"):
        by_shards(tmp_path / "empty", tmp_path / "work")
