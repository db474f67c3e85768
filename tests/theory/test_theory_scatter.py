import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import moments, scatter

STEPS = np.arange(1, 5)


@pytest.mark.parametrize(("ddof", "lam"), [(0, 1.0), (1, 0.7)])
@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("regime", ["replace", "accumulate"])
def test_variances_against_rows(regime, d, ddof, lam, gaussian_rows, within_band):
    n = 9 if regime == "replace" else 5
    rng = np.random.default_rng(10)
    pool = regime == "accumulate"
    mu, sigma = gaussian_rows(
        12_000, n=n, d=d, generations=4, ddof=ddof, lam=lam, rng=rng, pool=pool
    )
    path = getattr(moments, regime)(STEPS, n, ddof=ddof, lam=lam)
    exact = getattr(scatter, regime)(STEPS, n, d=d, ddof=ddof, lam=lam)
    error, spread = (mu**2).sum(axis=2).T / d, np.trace(sigma, axis1=2, axis2=3).T / d
    within_band((error - path.mean_error) ** 2, exact.mean_error)
    within_band((spread - path.spread) ** 2, exact.spread)


def test_replace_in_one_dimension():
    # (chi2_k/(M - 1))^2 has mean k (k + 2)/(M - 1)^2, k = M - 1; factors multiply.
    t = np.array([0, 1, 7])
    path = scatter.replace(t, 10, ddof=1)
    np.testing.assert_allclose(path.spread, (11 / 9) ** t - 1, rtol=1e-10)
    # One mean of n rows is normal: Var mu^2 = 2/n^2.
    np.testing.assert_allclose(path.mean_error[:2], [0, 2 / 100])
    # mu_2 is normal given sigma_1^2 = v: E mu^4 = 3 E (1/n + v/n)^2, E v = 1, E v^2 = 11/9.
    fourth = 3 * (1 + 2 + 11 / 9) / 100
    np.testing.assert_allclose(scatter.replace(2, 10, ddof=1).mean_error, fourth - 0.04, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_two_accumulated_fits_in_one_dimension(n):
    # sigma_2^2 = (chi2_k/2n) (1 + (chi2_k + chi2_1/2)/n), k = n - 1: independent factors.
    k = n - 1
    first, second = k / n, (k * k + 2 * k) / n**2
    factor = 1 + (k + 0.5) / n
    square = second * (factor**2 + (2 * k + 0.5) / n**2) / 4
    exact = square - (first * factor / 2) ** 2
    np.testing.assert_allclose(scatter.accumulate(2, n, ddof=0).spread, exact)


def test_three_accumulated_fits_of_two_rows_by_hand():
    # n = 2, ddof 0: mu_1 ~ N(0, 1/2), v_1 = chi2_1/2, mu_2 = mu_1 + z (v_1/8)^(1/2),
    # v_2 = v_1 (2 + w + z^2/2)/4 with w ~ chi2_1, mu_3 = mu_2 + z' (v_2/18)^(1/2).
    mean4 = 3 / 4 + 6 * (1 / 2) * (1 / 2) / 8 + 3 * (3 / 4) / 64
    cross = (1 / 2 * 1 / 2 * 7 / 2 + (3 / 4) / 8 * (2 + 1 + 3 / 2)) / 4
    square = (3 / 4) * (3.5**2 + 2.5) / 16
    fourth = mean4 + 6 * cross / 18 + 3 * square / 18**2
    mean2 = moments.accumulate(3, 2, ddof=0).mean_error
    exact = scatter.accumulate(3, 2, ddof=0).mean_error
    np.testing.assert_allclose(exact, fourth - mean2**2, rtol=1e-12)


@pytest.mark.parametrize("regime", [scatter.replace, scatter.accumulate])
def test_first_fit_is_the_same_everywhere(regime):
    path = regime([0, 1], 10, d=4, ddof=1)
    np.testing.assert_allclose(path.spread, [0, 2 / (9 * 4)], atol=1e-15)
    np.testing.assert_allclose(path.mean_error, [0, 2 / (100 * 4)], atol=1e-15)


def test_accumulated_scatter_converges():
    path = scatter.accumulate([1000, 2000], 20, d=3, ddof=1)
    np.testing.assert_allclose(path.spread[0], path.spread[1], rtol=1e-3)
    np.testing.assert_allclose(path.mean_error[0], path.mean_error[1], rtol=1e-3)


def test_bad_arguments():
    with pytest.raises(SpecError, match="d is"):
        scatter.replace(1, 3, d=0.5, ddof=0)
    with pytest.raises(SpecError, match="n is"):
        scatter.accumulate(1, 1, ddof=1)
