import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import support


def test_counts_and_probabilities_give_the_same_support():
    counts = np.array([[4, 0, 1, 0], [1, 1, 1, 2]])
    shares = counts / 5
    for metric in (support.surviving_symbols, support.zero_proportion):
        np.testing.assert_array_equal(metric(counts), metric(shares))
    np.testing.assert_array_equal(support.surviving_symbols(counts), [2, 4])


def test_surviving_fraction_ignores_symbols_reality_never_had():
    p, p_0 = np.array([[0.5, 0.0, 0.5]]), np.array([0.5, 0.5, 0.0])
    np.testing.assert_allclose(support.surviving_fraction(p, p_0), [0.5])


def test_support_loss_has_the_binomial_expectation():
    # A symbol of probability q is missed by n rows with probability (1 - q)^n; 4 standard errors.
    p_0, n, c = np.array([0.9, 0.05, 0.03, 0.02]), 40, 5000
    p = np.random.default_rng(0).multinomial(n, p_0, size=c) / n
    loss = support.support_loss(p, p_0)
    assert abs(loss.mean() - (p_0 * (1 - p_0) ** n).sum()) < 4 * loss.std() / np.sqrt(c)


@pytest.mark.parametrize(
    ("mass", "members"), [(0.01, [3]), (0.1, [3]), (0.11, [3, 1]), (0.3, [3, 1]), (0.31, [3, 1, 4])]
)
def test_the_tail_is_the_shortest_run_of_rare_symbols_holding_the_mass(mass, members):
    p_0 = np.array([0.0, 0.2, 0.3, 0.1, 0.2, 0.2])
    p = np.array([[0.5, 0.1, 0.02, 0.03, 0.15, 0.2], [0.0, 0.2, 0.3, 0.1, 0.2, 0.2]])
    right = p[:, members].sum(axis=1) / p_0[members].sum()
    np.testing.assert_allclose(support.tail_mass_ratio(p, p_0, mass), right)


def test_rounding_of_the_sums_adds_no_symbol_to_the_tail():
    # In floats the sum of eight tenths is below 0.8; a ninth symbol is not needed to reach it.
    p_0 = np.full(10, 0.1)
    assert np.cumsum(p_0)[7] < 0.8
    ninth = np.eye(10)[[8]]
    np.testing.assert_allclose(support.tail_mass_ratio(ninth, p_0, 0.8), [0.0])


def test_each_chain_may_have_its_own_reality():
    p_0 = np.array([[0.1, 0.9], [0.8, 0.2]])
    p = np.array([[0.4, 0.6], [0.4, 0.6]])
    np.testing.assert_allclose(support.tail_mass_ratio(p, p_0, 0.05), [0.4 / 0.1, 0.6 / 0.2])


def test_bad_arguments_are_refused():
    p_0 = np.array([0.5, 0.5])
    for mass in (0.0, 1.0, 5.0):
        with pytest.raises(SpecError, match="mass"):
            support.tail_mass_ratio(p_0[None], p_0, mass)
    for counts in (np.array([[0, 0]]), np.array([[-1, 2]]), np.array([1, 2])):
        with pytest.raises(DataError, match="expected"):
            support.surviving_symbols(counts)
