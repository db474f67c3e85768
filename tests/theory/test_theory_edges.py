"""Every argument at the least value for which its formula holds, and just below it."""

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import (
    anchored,
    arguments,
    contamination,
    discrete,
    filters,
    fixation,
    gaussian,
    logistic,
    moments,
    moving,
    regression,
    scatter,
    shares,
    spread_law,
    survival,
    verification,
    weighting,
)

P = [0.25, 0.75]
TINY = np.finfo(float).tiny
EDGES = {
    "anchored n_first, ddof 0": (lambda v: anchored.anchored(1, v, 0, 4, **DRAWN, ddof=0), 1),
    "anchored n_first, ddof 1": (lambda v: anchored.anchored(1, v, 0, 4, **DRAWN, ddof=1), 2),
    "anchored n_synthetic": (lambda v: anchored.anchored(1, 4, 4, v, **DRAWN, ddof=0), 0),
    "anchored lam": (lambda v: anchored.anchored(1, 4, 4, 4, **DRAWN, ddof=0, lam=v), 0),
    "anchored_limit n_real": (lambda v: anchored.anchored_limit(4, v, 4, **DRAWN, ddof=0), 1),
    "mean_floor n": (lambda v: contamination.mean_floor(v, 0.1, shift2=1.0), 1),
    "spread n": (lambda v: contamination.spread_inflation(v, 0.1, shift2=1.0, ddof=1), 2),
    "regression_error n": (lambda v: contamination.regression_error(v, 3, 0, shift2=1.0), 5),
    "regression_error d": (lambda v: contamination.regression_error(9, v, 0, shift2=1.0), 1),
    "memorizer_error n": (lambda v: contamination.memorizer_error(v, P), 0),
    "survivors n": (lambda v: discrete.survivors_after_one(P, v), 1),
    "diffusion n": (lambda v: discrete.collapse_time_diffusion(P, v), 1),
    "entropy n": (lambda v: discrete.entropy_first_order(1, v, P), 1),
    "expected_sigma n": (lambda v: gaussian.expected_sigma(1, v, ddof=0), 2),
    "w2_squared sigma2": (lambda v: gaussian.w2_squared(1, 5, ddof=0, sigma2=v), 0),
    "first order n": (lambda v: gaussian.w2_squared_first_order(1, v), 2),
    "absolute n": (lambda v: gaussian.mean_abs_errors_first_order(1, v), 2),
    "replace n, ddof 0": (lambda v: moments.replace(1, v, ddof=0), 1),
    "replace n, ddof 1": (lambda v: moments.replace(1, v, ddof=1), 2),
    "replace bandwidth2": (lambda v: moments.replace(1, 5, ddof=0, bandwidth2=v), 0),
    "accumulate n": (lambda v: moments.accumulate(1, v, ddof=1), 2),
    "subsample n": (lambda v: moments.accumulate_subsample(1, v, ddof=0), 2),
    "limit n": (lambda v: moments.accumulate_spread_limit(v, ddof=1), 2),
    "bound n": (lambda v: moments.accumulate_mean_error_bound(1, v), 1),
    "dose n": (lambda v: regression.dose(v, 3), 5),
    "dose d": (lambda v: regression.dose(9, v), 1),
    "dose sigma2": (lambda v: regression.dose(9, 3, sigma2=v), 0),
    "scatter n": (lambda v: scatter.replace(1, v, ddof=1), 2),
    "scatter d": (lambda v: scatter.replace(1, 5, d=v, ddof=1), 1),
    "scatter lam": (lambda v: scatter.replace(1, 5, d=2, ddof=1, lam=v), 0),
    "det_ratio n": (lambda v: spread_law.det_ratio(1, v, 3, ddof=1), 2),
    "log_det n": (lambda v: spread_law.log_det(1, v, d=3, ddof=0), 4),
    "quantile n": (lambda v: spread_law.sigma_quantile(1, v, ddof=0), 2),
    "bernoulli n": (lambda v: survival.bernoulli_survival_bounds(1, P, v), 1),
    "survivors_lower n": (lambda v: survival.survivors_lower(1, P, v), 1),
    "gaussian tail n": (lambda v: survival.gaussian_tail_bound(1, v, 0.1), 2),
    "mixture tail n": (lambda v: survival.mixture_tail_bound(1, v, 0.1), 1),
    "tail epsilon": (lambda v: survival.gaussian_tail_bound(1, 5, v), TINY),
    "poisson count": (lambda v: survival.poisson_survival(1, v), 0),
    "weighting n_real": (lambda v: weighting.optimal_real_weight(v, 3), 1),
    "weighting n_synthetic": (lambda v: weighting.optimal_real_weight(3, v), 1),
    "absence n": (lambda v: discrete.absence_after_one(0.1, v), 1),
    "schedule entropy n": (lambda v: discrete.entropy_first_order(2, [9, v], P), 1),
    "fixation n": (lambda v: fixation.expected_survivors(2, P, v), 1),
    "trace": (lambda v: gaussian.w2_squared_lower(moments.replace(1, 9, ddof=0), trace=v), 0),
    "phi": (lambda v: contamination.regression_error_asymptotic(v, 0.1, shift2=1.0), 0),
    "mixed n_real": (lambda v: contamination.mixed_memorizer_error(v, 3, P, keep=1), 0),
    "mixed n_cut": (lambda v: contamination.mixed_memorizer_error(3, v, P, keep=1), 0),
    "fresh_share n, ddof 0": (lambda v: shares.fresh_share(2, 9, v, share=0.5, ddof=0), 1),
    "fresh_share n, ddof 1": (lambda v: shares.fresh_share(2, 9, v, share=0.5, ddof=1), 2),
    "fresh_share n_first": (lambda v: shares.fresh_share(2, v, 9, share=0.5, ddof=1), 2),
    "inflation n": (lambda v: shares.share_inflation(v, 0.5), 1),
    "discount n": (lambda v: shares.share_discount(2, v, 0.5), 1),
    "weighted n_real": (lambda v: shares.weighted_fresh(2, 9, v, 9, **HALF), 1),
    "weighted n_synthetic": (lambda v: shares.weighted_fresh(2, 9, 9, v, **HALF), 1),
    "discounted n": (lambda v: shares.discounted(2, v, decay=0.5), 1),
    "logistic n": (lambda v: logistic.dose(v, 3, norm=1.0), 1),
    "logistic d": (lambda v: logistic.dose(9, v, norm=1.0), 1),
    "logistic norm": (lambda v: logistic.dose(9, 3, norm=v), 0),
    "accuracy n": (lambda v: verification.accuracy(0.1, v, 3), 2),
    "accuracy d": (lambda v: verification.accuracy(0.1, 9, v), 2),
    "rising rate": (lambda v: moving.rising(3, 9, 0.5, v), 0),
    "tilt": (lambda v: filters.kept_tail(0.9, 0.1, v), 0),
    "refused": (lambda v: filters.kept_tail(0.9, v, 1.0), 0),
    "generation": (lambda v: moments.replace(v, 5, ddof=0), 0),
}
DRAWN = {"real_rows": "redrawn"}
HALF = {"real_weight": 0.5, "ddof": 1}


@pytest.mark.parametrize(("formula", "least"), EDGES.values(), ids=EDGES)
def test_the_least_value_holds_and_one_below_is_refused(formula, least):
    result = formula(least)
    parts = result if isinstance(result, tuple) else (result,)
    assert all(np.isfinite(part).all() for part in parts)
    below = least - 1 if least >= 1 else -1e-9
    with pytest.raises(SpecError):
        formula(below)


OVER_TIME = {
    "anchored": lambda t: anchored.anchored(t, 4, 4, 4, **DRAWN, ddof=1),
    "entropy": lambda t: discrete.entropy_first_order(t, 9, P),
    "expected_sigma": lambda t: gaussian.expected_sigma(t, 9, ddof=1),
    "sigma_variance": lambda t: gaussian.sigma_variance(t, 9, ddof=1),
    "w2_squared": lambda t: gaussian.w2_squared(t, 9, ddof=1),
    "w2_squared, first order": lambda t: gaussian.w2_squared_first_order(t, 9),
    "mean_abs_errors": lambda t: gaussian.mean_abs_errors_first_order(t, 9),
    "logistic": lambda t: logistic.replace_error(t, 9, 3, norm=1.0),
    "replace": lambda t: moments.replace(t, 9, ddof=1),
    "accumulate": lambda t: moments.accumulate(t, 9, ddof=1),
    "subsample": lambda t: moments.accumulate_subsample(t, 9, ddof=1),
    "bound": lambda t: moments.accumulate_mean_error_bound(t, 9),
    "rising": lambda t: moving.rising(t, 9, 0.5, 0.1),
    "scatter": lambda t: scatter.replace(t, 9, d=2, ddof=1),
    "det_ratio": lambda t: spread_law.det_ratio(t, 9, 3, ddof=1),
    "quantile": lambda t: spread_law.sigma_quantile(t, 9, ddof=0),
    "fresh_share": lambda t: shares.fresh_share(t, 9, 9, share=0.5, ddof=1),
    "discount": lambda t: shares.share_discount(t, 9, 0.5),
    "weighted_fresh": lambda t: shares.weighted_fresh(t, 9, 9, 9, **HALF),
    "discounted": lambda t: shares.discounted(t, 9, decay=0.5),
    "survivors_lower": lambda t: survival.survivors_lower(t, P, 9),
    "weighted": lambda t: weighting.weighted_mean_error(t, 9, 9, real_weight=0.5),
    "best": lambda t: weighting.best_mean_error(t, 9, 9),
    "fixation": lambda t: fixation.expected_survivors(t, P, 9),
}


@pytest.mark.parametrize("formula", OVER_TIME.values(), ids=OVER_TIME)
def test_no_generations_have_no_values_and_the_first_no_error_of_many(formula):
    """An empty list gives an empty array; one of 0 what 0 gives."""

    def parts(result):
        given = result if isinstance(result, tuple) else (result,)
        return [np.asarray(getattr(part, "value", part)) for part in given]

    assert all(0 in part.shape for part in parts(formula([])))
    for one, some in zip(parts(formula(0)), parts(formula([0])), strict=True):
        np.testing.assert_array_equal(some, one[..., None] if one.ndim < some.ndim else one)


def test_numbers_say_what_they_are():
    for bad in (0.5, np.nan, np.inf, -np.inf):
        with pytest.raises(SpecError, match=r"x is .*; expected a finite number of at least 1"):
            arguments.number("x", bad, 1)
        with pytest.raises(SpecError, match=r"x is .*; expected finite numbers of at least 1"):
            arguments.numbers("x", [2.0, bad], 1)
    assert arguments.number("x", 1, 1) == 1.0


def test_a_schedule_has_a_size_for_every_fit():
    t = arguments.generations([0, 2])
    np.testing.assert_array_equal(arguments.sizes(7, t, 1), [7, 7])
    np.testing.assert_array_equal(arguments.sizes([5, 6, 7], t, 5), [5, 6])
    with pytest.raises(SpecError, match="n has 1 sizes, expected 2: one for each generation"):
        arguments.sizes([5], t, 1)
    for bad in ([[5, 6]], [5, np.nan], [5, 4], np.inf):
        with pytest.raises(SpecError, match="expected one number or one list of numbers of at"):
            arguments.sizes(bad, t, 5)
    assert arguments.sizes(7, arguments.generations(0), 1).shape == (0,)


@pytest.mark.parametrize("bad", [-1, 0.5, np.nan, np.inf, [0, -1], [1, np.inf], [1, np.nan]])
def test_generations_are_whole_from_zero_on(bad):
    with pytest.raises(SpecError, match="expected whole generations of at least 0"):
        arguments.generations(bad)


def test_fractions_laws_and_estimators():
    np.testing.assert_array_equal(arguments.fraction("p", [0, 1]), [0, 1])
    np.testing.assert_array_equal(arguments.law([0.0, 1 + 9e-10]), [0, 1 + 9e-10])
    for bad in (-1e-9, 1 + 1e-9, np.nan):
        with pytest.raises(SpecError, match=r"p is .*; must lie in"):
            arguments.fraction("p", bad)
    for bad, why in (
        ([0.5, 0.6], r"p sums to 1\.1, expected 1"),
        ([[1.0]], "one list"),
        ([], "one list"),
    ):
        with pytest.raises(SpecError, match=why):
            arguments.law(bad)
    for bad in ([1.5, -0.5], [1 + 2e-9]):
        with pytest.raises(SpecError, match="p "):
            arguments.law(bad)
    assert (arguments.estimator(0), arguments.estimator(1)) == (0, 1)
    for bad in (-1, 2):
        with pytest.raises(SpecError, match=f"ddof is {bad}; expected 0"):
            arguments.estimator(bad)


def test_the_largest_values_that_hold():
    """Of two features to three rows the odds are 2; of one to one there is no fit."""
    two = contamination.regression_error_asymptotic([2 / 3, 0], 0.5, shift2=3.0, sigma2=5.0)
    np.testing.assert_allclose(two, [10 + (0.25 + 0.5) * 3, 0.75])
    for bad in (1.0, [0.5, 1.0]):
        with pytest.raises(SpecError, match="expected d/n below 1"):
            contamination.regression_error_asymptotic(bad, 0.5, shift2=3.0)
    assert moving.rising(2, 9, 0.5, 1.0).bias == -0.5
    for bad in (1.5, 0, fixation.LARGEST + 1):
        with pytest.raises(SpecError, match="expected a whole number, 1 to 4096"):
            fixation.transition([0.5], bad)
    assert fixation.transition([0.5], fixation.LARGEST).shape == (1, 4097)


def test_two_generations_of_every_share_by_hand():
    """4 rows, then 4, a = w = q = 1/2; then g = r/2 + 1 where the sampler shrinks and widens."""
    how = {"lam": 0.5, "bandwidth2": 1.0}
    # m_1 = 1/4, r_1 = 1: g = 3/2, v = 1/2 + 3/4 + 1/16.
    found = shares.fresh_share(2, 4, 4, share=0.5, ddof=1, **how)
    np.testing.assert_allclose([found.mean_error, found.spread], [1 / 16 + 21 / 64, 21 / 16])
    # m_2 = 1/16 + (1/4 + 3/8)/4; 7/8 r_2 = 3/8 + 9/16 + (1/4 + 1/4 + 3/8)/4.
    found = shares.weighted_fresh(2, 4, 4, 4, real_weight=0.5, ddof=1, **how)
    right = [7 / 32, (3 / 8 + 9 / 16 + 7 / 32) * 8 / 7]
    np.testing.assert_allclose([found.mean_error, found.spread], right)
    # m_3 = m_2 + (q^2 / (1 + q + q^2))^2 r_2 / n with m_2 = 1/4 + (1/3)^2 (3/4) / 4.
    second = 1 / 4 + 1 / 9 * 3 / 16
    third = second + (1 / 7) ** 2 * (1 - second) / 4
    np.testing.assert_allclose(shares.discounted([2, 3], 4, decay=0.5).mean_error, [second, third])
    # (1 - 1/4)(1 - 1/2)^2 = 3/16.
    np.testing.assert_allclose(shares.share_discount([0, 1, 3], 4, 0.5), [1, 1, 9 / 256])
    np.testing.assert_allclose(shares.share_inflation(4, 0.5), 16 / 13)


def test_two_generations_of_a_reality_that_moves_by_hand():
    """4 rows, speed 1, half of them new in generation 2 and one in generation 3."""
    found = moving.rising([1, 2, 3], 4, 1.0, 0.5)
    # Q = 1/4 + 1, inside = 2 + 2: spread ((3/4) 4 + 4 (1/4)(5/4)) / 3.
    error, spread = 1 / 4 + 5 / 16, (3 + 5 / 4) / 3
    # k = 1, w = 3/4, Q = error + 1 + 1, inside = 1 + 3 spread.
    inside, behind = 1 + 3 * spread, error + 2
    np.testing.assert_allclose(found.bias, [0, -1 / 2, -9 / 8])
    np.testing.assert_allclose(found.mean_error, [1 / 4, error, inside / 16 + 9 / 16 * behind])
    last = (3 / 4 * inside + 3 / 4 * behind) / 3
    np.testing.assert_allclose(found.spread, [1, spread, last])


def test_a_verifier_by_hand():
    """Of 3 in 10 wrong labels, kept at 1/3 and right ones at 1: 1/8 of what is kept."""
    np.testing.assert_allclose(verification.kept_error(0.3, 1.0, 1 / 3), 1 / 8)
    np.testing.assert_allclose(verification.threshold(1.0, 1 / 3), 3 / 4)
    # c = (1 - 2/8) sqrt(2/pi), a = c sqrt(n/(1 - c^2)); of two features the angle of (a + z, v).
    c = 0.75 * np.sqrt(2 / np.pi)
    a = c * np.sqrt(20 / (1 - c * c))
    z = np.random.default_rng(0).normal(size=(2, 100_000))
    drawn = np.abs(np.arctan2(z[1], a + z[0])) / np.pi
    error = 4 * drawn.std() / np.sqrt(drawn.size)
    found = verification.accuracy(0.3, 20, 2, phi=1.0, psi=1 / 3)
    assert abs(found - (1 - drawn.mean())) < error + 1e-4


def test_a_tilted_filter_by_hand():
    """r(u) = 1/(1 + exp(-(a + tilt (u - 1/2)))) has the mean 1/2 at a = 0, whatever the tilt."""
    refused = np.log((1 + np.exp(3.0)) / (1 + np.exp(2.4))) / 6
    np.testing.assert_allclose(filters.kept_tail(0.9, 0.5, 6.0), (0.1 - refused) / 0.5)
    np.testing.assert_allclose(filters.kept_tail(0.9, 0.5, 0.0), 0.1)
    np.testing.assert_allclose(filters.kept_tail(0.0, 0.3, 6.0), 1.0)
