"""`verify` reads everything, and names what is not as it was written."""

import shutil

import pytest

from genloss.run.runner import run_study
from genloss.store.reader import Run
from genloss.store.verify import verify
from genloss.study.study import study_from

SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 8,
    "generations": 3,
    "chains": 3,
    "chains_per_block": 2,
    "metrics": ["trace_ratio"],
    "keep": {"at": [0, 2], "rows": 2},
}


@pytest.fixture
def run(tmp_path) -> Run:
    return run_study(study_from(SPEC), tmp_path, workers=1)


def problems(run) -> dict[str, str]:
    checked = list(verify(Run(run.path)))
    return {str(c.path.relative_to(run.path)): c.problem for c in checked if c.problem}


def test_a_folder_as_written_has_no_problem_and_every_file_is_read(run):
    read = {c.path for c in verify(run)}
    assert problems(run) == {}
    there = {p for p in run.path.rglob("*") if p.is_file() and p.name != ".lock"}
    assert read == there


def test_every_damaged_file_is_named(run):
    files = [p for p in run.path.rglob("*") if p.is_file() and p.name != ".lock"]
    for path in files:
        before = path.read_bytes()
        path.write_bytes(before[:-2] + bytes([before[-2] ^ 1]) + before[-1:])
        assert str(path.relative_to(run.path)) in problems(run)
        path.write_bytes(before)
    assert problems(run) == {}


def test_two_damaged_files_are_both_named(run):
    for block in run.blocks:
        (block.path / "metrics.jsonl").unlink()
    assert set(problems(run)) == {f"blocks/000{i}/metrics.jsonl" for i in (0, 1)}


def test_a_block_that_is_gone_is_named_once_the_run_has_ended(run):
    shutil.rmtree(run.blocks[1].path)
    assert problems(run) == {"blocks/0001": "the run has ended, and it is gone"}
