"""Duplicates of a corpus: the same bytes in any order, after any death, and none but duplicates."""

import errno
import os
import random
import resource
import signal
from contextlib import contextmanager

import pytest
from tests.audit.killed import in_child

from genloss.audit.dedup.deduplicate import deduplicate
from genloss.audit.dedup.options import DedupOptions
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.errors import DataError, StoreError
from genloss.run.executors.processes import Processes
from genloss.run.job import run_jobs

from .corpora import contents, planted, records, run, text, write


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    distinct, exact, near = planted()
    texts = [*distinct, *exact, *near]
    random.Random(1).shuffle(texts)
    return write(tmp_path_factory.mktemp("corpus"), texts)


@pytest.fixture(scope="module")
def right(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("right") / "out"
    return run(corpus, out), contents(out), out


@pytest.mark.slow
def test_planted_duplicates_are_found_and_nothing_else(right):
    """A near copy shares at least 51 of 61 shingles (similarity .84 up): missed with 1 - .98."""
    account, _, out = right
    distinct, exact, near = planted()
    kept, removed = records(out / "kept"), records(out / "removed")
    assert account["records"] == len(kept) + len(removed) == 240
    assert account["exact"] == len(exact) == 20
    assert 15 <= account["near"] <= len(near) == 20
    ids = {r["id"] for r in kept}
    assert {r["attributes"]["duplicate"] for r in removed} == {"exact", "near"}
    assert all(r["attributes"]["duplicate_of"] in ids for r in removed)
    originals = {t.split()[0] for t in distinct} | {t.split()[1] for t in distinct}
    assert {t for r in kept for t in r["text"].split()[:2]} <= originals | {"other"}
    for r in removed:
        if r["attributes"]["duplicate"] == "near":
            assert r["attributes"]["duplicate_of"] < r["id"]
        assert r["attributes"]["n"] >= 0
    assert not (out / "work").exists()


@pytest.mark.slow
def test_the_same_bytes_in_any_order(corpus, right, tmp_path):
    def backwards(step, jobs):
        for job in reversed(jobs):
            job.perform()

    run(corpus, tmp_path / "out", backwards)
    assert contents(tmp_path / "out") == right[1]


@pytest.mark.slow
def test_the_same_records_in_shards_of_any_size(corpus, right, tmp_path):
    for size in (11_000, 1 << 30):
        run(corpus, tmp_path / str(size), shard=size)
        for name in ("kept", "removed"):
            assert records(tmp_path / str(size) / name) == records(right[2] / name)


@pytest.mark.deep
def test_the_same_bytes_in_processes(corpus, right, tmp_path):
    run(corpus, tmp_path / "out", lambda step, jobs: run_jobs(jobs, Processes(2)))
    assert contents(tmp_path / "out") == right[1]


@pytest.mark.slow
@pytest.mark.parametrize("stop", [1, 33, 97, 161, 225, 353])
def test_a_kill_resumes_to_the_same_bytes(corpus, right, tmp_path, stop):
    out = tmp_path / "out"
    for _ in range(2):
        assert in_child(lambda: run(corpus, out), out, stop) == signal.SIGKILL
    assert not (out / "dedup.json").exists()
    run(corpus, out)
    assert contents(out) == right[1]


@contextmanager
def files_no_larger_than(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_line_and_what_was_done_stays(tmp_path):
    rng = random.Random(2)
    corpus = write(tmp_path / "corpus", [text(rng) for _ in range(20)], files=1)
    (corpus / "1.jsonl").write_text('{"text": "' + text(rng, 4_000) + '"}\n')
    out = tmp_path / "out"
    with files_no_larger_than(20_000), pytest.raises(StoreError) as caught:
        run(corpus, out, shard=16_000)
    assert "\n" not in str(caught.value)
    assert os.strerror(errno.EFBIG) in str(caught.value)
    done = list((out / "work/read").glob("*"))
    assert len(done) == 1
    assert not list((out / "work").rglob("*.tmp"))
    before = done[0].stat().st_mtime_ns
    run(corpus, out, shard=16_000, keep_work=True)
    assert done[0].stat().st_mtime_ns == before
    assert len(records(out / "kept")) == 21


@pytest.mark.slow
def test_a_grown_corpus_is_read_where_it_is_new(tmp_path):
    distinct, exact, near = planted(3)
    corpus = write(tmp_path / "corpus", distinct)
    out = tmp_path / "out"
    run(corpus, out, keep_work=True)
    before = {p: p.stat().st_mtime_ns for p in (out / "work/read").iterdir()}
    write(corpus / "later", [*exact, *near], files=1)
    account = run(corpus, out, keep_work=True)
    after = {p: p.stat().st_mtime_ns for p in (out / "work/read").iterdir()}
    kept = {p for p in before if after.get(p) == before[p]}
    # A file that is not cut and stood in a shard of small ones is read again.
    assert len(kept) >= len(before) - 1
    fresh = run(corpus, tmp_path / "fresh")
    assert account == fresh
    assert contents(out / "kept") == contents(tmp_path / "fresh/kept")


def test_texts_without_words_are_no_near_duplicates(tmp_path):
    corpus = write(tmp_path / "corpus", ["...", "!!!", "???", "...", "one", "One!"], files=1)
    account = run(corpus, tmp_path / "out")
    assert (account["kept"], account["exact"], account["near"]) == (4, 1, 1)


def test_exact_duplicates_alone(corpus, tmp_path):
    account = run(corpus, tmp_path / "out", near=False)
    assert (account["kept"], account["exact"], account["near"]) == (220, 20, 0)


def test_a_file_named_twice_counts_twice(tmp_path):
    corpus = write(tmp_path / "corpus", ["one two", "three four"], files=1)
    file = corpus / "0.jsonl"
    asked = ([file, file], tmp_path / "out", FieldMap(), DedupOptions(shard=1), Aside())
    account = deduplicate(*asked)
    assert (account["records"], account["exact"]) == (4, 2)


@pytest.mark.slow
def test_distinct_texts_that_share_a_third_are_kept(tmp_path):
    """200 pairs at similarity .2: one is merged with 1 - (1 - .2^8)^16 = 4e-5, any with .8 %."""
    rng = random.Random(4)
    texts = []
    for _ in range(200):
        front = text(rng, 22)
        texts += [f"{front} {text(rng, 38)}" for _ in range(2)]
    assert run(write(tmp_path / "corpus", texts), tmp_path / "out")["kept"] >= 399


def test_what_cannot_be_read_is_set_aside_once(tmp_path):
    corpus = write(tmp_path / "corpus", ["one two", "three"], files=1)
    with (corpus / "0.jsonl").open("a") as stream:
        stream.write("not json\n")
    (corpus / "picture.png").write_bytes(b"\x89PNG")
    aside = Aside()
    run(corpus, tmp_path / "out", aside=aside)
    assert aside.left_out["not JSON"] == 1
    assert aside.left_out.total() == 2
    assert any(entry.line == 3 for entry in aside.first)


def test_nothing_is_written_over(tmp_path):
    corpus = write(tmp_path / "corpus", ["one two"], files=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"thesis\.txt"):
        run(corpus, tmp_path / "mine")
    with pytest.raises(DataError, match="no such file"):
        run(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no record"):
        run(tmp_path / "empty", tmp_path / "out2")
    assert not list((tmp_path / "out2").iterdir())


@pytest.mark.parametrize("name", ["kept", "removed", "work"])
def test_folders_of_the_same_names_that_are_somebody_else_s_stay(tmp_path, corpus, name):
    mine = tmp_path / "out" / name / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(StoreError, match=r"holds (kept|removed|thesis\.txt)"):
        run(corpus, tmp_path / "out")
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == [mine]
