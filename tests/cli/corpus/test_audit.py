"""`genloss corpus audit`: a page, its numbers beside it, and a few sentences."""

import json

import pytest


@pytest.fixture
def corpus(tmp_path):
    rows = [
        {"text": f"Text {i} of the corpus, which was written by hand. " * 8, "origin": "human"}
        for i in range(12)
    ]
    (tmp_path / "texts").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in [*rows, rows[0]])
    (tmp_path / "texts" / "rows.jsonl").write_text(lines + "{\n")
    return tmp_path


@pytest.mark.slow
def test_the_page_and_its_numbers_are_written(genloss, corpus):
    done = genloss("corpus", "audit", "texts", "--against", "texts", "--reference", "texts")
    assert done.exit_code == 0, done.stderr
    assert "all of the texts were written by people" in done.stdout
    assert "1 text repeats an earlier one word for word" in done.stdout
    assert done.stdout.endswith("audit.html\n")
    assert "1 left out (not JSON)" in done.stderr
    numbers = json.loads((corpus / "audit.json").read_text())
    assert numbers["sizes"]["records"] == 13
    assert numbers["duplicates"]["exact"]["count"] == 1
    assert numbers["overlap"]["sets"][0]["held"]["share"] == 1
    again = genloss("corpus", "audit", "texts", "--since", "audit.json", "--out", "b.html")
    assert again.exit_code == 0
    assert json.loads((corpus / "b.json").read_text())["drift"]
    assert "What changed since" in (corpus / "b.html").read_text()


@pytest.mark.slow
def test_bad_input_writes_nothing(genloss, corpus):
    (corpus / "empty").mkdir()
    for words in (
        ["nothing-here"],
        ["empty"],
        ["texts", "--out", "page.pdf"],
        ["texts", "--since", "texts/rows.jsonl"],
        ["texts", "--human", "texts", "--machine", "texts"],
        ["texts", "--calibration", "no.json"],
    ):
        done = genloss("corpus", "audit", *words)
        assert done.exit_code == 2, words
    assert not list(corpus.glob("*.html"))
    assert not list(corpus.glob("*.json"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file; make it: genloss corpus audit"),
        ("[1]", "no audit; expected the .json"),
    ],
)
def test_what_is_no_earlier_audit_is_refused_in_its_own_words(genloss, corpus, content, said):
    if content is not None:
        (corpus / "old.json").write_text(content)
    for words in (("audit", "texts", "--since", "old.json"), ("card", "old.json", "--out", "c.md")):
        done = genloss("corpus", *words)
        assert done.exit_code == 2
        assert f"old.json: {said}" in done.output


def test_masking_replaces_personal_data_and_keeps_the_parent(genloss, corpus):
    (corpus / "a.jsonl").write_text('{"text": "Write to ada@example.org."}\n{"text": "No data."}\n')
    assert genloss("corpus", "read", "a.jsonl", "--mask", "--out", "out.jsonl").exit_code == 0
    first, second = map(json.loads, (corpus / "out.jsonl").read_text().splitlines())
    assert first["text"] == "Write to [mail]."
    assert len(first["parents"]) == 1
    assert "parents" not in second
    assert genloss("corpus", "verify", "out.jsonl").exit_code == 0


@pytest.mark.slow
def test_what_is_no_text_of_the_corpus_is_not_left_out_of_it(genloss, corpus):
    """Digests beside records are passed over; texts to compare with are counted by themselves."""
    (corpus / "in").mkdir()
    assert genloss("corpus", "read", "texts", "--out", "in/rows.jsonl").exit_code == 0
    done = genloss("corpus", "audit", "in")
    assert done.exit_code == 0, done.stderr
    assert "left out" not in done.output.lower()
    assert json.loads((corpus / "audit.json").read_text())["aside"]["left_out"] == {}


@pytest.mark.slow
def test_shards_give_the_same_page(genloss, corpus):
    for words in (["--out", "a.html"], ["--out", "b.html", "--keep-work"]):
        assert genloss("corpus", "audit", "texts", *words).exit_code == 0
    one, other = (json.loads((corpus / f"{name}.json").read_text()) for name in "ab")
    assert one | {"numbers": ""} == other | {"numbers": ""}
    assert (corpus / "b.work").is_dir()
    assert not (corpus / "a.work").exists()
