import hashlib
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from genloss.errors import DataError, FitError, SpecError
from genloss.models.mixture import em_common, em_loop
from genloss.models.mixture.em import (
    MixtureParameters,
    as_matrices,
    fit_em,
    from_matrices,
    start_from_labels,
)
from genloss.models.mixture.em_loop import exp_nonpositive

THEIR_NAME = {"full": "full", "diagonal": "diag", "spherical": "spherical"}
BOUND = 1e-6
"""Nats per row: the agreement with scikit-learn that the benchmarks promise."""


def scikit_learn(x, start, covariance, **options):
    """GaussianMixture on one chain x (n, d), from chain 0 of our start."""
    covs = start.covs[0]
    model = GaussianMixture(
        len(start.weights[0]),
        covariance_type=THEIR_NAME[covariance],
        weights_init=start.weights[0],
        means_init=start.means[0],
        precisions_init=np.linalg.inv(covs) if covariance == "full" else 1 / covs,
        init_params="random_from_data",
        random_state=0,
        **options,
    )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x)


def assert_same_fit(x, start, covariance, *, rtol=1e-6, **options):
    """Ours and theirs from one start: same iterations, bounds to BOUND, parameters to rtol."""
    ours = fit_em(x, start, covariance=covariance, **options)
    theirs = scikit_learn(x[0], start, covariance, **options)
    scale = x.std()
    assert ours.n_iter[0] == theirs.n_iter_
    assert ours.converged[0] == theirs.converged_
    assert abs(ours.lower_bound[0] - theirs.lower_bound_) < BOUND
    np.testing.assert_allclose(ours.parameters.weights[0], theirs.weights_, rtol=rtol)
    np.testing.assert_allclose(ours.parameters.means[0], theirs.means_, rtol=0, atol=rtol * scale)
    np.testing.assert_allclose(
        ours.parameters.covs[0], theirs.covariances_, rtol=rtol, atol=rtol * scale**2
    )
    return ours


def halves(x, k):
    """Labels (C, n) by the rank of the first coordinate."""
    n = x.shape[1]
    return np.argsort(np.argsort(x[:, :, 0], axis=1), axis=1) * k // n


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
@pytest.mark.parametrize(
    ("k", "d", "n"),
    [
        *[(2, 2, 900), (1, 2, 50), (3, 1, 700), (4, 3, 511), (2, 10, 513), (25, 2, 1025)],
        *[(3, 2, 527), (6, 2, 300), (1, 7, 100), (2, 11, 600), (3, 16, 800)],
    ],
)
def test_same_fit_as_scikit_learn(covariance, k, d, n):
    rng = np.random.default_rng(k + d)
    x = rng.standard_normal((1, n, d)) * np.linspace(1, 2, d) + rng.integers(0, k, (1, n, 1)) * 1.5
    start = start_from_labels(x, halves(x, k), k, covariance=covariance)
    assert_same_fit(x, start, covariance, tol=1e-4, max_iter=200)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("n", [2, 7, 8, 9, 511, 512, 513, 1024, 1031])
def test_every_length_of_the_last_block(n, d):
    x = np.random.default_rng(n).standard_normal((1, n, d))
    covs = np.tile(np.eye(d), (1, 2, 1, 1))
    covs[0, :, :2, :2] = [[[1.0, 0.2], [0.2, 1.5]], [[0.8, -0.3], [-0.3, 1.0]]]
    means = np.zeros((1, 2, d))
    means[0, :, :2] = [[-0.5, 0.0], [0.5, 0.1]]
    start = MixtureParameters(np.array([[0.3, 0.7]]), means, covs)
    assert_same_fit(x, start, "full", tol=0.0, max_iter=3, reg_covar=1e-3)


def test_one_blob_under_two_components_converges_as_slowly():
    # The published notebook's data, N(0, I) in the plane, with a smaller tol than its 1e-5.
    x = np.random.default_rng(5).standard_normal((1, 1000, 2))
    start = start_from_labels(x, halves(x, 2), 2, covariance="full")
    ours = assert_same_fit(x, start, "full", tol=1e-7, max_iter=2000)
    assert ours.n_iter[0] > 100


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_a_component_on_three_rows_is_followed_to_the_floor(covariance):
    rng = np.random.default_rng(11)
    x = rng.standard_normal((1, 400, 2))
    x[0, :3] = 3.0 + 1e-5 * rng.standard_normal((3, 2))
    labels = np.zeros((1, 400), np.int64)
    labels[0, :3] = 1
    start = start_from_labels(x, labels, 2, covariance=covariance)
    assert_same_fit(x, start, covariance, tol=1e-8, max_iter=500)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("origin", [0.0, 100.0])
def test_collapsed_components_keep_their_digits(origin, d):
    # std 1e-4 at distance 1: the fit is the moments of each cluster. E[xx] - mu mu would be wrong
    # by 1e-16 / 1e-8 at origin 0 and by 1e-12 / 1e-8 at origin 100.
    rng = np.random.default_rng(12)
    labels = np.arange(1000)[None] % 2
    x = origin + labels[..., None] + 1e-4 * rng.standard_normal((1, 1000, d))
    start = start_from_labels(x, labels, 2, covariance="full", reg_covar=0.0)
    found = fit_em(x, start, covariance="full", tol=1e-9, reg_covar=0.0).parameters
    for k in range(2):
        cluster = x[0, labels[0] == k]
        np.testing.assert_allclose(found.means[0, k], cluster.mean(axis=0), 1e-14, 1e-15)
        expected = np.cov(cluster.T, ddof=0)
        np.testing.assert_allclose(found.covs[0, k], expected, rtol=1e-9, atol=1e-17)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_a_mean_that_jumps_far_keeps_its_covariance(covariance):
    # From 1000 away to a cluster of std 1e-4, in one step: sums about the old mean would lose
    # the covariance altogether (1e6 * 1e-16 against 1e-8).
    x = 1e-4 * np.random.default_rng(13).standard_normal((1, 300, 2))
    start = MixtureParameters(
        np.ones((1, 1)), np.full((1, 1, 2), 1e3), from_matrices(np.eye(2)[None, None], covariance)
    )
    found = fit_em(x, start, covariance=covariance, max_iter=1, reg_covar=0.0).parameters
    expected = from_matrices(np.cov(x[0].T, ddof=0)[None, None], covariance)
    np.testing.assert_allclose(found.covs, expected, rtol=1e-8)
    np.testing.assert_allclose(found.means[0, 0], x[0].mean(axis=0), rtol=1e-8)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_start_is_one_maximisation_step(covariance):
    rng = np.random.default_rng(14)
    x = 5 + rng.standard_normal((2, 60, 3))
    labels = rng.integers(0, 4, (2, 60))
    r = np.eye(4)[labels]
    start = start_from_labels(x, labels, 4, covariance=covariance, reg_covar=0.25)
    for c in range(2):
        for k in range(4):
            cov = np.cov(x[c].T, aweights=r[c, :, k], ddof=0) + 0.25 * np.eye(3)
            np.testing.assert_allclose(start.weights[c, k], r[c, :, k].mean())
            np.testing.assert_allclose(start.means[c, k], r[c, :, k] @ x[c] / r[c, :, k].sum())
            kept = from_matrices(cov[None, None], covariance)[0, 0]
            np.testing.assert_allclose(start.covs[c, k], kept)


def test_an_empty_component_stays_where_scikit_learn_leaves_it():
    x = 4 + np.random.default_rng(16).standard_normal((1, 80, 2))
    start = start_from_labels(x, np.zeros((1, 80), np.int64), 2, covariance="full", reg_covar=0.5)
    np.testing.assert_allclose(start.means[0, 1], 0.0, atol=1e-12)
    np.testing.assert_allclose(start.covs[0, 1], 0.5 * np.eye(2))
    ours = assert_same_fit(x, start, "full", tol=1e-6, reg_covar=0.5)
    np.testing.assert_allclose(ours.parameters.weights[0, 0], 1.0)


def test_reg_covar_is_added_to_every_variance():
    x = np.random.default_rng(17).standard_normal((1, 200, 2))
    start = start_from_labels(x, np.zeros((1, 200), np.int64), 1, covariance="full", reg_covar=3.0)
    found = fit_em(x, start, covariance="full", reg_covar=3.0).parameters
    np.testing.assert_allclose(found.covs[0, 0], np.cov(x[0].T, ddof=0) + 3.0 * np.eye(2))


def test_reg_covar_of_every_chain_and_coordinate():
    x = np.random.default_rng(17).standard_normal((2, 200, 2))
    added = np.array([[3.0, 0.5], [0.0, 7.0]])
    start = start_from_labels(
        x, np.zeros((2, 200), np.int64), 1, covariance="full", reg_covar=added
    )
    found = fit_em(x, start, covariance="full", reg_covar=added, max_iter=2).parameters
    for c in range(2):
        right = np.cov(x[c].T, ddof=0) + np.diag(added[c])
        np.testing.assert_allclose(start.covs[c, 0], right)
        np.testing.assert_allclose(found.covs[c, 0], right)
    with pytest.raises(DataError, match=r"shape \(2,\); expected a number or \(2, 2\)"):
        fit_em(x, start, covariance="full", reg_covar=np.ones(2))


def test_max_iter_stops_without_convergence():
    x = np.random.default_rng(18).standard_normal((1, 300, 2))
    start = start_from_labels(x, halves(x, 2), 2, covariance="full")
    ours = assert_same_fit(x, start, "full", tol=0.0, max_iter=7)
    assert ours.n_iter[0] == 7
    assert not ours.converged[0]


@pytest.mark.parametrize("d", [1, 2, 6])
@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_integer_weights_are_repeated_rows(covariance, d):
    # For k = d = 2 weighted rows take the loop for any k and d, repeated rows one of their own:
    # this also holds one against the other.
    rng = np.random.default_rng(19)
    x, count = rng.standard_normal((1, 300, d)), rng.integers(0, 4, (1, 300))
    repeated = np.repeat(x, count[0], axis=1)
    labels = (x[:, :, 0] > 0.3).astype(np.int64)
    options = {"covariance": covariance, "reg_covar": 1e-4}
    weight = count.astype(float)
    first = start_from_labels(x, labels, 2, weight=weight, **options)
    second = start_from_labels(repeated, np.repeat(labels, count[0], axis=1), 2, **options)
    np.testing.assert_allclose(first.covs, second.covs, rtol=1e-12, atol=1e-15)
    a = fit_em(x, first, weight=weight, tol=1e-6, max_iter=300, **options)
    b = fit_em(repeated, second, tol=1e-6, max_iter=300, **options)
    assert a.n_iter[0] == b.n_iter[0] > 10
    np.testing.assert_allclose(a.lower_bound, b.lower_bound, rtol=1e-12)
    np.testing.assert_allclose(a.parameters.covs, b.parameters.covs, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("k", "d"), [(2, 2), (3, 2), (3, 4)])
def test_same_bits_on_any_number_of_threads_and_beside_any_chains(k, d):
    x = np.random.default_rng(20).standard_normal((6, 777, d))
    start = start_from_labels(x, halves(x, k), k, covariance="full")
    options = {"covariance": "full", "tol": 1e-6, "max_iter": 60}
    alone = []
    for c in range(6):
        part = (a[c : c + 1] for a in (start.weights, start.means, start.covs))
        alone.append(fit_em(x[c : c + 1], MixtureParameters(*part), **options))
    for threads in (1, 2, 5):
        together = fit_em(x, start, threads=threads, **options)
        for c, one in enumerate(alone):
            assert together.n_iter[c] == one.n_iter[0]
            np.testing.assert_array_equal(together.lower_bound[c], one.lower_bound[0])
            np.testing.assert_array_equal(together.parameters.covs[c], one.parameters.covs[0])


def test_the_caller_keeps_its_arrays():
    x = np.random.default_rng(21).standard_normal((2, 40, 2))
    start = start_from_labels(x, halves(x, 2), 2, covariance="full")
    kept = [a.copy() for a in (x, start.weights, start.means, start.covs)]
    for a in (x, start.weights, start.means, start.covs):
        a.flags.writeable = False
    fit_em(x, start, covariance="full")
    for before, after in zip(kept, (x, start.weights, start.means, start.covs), strict=True):
        np.testing.assert_array_equal(before, after)


def test_shapes_of_every_covariance_type():
    x = np.random.default_rng(22).standard_normal((2, 40, 3))
    expected = {"full": (2, 4, 3, 3), "diagonal": (2, 4, 3), "spherical": (2, 4)}
    for covariance, shape in expected.items():
        start = start_from_labels(x, halves(x, 4), 4, covariance=covariance)
        found = fit_em(x, start, covariance=covariance)
        assert start.covs.shape == found.parameters.covs.shape == shape
        matrices = as_matrices(found.parameters.covs, covariance, 3)
        assert matrices.shape == (2, 4, 3, 3)
        np.testing.assert_allclose(from_matrices(matrices, covariance), found.parameters.covs)
        assert found.n_iter.shape == found.lower_bound.shape == found.converged.shape == (2,)


def test_exponential_to_nearly_double_precision():
    t = np.concatenate([-np.linspace(0, 708, 2000), -np.geomspace(1e-18, 708, 2000)])
    found = np.array([exp_nonpositive(float(v)) for v in t])
    np.testing.assert_allclose(found, np.exp(t), rtol=1e-15)
    assert exp_nonpositive(0.0) == 1.0
    assert exp_nonpositive(-708.1) == exp_nonpositive(-np.inf) == 0.0


def passes(k, d, n, narrow, weighted):
    """One expectation step about one centre, and about every mean: bounds and moments of both."""
    rng = np.random.default_rng([k, d])
    x = np.ascontiguousarray(rng.standard_normal((d, n)) * np.geomspace(1, 100, d)[:, None])
    x -= x.mean(axis=1, keepdims=True)
    weight = rng.uniform(0.5, 2, n) if weighted else np.empty(0)
    weights, means = rng.dirichlet(np.ones(k)), np.ascontiguousarray(x[:, :k].T)
    root = rng.standard_normal((k, d, d)) * 0.3 / np.sqrt(d) + np.eye(d)
    root *= np.geomspace(1, 100, d)[:, None]
    root[0] *= narrow
    covs = root @ root.transpose(0, 2, 1)
    p, c, at = np.zeros((k, d, d)), np.empty(k), np.zeros((k, d))
    assert em_loop.prepare(weights, covs, 0, p, c) < 0
    found = []
    for centre in (np.zeros((k, d)), means):
        work, out = np.empty((k + 3 + d, 512)), np.empty((k, 1 + d + d * (d + 1) // 2))
        if centre is means:
            bound = em_loop.whole_pass(x, weight, centre, p, at, c, 0, work, out)
        else:
            common = em_common.common_of(x, weight)
            bound = em_common.common_pass(common, weight, (weights, means, p, c), work, out)
        after = np.empty(k), np.empty((k, d)), np.empty((k, d, d))
        em_loop.maximise(out, centre, np.zeros(d), np.zeros(d), 0, *after)
        found.append((bound, *after))
    return em_common.suits(np.abs(x).max(axis=1), means, p), *found


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3, 5, 6, 10, 11])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 6])
def test_a_pass_about_one_centre_is_a_pass_about_every_mean(k, d, weighted):
    suits, common, apart = passes(k, d, 530, 1.0, weighted)
    assert suits
    scale = np.geomspace(1, 100, d)
    np.testing.assert_allclose(common[0], apart[0], rtol=1e-12)
    np.testing.assert_allclose(common[1], apart[1], rtol=1e-10)
    np.testing.assert_allclose(common[2] / scale, apart[2] / scale, rtol=1e-9, atol=1e-10)
    cov = scale[:, None] * scale
    np.testing.assert_allclose(common[3] / cov, apart[3] / cov, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("d", [2, 3])
def test_a_component_too_narrow_for_one_centre_is_left_to_its_own(d):
    suits, common, apart = passes(3, d, 530, 0.06, False)
    assert suits
    np.testing.assert_allclose(common[3], apart[3], rtol=1e-7, atol=1e-9)
    assert not passes(3, d, 530, 0.002, False)[0]


def test_the_loop_names_the_digest_of_the_pass_it_calls():
    text = Path(em_common.__file__).read_bytes()
    digest = hashlib.sha256(text).hexdigest()[: len(em_loop.COMMON)]
    assert digest == em_loop.COMMON, f"write {digest!r} into em_loop.COMMON"


def test_powers_of_two_to_nearly_double_precision():
    t = np.concatenate([-np.linspace(0, 1020, 2000), -np.geomspace(1e-18, 1020, 2000)])
    found = np.array([em_common.exp2_nonpositive(float(v)) for v in t])
    np.testing.assert_allclose(found, np.exp2(t), rtol=5e-16)
    assert em_common.exp2_nonpositive(0.0) == 1.0
    assert em_common.exp2_nonpositive(-np.inf) == 2.0**-1020


def test_a_singular_component_is_named():
    x = np.random.default_rng(23).standard_normal((3, 30, 2))
    labels = halves(x, 2)
    labels[1] = 0
    labels[1, 4] = 1
    start = start_from_labels(x, labels, 2, covariance="full", reg_covar=0.0)
    with pytest.raises(FitError, match=r"chain 1: component 1 .* raise reg_covar"):
        fit_em(x, start, covariance="full", reg_covar=0.0)
    again = start_from_labels(x, labels, 2, covariance="full", reg_covar=1e-6)
    assert np.isfinite(fit_em(x, again, covariance="full").lower_bound).all()


def test_a_component_that_collapses_on_the_way_is_named():
    # Two rows coincide at the origin and keep a component to themselves; the others lie 5 away,
    # so that their share exp(-25 / 0.2) is gone after the second step.
    x = 5.0 + np.random.default_rng(24).uniform(0, 1, (1, 40, 1))
    x[0, :2] = 0.0
    start = MixtureParameters(
        np.array([[0.5, 0.5]]), np.array([[[0.0], [5.5]]]), np.array([[0.1, 1.0]])
    )
    with pytest.raises(FitError, match=r"chain 0: component 0 .* after 2 iteration"):
        fit_em(x, start, covariance="spherical", tol=0.0, max_iter=500, reg_covar=0.0)


def test_a_likelihood_that_overflows_ends():
    x = np.zeros((1, 10, 2))
    x[0, 0] = 1e170
    start = MixtureParameters(
        np.full((1, 2), 0.5), np.zeros((1, 2, 2)), np.tile(np.eye(2), (1, 2, 1, 1))
    )
    with pytest.raises(FitError, match="chain 0: the log-likelihood is not finite at iteration 1"):
        fit_em(x, start, covariance="full")
    x[0, 0] = np.nan
    with pytest.raises(FitError, match="chain 0"):
        fit_em(x, start, covariance="full", max_iter=10**9)


def test_importing_the_arrays_side_loads_no_compiler():
    code = (
        "import sys, genloss.models.mixture.em, genloss.models.mixture.kmeans_start\n"
        "print('numba' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"


def test_refusals_name_what_was_got():
    x = np.zeros((2, 3, 1))
    labels = np.zeros((2, 3), np.int64)
    start = MixtureParameters(np.ones((2, 1)), np.zeros((2, 1, 1)), np.ones((2, 1, 1, 1)))
    with pytest.raises(FitError, match=r"3 row\(s\) for 4 components"):
        start_from_labels(x, labels, 4, covariance="full")
    with pytest.raises(SpecError, match="'tied'"):
        fit_em(x, start, covariance="tied")
    with pytest.raises(SpecError, match="reg_covar is nan"):
        fit_em(x, start, covariance="full", reg_covar=float("nan"))
    with pytest.raises(SpecError, match="max_iter is 0"):
        fit_em(x, start, covariance="full", max_iter=0)
    with pytest.raises(DataError, match=r"expected \(\(2, 1\), \(2, 1, 2\)"):
        fit_em(np.zeros((2, 3, 2)), start, covariance="full")
    with pytest.raises(DataError, match="labels from 0 to 3; expected 0 to 2"):
        start_from_labels(x, labels + np.array([0, 1, 3]), 3, covariance="full")
    with pytest.raises(DataError, match="weight of shape"):
        fit_em(x, start, covariance="full", weight=-np.ones((2, 3)))
    with pytest.raises(DataError, match=r"x has shape \(3, 1\)"):
        fit_em(x[0], start, covariance="full")
