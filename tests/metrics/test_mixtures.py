import numpy as np
import pytest
from scipy.stats import norm

from genloss.errors import DataError
from genloss.metrics.arrays import mixtures


def test_squared_l2_equals_quadrature_in_one_dimension():
    weights, weights_0 = np.array([[0.3, 0.7], [1.0, 0.0]]), np.array([[0.2, 0.3, 0.5]])
    means, means_0 = np.array([[-1.0, 2], [0, 5]])[..., None], np.array([[0.0, 1, 4]])[..., None]
    stds, stds_0 = np.array([[0.5, 1.5], [1, 2]]), np.array([[1.0, 0.3, 2]])
    grid = np.linspace(-20, 25, 200_001)

    def density(w, m, s):
        return norm.pdf(grid[:, None], m[:, 0], s) @ w

    right = [
        np.sum(
            (density(weights[c], means[c], stds[c]) - density(weights_0[0], means_0[0], stds_0[0]))
            ** 2
        )
        * (grid[1] - grid[0])
        for c in range(2)
    ]
    variances, variances_0 = (s[..., None, None] ** 2 for s in (stds, stds_0))
    got = mixtures.squared_l2(weights, means, variances, weights_0, means_0, variances_0)
    np.testing.assert_allclose(got, right, rtol=1e-9)


def test_squared_l2_equals_a_plain_loop_in_three_dimensions():
    rng = np.random.default_rng(0)

    def draw(c, k):
        root = rng.standard_normal((c, k, 3, 3))
        weights = rng.dirichlet(np.ones(k), size=c)
        return (
            weights,
            rng.standard_normal((c, k, 3)),
            root @ np.swapaxes(root, 2, 3) + 0.1 * np.eye(3),
        )

    def overlap(p, q):
        total = 0.0
        for a, m, s in zip(*p, strict=True):
            for b, n, t in zip(*q, strict=True):
                gap, both = m - n, s + t
                quad = gap @ np.linalg.inv(both) @ gap
                total += a * b * np.exp(-quad / 2) / np.sqrt(np.linalg.det(2 * np.pi * both))
        return total

    p, q = draw(4, 2), draw(4, 3)
    right = []
    for c in range(4):
        one, other = [a[c] for a in p], [a[c] for a in q]
        right.append(overlap(one, one) + overlap(other, other) - 2 * overlap(one, other))
    np.testing.assert_allclose(mixtures.squared_l2(*p, *q), right, rtol=1e-9)
    np.testing.assert_allclose(mixtures.squared_l2(*q, *p), right, rtol=1e-9)


def test_narrow_components_are_large_finite_and_exact():
    # Two far components of variance v against the unit blob: <p, p> = 2 (1/4)/(4 pi v) dominates.
    v, weights = 1e-6, np.array([[0.5, 0.5]])
    means, covs = np.array([[[50.0, 0], [0, 50.0]]]), v * np.broadcast_to(np.eye(2), (1, 2, 2, 2))
    blob = (np.ones((1, 1)), np.zeros((1, 1, 2)), np.eye(2)[None, None])
    right = 0.5 / (4 * np.pi * v) + 1 / (4 * np.pi)
    np.testing.assert_allclose(
        mixtures.squared_l2(weights, means, covs, *blob), [right], rtol=1e-12
    )
    same = mixtures.squared_l2(weights, means, covs, weights, means, covs)
    assert 0 <= same[0] <= 1e-9 * right


def test_a_point_mass_gives_inf_unless_its_weight_is_zero():
    weights = np.array([[0.5, 0.5], [1.0, 0.0]])
    covs = np.stack([[np.eye(2), np.diag([1.0, 0.0])]] * 2)
    blob = (np.ones((1, 1)), np.zeros((1, 1, 2)), np.eye(2)[None, None])
    got = mixtures.squared_l2(weights, np.zeros((2, 2, 2)), covs, *blob)
    assert got[0] == np.inf
    np.testing.assert_allclose(got[1], 0, atol=1e-15)


def test_component_std_is_the_root_mean_variance():
    covs = np.array([[np.diag([1.0, 3.0, 8.0]), 0.25 * np.eye(3)]])
    np.testing.assert_allclose(mixtures.component_std(covs), [[2.0, 0.5]])


def test_covariances_are_square_and_have_no_negative_trace():
    with pytest.raises(DataError, match=r"covs: got shape \(1, 1, 2, 3\) and smallest trace 2"):
        mixtures.component_std(np.eye(3)[None, None, :2])
    with pytest.raises(DataError, match="smallest trace -2, expected"):
        mixtures.component_std(np.stack([[np.eye(2)], [-np.eye(2)]]))
    np.testing.assert_array_equal(mixtures.component_std(np.zeros((1, 1, 2, 2))), [[0.0]])


def test_mixtures_that_do_not_fit_are_refused():
    one = (np.ones((1, 1)), np.zeros((1, 1, 2)), np.eye(2)[None, None])
    line = (np.ones((1, 1)), np.zeros((1, 1, 1)), np.eye(1)[None, None])
    with pytest.raises(DataError, match="dimension"):
        mixtures.squared_l2(*one, *line)
    with pytest.raises(DataError, match="summing to 1"):
        mixtures.squared_l2(0.5 * one[0], *one[1:], *one)
    with pytest.raises(DataError, match="mixture_0"):
        mixtures.squared_l2(*one, np.full((1, 2), 0.5), *one[1:])
    with pytest.raises(DataError, match="singular"):
        mixtures.squared_l2(*one, *one[:2], 0 * one[2])
    half = np.stack([np.eye(2), np.zeros((2, 2))])[None]
    with pytest.raises(DataError, match="covs_0: got a singular component"):
        mixtures.squared_l2(*one, np.full((1, 2), 0.5), np.zeros((1, 2, 2)), half)
    for means, covs in (
        (np.zeros((1, 2, 2)), one[2]),
        (one[1], np.eye(2)[None, None].repeat(2, 1)),
    ):
        with pytest.raises(DataError, match=r"mixture: got weights \(1, 1\), means"):
            mixtures.squared_l2(one[0], means, covs, *one)
