"""A user's own file: what is read, what is refused, what counts as identity."""

import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.realities.from_file import TableFile


def stored(path) -> np.ndarray:
    return TableFile(str(path)).realise(1, np.random.default_rng(0)).x


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
def test_npy_rows(tmp_path, dtype):
    x = np.arange(24).astype(dtype)
    for shape, expected in [((24,), (24, 1)), ((8, 3), (8, 3)), ((4, 2, 3), (4, 6))]:
        np.save(tmp_path / "x.npy", x.reshape(shape))
        found = stored(tmp_path / "x.npy")
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, np.arange(24.0).reshape(expected))


@pytest.mark.parametrize(
    "text",
    [
        "height,width\n1,2\n3.5,-4e1\n",
        "1,2\n3.5,-4e1\n",
        "1,2\r\n\r\n3.5,-4e1",
        '\ufeff"a","b"\n"1","2"\n 3.5 , -40\n',
    ],
)
def test_csv_with_and_without_header(tmp_path, text):
    (tmp_path / "x.csv").write_bytes(text.encode())
    np.testing.assert_array_equal(stored(tmp_path / "x.csv"), [[1, 2], [3.5, -40]])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n3,nan\n", "line 3, column 2 is 'nan'"),
        ("1,2\n3,\n", "line 2, column 2 is ''"),
        ("1,2\n3,inf\n", "line 2, column 2 is 'inf'"),
        ("a,b\nc,d\n", "line 2, column 1 is 'c'"),
        ("1;2\n3;4\n", "separated by commas"),
        ("1,2\n3,4,5\n", "line 2 has 3 cells; the first row has 2"),
        ("a,b\n", "no rows"),
        ("", "no rows"),
    ],
)
def test_bad_csv_names_the_line(tmp_path, text, says):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=says) as refused:
        stored(path)
    assert str(path) in str(refused.value)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe1\x00")
    with pytest.raises(DataError, match="UTF-8"):
        stored(tmp_path / "x.csv")


def test_bad_npy_is_refused(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([[1.0, 2.0], [3.0, np.inf]]))
    with pytest.raises(DataError, match="row 1, column 1 is inf"):
        stored(path)
    whole = path.read_bytes()
    for broken in (whole[:-3], whole[:20], b"no array", b"", b"PK\x03\x04 no archive"):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"not a plain \.npy array"):
            stored(path)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"not a plain \.npy array"):
        stored(path)
    for wrong in (np.array(1.0), np.zeros((0, 3)), np.array([["a"]]), np.array([1j])):
        np.save(path, wrong)
        with pytest.raises(DataError, match="expected one array of numbers"):
            stored(path)
    np.savez(tmp_path / "several.npz", np.zeros(3))
    (tmp_path / "several.npz").rename(path)
    with pytest.raises(DataError, match="expected one array of numbers"):
        stored(path)


def test_missing_file_and_foreign_suffix(tmp_path):
    with pytest.raises(DataError, match="check the path"):
        stored(tmp_path / "none.csv")
    with pytest.raises(SpecError, match=r"'.xlsx'; expected .npy, .csv or .tsv"):
        TableFile("table.xlsx")


def test_identity_is_the_content_not_the_path(tmp_path):
    for name, text in [("a.csv", "1\n2\n"), ("b.csv", "1\n2\n"), ("c.csv", "1\n3\n")]:
        (tmp_path / name).write_text(text)
    a, b, c = (TableFile(str(tmp_path / n)).identity() for n in ("a.csv", "b.csv", "c.csv"))
    assert a == b
    assert a != c
    assert len(a["sha256"]) == 64
    assert TableFile.__dataclass_fields__["path"].metadata["identity"] is False
