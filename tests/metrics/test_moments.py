import numpy as np
import pytest
from scipy.linalg import sqrtm

from genloss.errors import DataError
from genloss.metrics.arrays import moments


def spd(rng, c, d, rank=None):
    root = rng.standard_normal((c, d, rank or d))
    return root @ np.swapaxes(root, 1, 2)


def w2_by_matrix_roots(mean, cov, mean_0, cov_0):
    root = sqrtm(cov_0)
    cross = sqrtm(root @ cov @ root)
    return ((mean - mean_0) ** 2).sum() + np.trace(cov + cov_0 - 2 * cross.real)


def test_sample_moments_are_the_maximum_likelihood_ones():
    x = np.random.default_rng(0).standard_normal((3, 50, 4)) + 1e4
    mean, cov = moments.sample_moments(x)
    assert mean.shape == (3, 4)
    assert cov.shape == (3, 4, 4)
    for c in range(3):
        np.testing.assert_allclose(mean[c], x[c].mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(cov[c], np.cov(x[c].T, ddof=0), rtol=1e-7, atol=1e-9)


def test_weights_count_like_repeated_rows_at_any_scale():
    x = np.random.default_rng(1).standard_normal((2, 4, 3))
    times = np.array([[3, 1, 0, 2], [1, 1, 1, 1]])
    mean, cov = moments.sample_moments(x, weight=0.1 * times)
    for c in range(2):
        rows = np.repeat(x[c], times[c], axis=0)
        np.testing.assert_allclose(mean[c], rows.mean(axis=0), atol=1e-14)
        np.testing.assert_allclose(cov[c], np.cov(rows.T, ddof=0), atol=1e-14)


@pytest.mark.parametrize("weight", [np.ones((2, 3)), -np.ones((2, 4)), np.zeros((2, 4))])
def test_bad_weights_are_refused(weight):
    with pytest.raises(DataError, match="weight"):
        moments.sample_moments(np.ones((2, 4, 1)), weight)


def test_references_of_all_layouts_agree():
    rng = np.random.default_rng(2)
    cov, cov_0 = spd(rng, 3, 2), spd(rng, 1, 2)
    expected = moments.trace_ratio(cov, cov_0[0])
    for layout in (cov_0, np.broadcast_to(cov_0, (3, 2, 2))):
        np.testing.assert_array_equal(moments.trace_ratio(cov, layout), expected)
    with pytest.raises(DataError, match="fit"):
        moments.trace_ratio(cov, spd(rng, 2, 2))
    with pytest.raises(DataError, match="fit"):
        moments.mean_error(np.ones((3, 2)), np.ones(3))


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
@pytest.mark.parametrize(("rank", "rank_0"), [(5, 5), (2, 5), (5, 2)])
def test_w2_equals_the_formula_with_matrix_roots(rank, rank_0):
    rng = np.random.default_rng(3)
    mean, mean_0 = rng.standard_normal((3, 5)), rng.standard_normal(5)
    cov, cov_0 = spd(rng, 3, 5, rank), spd(rng, 1, 5, rank_0)[0]
    # A matrix root of a singular matrix is itself good to 1e-8 only, and rounding decides whether
    # scipy notices that it is one.
    atol = 1e-10 if rank == rank_0 else 1e-6
    got = moments.gaussian_w2_squared(mean, cov, mean_0, cov_0)
    right = [w2_by_matrix_roots(mean[c], cov[c], mean_0, cov_0) for c in range(3)]
    np.testing.assert_allclose(got, right, atol=atol)
    back = moments.gaussian_w2_squared(mean_0[None], cov_0[None], mean[0], cov[0])
    np.testing.assert_allclose(back, got[:1], rtol=1e-9)


def test_w2_of_commuting_covariances_is_the_distance_of_their_roots():
    variances = np.array([[1e-12, 4.0, 0.0], [9.0, 0.0, 1e-20]])
    cov, cov_0 = variances[:, :, None] * np.eye(3), np.diag([1.0, 1e-6, 0.0])
    right = ((np.sqrt(variances) - np.sqrt([1.0, 1e-6, 0.0])) ** 2).sum(axis=1)
    got = moments.gaussian_w2_squared(np.zeros((2, 3)), cov, np.zeros(3), cov_0)
    np.testing.assert_allclose(got, right, rtol=1e-13)


def test_w2_of_an_ill_conditioned_law_to_itself_is_rounding():
    rng = np.random.default_rng(4)
    basis = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    cov = (basis * np.logspace(0, -18, 20)) @ basis.T
    cov = (cov + cov.T)[None] / 2
    got = moments.gaussian_w2_squared(np.zeros((1, 20)), cov, np.zeros(20), cov)
    assert got[0] <= 1e-14


def test_w2_in_one_dimension_has_the_closed_form_also_for_a_point():
    mean, cov = np.array([[1.0], [0.0]]), np.array([[[4.0]], [[0.0]]])
    got = moments.gaussian_w2_squared(mean, cov, np.zeros(1), np.eye(1))
    np.testing.assert_allclose(got, [1 + 1, 1])


def test_w2_of_one_fit_has_the_published_expectation():
    # mean error: s^2/n; sigma error: s^2/(2 n) to first order (plus O(1/n^2)); sum 1.5/n.
    # W is about (z^2 + z'^2/2)/n, so sd(W) = sqrt(2 + 1/2)/n; band: 4 sd/sqrt(C) + 2/n^2.
    n, c = 400, 4000
    x = np.random.default_rng(5).standard_normal((c, n, 1))
    w = moments.gaussian_w2_squared(*moments.sample_moments(x), np.zeros(1), np.eye(1))
    assert abs(w.mean() - 1.5 / n) < 4 * np.sqrt(2.5 / c) / n + 2 / n**2


def test_determinant_ratio_survives_determinants_no_float_holds():
    cov = 1e-3 * np.eye(200)[None]
    np.testing.assert_allclose(
        moments.determinant_ratio(cov * 1.001, cov[0]), 1.001**200, rtol=1e-9
    )


@pytest.mark.parametrize(
    ("function", "cov", "cov_0", "says"),
    [
        (moments.determinant_ratio, np.eye(2)[None], np.ones((2, 2)), "singular"),
        (moments.trace_ratio, np.eye(2)[None], np.zeros((2, 2)), "trace"),
        (moments.sigma_error, np.eye(2)[None], np.eye(2), "covariance_error"),
        (moments.covariance_error, np.array([[[1.0, 2], [0, 1]]]), np.eye(2), "asymmetric"),
        (moments.covariance_error, np.ones((1, 2, 3)), np.ones((2, 3)), "square"),
        (moments.trace_ratio, -np.eye(2)[None], np.eye(2), "negative variance"),
    ],
)
def test_matrices_that_are_no_covariances_are_refused(function, cov, cov_0, says):
    with pytest.raises(DataError, match=says):
        function(cov, cov_0)


def test_w2_refuses_indefinite_matrices_and_other_chains():
    indefinite = np.array([[[1.0, 2.0], [2.0, 1.0]]])
    with pytest.raises(DataError, match="eigenvalue"):
        moments.gaussian_w2_squared(np.zeros((1, 2)), indefinite, np.zeros(2), np.eye(2))
    with pytest.raises(DataError, match="both moments"):
        moments.gaussian_w2_squared(np.zeros((2, 2)), np.eye(2)[None], np.zeros(2), np.eye(2))


def test_a_chain_whose_reality_has_no_variance_is_named_by_its_trace():
    cov = np.stack([np.eye(2), np.eye(2)])
    with pytest.raises(DataError, match="cov_0: got trace 0, expected a positive trace"):
        moments.trace_ratio(cov, np.stack([np.eye(2), np.zeros((2, 2))]))
