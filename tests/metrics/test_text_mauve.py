"""The divergence frontier at its closed forms; clusters and features do their part."""

from math import factorial

import numpy as np
import pytest

from genloss.errors import DataError
from genloss.metrics.arrays import text_mauve as tm


def rng(key=0):
    return np.random.default_rng(key)


def test_equal_laws_have_area_one():
    p = rng().dirichlet(np.ones(7), size=3)
    np.testing.assert_allclose(tm.frontier_area(p, p), 1.0, rtol=1e-12)


@pytest.mark.parametrize("c", [1, 2, 5])
def test_disjoint_laws_have_the_area_of_their_curve(c):
    """x = (1 - w)^c, y = w^c: the integral of (1 - x^(1/c))^c is Gamma(c + 1)^2 / Gamma(2 c + 1).

    The trapezoid rule on 1,000 steps of w errs by less than c^2 / 1,000^2.
    """
    found = tm.frontier_area(np.array([0.5, 0.5, 0, 0]), np.array([0, 0, 0.3, 0.7]), c)
    np.testing.assert_allclose(found, factorial(c) ** 2 / factorial(2 * c), atol=c * c / 1e6)


def test_it_is_symmetric_falls_with_distance_and_uses_its_scale():
    p, q = np.array([[0.7, 0.2, 0.1]]), np.array([[0.5, 0.2, 0.3]])
    far = np.array([[0.1, 0.2, 0.7]])
    np.testing.assert_allclose(tm.frontier_area(p, q), tm.frontier_area(q, p), rtol=1e-9)
    assert tm.frontier_area(p, far)[0] < tm.frontier_area(p, q)[0] < 1
    assert tm.frontier_area(p, q, 10)[0] < tm.frontier_area(p, q, 5)[0] - 0.01


def test_clusters_are_groups_of_near_rows():
    centres = np.array([[0.0, 0], [10, 0], [0, 10]])
    rows = np.repeat(centres, 30, axis=0) + rng(1).normal(size=(90, 2)) * 0.1
    found = min((tm.cluster(rows, 3, rng(k)) for k in range(5)), key=lambda l: spread(rows, l))
    assert len({tuple(np.unique(part)) for part in found.reshape(3, 30)}) == 3
    assert spread(rows, found) < 90 * 2 * 0.01 * 1.5


def spread(rows, label):
    return sum(((rows[label == k] - rows[label == k].mean(axis=0)) ** 2).sum() for k in set(label))


def test_as_many_clusters_as_different_rows_hold_one_each():
    """Centres are drawn without replacement, so that none is there twice and no row goes along."""
    rows = np.repeat(np.arange(6.0)[:, None], 3, axis=0)
    for k in range(20):
        label = tm.cluster(rows, 6, rng(k))
        assert len({tuple(label[3 * i : 3 * i + 3]) for i in range(6)}) == len(set(label)) == 6


def test_equal_rows_are_one_cluster_however_they_round():
    rows = np.repeat(rng(2).normal(size=(2, 8)), [5, 7], axis=0)
    rows[::2] *= 1 + 1e-15
    for k in (1, 2, 3, 12):
        label = tm.cluster(rows, k, rng(k))
        assert (label[:5] == label[0]).all()
        assert (label[5:] == label[5]).all()
        assert (label[0] != label[5]) == (k > 1)


def texts(law, n=300, key=0):
    return rng(key).choice(len(law), size=(1, n, 12), p=law)


def test_mauve_falls_from_the_same_law_to_another_and_brackets_its_mean():
    law = np.arange(1, 41.0)
    law /= law.sum()
    real = texts(law, key=1)
    found = {}
    for name, x in {"same": texts(law, key=2), "other": texts(law[::-1], key=3)}.items():
        found[name] = tm.mauve(*tm.bag_features(x, real), rng())
        assert found[name].mean.shape == (1,)
        assert found[name].low < found[name].mean < found[name].high
    assert found["same"].low > found["other"].high
    assert found["same"].mean > 0.8
    assert found["other"].mean < 0.5


@pytest.mark.parametrize(("n", "m"), [(600, 120), (120, 600)])
def test_the_smaller_set_decides_on_the_clusters(n, m):
    """Equal laws look alike; a tenth of the larger set, 60 clusters of 120 rows, says 0.75."""
    features = rng(4).normal(size=(1, n + m, 16))
    x, real = features[:, :n], features[:, n:]
    assert tm.mauve(x, real, rng()).mean > 0.93
    assert tm.mauve(x, real, rng(), clusters=60).mean < 0.85


def test_portions_change_nothing(monkeypatch):
    x = texts(np.full(9, 1 / 9), n=50)
    whole, clusters = tm.bag_features(x, x)[0], tm.cluster(tm.bag_features(x, x)[0][0], 6, rng())
    monkeypatch.setattr(tm, "PORTION", 7)
    np.testing.assert_allclose(tm.bag_features(x, x)[1], whole, atol=1e-12)
    np.testing.assert_array_equal(tm.cluster(whole[0], 6, rng()), clusters)


def test_a_clustering_ends_where_each_row_is_nearest_to_the_mean_of_its_own():
    rows = rng(6).normal(size=(200, 3))
    label = tm.cluster(rows, 5, rng(), rounds=500)
    centres = np.stack([rows[label == k].mean(axis=0) for k in range(5)])
    nearest = ((rows[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(label, nearest)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_the_range_holds_the_median_over_clusterings(shift):
    """Of 160 ranges 15/16 do; 140 or fewer have a probability below 1e-3. Student's t misses more.

    Thirty rows make three clusters, and areas that pile up at one end.
    """
    rows = rng(8).normal(size=(1, 60, 4))
    rows[:, 30:, 0] += shift
    x, real = (np.repeat(half, 160, axis=0) for half in (rows[:, :30], rows[:, 30:]))
    both = tm.mauve(x, real, rng(9), clusterings=2)
    right = np.median([both.low, both.high])
    found = tm.mauve(x, real, rng(100))
    assert (found.low <= found.mean).all()
    assert ((found.low <= right) & (right <= found.high)).sum() > 140


def test_features_count_tokens_and_pairs_of_a_row_and_nothing_else():
    x = np.array([[[1, 2, 3, -1], [1, 2, 3, -1], [3, 2, 1, -1], [9, 8, 7, 6]]])
    wide = np.array([[[1, 2, 3, -1, -1, -1]]])
    one, two = tm.bag_features(x, wide)
    assert one.shape == (1, 4, 64)
    np.testing.assert_allclose(one[0, 0], one[0, 1])
    np.testing.assert_allclose(two[0, 0], one[0, 0])
    # The order of tokens shows in the pairs.
    near = np.linalg.norm(one[0, 0] - one[0, 2])
    assert 0.3 < near < np.linalg.norm(one[0, 0] - one[0, 3])


def test_buckets_are_the_top_bits_of_a_multiplicative_hash():
    """In plain integers: 2^64 over the golden ratio times each token, its top half folded in."""

    def bucket(*tokens):
        mixed = 0
        for token in tokens:
            mixed = (mixed ^ (token + len(tokens))) * 0x9E3779B97F4A7C15 % 2**64
            mixed ^= mixed >> 29
        return mixed >> 52

    row = [7, 0, 31999, 7]
    counts = tm._hashed(np.array([row, [5, -1, -1, -1]]), 1)
    pairs = tm._hashed(np.array([row, [5, -1, -1, -1]]), 2)
    assert list(np.flatnonzero(counts[0])) == sorted({bucket(t) for t in row})
    assert counts[0, bucket(7)] == 2
    assert list(np.flatnonzero(counts[1])) == [bucket(5)]
    kinds = {bucket(7, 0), bucket(0, 31999), bucket(31999, 7)}
    assert list(np.flatnonzero(pairs[0])) == sorted(kinds)
    assert pairs.sum() == 3
    # A row of one token is of length 1 as it is, and a row of none is nothing.
    project = np.random.Generator(np.random.PCG64(4096)).standard_normal((4096, 64)) / 8
    seen = tm.bag_features(np.array([[[5, -1], [-1, -1], [5, 5]]]), np.array([[[5]]]))[0][0]
    both = (2 * project[bucket(5)] + project[bucket(5, 5)]) / 5**0.5
    np.testing.assert_allclose(seen, [project[bucket(5)], np.zeros(64), both], atol=1e-12)


def test_what_does_not_fit_is_refused():
    x = np.zeros((1, 5, 2))
    with pytest.raises(DataError, match="expected"):
        tm.mauve(x, np.zeros((1, 5, 3)), rng())
    with pytest.raises(DataError, match="at least 2"):
        tm.mauve(x, x, rng(), clusterings=1)
