"""`genloss corpus dedup`: kept and removed records beside each other, and one account."""

import json

import pytest


@pytest.mark.slow
def test_duplicates_are_parted_and_named(genloss, told, tmp_path):
    text = "one two three four five six seven eight nine ten eleven twelve"
    rows = [text, text, text.upper(), "another text that stands for itself"]
    lines = "".join(json.dumps({"text": row}) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines + "{\n")
    done = genloss("corpus", "dedup", "rows.jsonl", "--out", "distinct")
    assert done.exit_code == 0, done.stderr
    assert "4 records: 2 kept, 1 exact and 1 near duplicates" in done.stdout
    assert "94.7% at 0.8" in done.stderr
    assert "1 left out (not JSON)" in done.stderr
    assert genloss("corpus", "verify", "distinct/kept").exit_code == 0
    account = told("corpus", "dedup", "rows.jsonl", "--out", "exact", "--exact")
    assert (account["kept"], account["exact"], account["near"]) == (3, 1, 0)


def test_wrong_words_write_nothing(genloss, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n')
    for words in (["--bands", "0"], ["--shard", "much"], ["--on", "nobody"]):
        done = genloss("corpus", "dedup", "rows.jsonl", "--out", "out", *words)
        assert done.exit_code == 2, words
        assert not (tmp_path / "out").exists()
