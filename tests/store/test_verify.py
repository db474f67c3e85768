"""`verify` reads everything, and names what is not as it was written."""

import shutil

import pytest

from genloss.errors import StoreError
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


def test_whatever_is_deleted_of_a_run_that_has_ended_is_named(run):
    for path in [p for p in run.path.rglob("*") if p.is_file() and p.name != ".lock"]:
        before = path.read_bytes()
        path.unlink()
        named = str(path.relative_to(run.path))
        # The machine's own paths, and what theory says, are not every run's.
        if path.name not in ("machine.json", "theory.json", "run.json"):
            assert named in problems(run)
        path.write_bytes(before)
    assert problems(run) == {}


def test_a_block_that_is_emptied_or_a_file_is_named(run):
    block = run.blocks[1].path
    shutil.rmtree(block)
    block.mkdir()
    assert problems(run) == {"blocks/0001/manifest.json": "the run has ended, and it is gone"}
    block.rmdir()
    block.write_text("a block")
    assert problems(run) == {"blocks": problems(run)["blocks"]}
    assert "blocks/0001 is a file" in problems(run)["blocks"]
    with pytest.raises(StoreError, match="blocks/0001 is a file; expected the folder of a block"):
        Run(run.path).progress()


def test_a_block_that_is_gone_is_named_once_the_run_has_ended(run):
    shutil.rmtree(run.blocks[1].path)
    assert problems(run) == {"blocks/0001": "the run has ended, and it is gone"}
