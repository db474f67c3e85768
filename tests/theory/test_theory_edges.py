"""Every argument at the least value for which its formula holds, and just below it."""

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import (
    anchored,
    arguments,
    contamination,
    discrete,
    gaussian,
    moments,
    regression,
    scatter,
    spread_law,
    survival,
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
    "generation": (lambda v: moments.replace(v, 5, ddof=0), 0),
}
DRAWN = {"real_rows": "redrawn"}


@pytest.mark.parametrize(("formula", "least"), EDGES.values(), ids=EDGES)
def test_the_least_value_holds_and_one_below_is_refused(formula, least):
    result = formula(least)
    parts = result if isinstance(result, tuple) else (result,)
    assert all(np.isfinite(part).all() for part in parts)
    below = least - 1 if least >= 1 else -1e-9
    with pytest.raises(SpecError):
        formula(below)


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


@pytest.mark.parametrize("bad", [-1, 0.5, np.nan, np.inf, [0, -1]])
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
