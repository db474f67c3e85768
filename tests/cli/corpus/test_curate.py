"""`curate` and `mix`: every decision has its reason, counts are exact, nothing is half-written."""

import json

import pytest

RULES = """
[[rules]]
name = "long"
field = "words"
at_least = 5
[[rules]]
name = "people"
field = "origin"
one_of = ["human", "edited"]
"""

POLICY = """
[licence]
allowed = ["CC0-1.0", "MIT"]
refused = ["CC-BY-NC-4.0"]
"""


def rows(folder, name="corpus.jsonl"):
    made = [
        {"text": "one two three four five", "words": 5, "origin": "human", "licence": "CC0-1.0"},
        {"text": "one two", "words": 2, "origin": "human", "licence": "CC0-1.0"},
        {"text": "a machine wrote six words here", "words": 6, "origin": "machine"},
        {"text": "people and machines wrote this text", "words": 6, "origin": "edited"},
        {"text": "no number of words", "origin": "human", "licence": "CC-BY-NC-4.0"},
    ]
    (folder / name).write_text("".join(json.dumps(r) + "\n" for r in made))
    return made


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.slow
def test_every_refusal_has_its_rule_and_reason(told, genloss, tmp_path):
    rows(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES)
    args = ("corpus", "curate", "corpus.jsonl", "--rules", "rules.toml", "--out", "kept.jsonl")
    done = told(*args)
    assert [r["text"][:10] for r in lines(tmp_path / "kept.jsonl")] == ["one two th", "people and"]
    refused = [r["attributes"] for r in lines(tmp_path / "kept.refused.jsonl")]
    assert [(r["refused_by"], r["refused_because"]) for r in refused] == [
        ("long", "words is 2, below 5"),
        ("people", "origin is machine, not human or edited"),
        ("long", "words is 4, below 5"),
    ]
    assert done["funnel"]["alone"] == {"long": 2, "people": 1}
    assert sum(n for *_, n in done["funnel"]["first"]) == done["funnel"]["read"] == 5
    assert [i["file"] for i in done["inputs"]] == ["corpus.jsonl"]
    assert not (tmp_path / "kept.parts").exists()
    assert genloss("corpus", "verify", "kept.jsonl").exit_code == 0
    before = (tmp_path / "kept.jsonl").read_bytes()
    shown = genloss(*args).stdout
    assert "5 records: 2 kept, 3 refused" in shown
    assert (tmp_path / "kept.jsonl").read_bytes() == before


@pytest.mark.slow
def test_a_policy_refuses_what_it_does_not_know(told, tmp_path):
    rows(tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY)
    told("corpus", "curate", "corpus.jsonl", "--policy", "policy.toml", "--out", "kept.jsonl")
    reasons = {
        r["text"][:10]: r["attributes"]["refused_because"]
        for r in lines(tmp_path / "kept.refused.jsonl")
    }
    assert reasons == {
        "a machine ": "unknown: no licence",
        "people and": "unknown: no licence",
        "no number ": "refused: licence CC-BY-NC-4.0",
    }
    (tmp_path / "policy.toml").write_text('unknown = "keep"\n' + POLICY)
    done = told(
        "corpus", "curate", "corpus.jsonl", "--policy", "policy.toml", "--out", "kept.jsonl"
    )
    assert done["outputs"]["kept"]["records"] == 4
    answers = {
        r["text"][:10]: (r["attributes"]["policy_verdict"], r["attributes"]["policy_ground"])
        for r in lines(tmp_path / "kept.jsonl")
    }
    assert answers == {
        "one two th": ("allowed", "licence CC0-1.0"),
        "one two": ("allowed", "licence CC0-1.0"),
        "a machine ": ("unknown", "no licence"),
        "people and": ("unknown", "no licence"),
    }
    assert done["funnel"]["answers"] == {"allowed": 2, "unknown": 2}
    [refused] = lines(tmp_path / "kept.refused.jsonl")
    assert refused["attributes"]["policy_verdict"] == "refused"
    (tmp_path / "rules.toml").write_text(RULES)
    args = ("--policy", "policy.toml", "--rules", "rules.toml", "--out", "kept.jsonl")
    told("corpus", "curate", "corpus.jsonl", *args)
    refused = {
        r["attributes"]["refused_by"]: r["attributes"]["policy_verdict"]
        for r in lines(tmp_path / "kept.refused.jsonl")
    }
    # What another rule refuses has the policy's answer, too.
    assert refused == {"long": "allowed", "people": "unknown", "policy": "refused"}


def test_dates_count_by_their_upper_end(told, tmp_path):
    dates = ["2021", "2022-11", "2022-11-30", None]
    made = [{"text": f"text {i}", "date": d} for i, d in enumerate(dates)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(r) + "\n" for r in made))
    args = ("corpus", "curate", "corpus.jsonl", "--before", "2022-11-30", "--out", "kept.jsonl")
    told(*args)
    assert [r["text"] for r in lines(tmp_path / "kept.jsonl")] == ["text 0"]
    assert told(*args, "--evidence", "crawl")["outputs"]["kept"]["records"] == 0


@pytest.mark.slow
def test_processes_give_the_bytes_of_one(told, tmp_path):
    rows(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES)
    args = ("corpus", "curate", "corpus.jsonl", "--rules", "rules.toml", "--out")
    told(*args, "one.jsonl")
    told(*args, "two.jsonl", "--workers", "2")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_work_is_kept_where_that_is_asked_for(told, genloss, tmp_path):
    rows(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES)
    args = ("corpus", "curate", "corpus.jsonl", "--rules", "rules.toml", "--out")
    told(*args, "one.jsonl")
    told(*args, "two.jsonl", "--keep-work")
    assert not (tmp_path / "one.parts").exists()
    assert (tmp_path / "two.parts" / "read").is_dir()
    assert genloss(*args, "three.jsonl", "--on", "nobody").exit_code == 2
    assert not list(tmp_path.glob("three*"))


def test_a_rule_that_is_wrong_writes_nothing(genloss, tmp_path):
    rows(tmp_path)
    (tmp_path / "rules.toml").write_text('[[rules]]\nfield = "words"\nat_leats = 5\n')
    done = genloss(
        "corpus", "curate", "corpus.jsonl", "--rules", "rules.toml", "--out", "kept.jsonl"
    )
    assert done.exit_code == 2
    assert "rule 1 has 'at_leats'" in done.stderr
    assert not list(tmp_path.glob("kept*"))
    assert "no rule" in genloss("corpus", "curate", "corpus.jsonl", "--out", "x.jsonl").stderr


def test_a_folder_is_curated_as_every_command_reads_it(told, genloss, tmp_path):
    folder = tmp_path / "texts"
    (folder / ".git").mkdir(parents=True)
    rows(folder)
    (folder / "README.md").write_text("---\ntags:\n- synthetic\n---\nAbout the data.")
    (folder / ".git" / "hidden.txt").write_text("no text of the corpus")
    (tmp_path / "rules.toml").write_text(RULES)
    done = told("corpus", "curate", "texts", "--rules", "rules.toml", "--out", "kept.jsonl")
    assert [i["file"] for i in done["inputs"]] == ["corpus.jsonl"]
    assert done["funnel"]["read"] == 5
    # The card says that a machine made them, so that what says "human" contradicts it.
    assert {r["origin"] for r in lines(tmp_path / "kept.refused.jsonl")} == {"machine", "unknown"}
