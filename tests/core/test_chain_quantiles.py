"""Quantiles over chains: of many, of few, and of infinities."""

import numpy as np
import pytest

from genloss.core.chain_quantiles import quantiles, spread
from genloss.errors import DataError, SpecError


def test_quantiles_equal_numpys_and_drops_the_chain_axis():
    values = np.random.default_rng(0).standard_normal((37, 4))
    levels = (0.0, 0.05, 0.5, 0.9, 1.0)
    for method in ("weibull", "linear"):
        band = quantiles(values, levels, method)
        assert band.shape == (5, 4)
        right = np.quantile(values, levels, axis=0, method=method)
        np.testing.assert_allclose(band, right, rtol=1e-12)
    np.testing.assert_array_equal(quantiles(values, (0.25,))[0], np.sort(values, 0)[8:10].mean(0))


def test_those_of_a_band_are_asked_for_unless_others_are():
    values = np.arange(1.0, 20.0)
    np.testing.assert_allclose(quantiles(values), [1, 5, 10, 15, 19], rtol=1e-15)


def test_quantiles_take_infinite_values_where_numpy_says_nan():
    values = np.array([-np.inf, 1.0, 2.0, np.inf, np.inf])
    levels = (0.0, 0.25, 0.5, 0.6, 0.9, 1.0)
    got = quantiles(values, levels, "linear")
    np.testing.assert_array_equal(got, [-np.inf, 1, 2, 2, np.inf, np.inf])
    got = quantiles(values, levels)
    np.testing.assert_array_equal(got, [-np.inf, -np.inf, 2, 2, np.inf, np.inf])


def test_an_infinite_chain_changes_no_quantile_between_finite_ones():
    values = np.random.default_rng(5).standard_normal((10, 3))
    values[9] = 9.0
    lost = values.copy()
    lost[9, 1] = np.inf
    levels = (0.05, 0.5, 0.8)
    np.testing.assert_array_equal(quantiles(lost, levels), quantiles(values, levels))
    # Nothing lies half way to infinity: the ninth value, not the infinite tenth.
    assert quantiles(lost, (0.95,), "linear")[0, 1] == np.sort(lost[:, 1])[8]
    assert quantiles(lost, (0.9,))[0, 1] == np.sort(lost[:, 1])[8]


def test_a_spread_is_the_middle_ninety_percent_and_of_few_chains_all():
    few = np.arange(18.0)
    assert spread(few) == (0.0, 8.5, 17.0)
    many = np.random.default_rng(6).standard_normal(50)
    assert spread(many) == tuple(np.quantile(many, (0.05, 0.5, 0.95), method="weibull"))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: quantiles(np.array([1.0, np.nan])), DataError, "NaN"),
        (lambda: quantiles(np.ones((0, 3))), DataError, "shape"),
        (lambda: quantiles(np.ones(3), (1.5,)), SpecError, "level"),
    ],
)
def test_bad_arguments_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
