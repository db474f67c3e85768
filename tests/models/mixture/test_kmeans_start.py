import numpy as np
import pytest
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from genloss.errors import DataError, FitError, SpecError
from genloss.models.mixture.kmeans_loop import refill
from genloss.models.mixture.kmeans_start import kmeans_labels


def blobs(rng, chains, n, centres, std):
    """Rows (C, n, d) around given centres, and the true labels (C, n)."""
    labels = rng.integers(0, len(centres), (chains, n))
    return centres[labels] + std * rng.standard_normal((chains, n, centres.shape[1])), labels


def inertia(x, labels):
    """Sum of squared distances to the mean of each cluster, for one chain x (n, d)."""
    groups = (x[labels == h] for h in np.unique(labels))
    return sum(((g - g.mean(axis=0)) ** 2).sum() for g in groups)


@pytest.mark.parametrize("k", [2, 5, 25])
def test_separated_blobs_are_found_exactly(k):
    rng = np.random.default_rng(k)
    centres = 100.0 * np.stack([np.arange(k) % 5, np.arange(k) // 5], axis=1)
    x, truth = blobs(rng, 4, 400, centres, 0.5)
    labels = kmeans_labels(x, k, rng)
    assert labels.shape == (4, 400)
    assert labels.dtype == np.int64
    # Bits of luck remain in greedy seeding for k = 25: at least one chain of four must be perfect.
    perfect = [len(set(zip(a, b, strict=True))) == k for a, b in zip(labels, truth, strict=True)]
    assert all(perfect) if k < 25 else any(perfect)


@pytest.mark.slow
@pytest.mark.parametrize(("k", "d", "n"), [(2, 2, 400), (6, 2, 300), (5, 8, 200)])
def test_inertia_is_that_of_scikit_learn_in_law(k, d, n):
    # Same data, many seeds: two samples of one law, so the means differ by less than 4 standard
    # errors sqrt((var_a + var_b) / runs).
    runs = 150
    x = np.random.default_rng(3).standard_normal((n, d))
    labels = kmeans_labels(np.repeat(x[None], runs, axis=0), k, np.random.default_rng(4))
    ours = np.array([inertia(x, row) for row in labels])
    with threadpool_limits(1):
        fits = [KMeans(k, n_init=1, random_state=seed).fit(x) for seed in range(runs)]
    theirs = np.array([fit.inertia_ for fit in fits])
    band = 4 * np.sqrt((ours.var() + theirs.var()) / runs)
    assert abs(ours.mean() - theirs.mean()) < band
    # An arbitrary partition is far worse, so that the comparison can fail.
    assert inertia(x, np.arange(n) % k) > theirs.mean() + 10 * band


def test_labels_are_those_of_the_nearest_cluster_mean():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 300, 3))
    labels = kmeans_labels(x, 4, rng, tol=0.0)[0]
    means = np.stack([x[0, labels == h].mean(axis=0) for h in range(4)])
    distance = ((x[0, :, None] - means) ** 2).sum(axis=2)
    np.testing.assert_array_equal(labels, distance.argmin(axis=1))


def test_a_chain_does_not_depend_on_threads_or_on_the_chains_after_it():
    x = np.random.default_rng(6).standard_normal((5, 257, 2))
    alone = kmeans_labels(x[:2], 7, np.random.default_rng(7), threads=1)
    for threads in (1, 2, 3):
        labels = kmeans_labels(x, 7, np.random.default_rng(7), threads=threads)
        np.testing.assert_array_equal(labels[:2], alone)


def test_integer_weights_are_repeated_rows():
    # Two groups far apart, so that the optimum is the same whatever the seeding draws.
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(0, 1, (1, 40, 2)), rng.normal(3, 1, (1, 40, 2))], axis=1)
    count = rng.integers(1, 4, (1, 80))
    weighted = kmeans_labels(x, 2, np.random.default_rng(1), weight=count.astype(float), tol=0.0)[0]
    repeated = kmeans_labels(np.repeat(x, count[0], axis=1), 2, np.random.default_rng(1), tol=0.0)
    expanded = np.repeat(weighted, count[0])
    assert inertia(np.repeat(x[0], count[0], axis=0), expanded) == pytest.approx(
        inertia(np.repeat(x[0], count[0], axis=0), repeated[0])
    )


def test_a_row_without_weight_moves_no_centre():
    rng = np.random.default_rng(9)
    x, truth = blobs(rng, 1, 60, np.array([[0.0, 0.0], [9.0, 0.0]]), 0.3)
    x[0, 0] = 1e3
    weight = np.ones((1, 60))
    weight[0, 0] = 0.0
    labels = kmeans_labels(x, 2, rng, weight=weight)[0, 1:]
    assert len(set(zip(labels, truth[0, 1:], strict=True))) == 2


def test_as_many_clusters_as_values_leave_no_distance():
    x = np.repeat(np.arange(12.0) ** 2, 5)[None, :, None]
    for seed in range(20):
        labels = kmeans_labels(x, 12, np.random.default_rng(seed), tol=0.0)
        assert inertia(x[0], labels[0]) == 0.0


def test_an_empty_cluster_takes_the_row_farthest_from_its_centre():
    x, weight = np.array([[0.0, 1.0, 2.0, 9.0]]), np.array([1.0, 1.0, 1.0, 2.0])
    labels, nearest = np.zeros(4, np.int64), np.array([9.0, 4.0, 1.0, 36.0])
    sums = np.array([[21.0, 5.0], [0.0, 0.0], [0.0, 0.0]])
    refill(x, weight, labels, nearest, sums)
    # Row 9 (weight 2) goes to the first empty cluster, row 0 to the second.
    np.testing.assert_allclose(sums, [[3.0, 2.0], [18.0, 2.0], [0.0, 1.0]])


def test_identical_rows_end():
    labels = kmeans_labels(np.ones((2, 10, 3)), 3, np.random.default_rng(0))
    assert set(np.unique(labels)) <= {0, 1, 2}


def test_refusals_name_what_was_got():
    x, rng = np.zeros((2, 3, 1)), np.random.default_rng(0)
    with pytest.raises(FitError, match=r"3 row\(s\) for 4 clusters"):
        kmeans_labels(x, 4, rng)
    with pytest.raises(SpecError, match="k = 0"):
        kmeans_labels(x, 0, rng)
    with pytest.raises(SpecError, match="tol = -1"):
        kmeans_labels(x, 1, rng, tol=-1.0)
    with pytest.raises(DataError, match=r"weight of shape \(2, 2\)"):
        kmeans_labels(x, 1, rng, weight=np.ones((2, 2)))
    with pytest.raises(DataError, match=r"shape \(3, 1\)"):
        kmeans_labels(x[0], 1, rng)
