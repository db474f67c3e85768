"""Run folders: one config each, one writer, and clear refusals of everything else."""

import json
import subprocess
import sys

import pytest

from genloss.errors import StoreError
from genloss.store.about import ABOUT, write_about
from genloss.store.folder import (
    HEADER,
    Header,
    create_or_match,
    locked,
    locked_block,
    read_header,
    run_path,
)

IDENTITY = {"seed": 3, "learner": {"kind": "gaussian", "ddof": 1}}
METRIC = {"name": "sigma", "unit": "1", "direction": "compare with t = 0"}


def header(**changes) -> Header:
    parts = {"name": "a", "identity": IDENTITY, "spec": {"seed": 3}, "metrics": (METRIC,)}
    return Header(**{**parts, "theory": {}, **changes})


@pytest.fixture
def run(tmp_path):
    path = run_path(tmp_path, header())
    create_or_match(path, header())
    return path


def edited(run, **changes):
    path = run / HEADER
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_folder_is_named_by_name_and_fingerprint(run):
    assert run.name == f"a-{header().fingerprint}"
    assert read_header(run) == header()


def test_what_was_found_in_the_data_is_kept_and_is_no_identity(tmp_path):
    told = header(data="3 documents; 1 empty")
    assert told.fingerprint == header().fingerprint
    create_or_match(tmp_path / "run", told)
    create_or_match(tmp_path / "run", header())
    assert read_header(tmp_path / "run").data == "3 documents; 1 empty"
    path = tmp_path / "run" / HEADER
    older = json.loads(path.read_text())
    del older["data"]
    path.write_text(json.dumps(older))
    assert read_header(tmp_path / "run").data == ""


def test_the_same_config_is_welcome_again_and_changes_nothing(run):
    before = (run / HEADER).read_bytes()
    create_or_match(run, header(name="other name", theory={"sigma": {}}))
    assert (run / HEADER).read_bytes() == before


def test_another_config_is_refused_with_both_shown(run):
    other = header(identity={"seed": 4, "learner": IDENTITY["learner"], "held_out": 10})
    with pytest.raises(StoreError) as error:
        create_or_match(run, other)
    told = str(error.value)
    assert "holds another config; a run folder has one" in told
    assert "seed" in told
    assert "there 3" in told
    assert "here 4" in told
    assert "held_out" in told
    # What is equal is not repeated.
    assert "learner" not in told


@pytest.mark.parametrize("version", [2, 0, "1", None])
def test_another_version_is_refused(run, version):
    edited(run, format=version)
    with pytest.raises(StoreError, match=r"has format .*; this genloss reads format 1; use the"):
        create_or_match(run, header())


@pytest.mark.parametrize("changes", [{"identity": {"seed": 9}}, {"fingerprint": "0" * 16}])
def test_a_header_edited_by_hand_is_refused(run, changes):
    edited(run, **changes)
    with pytest.raises(StoreError, match=r"edited by hand; delete the folder or undo the edit"):
        read_header(run)


@pytest.mark.parametrize("key", ["name", "identity", "spec", "metrics", "theory"])
def test_a_header_that_lacks_a_part_is_refused(run, key):
    value = json.loads((run / HEADER).read_text())
    del value[key]
    (run / HEADER).write_text(json.dumps(value))
    with pytest.raises(StoreError, match=f"'{key}'; it was damaged"):
        read_header(run)


@pytest.mark.parametrize("content", ["[]", "7", '"text"', '{"format": 1, "name": []'])
def test_a_header_that_is_something_else_is_refused(run, content):
    (run / HEADER).write_text(content)
    with pytest.raises(StoreError, match=r"has format None|is not JSON"):
        read_header(run)


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(StoreError, match=r"has files but no run\.json: it is half-deleted or not"):
        create_or_match(tmp_path, header())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="is not a run folder"):
        read_header(tmp_path)


def test_a_header_cut_off_by_a_kill_is_as_good_as_none(tmp_path):
    (tmp_path / f"{HEADER}.tmp").write_text('{"format": 1, "na')
    create_or_match(tmp_path, header())
    assert sorted(p.name for p in tmp_path.iterdir()) == [ABOUT, HEADER]


def test_a_kill_between_the_words_and_the_header_is_made_good(tmp_path):
    write_about(tmp_path, {})
    assert create_or_match(tmp_path, header())


HOLD = """
import sys
from pathlib import Path
from genloss.store.about import ABOUT, write_about
from genloss.store.folder import locked, locked_block
with {lock}(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holding(lock, path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(lock=lock), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_until_the_first_is_gone(run):
    with holding("locked", run) as process:
        with pytest.raises(StoreError, match="is being written by another process; wait for it"):
            locked(run).__enter__()
        process.kill()
        process.wait()
    with locked(run):
        pass


def test_a_block_waits_for_a_dying_worker_but_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("genloss.store.folder.PATIENCE", 0.05)
    with holding("locked_block", tmp_path) as process:
        with pytest.raises(StoreError, match="is being written by another process"):
            locked_block(tmp_path).__enter__()
        monkeypatch.setattr("genloss.store.folder.PATIENCE", 30.0)
        process.kill()
        with locked_block(tmp_path):
            pass


def test_an_error_inside_the_lock_is_not_the_locks(run):
    """An OSError of the work must not be reported as a folder that cannot be locked."""
    for lock in (locked, locked_block):
        with pytest.raises(ConnectionError, match="elsewhere"), lock(run):
            raise ConnectionError("elsewhere")


def test_a_place_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").touch()
    for act in (lambda p: create_or_match(p, header()), lambda p: locked_block(p).__enter__()):
        with pytest.raises(StoreError, match=r"cannot .*check that the folder is writable"):
            act(tmp_path / "file" / "run")
