"""`genloss corpus trace`: every file and run that holds a record, and what was made from it."""

import gzip
import json
import os

import pytest

from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import write_records

SPEC = """
n_real = 8
generations = 2
chains = 1
keep = { at = [0, 1, 2] }
[reality]
kind = "text"
path = "corpus"
[learner]
kind = "ngram"
order = 2
"""

SENTENCES = [
    f"The {a} {b} of the old house {c} in the garden.\n"
    for a in ("tall", "small", "grey", "kind")
    for b in ("cat", "dog", "man", "child")
    for c in ("sat", "slept", "sang")
]


@pytest.fixture(scope="module")
def first():
    return Record.of("".join(SENTENCES) + "One more line.\n")


def places(genloss, identity, *paths):
    done = genloss("corpus", "trace", identity, *paths, "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == (0 if told["held"] else 1)
    return {(h["place"].rpartition("/")[2], h["how"]) for h in told["held"]}


@pytest.mark.slow
def test_files_that_hold_it_or_what_was_made_from_it_are_named(genloss, tmp_path, first):
    child = Record.of("masked", parents=(first.id,))
    grandchild = Record.of("masked twice", parents=(child.id,))
    write_records([grandchild], tmp_path / "a.jsonl")
    write_records([Record.of("other"), child], tmp_path / "b.jsonl")
    write_records([first, first], tmp_path / "c.jsonl.gz")
    (tmp_path / "plain.txt").write_text(first.text)
    (tmp_path / "d.txt").write_text("another text")
    assert places(genloss, first.id, ".") == {
        ("a.jsonl", "holds what was made from it"),
        ("b.jsonl", "holds what was made from it"),
        ("c.jsonl.gz", "holds it"),
        ("plain.txt", "holds it"),
    }
    assert "2 times" in genloss("corpus", "trace", first.id, "c.jsonl.gz").stdout
    assert places(genloss, Record.of("nowhere").id, ".") == set()
    assert genloss("corpus", "trace", "sha256:1", ".").exit_code == 2


def searched(genloss, identity, *args):
    done = genloss("corpus", "trace", identity, *args, "--json")
    told = json.loads(done.stdout)
    return done.exit_code, {h["place"].rpartition("/")[2] for h in told["held"]}, told


@pytest.mark.slow
def test_what_could_not_be_searched_is_said_and_named_fields_find_it(genloss, tmp_path):
    wanted = Record.of("the text that somebody withdrew")
    (tmp_path / "body.jsonl").write_text(json.dumps({"body": wanted.text}) + "\n")
    (tmp_path / "content.csv").write_text(f"content,n\n{wanted.text},1\n")
    packed = gzip.compress(json.dumps({"text": os.urandom(4096).hex()}).encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no table")
    (tmp_path / "README.md").write_text("What this is.")
    code, held, told = searched(genloss, wanted.id, ".")
    assert (code, held) == (2, set())
    assert sum(told["unsearched"].values()) == len(told["first"]) == 4
    assert {entry["file"].rpartition("/")[2] for entry in told["first"]} == {
        *("body.jsonl", "content.csv", "cut.jsonl.gz", "broken.parquet")
    }
    assert "--field text=NAME" in told["first"][0]["reason"]
    assert told["passed_over"] == {"describes the data": 1}
    shown = genloss("corpus", "trace", wanted.id, ".", "--aside", "left.jsonl").output
    assert "nowhere in what could be searched" in shown
    assert len((tmp_path / "left.jsonl").read_text().splitlines()) == 4
    code, held, told = searched(genloss, wanted.id, "body.jsonl", "--field", "text=body")
    assert (code, held, told["unsearched"]) == (0, {"body.jsonl"}, {})
    (tmp_path / "map.toml").write_text('text = "content"')
    code, held, _ = searched(genloss, wanted.id, "content.csv", "--map", "map.toml")
    assert (code, held) == (0, {"content.csv"})
    # What was found does not make a list whole.
    code, held, _ = searched(genloss, wanted.id, ".", "--field", "text=body")
    assert (code, held) == (2, {"body.jsonl"})


@pytest.mark.slow
def test_a_run_that_read_it_is_named_and_what_it_generated_are_records(genloss, tmp_path, first):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text(first.text)
    for name in ("b", "c", "d"):
        more = "".join(f"{' '.join(f'{w}{name}' for w in line.split())}\n" for line in SENTENCES)
        (tmp_path / "corpus" / f"{name}.txt").write_text(more)
    (tmp_path / "text.toml").write_text(SPEC)
    done = genloss("run", "text.toml", "--no-controls", "--workers", 1)
    assert done.exit_code == 0, done.stderr
    [run] = (tmp_path / "runs").iterdir()
    assert places(genloss, first.id, "runs") == {("a.txt", "holds it"), (run.name, "reads it")}
    assert genloss("corpus", "read", run, "--out", "made.jsonl").exit_code == 0
    records = [json.loads(line) for line in (tmp_path / "made.jsonl").read_text().splitlines()]
    assert {r["origin"] for r in records} == {"machine"}
    assert {r["evidence"][0]["kind"] for r in records} == {"ledger"}
    assert {r["generator"]["name"] for r in records} == {"ngram"}
    assert {(r["depth"], r.get("grounded")) for r in records} == {(1, True), (2, None)}
    kept = places(genloss, records[0]["id"], "runs", "made.jsonl")
    assert kept == {("made.jsonl", "holds it"), (run.name, "kept it")}
    # A run that is damaged, or read what is elsewhere, is a doubt; what else there is, is found.
    (tmp_path / "corpus").rename(tmp_path / "elsewhere")
    code, _, told = searched(genloss, first.id, "runs")
    assert (code, told["unsearched"]) == (2, {"not on this machine": 1})
    (run / "run.json").write_text("{")
    (tmp_path / "runs" / "a.txt").write_text(first.text)
    code, held, told = searched(genloss, first.id, "runs")
    assert (code, held, told["unsearched"]) == (2, {"a.txt"}, {"damaged run": 1})
