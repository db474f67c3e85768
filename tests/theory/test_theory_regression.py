import math

import numpy as np
import pytest

from genloss.core.editing import ToEdit
from genloss.errors import SpecError
from genloss.theory import contamination, regression

D, ROWS = 3, 12


def least_squares(x, y):
    return np.linalg.solve(x.transpose(0, 2, 1) @ x, (y[:, None] @ x)[:, 0, :, None])[..., 0]


def labels(x, w, rng):
    return np.einsum("cnd,cd->cn", x, w) + 1.5 * rng.standard_normal(x.shape[:2])


@pytest.mark.parametrize("regime", ["replace", "accumulate", "replace_multiple", "kept"])
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
        if regime == "kept":
            x = np.concatenate([x[:, :ROWS]] * t, axis=1)
        y = labels(x, w, rng)
        every_y.append(y)
        if regime == "accumulate":
            w = least_squares(np.concatenate([x] * t, axis=1), np.concatenate(every_y, axis=1))
        else:
            w = least_squares(x, y)
        kept = {"kept": True} if regime == "kept" else {}
        law = getattr(regression, f"{'replace_multiple' if kept else regime}_error")
        error = law(t, ROWS, D, sigma2=1.5**2, **kept)
        within_band(((w - truth) ** 2).sum(axis=1), error)


def test_published_regression_numbers():
    # Gerstgrasser et al. 2024: d = 10, T = 111, sigma = 1, generation 10.
    np.testing.assert_allclose(regression.replace_error(10, 111, 10), 1.0, rtol=1e-12)
    np.testing.assert_allclose(regression.accumulate_error(10, 111, 10), 0.155, atol=5e-4)
    far = regression.accumulate_error(10**6, 111, 10)
    np.testing.assert_allclose(far, 0.1 * math.pi**2 / 6, rtol=1e-5)
    assert regression.token_edit_bound(111, 10) == pytest.approx(0.2)


@pytest.mark.parametrize("m", [1, 20, 56, 110])
def test_one_edit_against_the_moments_of_matrix_beta(m):
    """tr(I + 2 B - B^2) / d with B matrix beta: the moments of `contamination.regression_error`."""
    n, d = 111, 10
    below = n * (n + 2) * (n - 1)
    square = (m * (m * (n + 1) - 2) + (n - m) * m * (1 + d)) / below
    exact = 0.1 * (1 + 2 * m / n - square)
    error = regression.token_edit_error([1, 2, 9], n, d, share=m / n, decay=0)
    np.testing.assert_allclose(error, [0.1, exact, exact], rtol=1e-3)


def test_edits_of_one_feature_by_moments_of_dirichlet():
    # d = 1, two halves of six rows: b ~ Beta(3/2, 3/2), the other half 1 - b.
    b, b2, b3, b4 = np.cumprod([(1.5 + k) / (3 + k) for k in range(4)])
    one = 1 + 2 * b - b2
    # c_3 = (2 - b) c_2 - e_B + e'_B, Cov(c_2, e_B) = (1 + b)(1 - b), averaged by hand.
    v2 = np.array([1, 2, -1])  # 1 + 2 b - b^2
    grown = np.polynomial.polynomial.polymul([4, -4, 1], v2)
    lost = 2 * np.polynomial.polynomial.polymul([2, -1], [1, 0, -1])
    two = np.polynomial.polynomial.polyadd(grown, -lost)
    two = np.polynomial.polynomial.polyadd(two, [2, -2])
    exact = [1, one, two @ [1, b, b2, b3, b4]]
    error = regression.token_edit_error(
        [1, 2, 3], 6, 1, share=0.5, decay=1, sigma2=4.0, draws=200_000
    )
    np.testing.assert_allclose(error, np.array(exact), rtol=5e-3)


@pytest.mark.slow
def test_edits_of_nothing_of_all_and_little_by_little():
    edited = regression.token_edit_error
    np.testing.assert_allclose(edited([1, 2, 50], 111, 10, share=0, decay=1), 0.1)
    np.testing.assert_allclose(edited([1, 2, 50], 111, 10, share=1, decay=1), [0.1, 0.2, 0.2])
    # d much smaller than T: 2 e^f - 1 doses; the published bound of 2 holds up to f = ln 1.5.
    for f in (0.25, 0.5, 1.0):
        share = edited(401, 10_000, 1, share=f / 400, decay=1.0, draws=2000)
        right = 2 * math.exp(f) - 1
        np.testing.assert_allclose(share / regression.dose(10_000, 1), right, rtol=0.01)
    assert edited(30, 111, 10, share=0.2, decay=0.5) < regression.token_edit_bound(111, 10)
    assert edited(30, 111, 10, share=0.5, decay=0.5) > regression.token_edit_bound(111, 10)


def test_the_schedule_of_edits_is_that_of_the_regime():
    for share, decay in ((0.2, 0.5), (0.5, 1.0), (0.0, 0.3), (1.0, 0.0), (0.37, 0.9)):
        regime = ToEdit(share, decay)
        rows = [regime.edited(t, 111) for t in range(1, 40)]
        law = regression.edited_rows(np.arange(1, 40), 111, share=share, decay=decay)
        assert rows == law.tolist()


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
