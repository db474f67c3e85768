"""`genloss corpus mix`: counts by largest remainder, epochs, floors and budgets."""

import json
from collections import Counter

import pytest

from genloss.audit.selection.mixture import Mixture, Part, counts_of
from genloss.core.samples import FOREIGN, REAL
from genloss.corpus.origins import with_origins
from genloss.corpus.reading import read_corpus

MIX = """
total = 100
[[parts]]
name = "people"
paths = ["corpus.jsonl"]
weight = 2
epochs = 2
price = 0.5
[[parts.where]]
field = "origin"
one_of = ["human"]
[[parts]]
name = "machines"
paths = ["corpus.jsonl"]
weight = 1
price = 0.1
[[parts.where]]
field = "origin"
one_of = ["machine"]
"""


def corpus(folder, people=50, machines=60):
    made = [{"text": f"human {i}", "origin": "human"} for i in range(people)]
    made += [{"text": f"machine {i}", "origin": "machine"} for i in range(machines)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(r) + "\n" for r in made))


@pytest.mark.slow
def test_counts_are_exact_and_epochs_are_counted(told, genloss, tmp_path):
    """Weights 2 : 1 of 100: 66.67 and 33.33, so 67 and 33; 50 people in 1.34 epochs."""
    corpus(tmp_path)
    (tmp_path / "mix.toml").write_text(MIX)
    done = told("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")
    assert [(p["name"], p["drawn"], p["most_epochs"]) for p in done["parts"]] == [
        ("people", 67, 2),
        ("machines", 33, 1),
    ]
    drawn = [json.loads(line) for line in (tmp_path / "mixed.jsonl").read_text().splitlines()]
    times = Counter(r["id"] for r in drawn if r["attributes"]["part"] == "people")
    assert sorted(times.values()) == [1] * 33 + [2] * 17
    assert done["by"]["origin"] == {"human": 67, "machine": 33}
    first = (tmp_path / "mixed.jsonl").read_bytes()
    told("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")
    assert (tmp_path / "mixed.jsonl").read_bytes() == first
    shown = genloss("corpus", "mix", "mix.toml", "--out", "mixed.jsonl").stdout
    assert "100 records in mixed.jsonl, cost 36.8" in shown


def test_a_budget_decides_the_total(told, tmp_path):
    """2/3 of .5 and 1/3 of .1 are .3667 a record: 11 pay for 30."""
    corpus(tmp_path)
    (tmp_path / "mix.toml").write_text(MIX.replace("total = 100", "budget = 11.0"))
    done = told("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")
    assert [p["drawn"] for p in done["parts"]] == [20, 10]


def test_rounding_never_costs_more_than_the_budget():
    """3 : 1 of .01 and .002 are .008 a record; 250 rounded are 2.004, so that 249 are drawn."""
    people = Part("people", (), weight=3, price=0.01)
    edited = Part("edited", (), weight=1, price=0.002)
    counts = counts_of(Mixture((people, edited), budget=2.0))
    assert counts == (187, 62)
    assert sum(n * p for n, p in zip(counts, (0.01, 0.002), strict=True)) <= 2.0


def test_a_floor_is_hard(genloss, tmp_path):
    corpus(tmp_path)
    floor = '[[floors]]\nname = "real"\nfield = "origin"\none_of = ["human"]\nshare = 0.7\n'
    (tmp_path / "mix.toml").write_text(MIX + floor)
    done = genloss("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")
    assert done.exit_code == 2
    assert "floor real: 67 of 100" in done.stderr
    assert not (tmp_path / "mixed.jsonl").exists()


def test_a_part_with_too_few_records_is_refused(genloss, tmp_path):
    corpus(tmp_path, people=30)
    (tmp_path / "mix.toml").write_text(MIX)
    done = genloss("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")
    assert "part people has 30 records and 2 epochs at most; 67 are asked for" in done.stderr


def test_a_mixture_is_a_reality_with_its_origins(told, tmp_path):
    """Of 40 human, 10 machine and 10 edited records, 20 stand for no reality."""
    made = [
        {"text": f"{origin} text number {i} says words. " * 8, "origin": origin}
        for origin, n in (("human", 40), ("machine", 10), ("edited", 10))
        for i in range(n)
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(r) + "\n" for r in made))
    (tmp_path / "mix.toml").write_text('[[parts]]\npaths = ["corpus.jsonl"]\ncount = 60\n')
    told("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")
    corpus = read_corpus(tmp_path / "mixed.jsonl")
    documents, note = with_origins({"train": corpus.documents["train"]})
    assert Counter(d.origin for d in documents["train"]) == {REAL: 40, FOREIGN: 20}, note


def test_a_floor_is_exact(told, tmp_path):
    """55 of 100 are 55 %, though .55 * 100 is more than 55 in binary."""
    corpus(tmp_path)
    floor = '[[floors]]\nfield = "origin"\none_of = ["human"]\nshare = 0.55\n'
    parts = MIX.replace("total = 100\n", "").replace("weight = 2", "count = 55")
    (tmp_path / "mix.toml").write_text(parts.replace("weight = 1", "count = 45") + floor)
    assert told("corpus", "mix", "mix.toml", "--out", "mixed.jsonl")["by"]["origin"] == {
        "human": 55,
        "machine": 45,
    }


@pytest.mark.slow
def test_what_cannot_be_read_and_what_does_not_add_up_is_said(genloss, tmp_path):
    corpus(tmp_path)
    with (tmp_path / "corpus.jsonl").open("a") as file:
        file.write("no JSON\n")
    (tmp_path / "mix.toml").write_text(MIX)
    call = ("corpus", "mix", "mix.toml", "--out", "mixed.jsonl", "--aside", "aside.jsonl")
    done = genloss(*call)
    # The file is a part twice, and read for both.
    assert "2 left out (not JSON)" in done.output
    assert len((tmp_path / "aside.jsonl").read_text().splitlines()) == 2
    for old, new, words in (
        ("total = 100", "total = 2.5", "total is 2.5; expected a whole number"),
        ("epochs = 2", "epochs = 1.5", "epochs is 1.5; expected a whole number"),
        ("weight = 2", "weight = inf", "weight is inf"),
        ("weight = 2", "count = true", "count is True"),
    ):
        (tmp_path / "mix.toml").write_text(MIX.replace(old, new))
        refused = genloss("corpus", "mix", "mix.toml", "--out", "other.jsonl")
        assert (refused.exit_code, words in refused.output) == (2, True), refused.output
    counts = MIX.replace("weight = 2", "count = 5").replace("weight = 1", "count = 6")
    (tmp_path / "mix.toml").write_text(counts)
    refused = genloss("corpus", "mix", "mix.toml", "--out", "other.jsonl")
    assert "add up to 11" in refused.output
    assert not list(tmp_path.glob("other*"))
