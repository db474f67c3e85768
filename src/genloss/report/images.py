"""Kept images as grids, written as PNG without an imaging library."""

import base64
import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Array, Floats

SIZES = {64: 8, 784: 28}
"""Coordinates of a row to pixels of a side, for the image realities."""

GRID = {8: (6, 8), 28: (5, 6)}
"""Pixels of a side to the rows and columns of a grid."""


def side_of(kind: str, d: int) -> int:
    """Return the pixels of a side where rows are square images, else 0."""
    named = "digits" in kind or "mnist" in kind
    return SIZES.get(d, 0) if named or d in SIZES else 0


def grids(samples: Mapping[int, Array], side: int) -> dict[int, str]:
    """Return one grid of images per generation as a data URL: {t: "data:image/png;..."}.

    All generations share the grey scale of the first: ink for the highest value that it has.
    """
    first = samples[min(samples)]
    low, high = float(first.min()), float(first.max())
    scale = 255.0 / ((high - low) or 1.0)
    out = {}
    for t, rows in samples.items():
        grey = np.clip((rows.astype(np.float64) - low) * scale, 0.0, 255.0)
        image = sheet(255.0 - grey, side)
        out[t] = "data:image/png;base64," + base64.b64encode(png(image)).decode()
    return out


def sheet(rows: Floats, side: int) -> NDArray[np.uint8]:
    """Lay rows (m, side * side) out as one image, white lines between them."""
    down, across = GRID.get(side, (5, 6))
    shown = np.full((down * across, side * side), 255.0)
    shown[: len(rows)] = rows[: down * across]
    cells = shown.reshape(down, across, side, side)
    framed = np.pad(cells, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=255.0)
    image = framed.transpose(0, 2, 1, 3).reshape(down * (side + 1), across * (side + 1))
    return np.asarray(image[:-1, :-1].round(), dtype=np.uint8)


def png(image: NDArray[np.uint8]) -> bytes:
    """Encode an 8-bit grey image (h, w) as PNG; the same pixels, the same bytes."""
    height, width = image.shape
    lines = np.concatenate([np.zeros((height, 1), dtype=np.uint8), image], axis=1)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
