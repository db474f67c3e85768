"""Arrays in files: written whole, read by slices, no more in memory than is asked for."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genloss.store.files import explained, write_bytes

Numbers = NDArray[np.uint32]
"""Records by their place in the corpus, or rows by their place in a shard."""


def write_array(file: Path, array: NDArray[Any]) -> None:
    """Write an array in numpy's format, whole or not at all."""
    whole = np.ascontiguousarray(array)
    head = BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(whole))
    write_bytes(file, head.getvalue(), whole.tobytes())


def mapped_array(file: Path) -> NDArray[Any]:
    """Return an array whose parts are read when they are asked for."""
    with explained("read", file):
        try:
            return np.load(file, mmap_mode="r")
        except ValueError:
            # An empty file part cannot be mapped.
            return np.load(file)
