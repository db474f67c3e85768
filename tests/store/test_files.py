"""Atomic files and arrays without pickle: round trips, and failures that leave nothing behind."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genloss.errors import StoreError
from genloss.store.files import (
    explained,
    new_folder,
    pack_arrays,
    read_json,
    unpack_arrays,
    write_bytes,
    write_json,
)

ARRAY = arrays.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
NAMES = st.text("abc.019", min_size=1, max_size=6)


@given(st.dictionaries(NAMES, ARRAY, max_size=4), st.dictionaries(st.text(), st.integers()))
def test_arrays_come_back_with_shape_type_and_bytes(tmp_path_factory, given_arrays, about):
    path = tmp_path_factory.getbasetemp() / "packed"
    path.write_bytes(pack_arrays(given_arrays, about))
    found, told = unpack_arrays(path)
    assert told == about
    assert set(found) == set(given_arrays)
    for name, x in given_arrays.items():
        assert (found[name].shape, found[name].dtype) == (x.shape, x.dtype)
        assert found[name].tobytes() == x.tobytes()


@given(st.dictionaries(NAMES, ARRAY, max_size=4))
def test_the_same_arrays_in_any_order_and_layout_give_the_same_bytes(values):
    other = {k: np.asarray(v, order="F") for k, v in reversed(values.items())}
    assert pack_arrays(other, {"t": 1}) == pack_arrays(values, {"t": 1})


def test_not_finite_values_survive(tmp_path):
    x = np.array([np.nan, np.inf, -np.inf, -0.0])
    write_bytes(tmp_path / "x", pack_arrays({"x": x}, {}))
    assert unpack_arrays(tmp_path / "x")[0]["x"].tobytes() == x.tobytes()


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 20, 60, -1])
def test_a_truncated_array_file_is_refused(tmp_path, kept):
    content = pack_arrays({"x": np.arange(9.0)}, {"t": 3})
    (tmp_path / "x").write_bytes(content[:kept])
    with pytest.raises(StoreError, match=r"is not a genloss array file .* truncated or is foreign"):
        unpack_arrays(tmp_path / "x")


def test_a_foreign_array_file_is_refused(tmp_path):
    from safetensors.numpy import save

    (tmp_path / "x").write_bytes(save({"x": np.arange(3)}))
    with pytest.raises(StoreError, match="is not a genloss array file"):
        unpack_arrays(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"\x80\x04pickled by somebody else" * 9)
    with pytest.raises(StoreError, match="is not a genloss array file"):
        unpack_arrays(tmp_path / "x")


def test_json_comes_back_and_refuses_what_json_cannot_say(tmp_path):
    value = {"a": [1, 2.5, None, "é"], "b": {"c": True}}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert read_json(tmp_path / "x.json") == value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"nope"])
def test_broken_json_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"is not JSON .* damaged or is foreign"):
        read_json(tmp_path / "x.json")


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(tmp_path):
    """A link to the device that is always full, where the temporary file goes."""
    target = tmp_path / "x.json"
    write_json(target, {"old": 1})
    (tmp_path / "x.json.tmp").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="No space left on device; check that the folder is"):
        write_json(target, {"new": "content" * 5000})
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert read_json(target) == {"old": 1}
    write_json(target, {"new": 2})
    assert read_json(target) == {"new": 2}


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


def test_a_new_folder_replaces_what_a_kill_left_behind(tmp_path):
    for name in ("000005", "000005.tmp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "stale").touch()
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
