import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from genloss.errors import SpecError
from genloss.theory import gaussian, moments

C = 20_000


@pytest.mark.parametrize(("ddof", "lam"), [(0, 1.0), (1, 1.0), (1, 0.6)])
def test_risk_and_sigma_against_rows(ddof, lam, brute_force, within_band):
    n, steps = 5, np.arange(1, 5)
    means, variances = brute_force(
        lambda history, t: history[-1],
        chains=C,
        n=n,
        generations=4,
        rng=np.random.default_rng(4),
        ddof=ddof,
        lam=lam,
    )
    sigmas = np.sqrt(variances)
    expected = gaussian.expected_sigma(steps, n, ddof=ddof, lam=lam)
    within_band(sigmas, expected)
    within_band((sigmas - expected) ** 2, gaussian.sigma_variance(steps, n, ddof=ddof, lam=lam))
    within_band(means**2 + (sigmas - 1) ** 2, gaussian.w2_squared(steps, n, ddof=ddof, lam=lam))
    noise = np.random.default_rng(5).standard_normal(means.shape)
    within_band(
        (means + np.sqrt(lam) * sigmas * noise) ** 2,
        gaussian.sample_variance(steps, n, ddof=ddof, lam=lam),
    )


def test_sample_variance_of_the_paper():
    t = np.array([0, 1, 10, 100])
    np.testing.assert_allclose(gaussian.sample_variance(t, 1000, ddof=1), 1 + t / 1000, rtol=1e-12)
    np.testing.assert_allclose(gaussian.sample_variance(t, 1000, ddof=0), 1.0, rtol=1e-12)


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("n", [2, 5, 100, 121, 123, 1000])
def test_expected_sigma_is_a_chi_mean(n, ddof):
    exact = stats.chi(df=n - 1).mean() / math.sqrt(n - ddof)
    np.testing.assert_allclose(gaussian.expected_sigma(1, n, ddof=ddof), exact, rtol=1e-11)


def test_stirling_branch_meets_log_gamma():
    # x = (n - 1)/2 = 59.5 and 60 sit on either side of the switch.
    for n in (120, 121, 400):
        x = (n - 1) / 2
        exact = math.exp(math.lgamma(x + 0.5) - math.lgamma(x)) / math.sqrt(x)
        # One rounding of log Gamma(200) = 857 moves its exponential by 1e-13.
        np.testing.assert_allclose(gaussian.expected_sigma(1, n, ddof=1), exact, rtol=1e-12)
    # At 1e7 rows 1 - a = 1/(4 n) must survive: the naive difference keeps no digit of it.
    loss = 1 - gaussian.expected_sigma(1, 10**7, ddof=1)
    np.testing.assert_allclose(loss * 4e7, 1.0, rtol=1e-6)


def test_stirling_branch_equals_gamma_of_half_numbers_to_rounding():
    """Gamma(x + 1/2)/Gamma(x) = sqrt(pi) (2 x)! / (4^x x! (x - 1)!) for whole x."""
    for x in (60, 61, 75):
        ratio = Fraction(math.factorial(2 * x), 4**x * math.factorial(x) * math.factorial(x - 1))
        exact = float(ratio) * math.sqrt(math.pi / x)
        got = gaussian.expected_sigma(1, 2 * x + 1, ddof=1)
        np.testing.assert_allclose(got, exact, rtol=2e-15)


# Shumailov et al. 2024, official notebook: mean and sd of np.std (ddof 0) over 1000 repetitions.
ONE_STEP = {
    10: (0.92062, 0.22116),
    30: (0.98313, 0.13198),
    100: (0.99160, 0.06758),
    500: (0.99778, 0.03095),
    1000: (0.99947, 0.02217),
    10**4: (0.99969, 0.00728),
    10**5: (0.99995, 0.00223),
    10**6: (1.00000, 0.00073),
    10**7: (1.00000, 0.00023),
}


@pytest.mark.parametrize("n", sorted(ONE_STEP))
def test_one_step_table_of_the_notebook(n):
    mean, deviation = ONE_STEP[n]
    exact = math.sqrt(gaussian.sigma_variance(1, n, ddof=0))
    # Printed to five digits; the sd of a near-normal law errs by sd/sqrt(2 * 1000).
    assert abs(mean - gaussian.expected_sigma(1, n, ddof=0)) <= 4 * exact / math.sqrt(1000) + 5e-6
    assert abs(deviation - exact) <= 4 * exact / math.sqrt(2000) + 5e-6


def test_first_order_risk_is_the_limit_of_the_exact_one():
    for ddof in (0, 1):
        for n, t, tolerance in ((10**3, 10, 0.02), (10**5, 10, 2e-4), (10**7, 100, 2e-5)):
            np.testing.assert_allclose(
                gaussian.w2_squared(t, n, ddof=ddof, sigma2=4.0),
                gaussian.w2_squared_first_order(t, n, sigma2=4.0),
                rtol=tolerance,
            )
    np.testing.assert_allclose(gaussian.w2_squared_first_order(10, 100), 0.15, rtol=1e-12)


def test_first_order_risk_in_many_dimensions(within_band):
    # One fit, n large: exact squared Bures distance of diagonal p_0 and the fitted covariance.
    variances, n = np.array([3.0, 1.0, 0.2]), 4000
    rng = np.random.default_rng(6)
    root = np.sqrt(variances)
    x = rng.standard_normal((1500, 3, 3))
    # Bartlett factor of a Wishart matrix with n - 1 degrees of freedom, all on n rows.
    x = np.tril(x, -1)
    for i in range(3):
        x[:, i, i] = np.sqrt(rng.chisquare(n - 1 - i, size=len(x)))
    sigma = root[:, None] * (x @ x.transpose(0, 2, 1)) * root / (n - 1)
    cross = np.linalg.eigvalsh(root[:, None] * sigma * root)
    bures = variances.sum() + np.trace(sigma, axis1=1, axis2=2) - 2 * np.sqrt(cross).sum(axis=1)
    expected = gaussian.w2_squared_first_order(1, n, sigma2=variances) - variances.sum() / n
    # First order: the next one is smaller by 1/n, far inside the band.
    within_band(bures, expected)
    np.testing.assert_allclose(
        gaussian.w2_squared_first_order(3, 50, sigma2=np.full(4, 2.0)), 2.0 * 4 * 9 / 4 * 3 / 50
    )


def test_accumulated_risk_first_order(brute_force, within_band):
    steps = np.arange(1, 5)
    means, variances = brute_force(
        lambda history, t: np.concatenate(history, axis=1),
        chains=2000,
        n=300,
        generations=4,
        rng=np.random.default_rng(7),
        ddof=1,
    )
    expected = gaussian.w2_squared_accumulate_first_order(steps, 300)
    # 2000 chains of a chi2-like risk: the band is 4 sqrt(2/2000) = 12 %, the remainder 1/n.
    within_band(means**2 + (np.sqrt(variances) - 1) ** 2, expected)
    limit = gaussian.w2_squared_accumulate_first_order(10**5, 300)
    np.testing.assert_allclose(limit, 1.5 * math.pi**2 / 6 / 300, rtol=1e-4)


def test_lower_bound_lies_below_and_diverges():
    t = np.array([0, 1, 10, 1000])
    for ddof, lam in ((0, 1.0), (1, 1.0), (1, 0.8)):
        bound = gaussian.w2_squared_lower(moments.replace(t, 20, ddof=ddof, lam=lam), trace=2.0)
        exact = gaussian.w2_squared(t, 20, ddof=ddof, lam=lam, sigma2=2.0)
        assert np.all(bound <= exact + 1e-12)
    unbiased = gaussian.w2_squared_lower(moments.replace(t, 20, ddof=1), trace=2.0)
    np.testing.assert_allclose(unbiased, 2.0 * t / 20, atol=1e-12)


def test_mean_abs_errors(brute_force):
    means, variances = brute_force(
        lambda history, t: history[-1],
        chains=4000,
        n=400,
        generations=4,
        rng=np.random.default_rng(8),
        ddof=1,
    )
    of_mean, of_sigma = gaussian.mean_abs_errors_first_order([1, 4], 400)
    for column, generation in enumerate((0, 3)):
        # Mean of |z| has sd sqrt(1 - 2/pi): 4 SE of 4000 chains are 4.8 %; remainder O(t/n) = 1 %.
        np.testing.assert_allclose(np.abs(means[:, generation]).mean(), of_mean[column], rtol=0.058)
        np.testing.assert_allclose(
            np.abs(np.sqrt(variances[:, generation]) - 1).mean(), of_sigma[column], rtol=0.058
        )


def test_bad_arguments():
    with pytest.raises(SpecError, match="sigma2"):
        gaussian.w2_squared_first_order(1, 10, sigma2=[1.0, 0.0])
    with pytest.raises(SpecError, match="at least 2"):
        gaussian.expected_sigma(1, 1, ddof=0)
    with pytest.raises(SpecError, match="trace"):
        gaussian.w2_squared_lower(moments.replace(1, 9, ddof=1), trace=-1.0)
