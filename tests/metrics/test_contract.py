"""One table of metrics, a few laws over all of it.

Each case binds a metric to its reference: `of` maps an array with chains along axis 0 to (C,).
`same` obeys the reference law and must give `null`; `other` holds two chains or more that do not,
with the right values by hand, sign-cancelling shifts among them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from genloss.errors import DataError
from genloss.metrics.arrays import (
    categorical,
    distances,
    diversity,
    likelihood,
    manifold,
    mixtures,
    modes,
    moments,
    support,
    tails,
)


@dataclass(frozen=True)
class Case:
    name: str
    of: Callable[[np.ndarray], np.ndarray]
    same: np.ndarray
    null: float
    other: np.ndarray
    right: list[float]
    atol: float = 1e-12


ONE, TWO = np.eye(1), np.eye(2)
MEAN_0, COV_0 = np.array([1.0, 2.0]), np.array([[2.0, 0.5], [0.5, 1.0]])
SHIFTED = MEAN_0 + np.array([[1.0, -1.0], [3.0, 4.0]])
CORNERS = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
LINE = np.array([[0.0], [1.0], [2.0], [3.0]])
P_0 = np.array([0.5, 0.3, 0.15, 0.05])
P_SAME = np.stack([P_0, P_0])
P_OTHER = np.array([[0.6, 0.2, 0.15, 0.05], [0.5, 0.5, 0.0, 0.0]])
GRID = np.linspace(0, 1, 101)[1:-1][:, None]
AXES = np.eye(2)
UP_DOWN = np.array([1.0, -1.0])


def two(array):
    return np.stack([array, array])


def moved(array, *shifts):
    return np.stack([array + np.asarray(shift) for shift in shifts])


def w2(rows):
    return moments.gaussian_w2_squared(
        *moments.sample_moments(rows), CORNERS.mean(0), np.cov(CORNERS.T, ddof=0)
    )


def mixture_l2(means):
    weights = np.full((len(means), 2), 0.5)
    covs = np.broadcast_to(TWO, (len(means), 2, 2, 2))
    real = (np.full((1, 2), 0.5), np.array([[[0.0, 0.0], [9.0, 9.0]]]), covs[:1])
    return mixtures.squared_l2(weights, means, covs, *real)


def scores(name):
    def of(fake):
        real = np.array([[0.0, 0], [1, 0], [3, 0], [7, 0]])
        return getattr(manifold.precision_recall_density_coverage(real, fake, k=1), name)

    return of


# Real rows at 0, 1, 3, 7 reach 1, 1, 2, 4 (k = 1). Fakes at 1.5, 1.5, 1.5, 1.5 lie in the balls of
# 1 and 3 alone, and have radius 0. Fakes at 20, 21, 22, 24 lie in none, and reach none.
REAL_4 = np.array([[0.0, 0], [1, 0], [3, 0], [7, 0]])
FAKES = np.stack([np.tile([[1.5, 0.0]], (4, 1)), np.array([[20.0, 0], [21, 0], [22, 0], [24, 0]])])

OVERLAP = np.exp(-0.5)

CASES = [
    Case("mean_error", lambda m: moments.mean_error(m, MEAN_0), two(MEAN_0), 0, SHIFTED,
         [2**0.5, 5]),
    Case("squared_mean_error", lambda m: moments.squared_mean_error(m, MEAN_0), two(MEAN_0), 0,
         SHIFTED, [2, 25]),
    Case("covariance_error", lambda s: moments.covariance_error(s, COV_0), two(COV_0), 0,
         np.stack([COV_0 + np.diag([1, -1]), 2 * COV_0]), [2**0.5, 5.5**0.5]),
    Case("sigma_error", lambda s: moments.sigma_error(s, 4 * ONE), two(4 * ONE), 0,
         np.stack([ONE, 9 * ONE, 0 * ONE]), [1, 1, 2]),
    Case("trace_ratio", lambda s: moments.trace_ratio(s, COV_0), two(COV_0), 1,
         np.stack([COV_0 / 4, 0 * COV_0]), [0.25, 0]),
    Case("determinant_ratio", lambda s: moments.determinant_ratio(s, COV_0), two(COV_0), 1,
         np.stack([COV_0 / 4, np.ones((2, 2)), 0 * COV_0]), [1 / 16, 0, 0]),
    # Corners have covariance I: scaling by 3 about the mean adds (3 - 1)^2 for each dimension.
    Case("gaussian_w2_squared", w2, two(CORNERS), 0,
         np.stack([CORNERS + UP_DOWN, 3 * CORNERS - 2, np.ones_like(CORNERS)]), [2, 8, 2]),
    Case("squared_l2", mixture_l2, two(np.array([[0.0, 0], [9, 9]])), 0,
         np.array([[[99.0, 0], [0, 99]], [[1.0, -1], [8, 10]]]),
         [1 / (4 * np.pi), (1 - OVERLAP) / (4 * np.pi)], 1e-9),
    Case("sliced_wasserstein 1-D",
         lambda x: distances.sliced_wasserstein(x, LINE, np.ones((1, 1)), p=1), two(LINE[::-1]), 0,
         np.stack([LINE + 2, LINE - 2, LINE[[0, 0, 3, 3]], [[1], [0], [2], [5]]]),
         [2, 2, 0.5, 0.5]),
    Case("sliced_wasserstein", lambda x: distances.sliced_wasserstein(x, CORNERS, AXES),
         two(CORNERS[::-1]), 0, moved(CORNERS, UP_DOWN, (3, -4)), [1, 12.5**0.5]),
    # Mean distance over the 16 pairs of LINE: 5/4. Shifted by 5: 2 (5) - 2 (5/4) = 7.5.
    Case("energy_distance 1-D", lambda x: distances.energy_distance(x, LINE), two(LINE[::-1]), 0,
         np.stack([LINE + 5, LINE - 5, LINE[[0, 0, 3, 3]]]), [7.5, 7.5, 0.25]),
    Case("energy_distance 2-D", lambda x: distances.energy_distance(x, np.zeros((3, 2))),
         np.zeros((2, 5, 2)), 0, np.array([[[3.0, 4]] * 2, [[1.0, 0], [-1, 0]]]), [10, 1]),
    Case("mmd_squared biased",
         lambda x: distances.mmd_squared(x, np.zeros((3, 1)), 1.0, estimator="biased"),
         np.zeros((2, 4, 1)), 0, np.array([[[1.0]] * 4, [[1.0], [-1], [1], [-1]]]),
         [2 - 2 * OVERLAP, 0.5 + 0.5 * np.exp(-2) + 1 - 2 * OVERLAP]),
    Case("mmd_squared unbiased", lambda x: distances.mmd_squared(x, np.zeros((3, 1)), 1.0),
         np.zeros((2, 4, 1)), 0, np.array([[[1.0]] * 4, [[1.0], [-1], [1], [-1]]]),
         [2 - 2 * OVERLAP, 1 / 3 + 2 / 3 * np.exp(-2) + 1 - 2 * OVERLAP]),
    Case("kl forward", lambda p: categorical.kl(P_0, p), P_SAME, 0, P_OTHER,
         [0.5 * np.log(0.5 / 0.6) + 0.3 * np.log(1.5), np.inf]),
    Case("kl backward", lambda p: categorical.kl(p, P_0), P_SAME, 0, P_OTHER,
         [0.6 * np.log(1.2) + 0.2 * np.log(2 / 3), 0.5 * np.log(0.5 / 0.3)]),
    Case("entropy", categorical.entropy, np.full((2, 4), 0.25), np.log(4),
         np.array([[0.5, 0.5, 0, 0], [0, 1, 0, 0]]), [np.log(2), 0]),
    Case("entropy_ratio", lambda p: categorical.entropy_ratio(p, np.full(4, 0.25)),
         np.full((2, 4), 0.25), 1, np.array([[0.5, 0.5, 0, 0], [0, 1, 0, 0]]), [0.5, 0]),
    Case("collision_probability", categorical.collision_probability, np.full((2, 4), 0.25), 0.25,
         np.array([[0.5, 0.5, 0, 0], [0, 1, 0, 0]]), [0.5, 1]),
    Case("support_loss", lambda p: support.support_loss(p, P_0), P_SAME, 0, P_OTHER, [0, 0.2]),
    Case("surviving_symbols", support.surviving_symbols, P_SAME, 4, P_OTHER, [4, 2]),
    Case("surviving_fraction", lambda p: support.surviving_fraction(p, P_0), P_SAME, 1, P_OTHER,
         [1, 0.5]),
    Case("zero_proportion", support.zero_proportion, P_SAME, 0, P_OTHER, [0, 0.5]),
    Case("tail_mass_ratio", lambda p: support.tail_mass_ratio(p, P_0, 0.3), P_SAME, 1,
         np.array([[0.9, 0.1, 0, 0], [0.0, 0.5, 0.5, 0]]), [0.2, 2]),
    Case("tail_mass", lambda x: tails.tail_mass(x, np.array([0.105, 0.895]), 0.2), two(GRID),
         20 / 99 / 0.2, np.stack([0.5 + (GRID - 0.5) / 2, GRID + 0.4, GRID - 0.4]),
         [0, 50 / 99 / 0.2, 50 / 99 / 0.2]),
    Case("tail_coverage", lambda x: tails.tail_coverage(x, np.array([0.105, 0.895]), 0.2),
         two(GRID), 1, np.stack([0.5 + (GRID - 0.5) / 2, GRID + 0.4, GRID - 0.4]), [0, 0, 0]),
    Case("quantile_coverage", lambda x: tails.quantile_coverage(x, GRID, 0.1), two(GRID), 91 / 99,
         np.stack([GRID + 0.5, GRID - 0.5, 0.5 + (GRID - 0.5) / 5]), [45 / 99, 45 / 99, 19 / 99]),
    Case("surviving_modes", lambda x: modes.surviving_modes(x, CORNERS, 0.5), two(CORNERS), 4,
         np.stack([CORNERS[[0, 0, 3, 3]], CORNERS + 0.4 * UP_DOWN, CORNERS + 0.3]), [2, 0, 4]),
    Case("average_modal_variance", lambda x: modes.average_modal_variance(x, np.zeros((1, 1)), 3.0),
         np.array([[[-1.0], [1.0]]] * 2), 1, np.array([[[0.2], [0.4]], [[9.0], [9]], [[2.0], [7]]]),
         [0.01, 0, 0]),
    Case("precision", scores("precision"), two(REAL_4), 1, FAKES, [1, 0]),
    Case("recall", scores("recall"), two(REAL_4), 1, FAKES, [0, 0]),
    # Each real ball holds two of the same rows: its centre and, being closed, the one it reaches.
    Case("density", scores("density"), two(REAL_4), 2, FAKES, [2, 0]),
    Case("coverage", scores("coverage"), two(REAL_4), 1, FAKES, [0.5, 0]),
    Case("vendi_score", diversity.vendi_score, two(AXES), 2,
         np.array([[[1.0, 0], [3, 0]], [[1.0, 0], [-1, 0]]]), [1, 1]),
    Case("vendi_score rbf", lambda x: diversity.vendi_score(x, "rbf", bandwidth=0.1),
         two(CORNERS), 4, np.stack([CORNERS[[0, 0, 3, 3]], CORNERS[[1, 1, 1, 1]]]), [2, 1], 1e-5),
    Case("duplicate_rate", diversity.duplicate_rate, two(CORNERS), 0,
         np.stack([CORNERS[[0, 0, 3, 3]], CORNERS[[0, 1, 1, 1]], CORNERS[[1, 2, 3, 1]]]),
         [0.5, 0.5, 0.25]),
    Case("held_out_nll", likelihood.held_out_nll, np.full((2, 3), -1.5), 1.5,
         np.array([[-1.0, -2, -6], [-1, 2, -1], [-1, -np.inf, 0]]), [3, 0, np.inf]),
]  # fmt: skip

each = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@each
def test_equal_laws_give_the_null_value(case):
    np.testing.assert_allclose(
        case.of(case.same), np.full(len(case.same), case.null), atol=case.atol
    )


@each
def test_unequal_laws_give_the_right_value(case):
    np.testing.assert_allclose(case.of(case.other), case.right, rtol=1e-9, atol=case.atol)


@each
def test_returns_one_float_per_chain_that_no_other_chain_touches(case):
    together = case.of(case.other)
    assert together.shape == (len(case.other),)
    assert together.dtype == np.float64
    alone = [case.of(one[None])[0] for one in case.other]
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-12)


@each
def test_leaves_its_argument_alone(case):
    before = case.other.copy()
    case.of(case.other)
    np.testing.assert_array_equal(case.other, before)


@each
def test_refuses_nan_and_a_missing_chain_axis(case):
    broken = case.other.astype(np.float64)
    broken[0].flat[0] = np.nan
    with pytest.raises(DataError, match="NaN"):
        case.of(broken)
    if case.name not in ("duplicate_rate", "kl forward", "kl backward"):
        with pytest.raises(DataError, match="expected"):
            case.of(np.float64(case.other)[0])
