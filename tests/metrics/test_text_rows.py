"""Counts of copies, empty and cut rows by hand, and compression."""

import zlib

import numpy as np
import pytest

from genloss.errors import DataError
from genloss.metrics.arrays import text_rows as tr

END = 0
ROWS = np.array(
    [
        [[0, -1, -1], [1, 2, 0], [1, 2, 3], [1, 2, 3], [0, 5, 6]],
        [[4, 0, -1], [4, 0, -1], [4, 0, -1], [4, 0, -1], [4, 0, -1]],
    ]
)


def test_by_hand():
    np.testing.assert_allclose(tr.duplicate_share(ROWS), [1 / 5, 4 / 5])
    np.testing.assert_allclose(tr.empty_share(ROWS, END), [1 / 5, 0])
    np.testing.assert_allclose(tr.truncated_share(ROWS, END), [2 / 5, 0])
    np.testing.assert_allclose(tr.mean_length(ROWS), [13 / 5, 2])


def test_rows_without_any_token_are_empty_and_end_nowhere():
    x = np.array([[[-1, -1], [0, -1], [3, -1], [3, 3]], [[-1, -1], [-1, -1], [3, 0], [0, 0]]])
    np.testing.assert_allclose(tr.empty_share(x, END), [2 / 4, 2 / 4])
    np.testing.assert_allclose(tr.truncated_share(x, END), [1 / 4, 0])
    np.testing.assert_allclose(tr.mean_length(x), [4 / 4, 4 / 4])
    short = np.array([[[3, 3, -1], [3, 3, 4], [3, 0, -1]]])
    np.testing.assert_allclose(tr.truncated_share(short, END), [1 / 3])


def test_one_seed_for_all_requests_is_seen():
    """64 identical requests gave 64 identical texts."""
    x = np.broadcast_to(np.arange(10), (1, 64, 10))
    np.testing.assert_allclose(tr.duplicate_share(x), 63 / 64)


def test_compression_is_that_of_zlib():
    text = "the cat sat on the mat; " * 30 + "ä"
    right = len(text.encode()) / len(zlib.compress(text.encode(), 6))
    kinds = ["alpha", "beta", "gamma", "delta"]
    some = np.random.default_rng(1).integers(0, 10**6, 2000)
    words = " ".join(f"{kinds[k % 4]}{k % 7}" for k in some)
    # Levels 5 and 7 give other sizes of this text.
    at_six = len(words) / len(zlib.compress(words.encode(), 6))
    np.testing.assert_allclose(tr.compression_ratio([words]), at_six)
    noise = "".join(map(chr, np.random.default_rng(0).integers(33, 126, 700)))
    found = tr.compression_ratio([text, noise])
    np.testing.assert_allclose(found[0], right)
    assert found[1] < 1.3 < 10 < found[0]
    with pytest.raises(DataError, match="empty text"):
        tr.compression_ratio(["a", ""])
