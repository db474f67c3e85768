"""What every network for images asks of its rows."""

import numpy as np

from genloss.core.arrays import Array
from genloss.errors import DataError


def check_images(x: Array, what: str, instead: str = "") -> None:
    """Raise DataError unless x holds flattened images (C, n, d), pixels in [0, 1].

    instead: what else to try where the rows are not images.
    """
    if x.ndim != 3 or x.dtype.kind != "f":
        raise DataError(
            f"{what} have shape {x.shape} and dtype {x.dtype}; expected images as real numbers "
            f"(C, n, d), flattened{instead}"
        )
    low, high = float(x.min()), float(x.max())
    if not (low >= 0.0 and high <= 1.0):
        raise DataError(
            f"{what} reach from {low:g} to {high:g}; expected pixels in [0, 1]; divide images by "
            f"their white (255, say){instead}"
        )


def check_lit(x: Array, name: str) -> None:
    """Raise DataError where a chain has nothing but black images."""
    black = ~x.any(axis=(1, 2))
    if black.any():
        raise DataError(
            f"{name}: all rows of chain {int(np.argmax(black))} are black (only zeros); expected "
            "images; look at how they were read or scaled"
        )
