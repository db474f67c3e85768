import numpy as np
import pytest

from genloss.metrics.arrays import pairwise


def exact(a, b):
    gap = a[:, None].astype(np.longdouble) - b[None].astype(np.longdouble)
    return (gap**2).sum(axis=2).astype(float)


@pytest.mark.parametrize("d", [3, 33, 100])
@pytest.mark.parametrize("width", [1.0, 1e-3, 1e-7, 0.0])
def test_distances_keep_nine_digits_in_narrow_clusters(d, width):
    rng = np.random.default_rng(0)
    # Clusters of few rows are repaired entry by entry, of many rows by differences throughout.
    for clusters in (2, 40):
        centres = rng.standard_normal((clusters, d))
        a = centres[rng.integers(0, clusters, 90)] + width * rng.standard_normal((90, d))
        b = np.concatenate([a[:5], centres[rng.integers(0, clusters, 60)]])
        got = pairwise.squared_distances(a, b)
        np.testing.assert_allclose(got, exact(a, b), rtol=1e-9)
        assert not got[np.arange(5), np.arange(5)].any()


@pytest.mark.parametrize("d", [2, 40])
def test_sums_over_pairs_do_not_depend_on_the_blocks(d, monkeypatch):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((50, d)), rng.standard_normal((30, d))
    for block in (2**20, 200, 1):
        monkeypatch.setattr(pairwise, "BLOCK_FLOATS", block)
        np.testing.assert_allclose(pairwise.cross_sum(a, b, np.sqrt), np.sqrt(exact(a, b)).sum())
        np.testing.assert_allclose(pairwise.within_sum(a, np.sqrt), np.sqrt(exact(a, a)).sum())
        kernel = np.exp(-exact(a, a)).sum() - 50
        got = pairwise.within_sum(a, lambda squared: np.exp(-squared))
        np.testing.assert_allclose(got, kernel, atol=1e-12)


def test_row_blocks_cover_every_row_once_and_hold_about_a_block():
    blocks = list(pairwise.row_blocks(5000, 3000))
    rows = np.concatenate([np.arange(5000)[block] for block in blocks])
    np.testing.assert_array_equal(rows, np.arange(5000))
    assert max(block.stop - block.start for block in blocks) * 3000 <= pairwise.BLOCK_FLOATS
    assert [b.stop - b.start for b in pairwise.row_blocks(3, 2**22)] == [1, 1, 1]
