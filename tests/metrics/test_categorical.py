import numpy as np
import pytest
from scipy import stats

from genloss.errors import DataError
from genloss.metrics.arrays import categorical


def laws(seed, c, k):
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=c)


@pytest.mark.parametrize("smoothing", [0.0, 1e-3, 0.5])
def test_kl_smooths_both_laws_and_is_directed(smoothing):
    p, q = laws(0, 3, 6), laws(1, 1, 6)
    p[0, 2:] = 0
    p[0] /= p[0].sum()

    def smooth(law):
        return (law + smoothing) / (1 + 6 * smoothing)

    forward = [stats.entropy(smooth(one), smooth(q[0])) for one in p]
    backward = [stats.entropy(smooth(q[0]), smooth(one)) for one in p]
    np.testing.assert_allclose(categorical.kl(p, q, smoothing), forward, rtol=1e-12)
    np.testing.assert_allclose(categorical.kl(q[0], p, smoothing), backward, rtol=1e-12)
    assert np.isinf(backward[0]) == (smoothing == 0)
    with pytest.raises(DataError, match="smoothing"):
        categorical.kl(p, q, -0.1)


def test_plug_in_kl_of_equal_laws_has_the_documented_bias():
    # 2 n KL(p_0 || p_n) is about chi^2 with K - 1 degrees of freedom: mean (K - 1)/(2 n),
    # sd sqrt(2 (K - 1))/(2 n); 4 standard errors over 2000 chains and 5 % for higher orders.
    k, n, c = 5, 2000, 2000
    p = np.random.default_rng(2).multinomial(n, np.full(k, 1 / k), size=c) / n
    got = categorical.kl(np.full(k, 1 / k), p).mean()
    centre = (k - 1) / (2 * n)
    assert abs(got - centre) < 4 * np.sqrt(2 * (k - 1)) / (2 * n) / np.sqrt(c) + 0.05 * centre


def test_entropy_equals_scipys_and_its_ratio_uses_the_reference():
    p, p_0 = laws(3, 4, 7), laws(4, 1, 7)[0]
    np.testing.assert_allclose(categorical.entropy(p), stats.entropy(p, axis=1), rtol=1e-12)
    right = stats.entropy(p, axis=1) / stats.entropy(p_0)
    np.testing.assert_allclose(categorical.entropy_ratio(p, p_0), right, rtol=1e-12)
    with pytest.raises(DataError, match="point mass"):
        categorical.entropy_ratio(p, np.eye(7)[0])


def test_collision_probability_decays_as_the_replacement_law_says():
    # One generation of n rows: E[1 - S_1] = (1 - 1/n)(1 - S_0); 4 standard errors of 20,000 chains.
    n, p_0 = 20, np.array([0.5, 0.3, 0.2])
    p = np.random.default_rng(5).multinomial(n, p_0, size=20_000) / n
    left = 1 - categorical.collision_probability(p)
    right = (1 - 1 / n) * (1 - (p_0**2).sum())
    assert abs(left.mean() - right) < 4 * left.std() / np.sqrt(20_000)


@pytest.mark.parametrize(
    "p",
    [np.array([[0.5, 0.6]]), np.array([[1.5, -0.5]]), np.array([0.5, 0.5]), np.ones((1, 0))],
)
def test_what_is_no_law_is_refused(p):
    with pytest.raises(DataError, match="expected"):
        categorical.entropy(p)


def test_alphabets_and_chains_must_fit():
    with pytest.raises(DataError, match="alphabet"):
        categorical.kl(laws(8, 2, 3), laws(9, 1, 4))
    with pytest.raises(DataError, match="chain"):
        categorical.kl(laws(8, 2, 3), laws(9, 3, 3))
