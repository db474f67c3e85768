"""IDX files: what they hold, and everything that is refused; MNIST; the checked download."""

import gzip
import hashlib
import struct
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from genloss.corpus.fetch import fetch_gzip
from genloss.errors import DataError, SpecError
from genloss.realities.idx import FILES, SHA256, Mnist, read_idx


def idx_bytes(x: np.ndarray, code: int) -> bytes:
    header = bytes([0, 0, code, x.ndim]) + struct.pack(f">{x.ndim}I", *x.shape)
    return header + x.astype(x.dtype.newbyteorder(">")).tobytes()


def small_mnist(folder: Path, images=None, labels=None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.integers(256, size=(20, 28, 28)).astype(np.uint8) if images is None else images
    y = (np.arange(20) % 10).astype(np.uint8) if labels is None else labels
    image_name, label_name = FILES["train"]
    (folder / f"{image_name}.gz").write_bytes(gzip.compress(idx_bytes(x, 8), mtime=0))
    (folder / label_name).write_bytes(idx_bytes(y, 8))
    return x, y


@pytest.mark.parametrize(
    ("code", "dtype"),
    [(8, "u1"), (9, "i1"), (0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")],
)
@pytest.mark.parametrize("packed", [True, False])
def test_every_type_comes_back(tmp_path, code, dtype, packed):
    x = np.arange(-12, 12).reshape(2, 3, 4).astype(dtype)
    content = idx_bytes(x, code)
    path = tmp_path / "some-file"
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    found = read_idx(path)
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, x)


GOOD = idx_bytes(np.arange(6, dtype=np.uint8).reshape(2, 3), 8)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "expected an IDX file"),
        (b"<!DOCTYPE html>", "starts with bytes 3c 21 44 4f"),
        (b"\x00\x00\x07\x01" + GOOD[4:], "expected an IDX file"),
        (b"\x00\x00\x08\x00", "dimensions"),
        (b"\x01\x00\x08\x02" + GOOD[4:], "expected an IDX file"),
        (GOOD[:9], "ends inside its header after 9 bytes"),
        (GOOD[:-1], r"truncated; the header says \(2, 3\) of uint8, 6 bytes, but 5 follow"),
        (GOOD + b"\x00", "longer than its header says"),
        (b"\x00\x00\x0e\x03" + b"\xff" * 12 + b"\x00" * 9, "truncated"),
        (b"\x00\x00\x08\x01" + b"\x00" * 4, "no values"),
        (gzip.compress(GOOD, mtime=0)[:-10], "gzip"),
        (gzip.compress(GOOD, mtime=0)[:-2] + b"xx", "gzip"),
        (gzip.compress(GOOD, mtime=0) + b"tail", "gzip"),
        (b"\x1f\x8b" + b"not gzip at all", "gzip"),
        (gzip.compress(GOOD + b"\x00", mtime=0), "longer"),
    ],
)
def test_foreign_and_damaged_files_are_refused_by_name(tmp_path, content, says):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as refused:
        read_idx(path)
    assert str(path) in str(refused.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="check the path"):
        read_idx(tmp_path / "nothing")
    with pytest.raises(DataError, match="check the path"):
        read_idx(tmp_path)


def test_mnist_reads_its_folder_and_scales(tmp_path):
    x, y = small_mnist(tmp_path)
    model = Mnist(folder=str(tmp_path)).realise(2, np.random.default_rng(0))
    assert Mnist().image_shape == (28, 28)
    assert model.state()["x"].dtype == np.uint8
    back = np.argsort(model.order[1])
    np.testing.assert_allclose(model.rows(0, 20)[1][back], x.reshape(20, 784) / 255)
    np.testing.assert_array_equal(model.labels_of(0, 20)[1][back], y)
    assert model.rows(0, 20).max() == 1.0


STEMS = ("train-images", "train-labels")


@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw", "mnist"])
@pytest.mark.parametrize(
    "name",
    [
        "{stem}-idx{d}-ubyte",
        "{stem}.idx{d}-ubyte",
        "{stem}-idx{d}-ubyte.gz",
        "{stem}.idx{d}-ubyte.gz",
        "{stem}-idx{d}-ubyte/{stem}-idx{d}-ubyte",
        "{stem}.idx{d}-ubyte/{stem}.idx{d}-ubyte",
        "{stem}_idx{d}_ubyte.gz",
    ],
)
def test_mnist_under_the_names_that_archives_give(tmp_path, place, name):
    own = tmp_path / "own"
    own.mkdir()
    arrays = small_mnist(own)
    for stem, x, d in zip(STEMS, arrays, (3, 1), strict=True):
        file = tmp_path / "other" / place / name.format(stem=stem, d=d)
        file.parent.mkdir(parents=True, exist_ok=True)
        content = idx_bytes(x, 8)
        file.write_bytes(gzip.compress(content, mtime=0) if file.suffix == ".gz" else content)
    reality = Mnist(folder=str(tmp_path / "other"))
    assert reality.identity() == Mnist(folder=str(own)).identity()
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte, nor its other names"):
        Mnist("test", folder=str(tmp_path / "other")).identity()


def test_the_test_split_may_be_called_test_and_places_are_not_mixed(tmp_path):
    small_mnist(tmp_path)
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    x, y = small_mnist(folder)
    (folder / "test-images.idx3-ubyte").write_bytes(idx_bytes(x[:5], 8))
    (folder / "test-labels.idx1-ubyte").write_bytes(idx_bytes(y[:5], 8))
    assert Mnist("test", folder=str(tmp_path)).realise(1, np.random.default_rng(0)).n_rows == 5
    (tmp_path / FILES["train"][1]).unlink()
    with pytest.raises(DataError, match="holds neither train-labels-idx1-ubyte"):
        Mnist(folder=str(tmp_path)).identity()


def test_mnist_folder_from_the_environment_and_identity_by_content(tmp_path, monkeypatch):
    here, there = tmp_path / "a", tmp_path / "b"
    here.mkdir()
    there.mkdir()
    x, y = small_mnist(here)
    small_mnist(there, x, y[::-1].copy())
    monkeypatch.setenv("GENLOSS_MNIST", str(here))
    assert Mnist().identity() == Mnist(folder=str(here)).identity()
    assert Mnist().identity() != Mnist(folder=str(there)).identity()
    unpacked = here / FILES["train"][0]
    unpacked.write_bytes(gzip.decompress((here / f"{unpacked.name}.gz").read_bytes()))
    before = Mnist().identity()
    (here / f"{unpacked.name}.gz").unlink()
    assert Mnist().identity() == before
    identity = [f.name for f in fields(Mnist) if f.metadata.get("identity", True)]
    assert identity == ["split", "held_out"]


def test_pooled_images_are_means_of_blocks_and_another_reality(tmp_path):
    x, y = small_mnist(tmp_path)
    whole, pooled = Mnist(folder=str(tmp_path)), Mnist(folder=str(tmp_path), pool=2)
    model = pooled.realise(1, np.random.default_rng(0))
    assert pooled.image_shape == (14, 14)
    assert model.rows(0, 20).shape == (1, 20, 196)
    back = np.argsort(model.order[0])
    by_hand = [
        [image[i : i + 2, j : j + 2].mean() / 255 for i in range(0, 28, 2) for j in range(0, 28, 2)]
        for image in x
    ]
    np.testing.assert_allclose(model.rows(0, 20)[0][back], by_hand, rtol=1e-13)
    np.testing.assert_array_equal(model.labels_of(0, 20)[0][back], y)
    assert pooled.identity() != whole.identity()
    white = tmp_path / "white"
    white.mkdir()
    small_mnist(white, np.full((20, 28, 28), 255, np.uint8))
    np.testing.assert_allclose(
        Mnist(folder=str(white), pool=2).realise(1, np.random.default_rng(0)).rows(0, 20), 1.0
    )
    with pytest.raises(SpecError, match=r"expected 1 \(28 x 28\) or 2"):
        Mnist(pool=4)


def test_the_cache_is_the_folder_where_nothing_else_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("GENLOSS_MNIST", raising=False)
    monkeypatch.setenv("GENLOSS_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.mkdir()
    x, _ = small_mnist(source)
    names = FILES["train"]
    labels = (np.arange(20) % 10).astype(np.uint8)
    plain = {n: idx_bytes(v, 8) for n, v in zip(names, (x, labels), strict=True)}
    for name, content in plain.items():
        (source / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    monkeypatch.setattr("genloss.realities.idx.MIRRORS", (source.as_uri() + "/",))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in plain.items()}
    digests |= dict.fromkeys(FILES["test"], "0" * 64)
    monkeypatch.setattr("genloss.realities.idx.SHA256", digests)
    fetched = Mnist(download=True).identity()
    assert {f.name for f in (tmp_path / "cache" / "mnist").iterdir()} == {f"{n}.gz" for n in names}
    assert fetched == Mnist(folder=str(source)).identity()
    # What lies in the cache is found again without a download.
    assert Mnist().identity() == fetched
    with pytest.raises(DataError, match=r"t10k-images.*could not be downloaded.*without a network"):
        Mnist("test", download=True).identity()


def test_mnist_says_how_to_get_the_files(tmp_path, monkeypatch):
    monkeypatch.delenv("GENLOSS_MNIST", raising=False)
    monkeypatch.setenv("GENLOSS_CACHE", str(tmp_path / "no cache"))
    with pytest.raises(SpecError, match=r"download = true .* train-images-idx3-ubyte.gz"):
        Mnist().realise(1, np.random.default_rng(0))
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz; set download = true"):
        Mnist(folder=str(tmp_path)).realise(1, np.random.default_rng(0))
    with pytest.raises(SpecError, match="'train' or 'test'"):
        Mnist(split="valid")


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (np.zeros((20, 28, 27), np.uint8), None, r"expected \(n, 28, 28\)"),
        (np.zeros((20, 784), np.uint8), None, r"expected \(n, 28, 28\)"),
        (None, np.zeros(19, np.uint8), r"expected \(20,\)"),
        (None, np.full(20, 10, np.uint8), "up to 10"),
        (None, np.zeros((20, 1), np.uint8), r"expected \(20,\)"),
    ],
)
def test_idx_files_of_another_data_set_are_refused(tmp_path, images, labels, says):
    small_mnist(tmp_path, images, labels)
    with pytest.raises(DataError, match=says):
        Mnist(folder=str(tmp_path)).realise(1, np.random.default_rng(0))


@pytest.mark.slow
def test_the_real_mnist_where_it_is_at_hand(mnist):
    """First labels 5 0 4 1 9 2 1 3 1 4; mean pixels 33.3184 (train) and 33.7912 (test)."""
    for split, n, mean in (("train", 60_000, 33.3184), ("test", 10_000, 33.7912)):
        model = Mnist(split=split, folder=mnist).realise(1, np.random.default_rng(0))
        assert model.x.shape == (n, 784)
        np.testing.assert_allclose(model.x.mean(), mean, atol=5e-5)
        if split == "train":
            np.testing.assert_array_equal(model.labels[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
        for name in FILES[split]:
            packed = (Path(mnist) / f"{name}.gz").read_bytes()
            assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == SHA256[name]


def test_a_download_is_checked_and_placed_at_once(tmp_path):
    source, target = tmp_path / "source.gz", tmp_path / "new" / "file.gz"
    source.write_bytes(gzip.compress(GOOD, mtime=0))
    digest = hashlib.sha256(GOOD).hexdigest()
    missing = (tmp_path / "missing.gz").as_uri()
    fetch_gzip((missing, source.as_uri()), target, digest)
    np.testing.assert_array_equal(read_idx(target), [[0, 1, 2], [3, 4, 5]])
    assert [f.name for f in target.parent.iterdir()] == ["file.gz"]


@pytest.mark.parametrize(
    "content", [gzip.compress(b"other", mtime=0), b"<html>", gzip.compress(GOOD, mtime=0)[:-12]]
)
def test_a_wrong_download_leaves_nothing_behind(tmp_path, content):
    source, target = tmp_path / "source.gz", tmp_path / "new" / "file.gz"
    source.write_bytes(content)
    with pytest.raises(DataError, match=r"could not be downloaded; file:.*by hand"):
        fetch_gzip((source.as_uri(),), target, hashlib.sha256(GOOD).hexdigest())
    assert not target.parent.exists()


def test_a_download_into_an_impossible_folder_is_refused(tmp_path):
    source, blocked = tmp_path / "source.gz", tmp_path / "file"
    source.write_bytes(gzip.compress(GOOD, mtime=0))
    blocked.write_text("a file, not a folder")
    with pytest.raises(DataError, match="cannot be written"):
        fetch_gzip((source.as_uri(),), blocked / "x.gz", hashlib.sha256(GOOD).hexdigest())
