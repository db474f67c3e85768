"""A full or read-only disk: a clear error, nothing half-written, and the run resumes."""

import os
import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from genloss.errors import StoreError
from genloss.run.runner import header_of, run_study
from genloss.store.arrays import unpack_arrays
from genloss.store.folder import block_path, run_path
from genloss.study.study import study_from


@pytest.fixture
def study(small):
    return study_from(small("rows_accumulate"))


@pytest.fixture
def unbroken(study, tmp_path, folder_bytes):
    return folder_bytes(run_study(study, tmp_path / "unbroken", workers=1).path)


@contextmanager
def files_no_larger_than(size: int):
    """Let every write beyond `size` bytes of a file fail, as on a full disk (EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def assert_nothing_is_half_written(run: Path) -> None:
    """Whatever is not marked as temporary is whole."""
    for path in run.rglob("*.safetensors"):
        unpack_arrays(path.read_bytes(), path)
    for kept in run.glob("blocks/*/generations/*"):
        names = {p.name for p in kept.iterdir()}
        assert {"samples.safetensors"} <= names <= {"state.safetensors", "samples.safetensors"}
    assert not list(run.rglob("*.tmp"))


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 40, 300, 700, 1200, 2000])
def test_a_disk_that_fills_up_is_reported_and_the_run_resumes(
    study, unbroken, tmp_path, folder_bytes, size
):
    root = tmp_path / "full"
    with files_no_larger_than(size), pytest.raises(StoreError) as error:
        run_study(study, root, workers=1)
    assert "File too large; check that the folder is writable and the disk has room" in str(
        error.value
    )
    run = run_path(root, header_of(study))
    assert_nothing_is_half_written(run)
    assert folder_bytes(run_study(study, root, workers=1).path) == unbroken


@pytest.mark.slow
def test_enough_room_is_no_error(study, unbroken, tmp_path, folder_bytes):
    largest = max(len(content) for content in unbroken.values())
    with files_no_larger_than(2 * largest):
        run = run_study(study, tmp_path / "enough", workers=1)
    assert folder_bytes(run.path) == unbroken


@pytest.mark.slow
def test_no_space_left_on_the_device(study, unbroken, tmp_path, folder_bytes):
    """The table is a link to the device that is always full: not even that is written to."""
    block = block_path(run_study(study, tmp_path / "full", workers=1).path, 0)
    (block / "manifest.json").unlink()
    (block / "metrics.jsonl").unlink()
    (block / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"metrics.jsonl is a link"):
        run_study(study, tmp_path / "full", workers=1)
    (block / "metrics.jsonl").unlink()
    assert folder_bytes(run_study(study, tmp_path / "full", workers=1).path) == unbroken


@contextmanager
def unprivileged():
    """Give up root's power to write everywhere, where we have it."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_folder():
    """Return a folder that anybody can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def test_a_read_only_folder_is_reported_and_left_as_it_is(study, open_folder):
    open_folder.chmod(0o555)
    with unprivileged(), pytest.raises(StoreError, match=r"cannot create .*Permission denied"):
        run_study(study, open_folder, workers=1)
    assert list(open_folder.iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_becomes_read_only_resumes_once_it_is_not(
    study, unbroken, open_folder, folder_bytes
):
    with unprivileged():
        run = run_study(study, open_folder, workers=1).path
    block = block_path(run, 0)
    (block / "manifest.json").unlink()
    os.truncate(block / "metrics.jsonl", 0)
    block.chmod(0o555)
    with (
        unprivileged(),
        pytest.raises(StoreError, match=r"cannot (write|remove) .*Permission denied"),
    ):
        run_study(study, open_folder, workers=1)
    block.chmod(0o755)
    with unprivileged():
        assert folder_bytes(run_study(study, open_folder, workers=1).path) == unbroken
