"""A curation by shards: the same bytes whoever does them in which order, and after any kill."""

import json
import os
import signal
from datetime import date

import pytest
from tests.audit.killed import in_child

from genloss.audit.selection.bands import (
    BANDS,
    Rarities,
    WordCounts,
    bands_of,
    cuts_of,
    sum_of,
)
from genloss.audit.selection.curation import Curation, curate
from genloss.audit.selection.plain import plain_rules, rules_of
from genloss.audit.selection.policy import Clause, Policy
from genloss.audit.selection.rules import DateRule, Rule
from genloss.audit.shards.job import here
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.errors import DataError, StoreError
from genloss.run.executors.processes import Processes
from genloss.run.job import run_jobs

LETTERS = "abcdefghij"
LICENCES = Clause(frozenset({"MIT", "CC0-1.0"}), frozenset({"Zlib"}))
RULES = (
    Rule("long", "words", at_least=5),
    Rule("people", "origin", one_of=("human", "edited")),
    DateRule("old", end=date(2020, 1, 1), start=date(1990, 1, 1)),
    Policy({"origin": Clause(refused=frozenset({"machine"})), "licence": LICENCES}, True),
)


def write(folder, files=6, seed=0):
    folder.mkdir(exist_ok=True)
    for i in range(seed, seed + files):
        rows = [
            {
                "text": " ".join("w" + LETTERS[(i * k * n) % 10] for n in range(k % 11)) or "!",
                "origin": ("human", "machine", "edited")[k % 3],
                "licence": ("MIT", "Zlib", "")[(i + k) % 3],
                "date": str(1985 + k),
            }
            for k in range(40)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{i}.jsonl").write_text(lines + ("no row\n" if i == 3 else ""))
    return folder


def curated(corpus, out, do=here, aside=None, shard=2_000, **options):
    out.parent.mkdir(exist_ok=True)
    asked = Curation((corpus,), RULES, FieldMap(), shard)
    return curate(asked, out, aside or Aside(), do, **options)


def contents(out):
    return {f.name: f.read_bytes() for f in out.parent.iterdir() if f.is_file()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write(tmp_path_factory.mktemp("curated") / "in")


@pytest.fixture(scope="module")
def right(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("right") / "kept.jsonl"
    account = curated(corpus, out)
    assert account["funnel"]["read"] == 240
    assert account["outputs"]["kept"]["records"] > 20
    return contents(out)


@pytest.mark.slow
def test_the_same_bytes_in_any_order_and_in_shards_of_any_size(corpus, right, tmp_path):
    def backwards(step, jobs):
        assert len(jobs) > 6
        for job in reversed(jobs):
            job.perform()

    curated(corpus, tmp_path / "a" / "kept.jsonl", backwards)
    assert contents(tmp_path / "a" / "kept.jsonl") == right
    for shard in (700, 1 << 30):
        out = tmp_path / str(shard) / "kept.jsonl"
        curated(corpus, out, shard=shard)
        assert contents(out) == right
        assert not (out.parent / "kept.parts").exists()


@pytest.mark.deep
def test_the_same_bytes_in_processes(corpus, right, tmp_path):
    out = tmp_path / "out" / "kept.jsonl"
    curated(corpus, out, lambda step, jobs: run_jobs(jobs, Processes(2)))
    assert contents(out) == right


@pytest.mark.slow
@pytest.mark.parametrize("stop", [1, 40, 200, 360, 500, 700, 840])
def test_a_kill_goes_on_to_the_same_bytes_and_judges_no_shard_again(corpus, right, tmp_path, stop):
    out = tmp_path / "cut" / "kept.jsonl"
    out.parent.mkdir()
    assert in_child(lambda: curated(corpus, out), out.parent, stop) == signal.SIGKILL
    assert "kept.curation.json" not in contents(out)
    read = out.parent / "kept.parts" / "read"
    done = {p: p.stat().st_mtime_ns for p in read.glob("*") if p.suffix != ".tmp"}
    aside = Aside()
    curated(corpus, out, aside=aside, keep_work=True)
    assert all(p.stat().st_mtime_ns == time for p, time in done.items())
    assert contents(out) == right
    assert aside.left_out == {"not JSON": 1}


@pytest.mark.slow
def test_a_grown_corpus_is_judged_where_it_is_new(corpus, right, tmp_path):
    mine, out = write(tmp_path / "in", 3), tmp_path / "out" / "kept.jsonl"
    curated(mine, out, keep_work=True)
    judged = []

    def watched(step, jobs):
        read = out.parent / "kept.parts" / "read"
        before = set(read.iterdir())
        here(step, jobs)
        judged.append(len(set(read.iterdir()) - before))

    # A file that is written anew with the same bytes is the same file.
    write(mine, 3)
    curated(mine, out, watched, keep_work=True)
    assert judged == [0, 0]
    write(mine, 3, seed=4)
    curated(mine, out, watched, keep_work=True)
    assert judged[2] < judged[3]
    fresh = tmp_path / "fresh" / "kept.jsonl"
    curated(mine, fresh)
    assert contents(out) == contents(fresh)


@pytest.mark.slow
def test_a_file_that_changed_without_a_trace_is_judged_anew(tmp_path):
    """Size and time are what they were; the digest is not."""
    mine, out = write(tmp_path / "in", 4), tmp_path / "out" / "kept.jsonl"
    curated(mine, out, keep_work=True, shard=1 << 20)
    file = mine / "1.jsonl"
    about = file.stat()
    file.write_bytes(file.read_bytes().replace(b"human", b"HUMAN", 9).replace(b"wb", b"zz"))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert file.stat().st_size == about.st_size
    curated(mine, out, keep_work=True, shard=1 << 20)
    assert b"zz" in out.read_bytes()
    curated(mine, tmp_path / "fresh" / "kept.jsonl")
    assert contents(out) == contents(tmp_path / "fresh" / "kept.jsonl")


def test_nothing_to_read_leaves_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="no record"):
        curated(tmp_path / "in", tmp_path / "out" / "kept.jsonl")
    assert not list((tmp_path / "out").iterdir())


def test_a_folder_of_somebody_else_stays(corpus, tmp_path):
    parts = tmp_path / "kept.parts"
    parts.mkdir()
    (parts / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"holds thesis\.txt"):
        curated(corpus, tmp_path / "kept.jsonl")
    assert (parts / "thesis.txt").read_text() == "mine"


def test_rules_are_the_same_after_a_plan():
    rules = (*RULES, Rule("few", "n", at_most=0.1, none_of=("x",), keep_unknown=True))
    again = rules_of(json.loads(json.dumps(plain_rules(rules), sort_keys=True)))
    assert again == rules
    # The first clause that refuses is the ground.
    assert list(again[3].clauses) == ["origin", "licence"]


def test_bands_are_thirds_of_a_corpus():
    texts = ["the the the", "the cat the", "cat zebra yak", "42!"]
    counts = sum_of(WordCounts.of([text]) for text in texts)
    assert sorted(counts.counts) == [1, 1, 2, 5]
    found = Rarities(counts).of(texts)
    assert [BANDS[band] for band in bands_of(found, cuts_of(found))] == [
        "common words",
        "middling words",
        "rare words",
        "no words",
    ]
