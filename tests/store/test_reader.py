"""A run read back: series over blocks, kept generations, progress, and other runs beside it."""

import json
import shutil

import numpy as np
import pytest

from genloss.core.view import Direction
from genloss.errors import StoreError
from genloss.run.runner import run_study
from genloss.store.provenance import append, sessions
from genloss.store.reader import Run, find_runs
from genloss.study.study import study_from

SPEC = {
    "reality": "two_moons",
    "learner": {"kind": "kde", "bandwidth": 0.2},
    "n_real": 8,
    "generations": 6,
    "chains": 5,
    "chains_per_block": 2,
    "metrics": ["real_share", "trace_ratio", "entropy", "mean_error"],
    "measure": {"every": 2},
    "keep": {"at": [0, 3], "chains": 2, "rows": 4},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return run_study(study_from(SPEC), tmp_path_factory.mktemp("runs"), workers=1)


def test_series_join_the_chains_of_all_blocks(run):
    found = run.series["trace_ratio"]
    assert found.values.shape == (4, 5)
    np.testing.assert_array_equal(found.t, [0, 2, 4, 6])
    assert (found.unit, found.direction) == ("1", Direction.ONE)
    # Blocks have streams of their own: no chain repeats another.
    assert len(np.unique(found.values[1])) == 5


def test_every_metric_has_one_row_per_measured_generation(run):
    for block in run.blocks:
        rows = [
            json.loads(line) for line in (block.path / "metrics.jsonl").read_text().splitlines()
        ]
        assert [r["t"] for r in rows] == [t for t in (0, 2, 4, 6) for _ in range(4)]


def test_a_metric_that_never_applied_is_listed_with_its_reason(run):
    assert set(run.series) == {"real_share", "trace_ratio", "mean_error"}
    assert "not symbols" in run.not_applicable["entropy"]
    assert set(run.not_applicable) == {"entropy"}


def test_kept_generations_hold_the_first_chains_and_rows(run):
    assert run.kept() == [0, 3]
    assert run.arrays(3, "samples")["x"].shape == (2, 4, 2)
    assert run.arrays(3, "state")["x"].shape == (2, 8, 2)
    # The last block has one chain only.
    assert run.arrays(3, "samples", block=2)["x"].shape == (1, 4, 2)
    np.testing.assert_array_equal(run.arrays(3, "samples")["origin"], 3)


def test_what_was_not_kept_is_named_with_what_was(run):
    for t, part in ((2, "state"), (0, "state"), (3, "pictures")):
        with pytest.raises(StoreError, match=rf"keeps no {part} of generation {t}; kept: \[0, 3\]"):
            run.arrays(t, part)


def test_progress_and_completion(run):
    assert run.progress() == [6, 6, 6]
    assert run.is_complete
    assert run.spec["reality"] == {"kind": "two_moons", "noise": 0.05}


def test_provenance_names_versions_command_seed_and_outcome(run):
    start, done = run.provenance()
    assert {"python", "genloss", "numpy"} <= set(start["versions"])
    assert set(start) == {"event", "time", "seed", "versions", "commit", "platform", "cores"}
    assert (start["event"], start["seed"], done["event"]) == ("start", 0, "done")


def test_provenance_goes_on_after_a_line_cut_off_by_a_kill(tmp_path):
    path = tmp_path / "provenance.jsonl"
    append(path, "run", {"event": "start"})
    with path.open("ab") as file:
        file.write(b'{"event":"do')
    append(path, "run", {"event": "start again"})
    assert sessions(path, "run") == [{"event": "start"}, {"event": "start again"}]
    assert len(path.read_text().splitlines()) == 2
    for other, old, new in (("b", b"", b""), ("run", b'"start"', b'"stort"')):
        path.write_bytes(path.read_bytes().replace(old, new))
        with pytest.raises(StoreError, match=r"provenance.jsonl is damaged: .* deleting it helps"):
            append(path, other, {"event": "done"})


def test_a_last_line_cut_off_by_a_kill_is_not_read(run, tmp_path):
    copy = Run(tmp_path / "copy")
    shutil.copytree(run.path, copy.path)
    with (copy.path / "blocks" / "0001" / "metrics.jsonl").open("ab") as file:
        file.write(b'{"t":7,"metric":"trace_ra')
    np.testing.assert_array_equal(copy.series["trace_ratio"].t, [0, 2, 4, 6])
    with (copy.path / "blocks" / "0001" / "metrics.jsonl").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(StoreError, match=r"metrics.jsonl is damaged: line \d+ does not fit"):
        _ = Run(copy.path).series


def test_a_run_that_has_hardly_begun_can_be_read(run, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "run.json").write_bytes((run.path / "run.json").read_bytes())
    new = Run(tmp_path / "new")
    assert (new.series, new.not_applicable, new.kept(), new.progress()) == ({}, {}, [], [])
    assert not new.is_complete
    (new.path / "blocks" / "0000").mkdir(parents=True)
    assert (Run(new.path).kept(), Run(new.path).series) == ([], {})
    with pytest.raises(StoreError, match="keeps no state of generation 1"):
        new.arrays(1, "state")


def test_runs_are_found_below_a_root_and_a_missing_root_has_none(run, tmp_path):
    assert [r.path for r in find_runs(run.path.parent.parent) if r.path == run.path] == [run.path]
    assert find_runs(tmp_path / "nowhere") == []
    with pytest.raises(StoreError, match="is not a run folder: it has no run"):
        _ = Run(tmp_path).header


def copied(run, tmp_path) -> Run:
    shutil.copytree(run.path, tmp_path / "copy")
    return Run(tmp_path / "copy")


def test_rows_behind_the_manifest_are_verified_and_marked(run, tmp_path):
    whole = copied(run, tmp_path)
    assert whole.unvouched is None
    (whole.path / "blocks" / "0001" / "manifest.json").unlink()
    half, name = Run(whole.path), "trace_ratio"
    np.testing.assert_array_equal(half.series[name].values, run.series[name].values)
    assert (half.unvouched, half.is_complete, half.kept()) == (0, False, [])
    table = half.path / "blocks" / "0001" / "metrics.jsonl"
    table.write_bytes(table.read_bytes().replace(b'"values":[1.0', b'"values":[1.5', 1))
    with pytest.raises(StoreError, match=r"0001/metrics.jsonl is damaged: line"):
        _ = Run(whole.path).series


@pytest.mark.parametrize("name", ["@eaDir", "0000 (copy)", "0003", "1", "notes.txt"])
def test_what_is_no_block_of_the_run_is_refused_by_name(run, tmp_path, name):
    copy = copied(run, tmp_path)
    (copy.path / "blocks" / ".DS_Store").touch()
    assert len(copy.blocks) == 3
    (copy.path / "blocks" / name).mkdir()
    with pytest.raises(
        StoreError, match=r"is not a block of this run; expected 0000 to 0002"
    ) as error:
        _ = Run(copy.path).blocks
    assert str(copy.path / "blocks" / name) in str(error.value)


def test_a_block_of_another_run_is_refused(run, tmp_path):
    other = run_study(study_from({**SPEC, "seed": 1}), tmp_path, workers=1)
    copy = copied(run, tmp_path)
    shutil.rmtree(copy.path / "blocks" / "0001")
    assert (Run(copy.path).missing, Run(copy.path).is_complete) == ([1], False)
    assert Run(copy.path).series["trace_ratio"].values.shape == (4, 3)
    shutil.copytree(other.path / "blocks" / "0001", copy.path / "blocks" / "0001")
    with pytest.raises(StoreError, match=r"manifest.json belongs to block 1 of run"):
        Run(copy.path).progress()


def test_runs_are_not_descended_into_and_links_not_followed(run, tmp_path):
    (tmp_path / "runs").mkdir()
    copy = tmp_path / "runs" / "copy"
    shutil.copytree(run.path, copy)
    shutil.copytree(run.path, copy / "blocks" / "inner")
    (tmp_path / "runs" / "loop").symlink_to(tmp_path)
    assert [r.path for r in find_runs(tmp_path / "runs")] == [copy]
    (copy / "run.json").unlink()
    assert [r.path for r in find_runs(tmp_path / "runs")] == [copy]
    with pytest.raises(StoreError, match="is not a run folder: it has no run"):
        _ = find_runs(tmp_path / "runs")[0].header


def test_series_are_told_by_their_sizes_not_by_their_numbers(run):
    (name, series), *_ = run.series.items()
    t, shape = series.t, series.values.shape
    assert repr(series) == f"Series({name!r}, t = {t[0]} to {t[-1]}, values {shape})"
    assert len(repr(run.series)) < 120 * len(run.series)
