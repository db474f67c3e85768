"""A disk that is really full: a file system of so many pages, or of so many files, mounted for it.

Only root may mount one. Elsewhere a file may not grow beyond a limit (RLIMIT_FSIZE), and the test's
output says which of the two was tried.
"""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.errors import GenlossError
from genloss.run.runner import header_of, run_study
from genloss.store.folder import run_path
from genloss.study.study import study_from

from .lab import SPEC, drawn, samples

STUDY = study_from(SPEC)
PAGE = 4096
ENOUGH = 34
"""Pages, and files, that the run and its report fit into."""


@contextmanager
def small_disk(place: Path, option: str, size: int) -> Iterator[str]:
    """Mount a file system of a size; yield its name, or what takes its place."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"{option}={size}", "genloss", str(place)]
    mount = shutil.which("mount") if sys.platform == "linux" else None
    if mount and subprocess.run(command, capture_output=True).returncode == 0:
        try:
            yield "tmpfs"
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size if option == "size" else size * 40, before[1]))
    try:
        yield "RLIMIT_FSIZE"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def grown(place: Path, kind: str) -> None:
    """Give the disk the room that it lacked."""
    if kind == "tmpfs":
        given = f"remount,size={4 * ENOUGH * PAGE},nr_inodes={4 * ENOUGH}"
        subprocess.run(["mount", "-o", given, str(place)], check=True)
    else:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def why(root: Path) -> str:
    """Run there, and return why it stopped."""
    try:
        run_study(STUDY, root, workers=1)
    except GenlossError as error:
        return str(error)
    return ""


@pytest.mark.slow
@samples(3, 16)
def test_a_full_disk(tmp_path, folder_bytes, sample, seed):
    right = folder_bytes(run_study(STUDY, tmp_path / "right", workers=1).path)
    cases = [("size", n * PAGE) for n in range(1, ENOUGH)]
    cases += [("nr_inodes", n) for n in range(1, ENOUGH)]
    refused = 0
    for option, size in drawn(cases, sample, seed):
        place = tmp_path / f"{option} {size}"
        with small_disk(place, option, size) as kind:
            problem = why(place / "runs")
            assert not problem or str(place) in problem, (option, size)
            assert "Traceback" not in problem
            assert not list(place.rglob("*.tmp")), (kind, option, size)
            run = run_path(place / "runs", header_of(STUDY))
            for words in (("ls", place), ("show", run), ("verify", run), ("report", run)):
                out = ["--out", tmp_path / "r.html"] if words[0] == "report" else []
                shown = CliRunner().invoke(app, [str(word) for word in (*words, *out)])
                assert isinstance(shown.exception, SystemExit | None), (kind, option, size, words)
            grown(place, kind)
            run_study(STUDY, place / "runs", workers=1)
            (run / "theory.json").unlink(missing_ok=True)  # by the report, where it fitted
            assert folder_bytes(run) == right
        refused += bool(problem)
        print(f"{kind} {option} {size}: {problem or 'it fits'}")
    assert refused or sample < 10, "nothing was too small"


def test_the_mount_is_taken_where_it_is_allowed(tmp_path):
    with small_disk(tmp_path / "disk", "size", 4 * PAGE) as kind:
        print(kind)
        with pytest.raises(OSError, match=r"No space left|File too large"):
            (tmp_path / "disk" / "big").write_bytes(bytes(10 * PAGE))
    assert not os.path.ismount(tmp_path / "disk")
