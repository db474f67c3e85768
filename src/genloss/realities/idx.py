"""IDX files, and MNIST or any look-alike stored in them."""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Literal, cast

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, frozen
from genloss.core.places import cache_folder, regular_file, stamp_of
from genloss.corpus.fetch import fetch_gzip
from genloss.errors import DataError, SpecError
from genloss.realities.finite import FiniteRows
from genloss.realities.mnist_files import mnist_file

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Third byte of an IDX file to the type of its values; all big-endian."""

SIDE = 28
"""Pixels of a side of a stored image."""

READ_BYTES = 1 << 20
"""Bytes read at a time, so that a header that lies cannot ask for all memory."""

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
"""Names of the images and the labels of a split; for others see `mnist_file`."""

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of the four decompressed MNIST files."""

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


def read_idx(path: str | Path) -> Array:
    """Read one IDX file, plain or gzip, in native byte order.

    Layout: two zero bytes, a type byte, the number of dimensions, each dimension as a big-endian
    32-bit integer, then the values, last dimension fastest (LeCun, Cortes and Burges 1998).

    Args:
        path: the file; gzip is recognised by content, not by name.

    Returns:
        An array of the shape and type that the header states.

    Raises:
        DataError: no such file, not an IDX file, truncated, or longer than its header says.
    """
    path = Path(path)
    try:
        with regular_file(path).open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
            return _parsed(stream, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: truncated or damaged gzip ({error}); get it again") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; check the path") from error


def _parsed(stream: IO[bytes], path: Path) -> Array:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or not 1 <= magic[3] <= 64:
        raise DataError(
            f"{path}: starts with bytes {magic.hex(' ') or '(none)'}; expected an IDX file, 00 00, "
            f"a type among {', '.join(f'{t:02x}' for t in DTYPES)}, and 1 to 64 dimensions"
        )
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise DataError(f"{path}: ends inside its header after {4 + len(header)} bytes")
    shape = tuple(int(v) for v in np.frombuffer(header, ">u4"))
    if 0 in shape:
        raise DataError(f"{path}: its header says {shape}, no values at all; get it again")
    dtype = np.dtype(DTYPES[magic[2]])
    # Python integers: a product of foreign dimensions may exceed 64 bits.
    expected = dtype.itemsize
    for size in shape:
        expected *= size
    content = _at_most(stream, expected + 1)
    if len(content) != expected:
        what = "truncated" if len(content) < expected else "longer than its header says"
        more = " or more" if len(content) > expected else ""
        raise DataError(
            f"{path}: {what}; the header says {shape} of {dtype.name}, {expected} bytes, but "
            f"{len(content)}{more} follow; get it again"
        )
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _at_most(stream: IO[bytes], limit: int) -> bytes:
    blocks, size = [], 0
    while size < limit:
        block = stream.read(min(READ_BYTES, limit - size))
        if not block:
            break
        blocks.append(block)
        size += len(block)
    return b"".join(blocks)


@dataclass(frozen=True)
class Mnist:
    """MNIST or any set of its form: 28 x 28 grey images in [0, 1], d = 784, with labels 0 to 9.

    split: 'train' (60,000 images) or 'test' (10,000). folder: where the files are, plain or .gz,
    by MNIST's own names or those that archives give them (see `mnist_file`); empty means the
    environment variable GENLOSS_MNIST, and without it the folder mnist of the cache (see
    `core.places`). download: fetch missing files into the folder, checked against the SHA-256
    of MNIST (11.6 MB for all four). pool: 2 takes the mean of 2 x 2 pixels, which leaves 14 x 14,
    d = 196. None of these three is named in the identity of the reality; the content is, as it
    comes out, see `identity`. held_out: held-out rows are the last of the 'train' images, as in any
    finite reality, or those of the 'test' split, so that all 60,000 can be trained on.

    Raises:
        SpecError: an unknown split or pool, or no folder.
        DataError: missing, damaged or foreign files.
    """

    about = About(
        "mnist",
        "MNIST",
        "Grey images of handwritten digits, 28 x 28 pixels, labelled.",
        ("lecun-1998",),
        images=True,
        finite=True,
    )
    split: Literal["train", "test"] = "train"
    folder: str = field(default="", metadata={"identity": False})
    download: bool = field(default=False, metadata={"identity": False})
    pool: Literal[1, 2] = field(default=1, metadata={"identity": False})
    held_out: Literal["train", "test"] = "train"

    def __post_init__(self) -> None:
        if self.split not in FILES:
            raise SpecError(f"mnist: split is {self.split!r}; expected 'train' or 'test'")
        if self.pool not in (1, 2):
            raise SpecError(f"mnist: pool is {self.pool!r}; expected 1 (28 x 28) or 2 (14 x 14)")
        if self.held_out not in FILES or (self.held_out == "test" and self.split == "test"):
            raise SpecError(
                f"mnist: held_out is {self.held_out!r} with split {self.split!r}; expected "
                "'train', or 'test' with split 'train'"
            )

    @property
    def image_shape(self) -> tuple[int, int]:
        """Rows and columns of an image: (28, 28), or (14, 14) with pool = 2."""
        return SIDE // self.pool, SIDE // self.pool

    def realise(self, n_chains: int, rng: np.random.Generator) -> FiniteRows:
        """Return the images for n_chains chains; rng puts them in order."""
        images, labels = self._arrays(self.split)
        x, scale = images.reshape(len(images), -1), 1 / (255 * self.pool**2)
        rows = FiniteRows.of(x, n_chains, rng, labels.astype(np.int64), scale)
        if self.held_out == "train":
            return rows
        spare = self._arrays("test")[0]
        return replace(rows, spare=spare.reshape(len(spare), -1))

    def identity(self) -> dict[str, str]:
        """Return the SHA-256 of the images and labels, the same for plain and .gz files."""
        content = hashlib.sha256()
        for split in (self.split, "test") if self.held_out == "test" else (self.split,):
            images, labels = self._arrays(split)
            content.update(np.ascontiguousarray(images).tobytes())
            content.update(labels.tobytes())
        return {"sha256": content.hexdigest()}

    def _arrays(self, split: str) -> tuple[Array, Array]:
        """Return images (n, 28, 28), uint8, or sums of 2 x 2 of them, uint16; and labels (n,)."""
        image_file, label_file = (self._file(name) for name in FILES[split])
        images, labels = (_read(f, stamp_of(f)) for f in (image_file, label_file))
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise DataError(
                f"{image_file}: holds {images.shape} of {images.dtype}; "
                "expected (n, 28, 28) of uint8"
            )
        if labels.dtype != np.uint8 or labels.shape != images.shape[:1] or labels.max() > 9:
            raise DataError(
                f"{label_file}: holds {labels.shape} of {labels.dtype} up to "
                f"{labels.max(initial=0)}; expected ({len(images)},) of uint8 from 0 to 9, one "
                f"for each image of {image_file.name}"
            )
        return images if self.pool == 1 else _summed(images), labels

    def _file(self, name: str) -> Path:
        folder = self._folder()
        path = mnist_file(folder, name)
        if path is None and self.download:
            packed = folder / f"{name}.gz"
            fetch_gzip(tuple(f"{m}{name}.gz" for m in MIRRORS), packed, SHA256[name])
            return packed
        if path is None:
            raise DataError(
                f"{folder}: holds neither {name}.gz nor {name}, nor its other names, here or in "
                f"MNIST/raw; expected {_names()}; set "
                "download = true, or, without a network, copy them from another installation of "
                "MNIST (its authors' page, or the raw folder of any framework that has it)"
            )
        return path

    def _folder(self) -> Path:
        """Return the folder named by the field, the environment, or the cache."""
        if named := self.folder or os.environ.get("GENLOSS_MNIST", ""):
            return Path(named)
        folder = cache_folder() / "mnist"
        if not (self.download or folder.is_dir()):
            raise SpecError(
                "mnist: no folder; set download = true to fetch 11.6 MB into the cache, or the "
                "field folder or the environment variable GENLOSS_MNIST to the folder that holds "
                + _names()
            )
        return folder


@lru_cache(maxsize=4)
def _read(path: Path, stamp: tuple[int, ...]) -> Array:
    """Read once: the content that is parsed is the content that is hashed."""
    return frozen(read_idx(path))


def _summed(images: Array) -> Array:
    """Sum blocks of 2 x 2 pixels: (n, 28, 28) of uint8 to (n, 14, 14) of uint16, exactly."""
    n, height, width = images.shape
    blocks = images.reshape(n, height // 2, 2, width // 2, 2)
    return blocks.sum(axis=(2, 4), dtype=np.uint16)


def _names() -> str:
    return ", ".join(f"{name}.gz" for pair in FILES.values() for name in pair)
