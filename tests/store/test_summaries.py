"""What is listed of runs: the same with an index as without, whatever changed since."""

import json
import os
import shutil
from pathlib import Path

import pytest

from genloss.errors import StoreError
from genloss.run.runner import run_study
from genloss.store import summaries as module
from genloss.store.files import read_sealed, write_sealed
from genloss.store.folder import holds_run, is_control_path
from genloss.store.reader import Run, folders
from genloss.store.summaries import INDEX, Summary, summaries
from genloss.study.study import Study


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two runs of one block each, listed with an index from the first one on."""
    monkeypatch.setattr(module, "FEWEST", 1)
    for seed in (0, 1):
        study = Study(
            "gaussian",
            {"kind": "gaussian", "ddof": 1},
            n_real=5,
            generations=3,
            form="moments",
            metrics=("sigma",),
            seed=seed,
            chains=2,
            name=f"r{seed}",
        )
        run_study(study, tmp_path, workers=1)
    return tmp_path


def test_a_summary_says_what_a_run_is_and_how_far(runs):
    found = dict(summaries(runs))
    assert set(found.values()) == {
        Summary(3, 2, 1, "replace", "gaussian", "gaussian", (3,)),
    }
    assert all(what.is_complete for what in found.values())


def test_the_index_says_the_same_and_is_used(runs):
    before = dict(summaries(runs))
    assert (runs / INDEX).exists()
    written = (runs / INDEX).stat().st_mtime_ns
    assert dict(summaries(runs)) == before
    assert (runs / INDEX).stat().st_mtime_ns == written


def test_what_changed_is_read_again(runs):
    """A manifest that is gone, a table cut short, a header with another byte, a new folder."""
    dict(summaries(runs))
    one, two = sorted(runs.glob("r*"))
    os.unlink(one / "blocks/0000/manifest.json")
    assert dict(summaries(runs))[one].t == (0,)
    table = two / "blocks/0000/metrics.jsonl"
    table.write_bytes(table.read_bytes()[:-5])
    assert isinstance(dict(summaries(runs))[two], StoreError)
    shutil.copytree(one, runs / "r3")
    assert len(dict(summaries(runs))) == 3
    shutil.rmtree(one)
    assert one not in dict(summaries(runs))


def test_runs_are_found_as_readers_find_them(runs):
    """Deep ones, controls, one without a header, a link, a folder that is no run, a run itself."""
    one, two = sorted(runs.glob("r*"))
    for place in ("deep/er/r4", "controls/real-only-0", "controls/r5", "controls/real-only-1/r6"):
        shutil.copytree(one, runs / place)
    os.unlink(runs / "deep/er/r4/run.json")
    (runs / "link").symlink_to(two)
    (runs / "empty/controls").mkdir(parents=True)
    for root in (runs, runs / "controls", runs / "controls/real-only-0", one, runs / "empty"):
        below = [p for p, names in folders(root) if holds_run(names)]
        expected = [path for path in below if not is_control_path(path, root)]
        assert list(dict(summaries(root))) == expected, root
    assert not dict(summaries(runs / "gone"))


def test_a_run_is_told_by_its_header_and_not_searched(runs, monkeypatch):
    """Ten thousand of them would be as many folders read."""
    read, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: read.append(str(path)) or scandir(path))
    for _ in range(2):
        assert len(dict(summaries(runs))) == 2
    assert read == [str(runs)] * 2


@pytest.mark.parametrize("content", [b"", b"{}", b"not json"])
def test_a_damaged_index_is_made_again(runs, content):
    before = dict(summaries(runs))
    (runs / INDEX).write_bytes(content)
    assert dict(summaries(runs)) == before
    assert (runs / INDEX).read_bytes() != content


def test_an_index_of_another_version_is_made_again(runs):
    before = dict(summaries(runs))
    value = read_sealed(runs / INDEX)
    for change in ({"colour": "red"}, {"chains": None}):
        old = json.loads(value["runs"])
        table = {k: {**v, "summary": {**v["summary"], **change}} for k, v in old.items()}
        for text in (json.dumps(table), json.dumps(list(table)), table):
            write_sealed(runs / INDEX, {"runs": text})
            assert dict(summaries(runs)) == before


def test_what_is_odd_is_read_and_named_by_the_readers_of_runs(runs, monkeypatch):
    """The quick way refuses whatever the readers do; what is whole it reads alone."""
    whole = sorted(runs.glob("r*"))[0]
    monkeypatch.setattr(module, "summary_of", None)
    assert all(isinstance(what, Summary) for what in dict(summaries(runs)).values())
    monkeypatch.undo()
    monkeypatch.setattr(module, "FEWEST", 1)
    header, manifest = read_sealed(whole / "run.json"), whole / "blocks/0000/manifest.json"
    block = read_sealed(manifest)
    spec, table = header["spec"], block["table"]
    odd = [
        (whole / "run.json", {**header, "spec": {**spec, "chains": 0}}, header),
        (whole / "run.json", {**header, "spec": {**spec, "generations": "3"}}, header),
        (whole / "run.json", {**header, "spec": []}, header),
        (manifest, {**block, "run": "0" * 12}, block),
        (manifest, {**block, "block": 1}, block),
        (manifest, {**block, "t": "3"}, block),
        (manifest, {**block, "table": {**table, "bytes": table["bytes"] + 1}}, block),
    ]
    for path, value, before in odd:
        del value["format"]
        write_sealed(path, value)
        found = dict(summaries(runs))[whole]
        assert isinstance(found, StoreError), value
        with pytest.raises(StoreError) as error:
            module.summary_of(Run(whole))
        assert str(found) == str(error.value)
        write_sealed(path, {k: v for k, v in before.items() if k != "format"})
    (whole / "blocks/@eaDir").mkdir()
    assert "is not a block of this run" in str(dict(summaries(runs))[whole])


def test_a_folder_that_cannot_be_read_hides_no_other(runs, monkeypatch):
    """Of two with the same rights one is a run and one holds runs: who cannot look cannot know."""
    one, two = sorted(runs.glob("r*"))
    (runs / "shut").mkdir()
    scandir, exists = os.scandir, os.path.exists
    shut = (str(one), str(runs / "shut"))

    def refused(path):
        if str(path) in shut:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.setattr(os.path, "exists", lambda p: not str(p).startswith(shut) and exists(p))
    found = dict(summaries(runs))
    assert isinstance(found[two], Summary)
    for path in map(Path, shut):
        assert f"cannot read {path}: Permission denied" in str(found[path])
    with pytest.raises(StoreError, match="Permission denied"):
        list(summaries(one))


def test_a_header_that_is_a_folder_is_one_sick_run(runs):
    one, two = sorted(runs.glob("r*"))
    os.unlink(one / "run.json")
    (one / "run.json").mkdir()
    found = dict(summaries(runs))
    assert isinstance(found[two], Summary)
    assert "run.json" in str(found[one])
