"""`genloss corpus read`: files become records, and what could not be read is said."""

import json


def test_files_become_records_that_verify(genloss, tmp_path):
    rows = [{"text": f"Text {i}.", "date": 2000 + i} for i in range(3)]
    lines = [*map(json.dumps, rows), "{", '{"text": "x", "date": "spring"}']
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    done = genloss("corpus", "read", "rows.jsonl", "--fix", "origin=human", "--out", "out.jsonl")
    assert done.exit_code == 0
    assert done.stdout == "4 records in out.jsonl\n"
    assert "1 left out (not JSON); 1 read in part (claimed date is no date)" in done.stderr
    assert "rows.jsonl: line 4: not JSON" in done.stderr
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [r["claimed"]["last"][:4] for r in records[:3]] == ["2000", "2001", "2002"]
    assert {r["origin"] for r in records} == {"human"}
    assert genloss("corpus", "verify", "out.jsonl").exit_code == 0


def test_a_map_that_is_wrong_writes_nothing(genloss, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "x"}')
    done = genloss("corpus", "read", "rows.jsonl", "--field", "clamed=x", "--out", "out.jsonl")
    assert done.exit_code == 2
    assert "did you mean 'claimed'" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_json_says_the_same(told, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "x"}\n{\n')
    done = told("corpus", "read", "rows.jsonl", "--out", "out.jsonl", "--aside", "aside.jsonl")
    assert (done["records"], done["left_out"]) == (1, {"not JSON": 1})
    assert (tmp_path / "aside.jsonl").read_text().count("\n") == 1
