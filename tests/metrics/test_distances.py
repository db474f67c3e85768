import numpy as np
import pytest
from scipy import stats

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import distances


def rows(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def all_distances(a, b):
    return np.array([[np.sqrt(((u - v) ** 2).sum()) for v in b] for u in a])


def line_distance(x, y, p=2.0):
    """The Wasserstein distance on the line is the sliced one along its only direction."""
    return distances.sliced_wasserstein(x[..., None], y[..., None], np.ones((1, 1)), p=p)


@pytest.mark.parametrize(("n", "m"), [(40, 40), (40, 25), (7, 60), (1, 5)])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.5])
def test_wasserstein_on_the_line_is_exact_for_any_sizes(n, m, p):
    x, y = rows(0, 3, n), rows(1, m) * 2
    # Repeating every row lcm/n times leaves the law alone and makes the sizes equal.
    size = np.lcm(n, m)
    long_x = np.sort(np.repeat(x, size // n, axis=1))
    long_y = np.sort(np.repeat(y, size // m))
    right = (np.abs(long_x - long_y) ** p).mean(axis=1) ** (1 / p)
    np.testing.assert_allclose(line_distance(x, y, p), right, rtol=1e-12)
    if p == 1:
        scipy = [stats.wasserstein_distance(one, y) for one in x]
        np.testing.assert_allclose(line_distance(x, y, 1.0), scipy, rtol=1e-12)


def test_sliced_wasserstein_takes_the_root_of_the_mean_over_directions():
    x, y = rows(2, 2, 30, 3), rows(3, 20, 3)
    lines = distances.random_directions(3, 5, np.random.default_rng(4))
    each = np.array([line_distance(x @ u, y @ u) for u in lines])
    got = distances.sliced_wasserstein(x, y, lines)
    np.testing.assert_allclose(got, np.sqrt((each**2).mean(axis=0)), rtol=1e-12)
    cubic = np.array([line_distance(x @ u, y @ u, 3) for u in lines])
    got = distances.sliced_wasserstein(x, y, lines, p=3)
    np.testing.assert_allclose(got, (cubic**3).mean(axis=0) ** (1 / 3), rtol=1e-12)
    drawn = distances.sliced_wasserstein(x, y, n_directions=5, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(drawn, distances.sliced_wasserstein(x, y, lines))


def test_random_directions_are_uniform_on_the_sphere():
    # (u.e)^2 has mean 1/d and variance 2 (d - 1)/(d^2 (d + 2)) for uniform u; 4 standard errors.
    d, count = 5, 4000
    lines = distances.random_directions(d, count, np.random.default_rng(5))
    np.testing.assert_allclose(np.linalg.norm(lines, axis=1), 1)
    band = 4 * np.sqrt(2 * (d - 1) / (d**2 * (d + 2)) / count)
    assert np.abs((lines**2).mean(axis=0) - 1 / d).max() < band
    assert np.abs(lines.mean(axis=0)).max() < 4 / np.sqrt(d * count)


def test_sliced_wasserstein_of_a_shift_is_its_length_over_root_d():
    # Mean of (u.delta)^2 over L directions: relative sd sqrt(2 (d - 1)/((d + 2) L)), half of it
    # after the root.
    d, count, delta = 4, 2000, np.array([3.0, -3.0, 0.0, 0.0])
    x = rows(6, 1, 50, d)
    got = distances.sliced_wasserstein(
        x + delta, x[0], n_directions=count, rng=np.random.default_rng(7)
    )
    band = 4 * 0.5 * np.sqrt(2 * (d - 1) / ((d + 2) * count))
    np.testing.assert_allclose(got, np.linalg.norm(delta) / np.sqrt(d), rtol=band)


def test_energy_distance_on_the_line_is_the_square_of_scipys():
    x, y = rows(8, 3, 50, 1), np.round(rows(9, 30, 1), 1)
    right = [stats.energy_distance(one[:, 0], y[:, 0]) ** 2 for one in x]
    np.testing.assert_allclose(distances.energy_distance(x, y), right, rtol=1e-10)


@pytest.mark.parametrize("d", [1, 2, 40])
def test_energy_distance_equals_the_plain_means_over_pairs(d):
    x, y = rows(10, 2, 25, d) + 100, rows(11, 2, 15, d) * 1.5 + 100
    right = [
        2 * all_distances(a, b).mean() - all_distances(a, a).mean() - all_distances(b, b).mean()
        for a, b in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(distances.energy_distance(x, y), right, rtol=1e-9)


@pytest.mark.parametrize("d", [1, 3, 40])
@pytest.mark.parametrize("bandwidth", [0.7, None, np.array([0.5, 2.0])])
def test_mmd_equals_the_plain_means_over_pairs(d, bandwidth):
    x, y = rows(12, 2, 12, d) + 1, rows(13, 9, d)
    median = np.median(all_distances(y, y)[np.triu_indices(9, 1)])
    scales = np.broadcast_to(median if bandwidth is None else bandwidth, 2)
    biased, unbiased = [], []
    for a, h in zip(x, scales, strict=True):
        xx, yy, xy = (
            np.exp(-(all_distances(*pair) ** 2) / (2 * h**2)) for pair in ((a, a), (y, y), (a, y))
        )
        biased.append(xx.mean() + yy.mean() - 2 * xy.mean())
        unbiased.append((xx.sum() - 12) / 132 + (yy.sum() - 9) / 72 - 2 * xy.mean())
    got = distances.mmd_squared(x, y, bandwidth)
    np.testing.assert_allclose(got, unbiased, rtol=1e-9, atol=1e-13)
    got = distances.mmd_squared(x, y, bandwidth, estimator="biased")
    np.testing.assert_allclose(got, biased, rtol=1e-9, atol=1e-13)


def test_unbiased_mmd_of_equal_laws_has_mean_zero_and_the_biased_one_its_bias():
    # Over 400 chains with their own references: band 4 sd/sqrt(C) about 0 and about the bias
    # (1 - E k(X, X')) (1/n + 1/m), with E k = (1 + 2/h^2)^(-1/2) for N(0, 1) rows and h = 1.
    x, y = rows(14, 400, 20, 1), rows(15, 400, 30, 1)
    for estimator, centre in (("unbiased", 0.0), ("biased", (1 - 3**-0.5) * (1 / 20 + 1 / 30))):
        value = distances.mmd_squared(x, y, 1.0, estimator=estimator)
        assert abs(value.mean() - centre) < 4 * value.std() / 20


def test_median_bandwidth_takes_at_most_a_thousand_rows_and_refuses_copies():
    y = rows(16, 2, 5000, 2)
    # Squared distance of two rows of N(0, I_2): 2 chi^2_2, median 4 ln 2.
    np.testing.assert_allclose(distances.median_bandwidth(y), np.sqrt(4 * np.log(2)), rtol=0.05)
    with pytest.raises(DataError, match="pass a bandwidth"):
        distances.median_bandwidth(np.zeros((1, 5, 2)))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x, y: distances.sliced_wasserstein(x, y, np.eye(2), p=0.5), SpecError, "order"),
        (lambda x, y: distances.sliced_wasserstein(x, y), SpecError, "neither"),
        (lambda x, y: distances.sliced_wasserstein(x, y, 2 * np.eye(2)), DataError, "unit"),
        (lambda x, y: distances.energy_distance(x, y[:, :1]), DataError, "fit"),
        (lambda x, y: distances.mmd_squared(x, y, -1.0), SpecError, "bandwidth"),
        (lambda x, y: distances.mmd_squared(x, y, np.ones(3)), DataError, "bandwidth"),
        (lambda x, y: distances.mmd_squared(x, y[:1], 1.0), DataError, "single row"),
        (lambda x, y: distances.mmd_squared(x, y, 1.0, estimator="u"), SpecError, "'u'"),
        (lambda x, y: distances.random_directions(2, 0, np.random.default_rng()), SpecError, "0"),
    ],
)
def test_bad_arguments_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call(rows(17, 2, 5, 2), rows(18, 4, 2))
