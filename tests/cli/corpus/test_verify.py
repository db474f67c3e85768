"""`genloss corpus verify` names what was tampered with, what is missing and what is malformed."""

import gzip
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from genloss.corpus.record.record import Record, id_of
from genloss.corpus.record.signing import signature_of
from genloss.corpus.record.writing import sums_of, write_records
from genloss.errors import SpecError

RECORDS = [Record.of(f"Text number {i}.", licence="MIT") for i in range(8)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "records.jsonl"
    assert write_records(RECORDS, path) == 8
    return path


def change(file: Path, line: int, *to: bytes) -> None:
    lines = file.read_bytes().splitlines()
    lines[line - 1 : line] = to
    file.write_bytes(b"\n".join(lines) + b"\n")


def faults(genloss, file):
    found = genloss("corpus", "verify", file, "--json")
    told = json.loads(found.stdout)
    assert found.exit_code == (1 if told["problems"] else 0)
    return [(p["fault"], p["line"], p["id"]) for p in told["problems"]]


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_what_was_written_verifies(genloss, tmp_path, packing):
    file = tmp_path / f"records.jsonl{packing}"
    write_records(RECORDS, file)
    before = file.read_bytes()
    assert faults(genloss, file) == []
    found = genloss("corpus", "verify", tmp_path)
    assert found.stdout == "8 records of 1 file: every text is the one of its id; not signed\n"
    write_records(RECORDS, file)
    assert file.read_bytes() == before


def test_a_tampered_text_is_named_once(genloss, file):
    change(file, 3, file.read_bytes().splitlines()[2].replace(b"number 2", b"number 9"))
    assert faults(genloss, file) == [("tampered", 3, RECORDS[2].id)]


def test_a_tampered_field_is_named(genloss, file):
    change(file, 3, file.read_bytes().splitlines()[2].replace(b"MIT", b"ISC"))
    assert faults(genloss, file) == [("tampered", 3, RECORDS[2].id)]


def test_missing_records_are_named_in_the_middle_and_at_the_end(genloss, file):
    change(file, 8)
    change(file, 3)
    change(file, 3)
    assert faults(genloss, file) == [
        ("missing", 3, RECORDS[2].id),
        ("missing", 3, RECORDS[3].id),
        ("missing", 0, RECORDS[7].id),
    ]


def test_a_record_beside_the_digests_is_named(genloss, file):
    lines = file.read_bytes().splitlines()
    change(file, 2, lines[1], lines[0])
    assert faults(genloss, file) == [("added", 3, "")]


def test_malformed_lines_are_named(genloss, file):
    change(file, 2, b"{", file.read_bytes().splitlines()[1])
    change(file, 6, b'{"text": "no record"}')
    told = faults(genloss, file)
    assert [fault for fault, line, _ in told if line == 2] == ["malformed", "added"]
    assert ("malformed", 6, "") in told
    assert ("missing", 7, RECORDS[4].id) in told


def test_rows_of_others_are_told_what_makes_records_of_them(genloss, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    done = genloss("corpus", "verify", "rows.jsonl")
    assert done.exit_code == 1
    assert "genloss corpus read FILE --out NEW" in done.stderr


def test_digests_that_end_early_are_named(genloss, file):
    content = sums_of(file).read_text().splitlines(keepends=True)
    sums_of(file).write_text("".join(content[:-1]))
    assert [fault for fault, _, _ in faults(genloss, file)] == ["unreadable"]


def test_without_digests_a_missing_line_cannot_be_seen_and_that_is_said(genloss, file):
    sums_of(file).unlink()
    change(file, 3)
    found = genloss("corpus", "verify", file)
    assert found.exit_code == 0
    assert "1 file without digests: a missing line cannot be seen there" in found.stdout


def test_files_that_records_name_are_hashed(genloss, tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    records = [
        Record(id=id_of(b"\x89PNG"), path="picture.png"),
        Record(id=id_of(b"other"), path="picture.png"),
        Record(id=id_of(b"gone"), path="gone.png"),
    ]
    file = tmp_path / "records.jsonl"
    write_records(records, file)
    assert faults(genloss, file) == [
        ("tampered", 2, records[1].id),
        ("missing", 3, records[2].id),
    ]


def test_a_file_cut_short_is_named(genloss, tmp_path):
    file = tmp_path / "records.jsonl.gz"
    write_records(RECORDS, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert gzip.compress(b"") != whole
    assert ("unreadable", 0, "") in faults(genloss, file)


def test_nothing_half_written_is_left(tmp_path):
    def records():
        yield RECORDS[0]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_records(records(), tmp_path / "records.jsonl")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SpecError, match="records go to"):
        write_records(RECORDS, tmp_path / "records.csv")


def test_a_folder_without_records_is_an_error(genloss, tmp_path):
    found = genloss("corpus", "verify", tmp_path)
    assert found.exit_code == 2
    assert "holds no .jsonl of records" in found.stderr


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Keys of two people, and the file that allows the first."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ada", "eve"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(command, check=True)
    allowed = f"ada@example.org {(folder / 'ada.pub').read_text()}"
    (folder / "signers").write_text(allowed)
    return folder


@pytest.mark.slow
def test_a_signature_says_who_signed_and_breaks_with_the_records(genloss, file, keys):
    found = genloss("corpus", "verify", file, "--sign", keys / "ada")
    assert found.exit_code == 0, found.stderr
    assert "; signed with key SHA256:" in found.stdout
    assert "--signers FILE tells whose" in genloss("corpus", "verify", file).stdout
    checking = ("corpus", "verify", file, "--signers", keys / "signers")
    assert "; signed by ada@example.org (1 file)" in genloss(*checking).stdout
    # Whoever writes records and digests anew cannot sign them.
    write_records(RECORDS[:7], file)
    assert faults(genloss, file) == [("signature", 0, "")]
    found = genloss(*checking)
    assert found.exit_code == 1
    assert "is no signature of records.jsonl.sums (Signature verification failed" in found.stdout
    assert genloss("corpus", "verify", file, "--sign", keys / "eve").exit_code == 0
    assert faults(genloss, file) == []
    found = genloss(*checking)
    assert found.exit_code == 1
    assert f"whom {keys / 'signers'} does not allow" in found.stdout


@pytest.mark.slow
def test_a_signature_of_something_else_is_none(genloss, file, keys):
    sums = sums_of(file)
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", keys / "ada", sums]
    subprocess.run(sign, check=True, capture_output=True)
    assert faults(genloss, file) == [("signature", 0, "")]
    signature_of(file).write_text("no signature")
    assert "Couldn't parse signature" in genloss("corpus", "verify", file).stdout
    sums.unlink()
    assert (
        "records.jsonl.sums, which it signs, is missing" in genloss("corpus", "verify", file).stdout
    )


@pytest.mark.slow
def test_what_is_wrong_or_not_vouched_for_is_not_signed(genloss, file, keys):
    signers = ("--signers", keys / "signers")
    found = genloss("corpus", "verify", file, *signers)
    assert (found.exit_code, "is not signed, and signers were given" in found.stdout) == (1, True)
    found = genloss("corpus", "verify", file, "--sign", keys / "nobody")
    assert found.exit_code == 2
    assert "not signed: Couldn't load public key" in found.stderr
    change(file, 3, file.read_bytes().splitlines()[2].replace(b"MIT", b"ISC"))
    found = genloss("corpus", "verify", file, "--sign", keys / "ada")
    assert found.exit_code == 1
    assert "not signed anew" in found.stderr
    sums_of(file).unlink()
    found = genloss("corpus", "verify", file, "--sign", keys / "ada")
    assert (found.exit_code, "no digests to sign" in found.stderr) == (2, True)
    assert not signature_of(file).exists()
    assert genloss("corpus", "verify", file, "--sign", keys / "ada", *signers).exit_code == 2


def test_without_ssh_keygen_the_tool_is_named(genloss, file, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert genloss("corpus", "verify", file).exit_code == 0
    found = genloss("corpus", "verify", file, "--sign", "key")
    assert found.exit_code == 2
    assert "signatures need ssh-keygen, which is not installed; install OpenSSH" in found.stderr


def test_a_record_with_two_values_of_one_field_is_named(genloss, file):
    line = file.read_text().splitlines()[0]
    file.write_text(line.replace("{", '{"text": "another", ', 1) + "\n")
    done = genloss("corpus", "verify", file)
    assert done.exit_code == 1
    assert "line 1: malformed: two values of the field 'text'" in " ".join(done.stdout.split())
