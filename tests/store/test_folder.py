"""Run folders: one config each, one writer, and clear refusals of everything else."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from genloss.core.about import Entry
from genloss.core.view import Direction
from genloss.errors import StoreError
from genloss.store.about import ABOUT, read_about, write_about
from genloss.store.files import write_sealed
from genloss.store.folder import (
    create_or_match,
    run_path,
    withdraw,
)
from genloss.store.header import HEADER, SHAPE, Header, read_header
from genloss.store.lock import locked, locked_block
from genloss.store.machine_file import local_spec

IDENTITY = {"seed": 3, "learner": {"kind": "gaussian", "ddof": 1}}
METRIC = {"name": "sigma", "unit": "1", "direction": Direction.START}


def header(**changes) -> Header:
    spec = {"seed": 3, "generations": 5, "chains": 4, "chains_per_block": 2}
    return Header(
        **{"name": "a", "identity": IDENTITY, "spec": spec, "metrics": (METRIC,), **changes}
    )


@pytest.fixture
def run(tmp_path):
    path = run_path(tmp_path, header())
    create_or_match(path, header())
    return path


def edited(run, **changes):
    """Change the header as a tool would that knows the seal."""
    value = {**json.loads((run / HEADER).read_text()), **changes}
    del value["digest"]
    write_sealed(run / HEADER, {k: v for k, v in value.items() if v is not Ellipsis})


def test_the_folder_is_named_by_name_and_fingerprint(run):
    assert run.name == f"a-{header().fingerprint}"
    assert read_header(run) == header()


def test_what_was_found_in_the_data_is_kept_and_is_no_identity(tmp_path):
    told = header(data="3 documents; 1 empty")
    assert told.fingerprint == header().fingerprint
    create_or_match(tmp_path / "run", told)
    create_or_match(tmp_path / "run", header())
    assert read_header(tmp_path / "run").data == "3 documents; 1 empty"


def test_the_same_config_is_welcome_again_and_changes_nothing(run):
    before = (run / HEADER).read_bytes()
    create_or_match(run, header(name="other name"))
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


@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_another_version_is_refused(run, version):
    edited(run, format=version)
    with pytest.raises(StoreError, match=r"has format .*; this genloss reads format 2; use the"):
        create_or_match(run, header())


@pytest.mark.parametrize("changes", [{"identity": {"seed": 9}}, {"fingerprint": "0" * 16}])
def test_a_header_whose_parts_do_not_agree_is_refused(run, changes):
    edited(run, **changes)
    with pytest.raises(StoreError, match=r"it was written by hand; run the study again"):
        read_header(run)


@pytest.mark.parametrize("key", SHAPE)
def test_a_header_that_lacks_a_part_is_refused(run, key):
    edited(run, **{key: ...})
    with pytest.raises(StoreError, match=rf"run\.json: {key} is missing; it was damaged"):
        read_header(run)


SPEC = {"generations": 5, "chains": 4, "chains_per_block": 2}
SHAPES = [
    ({"metrics": [{"name": "sigma", "unit": "1"}]}, r"metrics\[0\]\.direction is missing"),
    ({"metrics": {}}, "metrics is {}, expected a list"),
    ({"metrics": [METRIC | {"direction": "up"}]}, "metric sigma has direction 'up'; expected"),
    ({"metrics": [METRIC | {"unit": ["1", "2"]}]}, "metric sigma has 2 of unit for 0 labels"),
    ({"metrics": [METRIC | {"unit": [1]}]}, r"metrics\[0\]\.unit\[0\] is 1, expected a text"),
    ({"name": None}, "name is None, expected a text"),
    ({"spec": SPEC | {"chains": True}}, "spec.chains is True, expected a whole number"),
    ({"spec": SPEC | {"chains": 4.0}}, "spec.chains is 4.0, expected a whole number"),
    ({"spec": SPEC | {"chains_per_block": 0}}, "spec has a count below 1"),
    ({"spec": [0] * 99}, r"spec is \[0, 0, .*…, expected a table"),
]


@pytest.mark.parametrize(("changes", "match"), SHAPES)
def test_json_of_the_wrong_shape_is_one_line_that_names_the_file(run, changes, match):
    edited(run, **changes)
    with pytest.raises(StoreError, match=rf"run\.json: {match}") as error:
        read_header(run)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", ["", "[]", "7", '"text"', '{"format": 2, "name": []', "[" * 9999]
)
def test_a_header_that_is_something_else_is_refused(run, content):
    (run / HEADER).write_text(content)
    with pytest.raises(StoreError, match=r"run\.json is damaged"):
        read_header(run)


def test_absolute_paths_stay_on_this_machine(tmp_path):
    spec = {
        **header().spec,
        "reality": {"kind": "text", "path": "/home/ada/letters.txt", "block": 4},
        "metrics": [{"kind": "fid", "features": {"base": "/opt/net"}}, "a/b"],
    }
    create_or_match(tmp_path / "run", header(spec=spec))
    stored = read_header(tmp_path / "run").spec
    assert stored["reality"]["path"] == "letters.txt"
    assert stored["metrics"] == [{"kind": "fid", "features": {"base": "net"}}, "a/b"]
    for path in (tmp_path / "run").iterdir():
        assert ("/home/ada" in path.read_text()) == (path.name == "machine.json")
    assert local_spec(tmp_path / "run", stored) == spec
    (tmp_path / "run" / "machine.json").unlink()
    assert local_spec(tmp_path / "run", stored) == stored


def test_what_names_mean_is_written_when_the_run_is_made(tmp_path):
    about, mark = {"metric": {"sigma": Entry("sigma", "Spread")}}, header().fingerprint
    create_or_match(tmp_path / "run", header(), about)
    create_or_match(tmp_path / "run", header(), {})
    assert read_about(tmp_path / "run", [mark]) == about


def test_a_run_is_withdrawn_without_what_others_put_there(tmp_path):
    for name in ("mine", "theirs"):
        create_or_match(tmp_path / name, header())
    (tmp_path / "theirs" / "thesis.tex").write_text("precious")
    withdraw(tmp_path / "mine", with_folder=True)
    withdraw(tmp_path / "theirs", with_folder=True)
    assert [p.name for p in tmp_path.rglob("*")] == ["theirs", "thesis.tex"]
    (tmp_path / "empty").mkdir()
    create_or_match(tmp_path / "empty", header())
    withdraw(tmp_path / "empty", with_folder=False)
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(
        StoreError, match=r"has files but no run\.json \(thesis\.tex\): it is half-del"
    ):
        create_or_match(tmp_path, header())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="is not a run folder"):
        read_header(tmp_path)


def test_a_header_cut_off_by_a_kill_is_as_good_as_none(tmp_path):
    (tmp_path / f"{HEADER}.tmp").write_text('{"format": 1, "na')
    (tmp_path / "about.json").touch()
    create_or_match(tmp_path, header())
    assert {p.name for p in tmp_path.iterdir()} == {HEADER, ABOUT, "machine.json"}


def test_a_kill_between_the_words_and_the_header_is_made_good(tmp_path):
    write_about(tmp_path, header().fingerprint, {})
    assert create_or_match(tmp_path, header())


HOLD = """
import sys
from pathlib import Path
from genloss.store.lock import locked, locked_block
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


@pytest.mark.slow
def test_a_second_process_is_refused_until_the_first_is_gone(run):
    before = datetime.now(UTC).replace(microsecond=0)
    with holding("locked", run) as process:
        with pytest.raises(StoreError, match="is being written by another process") as error:
            locked(run).__enter__()
        pid, since = re.search(r"\((\d+), since (\S+)\)", str(error.value)).groups()
        assert int(pid) == process.pid
        assert before <= datetime.fromisoformat(since) <= datetime.now(UTC)
        process.kill()
        process.wait()
    with locked(run):
        pass


@pytest.mark.slow
def test_a_block_waits_for_a_dying_worker_but_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("genloss.store.lock.WAIT_SECONDS", 0.05)
    with holding("locked_block", tmp_path) as process:
        with pytest.raises(StoreError, match="is being written by another process"):
            locked_block(tmp_path).__enter__()
        monkeypatch.setattr("genloss.store.lock.WAIT_SECONDS", 30.0)
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
