"""Kernel density estimates against scikit-learn, brute force and closed forms."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import kstest, norm
from sklearn.neighbors import KernelDensity

from genloss.core.abilities import MomentLaw
from genloss.core.samplers import ShrinkableModel, Shrinkage
from genloss.core.samples import Samples
from genloss.core.source import Source
from genloss.core.statistics import Moments
from genloss.errors import DataError, FitError, SpecError
from genloss.metrics.laws import DensityModel
from genloss.models.gaussian import GaussianModel
from genloss.models.kde import KDELearner, KDEModel


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def fitted(x, bandwidth, weight=None) -> KDEModel:
    samples = Samples(x, np.zeros(x.shape[:2], dtype=np.int64), weight)
    return KDELearner(bandwidth).fit(samples, rng())


def brute(x, h, q, weight=None):
    """log sum_i w_i N(q; x_i, h^2 I) for one chain, straight from the definition."""
    w = np.full(len(x), 1.0) if weight is None else weight
    logs = [norm.logpdf(q[:, None, j], x[None, :, j], h) for j in range(x.shape[1])]
    return logsumexp(np.sum(logs, axis=0), axis=1, b=w / w.sum())


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("bandwidth", [0.3, 1.0, "scott", "silverman"])
def test_same_density_and_bandwidth_as_scikit_learn(d, bandwidth):
    """With one leaf scikit-learn sums every kernel; its tree loses digits in the tails."""
    x, q = rng(1).normal(size=(2, 150, d)), rng(2).normal(size=(2, 40, d))
    model = fitted(x, bandwidth)
    found = model.log_prob(q)
    assert found.shape == (2, 40)
    for chain in range(2):
        theirs = KernelDensity(bandwidth=bandwidth, leaf_size=150).fit(x[chain])
        np.testing.assert_allclose(model.bandwidth[chain], theirs.bandwidth_)
        np.testing.assert_allclose(found[chain], theirs.score_samples(q[chain]), rtol=1e-10)


def test_weights_as_scikit_learn_and_by_repetition():
    x, q = rng(1).normal(size=(1, 60, 2)), rng(2).normal(size=(1, 30, 2))
    weight = rng(3).integers(0, 4, size=(1, 60)).astype(float)
    found = fitted(x, 0.4, weight).log_prob(q)
    theirs = KernelDensity(bandwidth=0.4, leaf_size=60).fit(
        x[0][weight[0] > 0], sample_weight=weight[0][weight[0] > 0]
    )
    np.testing.assert_allclose(found[0], theirs.score_samples(q[0]), rtol=1e-8)
    repeated = np.repeat(x[0], weight[0].astype(int), axis=0)[None]
    np.testing.assert_allclose(found, fitted(repeated, 0.4).log_prob(q))


@pytest.mark.parametrize("h", [1e-3, 0.01, 100.0])
def test_tails_and_extreme_bandwidths_by_brute_force(h):
    """Rows up to 10^6 bandwidths away: log densities down to -10^12 stay exact."""
    x, q = rng(1).normal(size=(1, 300, 2)), rng(2).normal(size=(1, 50, 2))
    q[0, :3] = [[1000.0, 0.0], [0.0, -50.0], [8.0, 8.0]]
    np.testing.assert_allclose(fitted(x, h).log_prob(q)[0], brute(x[0], h, q[0]), rtol=1e-11)


def test_more_centres_than_a_block_and_weights_by_brute_force():
    x, q = rng(1).normal(size=(1, 70_000, 1)), rng(2).normal(size=(1, 5, 1))
    weight = rng(3).random((1, 70_000))
    found = fitted(x, 0.1, weight).log_prob(q)[0]
    np.testing.assert_allclose(found, brute(x[0], 0.1, q[0], weight[0]), rtol=1e-10)


def test_one_centre_is_a_gaussian():
    x, q = rng(1).normal(size=(3, 1, 2)), rng(2).normal(size=(3, 9, 2))
    normal = GaussianModel(x[:, 0], np.broadcast_to(0.49 * np.eye(2), (3, 2, 2)))
    np.testing.assert_allclose(fitted(x, 0.7).log_prob(q), normal.log_prob(q))


def test_effective_rows_with_weights():
    x = rng(1).normal(size=(2, 50, 3))
    weight = np.ones((2, 50))
    weight[1, 10:] = 0.0
    bandwidth = fitted(x, "scott", weight).bandwidth
    np.testing.assert_allclose(bandwidth, [50 ** (-1 / 7), 10 ** (-1 / 7)])


def test_variance_grows_as_the_recursion_says():
    """E V_t = (1 - 1/n) E V_{t-1} + h^2 from V_0 = 1 over independent chains."""
    chains, n, h, generations = 3000, 50, 0.3, 6
    x, expected = rng(1).normal(size=(chains, n, 1)), 1.0
    stream = rng(2)
    for _ in range(generations):
        model = fitted(x, h)
        expected = (1 - 1 / n) * expected + h**2
        variance = model.moments()[1][:, 0, 0]
        assert abs(variance.mean() - expected) < 4 * variance.std() / chains**0.5
        x = model.sample(n, stream)
    assert expected > 1.35


def test_moments_in_closed_form():
    x = rng(1).normal(size=(2, 40, 3))
    weight = rng(2).random((2, 40))
    mean, cov = fitted(x, 0.5, weight).moments()
    for c in range(2):
        np.testing.assert_allclose(mean[c], np.average(x[c], axis=0, weights=weight[c]))
        inside = np.cov(x[c].T, aweights=weight[c], bias=True)
        np.testing.assert_allclose(cov[c], inside + 0.25 * np.eye(3))
    mean, cov = fitted(x, 0.5).moments()
    np.testing.assert_allclose(mean, x.mean(axis=1))
    np.testing.assert_allclose(cov[0], np.cov(x[0].T, bias=True) + 0.25 * np.eye(3))


@pytest.mark.parametrize("weighted", [False, True])
def test_samples_have_their_own_density(weighted):
    """In 1-D the distribution function is known: Kolmogorov-Smirnov at level 6e-5 (4 sd)."""
    x = rng(1).normal(size=(2, 5, 1))
    weight = np.array([[1.0, 0.0, 3.0, 0.5, 0.0]] * 2) if weighted else None
    model = fitted(x, 0.2, weight)
    n = 10_000
    drawn = model.sample(n, rng(2))
    assert drawn.shape == (2, n, 1)
    share = np.full(5, 0.2) if weight is None else weight[0] / 4.5
    bound = np.sqrt(-np.log(6e-5 / 2) / 2 / n)
    for c in range(2):
        law = lambda v, c=c: norm.cdf(v[:, None], x[c, :, 0], 0.2) @ share  # noqa: E731
        assert kstest(drawn[c, :, 0], law).statistic < bound
        wider = lambda v, c=c: norm.cdf(v[:, None], x[c, :, 0], 0.4) @ share  # noqa: E731
        assert kstest(drawn[c, :, 0], wider).statistic > bound


def test_density_integrates_to_one():
    model = fitted(rng(1).normal(size=(1, 20, 2)), 0.3, rng(2).random((1, 20)))
    line = np.linspace(-8, 8, 401)
    grid = np.stack([a.ravel() for a in np.meshgrid(line, line)], axis=1)[None]
    np.testing.assert_allclose(np.exp(model.log_prob(grid)).sum() * 0.04**2, 1.0, rtol=1e-9)


def test_shrinkage_scales_the_kernel_only():
    x = rng(1).normal(size=(2, 30, 2))
    model = fitted(x, 0.8)
    half = Shrinkage(0.25).ask(model)
    np.testing.assert_array_equal(half.x, model.x)
    np.testing.assert_allclose(half.bandwidth, 0.4)
    np.testing.assert_array_equal(Shrinkage(1.0).ask(model).bandwidth, model.bandwidth)
    resampled = Shrinkage(0.0).ask(model)
    drawn = resampled.sample(500, rng(2))
    for c in range(2):
        assert {tuple(r) for r in drawn[c]} == {tuple(r) for r in x[c]}
    np.testing.assert_allclose(resampled.moments()[1][0], np.cov(x[0].T, bias=True))
    with pytest.raises(FitError, match=r"bandwidth 0.*lam > 0"):
        resampled.log_prob(x)


def test_capabilities_state_and_restore():
    x = rng(1).normal(size=(2, 30, 2))
    for weight in (None, rng(2).random((2, 30))):
        model = fitted(x, "scott", weight)
        for role in (DensityModel, MomentLaw, ShrinkableModel):
            assert isinstance(model, role)
        before = {k: v.tobytes() for k, v in model.state().items()}
        again = KDELearner("scott").restore(model.state())
        np.testing.assert_array_equal(again.sample(9, rng(3)), model.sample(9, rng(3)))
        np.testing.assert_array_equal(again.log_prob(x), model.log_prob(x))
        assert {k: v.tobytes() for k, v in model.state().items()} == before
        first = model.sample(9, rng(3))
        assert (first != model.sample(9, rng(4))).all()
        assert (first[0] != first[1]).all()
    shared = model.log_prob(x[:1])
    np.testing.assert_array_equal(shared, model.log_prob(np.stack([x[0]] * 2)))


def test_bad_bandwidths_and_foreign_data_are_refused():
    for bandwidth in (0.0, -1.0, float("nan"), float("inf"), "isj"):
        with pytest.raises(SpecError, match="'scott' or 'silverman'"):
            KDELearner(bandwidth)
    x = rng(1).normal(size=(2, 30, 2))
    learner = KDELearner(0.5)
    source = Source.of(fitted(x, 0.5), 10, 1)
    for data in (Moments.of(Samples.of(x, 0)), source):
        with pytest.raises(DataError, match="form = 'rows'"):
            learner.fit(data, rng())
    with pytest.raises(DataError, match="categorical learner"):
        learner.fit(Samples.of(np.zeros((2, 30), dtype=np.int64), 0), rng())
    with pytest.raises(DataError, match="expected"):
        KDEModel(x, np.ones(3))


@pytest.mark.parametrize("rule", ["scott", "silverman"])
@pytest.mark.parametrize(("scale", "digits"), [(1e-4, r"\d\.\d+e-05"), (1e4, r"\d\.\d+e\+03")])
def test_a_rule_for_unit_variance_is_refused_on_another_scale(rule, scale, digits):
    x = np.random.default_rng(40).standard_normal((3, 100, 2))
    learner = KDELearner(rule)
    assert learner.scaled_to(Samples.of(x, 0)) is learner
    x[1] *= scale
    with pytest.raises(SpecError, match=rf"chain 1.* give bandwidth a number, such as {digits}"):
        learner.scaled_to(Samples.of(x, 0))
    assert KDELearner(0.1).scaled_to(Samples.of(x, 0)) == KDELearner(0.1)
