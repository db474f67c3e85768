"""Kept images as grids through the generations, written as PNG without an imaging library."""

import base64
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genloss.core.arrays import Array, Floats
from genloss.report.formatting import count
from genloss.report.kept_samples import PANELS, kept_rows
from genloss.report.measured import places
from genloss.store.reader import Run

SIZES = {64: 8, 196: 14, 784: 28}
"""Coordinates of a row to pixels of a side where rows are taken for images, unless told."""

DOWN, ACROSS = 6, 10
"""Rows and columns of a grid."""

FRAMES = 24
"""Generations shown of one run."""

FRAME_BUDGET = 160
"""Grids of all runs of a page together; more runs show fewer generations each."""

FEWEST = 6
"""Generations that every run may show, however many runs there are."""

DEPTH = 4
"""Bits of a pixel: 16 greys cannot be told from 256 at this size, in a third of the bytes."""


@dataclass(frozen=True)
class Grid:
    """The images of one run: a PNG of width x height pixels per generation, as (t, data URL)."""

    label: str
    width: int
    height: int
    frames: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Reel:
    """Grids that one slider moves through `times` together, from the last that all of them have.

    start: its place among the times.
    """

    reading: str
    times: tuple[int, ...]
    start: int
    grids: tuple[Grid, ...]


def reel(runs: Sequence[tuple[str, Run]], most: int = FRAMES, beside: str = "") -> Reel | None:
    """Return the images that labelled runs kept, at most about `most` generations of each.

    beside: what its reading ends with.
    """
    filmed = [(label, run, side) for label, run in runs if (side := image_side(run))]
    if not filmed:
        return None
    grids, chains, shown = [], set(), 0
    times = _times([run for _, run, _ in filmed], most)
    for label, run, side in filmed:
        kept = kept_rows(run, rows=DOWN * ACROSS, times=times)
        grids.append(grid(label, kept, side))
        chains.add(int(run.spec["chains"]))
        shown = max(shown, *(len(x) for x in kept.values()))
    whose = "The only chain" if chains == {1} else "Chain 1"
    text = f"{whose} of each run: {count(shown, 'image')} a generation, those kept first."
    if len(times) > 1:
        text += " All grids move together, from real images to the last generation."
    shared = set.intersection(*({t for t, _ in g.frames} for g in grids))
    start = times.index(max(shared)) if shared else len(times) - 1
    return Reel(text + beside, tuple(times), start, tuple(grids))


def split(film: Reel | None, most: int) -> tuple[Reel | None, Reel | None]:
    """Return the first `most` grids of a film, and the others; None for none."""
    if film is None or len(film.grids) <= most:
        return film, None
    first, rest = film.grids[:most], film.grids[most:]
    return replace(film, grids=first), replace(film, grids=rest)


def _times(runs: Sequence[Run], most: int) -> list[int]:
    """Return about `most` generations for all runs, those that all of them kept before others."""
    kept = [set(run.kept()) for run in runs]
    every = sorted(set.union(*kept))
    if len(every) <= most:
        return every
    shared = sorted(set.intersection(*kept))
    common = [shared[i] for i in places(len(shared), most)]
    # Both ends of each run are shown, however few others have them.
    return sorted({*common, *(f(times) for times in kept for f in (min, max))})


def frames_of(runs: int) -> int:
    """Return how many generations each of so many runs may show."""
    return max(FEWEST, min(FRAMES, FRAME_BUDGET // max(runs, 1)))


def image_side(run: Run) -> int:
    """Return the pixels of a side where a run kept square grey images, else 0."""
    kept = kept_rows(run, 1, 1) or kept_rows(run, PANELS, 1)
    if not kept:
        return 0
    first = kept[min(kept)]
    # Tokens and categories are whole numbers; images are shades.
    if first.dtype.kind in "iu":
        return 0
    images = any(entry.images for entry in run.about.get("reality", {}).values())
    return side_of(int(np.prod(first.shape[1:])), images)


def side_of(d: int, images: bool) -> int:
    """Return the pixels of a side where rows of d numbers are square images, else 0.

    images: whether the reality says so; of one that does not, some sizes are taken for images.
    """
    root = math.isqrt(d)
    return SIZES.get(d, root if images and root * root == d and d > 1 else 0)


def grid(label: str, samples: Mapping[int, Array], side: int) -> Grid:
    """Draw rows (m, ...) per generation.

    All generations share the grey scale of the first: ink for the highest value that it has.
    """
    first = samples[min(samples)]
    low, high = float(np.nanmin(first)), float(np.nanmax(first))
    scale = 255.0 / ((high - low) or 1.0)
    frames, shape = [], (0, 0)
    for t, rows in samples.items():
        flat = np.nan_to_num(rows.reshape(len(rows), -1).astype(np.float64), nan=low)
        image = sheet(255.0 - np.clip((flat - low) * scale, 0.0, 255.0), side)
        shape = image.shape
        url = "data:image/png;base64," + base64.b64encode(png(image, DEPTH)).decode()
        frames.append((t, url))
    return Grid(label, shape[1], shape[0], tuple(frames))


def sheet(rows: Floats, side: int) -> NDArray[np.uint8]:
    """Lay rows (m, side * side) out as one image, white lines between them."""
    shown = np.full((DOWN * ACROSS, side * side), 255.0)
    shown[: len(rows)] = rows[: DOWN * ACROSS]
    cells = shown.reshape(DOWN, ACROSS, side, side)
    framed = np.pad(cells, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=255.0)
    image = framed.transpose(0, 2, 1, 3).reshape(DOWN * (side + 1), ACROSS * (side + 1))
    return np.asarray(image[:-1, :-1].round(), dtype=np.uint8)


def png(image: NDArray[np.uint8], depth: int = 8) -> bytes:
    """Encode grey values 0 .. 255 (h, w) as PNG of 8 or 4 bits; the same pixels, the same bytes."""
    height, width = image.shape
    packed = image if depth == 8 else _nibbles(image)
    lines = np.concatenate([np.zeros((height, 1), dtype=np.uint8), packed], axis=1)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _nibbles(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pack two pixels of 16 greys into a byte; a line of odd width ends in half a byte."""
    greys = np.asarray((image.astype(np.uint16) + 8) // 17, dtype=np.uint8)
    even = np.pad(greys, ((0, 0), (0, greys.shape[1] % 2)))
    return np.asarray(even[:, ::2] << 4 | even[:, 1::2], dtype=np.uint8)
