import math

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import contamination, regression

D, ROWS = 3, 12


def least_squares(x, y):
    return np.linalg.solve(x.transpose(0, 2, 1) @ x, (y[:, None] @ x)[:, 0, :, None])[..., 0]


def labels(x, w, rng):
    return np.einsum("cnd,cd->cn", x, w) + 1.5 * rng.standard_normal(x.shape[:2])


@pytest.mark.parametrize("regime", ["replace", "accumulate", "replace_multiple"])
def test_relabelling_against_rows(regime, within_band):
    chains = 6000
    rng = np.random.default_rng(18)
    truth = np.ones((chains, D))
    w = truth
    x = rng.standard_normal((chains, ROWS, D))
    every_y = []
    for t in range(1, 5):
        if regime == "replace_multiple":
            x = rng.standard_normal((chains, t * ROWS, D))
        y = labels(x, w, rng)
        every_y.append(y)
        if regime == "accumulate":
            w = least_squares(np.concatenate([x] * t, axis=1), np.concatenate(every_y, axis=1))
        else:
            w = least_squares(x, y)
        error = getattr(regression, f"{regime}_error")(t, ROWS, D, sigma2=1.5**2)
        within_band(((w - truth) ** 2).sum(axis=1), error)


def test_published_regression_numbers():
    # Gerstgrasser et al. 2024: d = 10, T = 111, sigma = 1, generation 10.
    np.testing.assert_allclose(regression.replace_error(10, 111, 10), 1.0, rtol=1e-12)
    np.testing.assert_allclose(regression.accumulate_error(10, 111, 10), 0.155, atol=5e-4)
    far = regression.accumulate_error(10**6, 111, 10)
    np.testing.assert_allclose(far, 0.1 * math.pi**2 / 6, rtol=1e-5)
    assert regression.token_edit_bound(111, 10) == pytest.approx(0.2)


def test_replace_multiple_grows_like_a_logarithm():
    error = regression.replace_multiple_error([100, 1000, 10_000], 111, 10)
    steps = np.diff(error)
    # d/T ln 10 for each decade, T >> d.
    np.testing.assert_allclose(steps, 10 / 111 * math.log(10), rtol=0.01)


@pytest.mark.parametrize("foreign", [0, 5, 12, 20])
def test_contaminated_regression_against_rows(foreign, within_band):
    n, d, chains = 20, 4, 4000
    rng = np.random.default_rng(19)
    x = rng.standard_normal((chains, n, d))
    shift = np.array([1.0, -0.5, 0.0, 2.0])
    w = np.where(np.arange(n)[:, None] < foreign, shift, 0.0)
    y = np.einsum("cnd,nd->cn", x, w) + 0.7 * rng.standard_normal((chains, n))
    error = (least_squares(x, y) ** 2).sum(axis=1)
    exact = contamination.regression_error(
        n, d, foreign / n, shift2=float(shift @ shift), sigma2=0.49
    )
    within_band(error, exact)


@pytest.mark.parametrize(("n", "foreign"), [(4, 1), (4, 2), (9, 9), (30, 7)])
def test_contaminated_regression_on_one_feature(n, foreign):
    # d = 1: the foreign share of the scatter is Beta(n_2/2, n_1/2), whose square has this mean.
    exact = contamination.regression_error(n, 1, foreign / n, shift2=1.0, sigma2=0.0)
    np.testing.assert_allclose(exact, foreign * (foreign + 2) / (n * (n + 2)))


def test_strong_collapse_numbers():
    # Dohmatob et al. 2025 as tabulated: d = 100, c = 1, shares 0 and 0.01.
    for n, clean, dirty in ((1e4, 0.01, 0.0101), (1e6, 1e-4, 2e-4), (1e8, 1e-6, 1.01e-4)):
        asymptotic = contamination.regression_error_asymptotic(100 / n, [0, 0.01], shift2=1.0)
        np.testing.assert_allclose(asymptotic, [clean, dirty], rtol=0.02)
        exact = [contamination.regression_error(n, 100, p, shift2=1.0) for p in (0, 0.01)]
        np.testing.assert_allclose(exact, asymptotic, rtol=1e-3)
    whole = contamination.regression_error(500, 10, 1.0, shift2=3.0, sigma2=0.0)
    np.testing.assert_allclose(whole, 3.0)


def test_gaussian_contamination_against_rows(within_band):
    n, foreign, chains = 10, 3, 20_000
    rng = np.random.default_rng(20)
    x = rng.standard_normal((chains, n)) * 2
    x[:, :foreign] += 1.5
    args = {"shift2": 2.25, "trace": 4.0}
    within_band(x.mean(axis=1) ** 2, contamination.mean_floor(n, foreign / n, **args))
    for ddof in (0, 1):
        expected = contamination.spread_inflation(n, foreign / n, ddof=ddof, **args)
        within_band(x.var(axis=1, ddof=ddof) / 4, expected)
    floor = contamination.mean_floor([1e3, 1e12], 0.1, shift2=4.0)
    np.testing.assert_allclose(floor, [0.041, 0.04])


def test_memorizer_by_simulation_and_power_laws(within_band):
    law = np.arange(1.0, 21) ** -1.5
    law /= law.sum()
    rng = np.random.default_rng(21)
    for keep in (None, 8):
        source = law[:keep] / law[:keep].sum()
        seen = rng.multinomial(30, source, size=4000) > 0
        error = 1 - seen @ law[:keep]
        within_band(error, contamination.memorizer_error(30, law, keep=keep))
    # Slopes of the paper: n^{-(b-1)/b} clean, floor keep^{-(b-1)} cut; b = 1.5.
    long = np.arange(1.0, 10**6) ** -1.5
    long /= long.sum()
    clean = np.log(contamination.memorizer_error([1e3, 1e5], long))
    np.testing.assert_allclose((clean[1] - clean[0]) / math.log(100), -0.5 / 1.5, rtol=0.03)
    cut = np.log([float(contamination.memorizer_error(1e9, long, keep=k)) for k in (100, 1000)])
    np.testing.assert_allclose((cut[1] - cut[0]) / math.log(10), -0.5, rtol=0.05)
    np.testing.assert_allclose(contamination.memorizer_error([0, 3], [1.0]), [1, 0])


def test_bad_arguments():
    with pytest.raises(SpecError, match="n is"):
        regression.dose(11, 10)
    with pytest.raises(SpecError, match="p_synthetic"):
        contamination.mean_floor(10, 1.5, shift2=1.0)
    with pytest.raises(SpecError, match="phi"):
        contamination.regression_error_asymptotic(1.2, 0.1, shift2=1.0)
