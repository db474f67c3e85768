"""An audit by shards is the audit of one pass, in any order and after any number of readings."""

import json
import random
import signal
from dataclasses import replace
from datetime import date, datetime

import pytest
from tests.audit.killed import in_child

from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.by_shards import audit_by_shards
from genloss.audit.profile.duplicates import Duplicates
from genloss.audit.profile.options import AuditOptions
from genloss.audit.shards.job import here
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.pieces import records_of_pieces
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Record
from genloss.errors import DataError, StoreError
from genloss.run.executors.processes import Processes
from genloss.run.job import run_jobs

OPTIONS = AuditOptions(sample=40, near=70, today=date(2026, 11, 30))


def write(folder, n=90, seed=0, name="rows"):
    rng = random.Random(seed)
    folder.mkdir(exist_ok=True)
    rows = []
    for i in range(n):
        # Digits are no part of a word.
        text = " ".join("".join(rng.choices("aeiklmnorst", k=4)) for _ in range(40))
        rows.append(
            {"text": text, "origin": ("human", "machine")[i % 2], "date": str(2000 + i % 9)}
        )
        if i % 10 == 0:
            rows.append(rows[-1] | {"origin": "unknown"})
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(lines + "no row\n")
    return folder


def by_shards(corpus, folder, do=None, aside=None, shard=4_000, options=OPTIONS, **more):
    def backwards(step, jobs):
        for job in reversed(jobs):
            job.perform()

    asked = (FieldMap(), options, aside or Aside(), do or backwards)
    return audit_by_shards([corpus], folder, *asked, shard=shard, **more)


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("stop", [4, 25, 60])
def test_a_kill_resumes_to_the_same_numbers_and_counts_no_shard_again(tmp_path, stop):
    corpus, work = write(tmp_path / "corpus", 40), tmp_path / "work"
    right = by_shards(corpus, tmp_path / "whole", here)
    assert in_child(lambda: by_shards(corpus, work, here), work, stop) == signal.SIGKILL
    done = {p: p.stat().st_mtime_ns for p in (work / "read").glob("*") if p.suffix != ".tmp"}
    assert by_shards(corpus, work, here) == right
    assert all(p.stat().st_mtime_ns == time for p, time in done.items() if p.exists())


@pytest.mark.deep
def test_the_same_numbers_in_processes(tmp_path):
    corpus = write(tmp_path / "corpus", 40)
    right = by_shards(corpus, tmp_path / "whole", here)
    found = by_shards(corpus, tmp_path / "work", lambda _, jobs: run_jobs(jobs, Processes(2)))
    assert found == right


@pytest.mark.slow
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


@pytest.mark.slow
def test_of_a_file_that_grew_only_what_is_new_is_counted_unless_it_changed(tmp_path, monkeypatch):
    corpus, folder = write(tmp_path / "corpus"), tmp_path / "work"
    by_shards(corpus, folder, shard=1 << 14)
    read = []

    def watched(pieces, *args):
        read.extend(pieces)
        return records_of_pieces(pieces, *args)

    monkeypatch.setattr("genloss.audit.profile.by_shards.records_of_pieces", watched)
    file = corpus / "rows.jsonl"
    old = file.read_bytes()
    new = b"".join(old.splitlines(keepends=True)[:20]).replace(b"a", b"b")
    file.write_bytes(old + new)
    assert by_shards(corpus, folder, shard=1 << 14) == audit_of(read_records([corpus]), OPTIONS)
    assert [(piece.span.start, piece.span.stop) for piece in read] == [
        (len(old), len(old) + len(new))
    ]
    read.clear()
    file.write_bytes(old[:50] + b"x" + old[51:] + new)
    assert by_shards(corpus, folder, shard=1 << 14) == audit_of(read_records([corpus]), OPTIONS)
    assert [piece.span.start for piece in read] == [0]


@pytest.mark.slow
def test_what_was_counted_serves_on_another_day_and_its_future_dates_are_of_that_day(
    tmp_path, monkeypatch
):
    """A date that was ahead when its shard was counted may have come since."""
    corpus = write(tmp_path / "corpus")
    (corpus / "dated.jsonl").write_text(
        "".join(json.dumps({"text": d, "date": d}) + "\n" for d in ("2030-01-01", "2040-01-01"))
    )

    class Calendar(datetime):
        day = 2026

        @classmethod
        def now(cls, tz=None):
            return datetime(cls.day, 1, 1, tzinfo=tz)

    monkeypatch.setattr("genloss.audit.profile.audit.datetime", Calendar)
    any_day, work = replace(OPTIONS, today=None), tmp_path / "work"
    for year, ahead in ((2026, 2), (2035, 1), (2045, 0)):
        Calendar.day = year
        found = by_shards(corpus, work, options=any_day)
        counted = {p: p.stat().st_mtime_ns for p in (work / "read").iterdir()}
        assert found == audit_of(read_records([corpus]), any_day)
        doubts = {d["value"]: d["count"] for d in found["counts"]["doubts"]["values"]}
        assert doubts.get("claimed date in the future", 0) == ahead
        if year == 2026:
            first = counted
        assert counted == first


@pytest.mark.slow
def test_an_evaluation_set_that_changed_is_looked_for_again(tmp_path):
    corpus, others = write(tmp_path / "corpus"), write(tmp_path / "others", 20, seed=5)
    asked = {"against": [others]}
    before = by_shards(corpus, tmp_path / "work", **asked)
    write(others, 20)
    after = by_shards(corpus, tmp_path / "work", **asked)
    assert after["overlap"] != before["overlap"]
    sets = [("others", read_records([others]))]
    assert after == audit_of(read_records([corpus]), OPTIONS, None, sets)


def test_a_folder_of_somebody_else_is_no_place_for_work(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"work holds thesis.txt, which is not of genloss"):
        by_shards(write(tmp_path / "corpus"), tmp_path / "work")


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
