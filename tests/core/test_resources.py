"""What the machine lacks is one error; what cannot fit is refused before it is allocated."""

import errno
import os
import resource
from pathlib import Path

import pytest

from genloss.core import resources
from genloss.core.resources import (
    bytes_in_words,
    check_room,
    explained_shortage,
    free_memory,
    lacking,
    memory_kills,
)
from genloss.errors import ResourceError, StoreError


def test_free_memory_is_no_more_than_there_is():
    free = free_memory()
    assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_available_memory_is_read_in_kibibytes(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   3 kB\n")
    monkeypatch.setattr(resources, "Path", lambda path: tmp_path / Path(path).name)
    assert free_memory() == 3 * 2**10


def test_the_own_limit_of_a_process_counts():
    before = resource.getrlimit(resource.RLIMIT_AS)
    # No more than what is in use: nothing may be allocated before the limit is lifted again.
    limit = 1 << 45 if before[0] == resource.RLIM_INFINITY else before[0]
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        assert free_memory() <= limit
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_where_no_line_says_what_is_available_it_is_what_there_is(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\n")
    monkeypatch.setattr(resources, "Path", lambda path: tmp_path / Path(path).name)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 3, "SC_PAGE_SIZE": 4096}.get)
    assert free_memory() == 3 * 4096


def test_kills_for_lack_of_memory_are_counted_where_something_tells(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "Path", lambda path: tmp_path / Path(path).name)
    assert memory_kills() == 0
    (tmp_path / "memory.events").write_text("low 9\noom 8\noom_kill 2\n")
    (tmp_path / "vmstat").write_text("pages 7\noom_kill 5\n")
    assert memory_kills() == 5
    (tmp_path / "vmstat").write_text("oom_kill\n")
    assert memory_kills() == 2


def test_what_cannot_fit_is_refused_and_what_fits_is_not():
    check_room(1000, "a few rows", "-")
    with pytest.raises(
        ResourceError, match=r"all rows take 1e\+09 GB .* are free here; take fewer"
    ):
        check_room(10**18, "all rows", "take fewer")


def test_the_smallest_limit_counts_and_what_just_fits_fits(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemAvailable:   3 kB\n")
    (tmp_path / "memory.max").write_text("2000\n")
    (tmp_path / "memory.limit_in_bytes").write_text("max\n")
    monkeypatch.setattr(resources, "Path", lambda path: tmp_path / Path(path).name)
    assert free_memory() == 2000
    check_room(2000, "rows", "-")
    with pytest.raises(ResourceError, match=r"rows take 2 kB .* at least; 2 kB are free here; -"):
        check_room(2001, "rows", "-")
    soft = 1500
    monkeypatch.setattr(resources.resource, "getrlimit", lambda _: (soft, -1))
    assert free_memory() == 1500


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (512, "512 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (3200, "3.2 kB"),
        (10**6, "1 MB"),
        (10**7, "10 MB"),
        (10**9, "1 GB"),
        (1_920_000_000, "1.92 GB"),
        (1_234_000_000_000, "1,234 GB"),
        (10**15, "1e+06 GB"),
    ],
)
def test_sizes_are_said_as_people_say_them(size, said):
    assert bytes_in_words(size) == said


SHORT = [
    MemoryError("Unable to allocate 9 TiB"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EAGAIN, "Resource temporarily unavailable"),
    RuntimeError("can't start new thread"),
]


@pytest.mark.parametrize("error", SHORT, ids=str)
def test_a_shortage_is_one_error_wherever_it_shows(error):
    with (
        pytest.raises(ResourceError, match=r"lacks .*it resumes"),
        explained_shortage("it resumes"),
    ):
        raise error
    wrapped = StoreError("cannot write")
    wrapped.__cause__ = error
    assert lacking(wrapped) == lacking(error) != ""


@pytest.mark.parametrize(
    "error", [ValueError("no"), RuntimeError("no"), OSError(errno.EPERM, "no")]
)
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error)) as found, explained_shortage("-"):
        raise error
    assert found.value is error


def test_a_full_disk_is_told_as_the_store_told_it_and_other_lacks_with_advice():
    for number, says in (
        (errno.ENOSPC, r"^cannot write x$"),
        (errno.EDQUOT, r"^cannot write x$"),
        (errno.EMFILE, r"^this machine lacks file handles \(ulimit -n\): cannot write x; wait$"),
    ):
        error = StoreError("cannot write x")
        error.__cause__ = OSError(number, "short")
        with pytest.raises(ResourceError, match=says), explained_shortage("wait"):
            raise error
    with pytest.raises(ResourceError, match=r"lacks memory; wait$"), explained_shortage("wait"):
        raise MemoryError
