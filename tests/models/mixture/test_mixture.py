"""Mixture models and their learner: the law against SciPy, the options, the starts.

The iteration itself has its own tests (mixture_em, kmeans_start).
"""

from itertools import islice

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from genloss.core.chain import generation_zero, run_chain
from genloss.core.forms import Rows
from genloss.core.regimes import Replace
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError, FitError, SpecError
from genloss.models.mixture import mixture
from genloss.models.mixture.mixture import RELATIVE, MixtureLearner, MixtureModel

WEIGHTS = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
MEANS = np.array([[[0.0, 0], [4, 1], [-3, 5]], [[1.0, 1], [9, 9], [0, 0]]])
COVS = np.tile(np.array([[[1.0, 0.3], [0.3, 0.5]], [[2.0, 0], [0, 0.1]], np.eye(2)]), (2, 1, 1, 1))
MODEL = MixtureModel(WEIGHTS, MEANS, COVS)


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def right_log_prob(x, c):
    terms = [
        np.log(w) + multivariate_normal(m, s).logpdf(x)
        for w, m, s in zip(WEIGHTS[c], MEANS[c], COVS[c], strict=True)
        if w
    ]
    return logsumexp(terms, axis=0)


def test_log_prob_is_the_log_of_the_weighted_densities():
    x = rng(1).normal(size=(2, 40, 2)) * 5
    for c in range(2):
        np.testing.assert_allclose(MODEL.log_prob(x)[c], right_log_prob(x[c], c), rtol=1e-10)


def test_log_prob_in_blocks_is_log_prob(monkeypatch):
    x = rng(1).normal(size=(2, 41, 2)) * 5
    whole = MODEL.log_prob(x)
    monkeypatch.setattr(mixture, "BLOCK_FLOATS", 60)
    np.testing.assert_allclose(MODEL.log_prob(x), whole, rtol=1e-13)


def test_moments_are_those_of_the_law():
    """E x = sum w m; E x x^T = sum w (S + m m^T), by plain loops."""
    mean, cov = MODEL.moments()
    for c in range(2):
        first = sum(w * m for w, m in zip(WEIGHTS[c], MEANS[c], strict=True))
        second = sum(
            w * (s + np.outer(m, m)) for w, m, s in zip(WEIGHTS[c], MEANS[c], COVS[c], strict=True)
        )
        np.testing.assert_allclose(mean[c], first, rtol=1e-13)
        np.testing.assert_allclose(cov[c], second - np.outer(first, first), rtol=1e-12)


def test_components_are_drawn_by_their_weights_in_no_order():
    """Binomial shares; component and row number are uncorrelated: sd 1 / sqrt(n)."""
    n = 20_000
    apart = MixtureModel(WEIGHTS, MEANS * 1000, COVS)
    x = apart.sample(n, rng(2))
    nearest = ((x[:, :, None] - apart.means[:, None]) ** 2).sum(axis=3).argmin(axis=2)
    for c in range(2):
        share = np.bincount(nearest[c], minlength=3) / n
        assert (np.abs(share - WEIGHTS[c]) <= 4 * np.sqrt(WEIGHTS[c] * (1 - WEIGHTS[c]) / n)).all()
    first = np.corrcoef(np.arange(n), nearest[0] == 0)[0, 1]
    assert abs(first) < 4 / np.sqrt(n)


def test_a_singular_component_says_which_and_what_to_raise():
    covs = COVS.copy()
    covs[1, 2] = 1.0
    with pytest.raises(FitError, match=r"component 2 of chain 1 has a singular .* raise reg_covar"):
        MixtureModel(WEIGHTS, MEANS, covs).sample(3, rng())


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(DataError, match=r"expected \(C, k\), \(C, k, d\), \(C, k, d, d\)"):
        MixtureModel(WEIGHTS[:, :2], MEANS, COVS)


X = np.concatenate([rng(3).normal(-4, 1, (2, 80, 2)), rng(4).normal(4, 0.5, (2, 120, 2))], axis=1)
ROWS = Samples.of(X, 0)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_two_blobs_far_apart_are_found(covariance):
    model = MixtureLearner(2, covariance).fit(ROWS, rng())
    order = np.argsort(model.means[:, :, 0], axis=1)
    weights = np.take_along_axis(model.weights, order, axis=1)
    means = np.take_along_axis(model.means, order[:, :, None], axis=1)
    np.testing.assert_allclose(weights, [[0.4, 0.6]] * 2, atol=1e-6)
    right = np.stack([X[:, :80].mean(axis=1), X[:, 80:].mean(axis=1)], axis=1)
    np.testing.assert_allclose(means, right, atol=1e-6)


def test_the_kind_of_covariance_shapes_the_covariances():
    covs = {
        kind: MixtureLearner(2, kind).fit(ROWS, rng()).covs
        for kind in ("full", "diagonal", "spherical")
    }
    assert (covs["full"][:, :, 0, 1] != 0).all()
    for kind in ("diagonal", "spherical"):
        np.testing.assert_array_equal(covs[kind][:, :, 0, 1], 0)
    np.testing.assert_allclose(covs["spherical"][:, :, 0, 0], covs["spherical"][:, :, 1, 1])
    assert (covs["diagonal"][:, :, 0, 0] != covs["diagonal"][:, :, 1, 1]).all()


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_a_fit_keeps_mean_and_total_variance(covariance):
    """A maximisation step moves neither; reg_covar adds itself once per dimension."""
    reg = 1e-3
    model = MixtureLearner(3, covariance, reg_covar=reg).fit(ROWS, rng(5))
    mean, cov = model.moments()
    np.testing.assert_allclose(mean, X.mean(axis=1), atol=1e-10)
    total = X.var(axis=1).sum(axis=1) + 2 * reg
    np.testing.assert_allclose(np.trace(cov, axis1=1, axis2=2), total, rtol=1e-10)


UNITS = np.array([2.0**-14, 2.0**12])


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_the_default_floor_has_the_units_of_every_coordinate(covariance):
    """Rows in other units give the model in other units; the start is given, as k-means has one."""
    learner, covs = MixtureLearner(2, covariance), np.tile(np.eye(2), (2, 2, 1, 1))
    means = np.tile([[-4.0, -4.0], [4.0, 4.0]], (2, 1, 1))
    start = MixtureModel(np.full((2, 2), 0.5), means, covs)
    other = MixtureModel(start.weights, means * UNITS, covs * UNITS * UNITS[:, None])
    right = learner.fit(ROWS, rng(), init=start)
    found = learner.fit(Samples.of(X * UNITS, 0), rng(), init=other)
    np.testing.assert_allclose(found.weights, right.weights, rtol=1e-9)
    np.testing.assert_allclose(found.means, right.means * UNITS, rtol=1e-9)
    scaled = right.covs * UNITS * UNITS[:, None]
    np.testing.assert_allclose(found.covs, scaled, rtol=1e-9, atol=1e-12 * UNITS.min() ** 2)


@pytest.mark.parametrize("covariance", ["full", "diagonal", "spherical"])
def test_the_default_floor_is_that_of_s_0_at_every_generation(covariance):
    floor = RELATIVE * X.var(axis=1)
    learner = MixtureLearner(2, covariance).scaled_to(ROWS)
    still = Samples.of(np.repeat(X[:, :1], 20, axis=1), 1)
    covs = learner.fit(still, rng(), init=MODEL_OF_TWO).covs
    kept = floor.mean(axis=1, keepdims=True) if covariance == "spherical" else floor
    diagonal = np.diagonal(covs, axis1=2, axis2=3)
    np.testing.assert_allclose(diagonal, np.broadcast_to(kept[:, None], (2, 2, 2)), rtol=1e-6)
    absolute = MixtureLearner(2, covariance, reg_covar=0.25)
    assert absolute.scaled_to(ROWS) is absolute


MODEL_OF_TWO = MixtureModel(
    np.full((2, 2), 0.5), np.repeat(X[:, :1], 2, axis=1), np.tile(np.eye(2), (2, 2, 1, 1))
)


@pytest.mark.parametrize("std", [1.0, 1e-4, 1e4])
def test_a_chain_of_a_mixture_is_the_same_in_any_units(std):
    """Two clusters, three generations: the trace stays near 1 of reality's, whatever the unit."""
    centres = np.array([[-3.0, -3.0], [3.0, 3.0]])
    p_0 = MixtureModel(
        np.full((4, 2), 0.5),
        np.tile(std * centres, (4, 1, 1)),
        np.tile(std**2 * np.eye(2), (4, 2, 1, 1)),
    )
    streams = Streams(7)
    generations = run_chain(
        p_0,
        MixtureLearner(2),
        Replace(),
        sampler=Ancestral(),
        form=Rows(),
        n_synthetic=300,
        streams=streams,
        after=generation_zero(p_0, Rows(), 300, streams).history,
    )
    for generation in islice(generations, 3):
        trace = np.trace(generation.model.moments()[1], axis1=1, axis2=2)
        assert (np.abs(trace / (20 * std**2) - 1) < 0.25).all()


def test_rows_without_any_spread_ask_for_a_number():
    with pytest.raises(FitError, match="raise reg_covar"):
        MixtureLearner(1).fit(Samples.of(np.ones((1, 9, 2)), 0), rng())
    model = MixtureLearner(1, reg_covar=0.5).fit(Samples.of(np.ones((1, 9, 2)), 0), rng())
    np.testing.assert_allclose(model.covs, [[0.5 * np.eye(2)]], atol=1e-12)


def test_a_constant_coordinate_takes_the_scale_of_the_others():
    x = X.copy()
    x[:, :, 1] = 7.0
    model = MixtureLearner(1).fit(Samples.of(x, 0), rng())
    np.testing.assert_allclose(model.covs[:, 0, 1, 1], RELATIVE * X.var(axis=1)[:, 0], rtol=1e-6)


def test_a_warm_start_goes_on_from_the_model_and_a_cold_one_from_k_means():
    """One iteration from far-off means stays near them; k-means does not know them."""
    means = np.tile([[0.0, 0.0], [0.1, 0.0]], (2, 1, 1))
    far = MixtureModel(np.full((2, 2), 0.5), means, np.tile(np.eye(2), (2, 2, 1, 1)))
    learner = MixtureLearner(2, max_iter=1, tol=0.0)
    warm, cold = learner.fit(ROWS, rng(), init=far), learner.fit(ROWS, rng())
    assert (np.abs(np.diff(cold.means[:, :, 0], axis=1)) > 6).all()
    assert (np.abs(np.diff(warm.means[:, :, 0], axis=1)) < 3).all()


def test_the_stream_decides_the_start_and_nothing_else():
    rows = Samples.of(rng(6).normal(size=(1, 300, 2)), 0)
    learner = MixtureLearner(4, max_iter=2)
    found = {learner.fit(rows, rng(key)).means.tobytes() for key in (1, 1, 2, 3)}
    assert len(found) == 3


def test_more_components_than_rows_are_refused():
    with pytest.raises(FitError, match=r"4 row.* 5 .*use at most 4"):
        MixtureLearner(5).fit(Samples.of(np.zeros((1, 4, 2)), 0), rng())


@pytest.mark.parametrize("x", [np.zeros((1, 20), dtype=int), np.zeros((1, 20, 2), dtype=int)])
def test_symbols_are_refused(x):
    with pytest.raises(DataError, match="a mixture needs real rows"):
        MixtureLearner(2).fit(Samples.of(x, 0), rng())


@pytest.mark.parametrize(
    "broken",
    [
        lambda: MixtureLearner(2, "tied"),
        lambda: MixtureLearner(2, tol=-1.0),
        lambda: MixtureLearner(2, tol=float("nan")),
        lambda: MixtureLearner(2, reg_covar=float("inf")),
        lambda: MixtureLearner(2, reg_covar="absolute"),
        lambda: MixtureLearner(0),
        lambda: MixtureLearner(2.5),
        lambda: MixtureLearner(2, max_iter=0),
    ],
)
def test_options_out_of_range_are_refused(broken):
    with pytest.raises((SpecError, DataError), match=r"mixture: .* is .*; expected"):
        broken()
