"""`genloss corpus read`: files become records, and what could not be read is said."""

import json

import pytest


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


def test_nothing_read_is_an_error_as_for_every_command(genloss, tmp_path):
    (tmp_path / "rows.jsonl").write_text("{\n{\n")
    done = genloss("corpus", "read", "rows.jsonl", "--out", "out.jsonl")
    assert done.exit_code == 2
    assert "no record in rows.jsonl; 2 left out (not JSON): " in " ".join(done.stderr.split())
    assert not (tmp_path / "out.jsonl").exists()


def test_json_says_the_same(told, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "x"}\n{\n')
    done = told("corpus", "read", "rows.jsonl", "--out", "out.jsonl", "--aside", "aside.jsonl")
    assert (done["records"], done["left_out"]) == (1, {"not JSON": 1})
    assert (tmp_path / "aside.jsonl").read_text().count("\n") == 1


MIX = 'total = 2\n[[parts]]\nname = "all"\npaths = ["a.jsonl"]\nweight = 1\n'


@pytest.mark.parametrize(
    "words",
    [
        ("read", "a.jsonl"),
        ("curate", "a.jsonl", "--before", "2020-01-01"),
        ("mix", "mix.toml"),
        ("calibrate", "a.jsonl", "--scorer", "green_list", "--with", "key=a"),
        ("share", "a.jsonl", "--human", "mix.toml"),
        ("share", "mix.toml", "--human", "a.jsonl"),
    ],
)
def test_what_is_read_is_never_written_over(genloss, tmp_path, words):
    rows = '{"text": "one text"}\n{"text": "another text"}\n'
    (tmp_path / "a.jsonl").write_text(rows)
    (tmp_path / "mix.toml").write_text(MIX)
    done = genloss("corpus", *words, "--out", "a.jsonl")
    assert done.exit_code == 2
    assert "a.jsonl is read, and would be written over; name another output" in " ".join(
        done.output.split()
    )
    assert (tmp_path / "a.jsonl").read_text() == rows
    assert {f.name for f in tmp_path.iterdir() if f.is_file()} == {"a.jsonl", "mix.toml"}
