"""Atomic files and arrays without pickle: round trips, and failures that leave nothing behind."""

import json
import os
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genloss.errors import StoreError
from genloss.store.arrays import pack_arrays, read_arrays, unpack_arrays
from genloss.store.files import (
    explained,
    new_folder,
    own_file,
    read_bytes,
    read_sealed,
    removed,
    sha256,
    write_bytes,
    write_sealed,
)

ARRAY = arrays.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
NAMES = st.text("abc.019", min_size=1, max_size=6)


@pytest.mark.slow
@given(st.dictionaries(NAMES, ARRAY, max_size=4), st.dictionaries(st.text(), st.integers()))
def test_arrays_come_back_with_shape_type_and_bytes(tmp_path_factory, given_arrays, about):
    path = tmp_path_factory.getbasetemp() / "packed"
    found, told = unpack_arrays(pack_arrays(given_arrays, about), path)
    assert told == about
    assert set(found) == set(given_arrays)
    for name, x in given_arrays.items():
        assert (found[name].shape, found[name].dtype) == (x.shape, x.dtype)
        assert found[name].tobytes() == x.tobytes()


@pytest.mark.slow
@given(st.dictionaries(NAMES, ARRAY, max_size=4))
def test_the_same_arrays_in_any_order_and_layout_give_the_same_bytes(values):
    other = {k: np.asarray(v, order="F") for k, v in reversed(values.items())}
    assert pack_arrays(other, {"t": 1}) == pack_arrays(values, {"t": 1})


def test_not_finite_values_survive(tmp_path):
    x = np.array([np.nan, np.inf, -np.inf, -0.0])
    content = pack_arrays({"x": x}, {})
    write_bytes(tmp_path / "x", content)
    assert read_arrays(tmp_path / "x", sha256(content))[0]["x"].tobytes() == x.tobytes()


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 20, 60, -1])
def test_a_truncated_array_file_is_refused(tmp_path, kept):
    content = pack_arrays({"x": np.arange(9.0)}, {"t": 3})
    with pytest.raises(StoreError, match=r"is not a genloss array file .* truncated or is foreign"):
        unpack_arrays(content[:kept], tmp_path / "x")


def test_a_foreign_array_file_is_refused(tmp_path):
    from safetensors.numpy import save

    named = save({"x": np.arange(3)}, {"genloss": "[" * 10_000})
    for content in (save({"x": np.arange(3)}), b"\x80\x04pickled by somebody else" * 9, named):
        with pytest.raises(StoreError, match="is not a genloss array file"):
            unpack_arrays(content, tmp_path / "x")


def test_an_array_file_without_its_digest_is_refused(tmp_path):
    content = pack_arrays({"x": np.arange(3.0)}, {})
    (tmp_path / "x").write_bytes(content)
    assert read_arrays(tmp_path / "x", sha256(content))[0]["x"].tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(StoreError, match="x is damaged: its digest is not the one"):
        read_arrays(tmp_path / "x", sha256(content + b"1"))
    with pytest.raises(StoreError, match="y is half-deleted"):
        read_arrays(tmp_path / "y", sha256(content))


SEALED = {"a": [1, 2.5, None, "é"], "digest of": "x", "b": {"c": True}}


def test_sealed_json_comes_back_with_its_format(tmp_path):
    path = tmp_path / "x.json"
    write_sealed(path, SEALED)
    assert read_sealed(path) == {"format": 2, **SEALED}
    assert json.loads(path.read_text()).keys() == {"format", *SEALED, "digest"}


def test_any_damage_to_sealed_json_is_seen(tmp_path):
    path = tmp_path / "x.json"
    write_sealed(path, SEALED)
    content = path.read_bytes()
    for i in range(len(content)):
        for wrong in (content[:i], content[:i] + bytes([content[i] ^ 1]) + content[i + 1 :]):
            path.write_bytes(wrong)
            with pytest.raises(StoreError, match=r"x\.json (is damaged|has format)"):
                read_sealed(path)
    path.write_bytes(content + b"\n")
    with pytest.raises(StoreError, match=r"x\.json is damaged"):
        read_sealed(path)


@pytest.mark.parametrize(
    "content", ['{"format": 1, "name": "a"}', '{"format": "two"}', '{"format":3}']
)
def test_another_format_is_named(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(StoreError, match=r"has format .*; this genloss reads format 2; use the"):
        read_sealed(tmp_path / "x.json")


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(tmp_path):
    target = tmp_path / "x.json"
    write_sealed(target, {"old": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(StoreError, match="File too large; check that the folder is"):
            write_sealed(target, {"new": "content" * 5000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert read_sealed(target)["old"] == 1
    write_sealed(target, {"new": 2})
    assert read_sealed(target)["new"] == 2


def test_writing_below_a_file_says_what_failed(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write .*Not a directory"):
        write_bytes(tmp_path / "file" / "x", b"1")
    with pytest.raises(StoreError, match=r"cannot write \.: "):
        write_bytes(Path(), b"1")


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "000005"
    with new_folder(target) as folder:
        (folder / "x").write_bytes(b"1")
        assert not target.exists()
    assert (target / "x").read_bytes() == b"1"
    with pytest.raises(StoreError), new_folder(tmp_path / "000006") as folder:
        write_bytes(folder / "missing" / "x", b"2")
    assert [p.name for p in tmp_path.iterdir()] == ["000005"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "x").symlink_to(victim)
    with pytest.raises(StoreError, match="x is a link"):
        own_file(tmp_path / "x", os.O_WRONLY)
    write_bytes(tmp_path / "x", b"mine")
    assert (victim.read_text(), (tmp_path / "x").read_bytes()) == ("precious", b"mine")
    (tmp_path / "folder").symlink_to(tmp_path)
    removed(tmp_path / "folder")
    assert {p.name for p in tmp_path.iterdir()} == {"victim", "x"}


def test_pipes_devices_and_second_names_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(StoreError, match=r"is not a regular file|cannot read"):
            read_bytes(path)
    (tmp_path / "one").touch()
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    for path, flags in ((tmp_path / "two", os.O_WRONLY), (tmp_path / "pipe", os.O_RDWR)):
        with pytest.raises(StoreError, match="is a device or has a second name"):
            own_file(path, flags)


def test_a_new_folder_replaces_what_a_kill_left_behind(tmp_path):
    (tmp_path / "000005").mkdir()
    (tmp_path / "000005" / "stale").touch()
    with new_folder(tmp_path / "000005") as folder:
        (folder / "x").touch()
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == [
        "000005",
        "000005/x",
    ]


def test_only_errors_of_the_system_are_explained():
    place = Path("there")
    with (
        pytest.raises(StoreError, match="cannot read there: No such file"),
        explained("read", place),
    ):
        os.stat("/nonexistent/place")
    with pytest.raises(json.JSONDecodeError), explained("read", place):
        json.loads("{")
