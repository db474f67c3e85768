"""Files are files, and advice about places is never to set what is set."""

import os
from pathlib import Path

import pytest

from genloss.core.places import cache_folder, offline_advice, regular_file
from genloss.errors import DataError


@pytest.mark.parametrize(
    ("given", "advice", "never"),
    [
        ({}, "set HF_HOME", "unset"),
        ({"HF_HOME": "somewhere"}, "does not hold it", " set HF_HOME"),
        ({"HF_HUB_OFFLINE": "1"}, "unset HF_HUB_OFFLINE", " set HF_HOME"),
        ({"HF_HUB_OFFLINE": "0"}, "set HF_HOME", "unset"),
        ({"HF_HUB_OFFLINE": "true", "HF_HOME": "x"}, "unset HF_HUB_OFFLINE", " set HF_HOME"),
    ],
    ids=str,
)
def test_nobody_is_told_to_set_what_is_set(monkeypatch, given, advice, never):
    for name in ("HF_HOME", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert advice in offline_advice()
    assert never not in offline_advice()


def test_a_regular_file_is_its_path_and_all_else_is_refused_with_the_reason(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    os.mkfifo(tmp_path / "pipe")
    assert regular_file(file) == file
    reasons = {"none": "No such file or directory", "pipe": "is a pipe; expected", "nul\0": "null"}
    for name, reason in reasons.items():
        with pytest.raises(DataError) as error:
            regular_file(tmp_path / name)
        assert f"{tmp_path / name}: " in str(error.value)
        assert reason in str(error.value)
        assert "Errno" not in str(error.value)
    with pytest.raises(DataError, match="is a folder; expected a file"):
        regular_file(tmp_path)


def test_the_cache_is_where_one_says_it_is(monkeypatch, tmp_path):
    for name in ("GENLOSS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "genloss"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache_folder() == Path("/elsewhere/genloss")
    monkeypatch.setenv("GENLOSS_CACHE", "/own")
    assert cache_folder() == Path("/own")
