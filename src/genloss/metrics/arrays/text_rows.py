"""What can be wrong with generated rows before anything is measured, and how far they compress."""

import zlib
from collections.abc import Sequence

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.samples import NO_TOKEN
from genloss.core.text import lengths
from genloss.errors import DataError
from genloss.metrics.arrays.text_ngrams import checked


def duplicate_share(x: Ints) -> Floats:
    """Share of rows that repeat an earlier row of their chain, 1 - different rows / rows.

    Returns:
        (C,), no unit, range [0, 1); one seed for all requests gives (n - 1) / n.
    """
    x = np.ascontiguousarray(checked(x))
    kinds = [len(np.unique(_as_bytes(rows))) for rows in x]
    return np.array([1.0 - k / x.shape[1] for k in kinds])


def empty_share(x: Ints, end: int) -> Floats:
    """Share of rows without a token before their end: nothing, or the end token alone; (C,)."""
    count = lengths(checked(x))
    return np.asarray(((count == 0) | ((count == 1) & (x[..., 0] == end))).mean(axis=1))


def truncated_share(x: Ints, end: int) -> Floats:
    """Share of rows that fill their T tokens without an end token among them; (C,)."""
    full = checked(x)[..., -1] != NO_TOKEN
    return np.asarray((full & ~(x == end).any(axis=2)).mean(axis=1))


def mean_length(x: Ints) -> Floats:
    """Mean number of tokens of a row, its end token included; (C,), in [0, T]."""
    return np.asarray(lengths(checked(x)).mean(axis=1))


def compression_ratio(texts: Sequence[str]) -> Floats:
    """Bytes of UTF-8 text over bytes after zlib at level 6, one text per chain.

    Returns:
        (C,), no unit, lower is more varied, above 0 (about 2 to 3 for English). Grows with the
        size of the text up to zlib's window of 32 KiB. Source: Shaib et al. 2024.

    Raises:
        DataError: an empty text.
    """
    parts = [text.encode() for text in texts]
    if not all(parts):
        raise DataError("compression_ratio: got an empty text, expected one with characters")
    return np.array([len(part) / len(zlib.compress(part, 6)) for part in parts])


def _as_bytes(rows: Ints) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
