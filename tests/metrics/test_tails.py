import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import tails


def test_thresholds_leave_exactly_q_outside_on_average():
    # Coverage beyond an order statistic: the uniform mass outside has mean q and, over 4000 sets
    # of 99 rows, a standard error measured from the sets themselves; band 4 of them.
    q, m, sets = 0.1, 99, 4000
    y = np.random.default_rng(0).random((m, sets))
    lower, upper = tails.tail_thresholds(y, q)
    assert lower.shape == upper.shape == (sets,)
    outside = lower + 1 - upper
    assert abs(outside.mean() - q) < 4 * outside.std() / np.sqrt(sets)


def test_tail_mass_of_a_narrower_gaussian_is_the_normal_tail():
    # P(|X| > 1.96) with sd 0.8 is 2 (1 - Phi(2.45)) = 0.0142857; 4 sd of the share.
    n, p, q = 200_000, 0.0142857, 0.05
    x = 0.8 * np.random.default_rng(1).standard_normal((1, n, 1))
    got = tails.tail_mass(x, np.array([-1.959964, 1.959964]), q)
    assert abs(got[0] - p / q) < 4 * np.sqrt(p / n) / q


def test_tail_mass_averages_dimensions_and_counts_both_ends():
    x = np.array([[[-3.0, 0], [0, 3], [0, 0], [0, 0]]])
    thresholds = np.array([[-1.0, -1], [1, 1]])
    np.testing.assert_allclose(tails.tail_mass(x, thresholds, 0.25), [1.0])
    weight = np.array([[3.0, 0, 0, 3]])
    np.testing.assert_allclose(tails.tail_mass(x, thresholds, 0.25, weight), [1.0])
    weight = np.array([[1.0, 1, 0, 0]])
    np.testing.assert_allclose(tails.tail_mass(x, thresholds, 0.25, weight), [2.0])


def test_a_tail_that_is_full_makes_up_for_none_that_is_lost():
    q, ends = 0.05, np.array([-1.959964, 1.959964])
    # All rows far out on one side: twenty times the mass of both tails, and nothing in the other.
    far = np.full((1, 100, 1), 5.0)
    np.testing.assert_allclose(tails.tail_mass(far, ends, q), [20.0])
    np.testing.assert_allclose(tails.tail_coverage(far, ends, q), [0.0])
    # With sd 0.8 each tail has 2 / 7 left, as above; the emptier one 5 sd of a share less.
    n, p = 200_000, 0.0142857
    x = 0.8 * np.random.default_rng(1).standard_normal((1, n, 1))
    got = tails.tail_coverage(x, ends, q)
    assert abs(got[0] - p / q) < 5 * np.sqrt(p / 2 / n) / (q / 2)
    # Two dimensions, one of them untouched.
    both = np.concatenate([far, np.tile([-3.0, 3.0], 50)[None, :, None]], axis=2)
    np.testing.assert_allclose(tails.tail_coverage(both, np.tile(ends[:, None], 2), q), [0.5])


def test_every_chain_has_thresholds_of_its_own_held_out_rows():
    y = np.stack([np.arange(1.0, 40), np.arange(101.0, 140)])[:, :, None]
    thresholds = tails.tail_thresholds(y, 0.2)
    # Positions (39 + 1) 0.1 and (39 + 1) 0.9: the 4th and the 36th row.
    np.testing.assert_allclose(thresholds[:, :, 0], [[4.0, 104.0], [36.0, 136.0]])
    x = np.array([[3.0, 5, 104, 37], [3.0, 105, 104, 137]])[:, :, None]
    np.testing.assert_allclose(tails.tail_mass(x, thresholds, 0.2), [3.75, 2.5])
    np.testing.assert_allclose(tails.tail_mass(x, thresholds[:, :1], 0.2), [3.75, 5.0])


def test_quantile_coverage_of_equal_laws_is_one_minus_q():
    # Mean over 3000 chains of 39 synthetic and 50 held-out rows; band 4 standard errors.
    rng = np.random.default_rng(2)
    got = tails.quantile_coverage(rng.random((3000, 39, 1)), rng.random((3000, 50, 1)), 0.2)
    assert abs(got.mean() - 0.8) < 4 * got.std() / np.sqrt(3000)


def test_quantile_coverage_by_dimension_shows_what_the_mean_hides():
    grid = np.linspace(-1, 1, 199)
    y = np.stack([grid, grid], axis=1)
    x = np.stack([grid * 0.5, grid * 2], axis=1)[None]
    got = tails.quantile_coverage_by_dimension(x, y, 0.2)
    # Ends at 0.8 (200/199 for Weibull's type) times the scale: 0.4 of the rows, and all of them.
    np.testing.assert_allclose(got, [[0.4, 1.0]], atol=0.01)
    np.testing.assert_allclose(tails.quantile_coverage(x, y, 0.2), got.mean(axis=1))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: tails.tail_thresholds(x[0], 0.05), DataError, "at least 39"),
        (lambda x: tails.quantile_coverage(x, x, 0.05), DataError, "at least 39"),
        (lambda x: tails.quantile_coverage(x, x[0, :, :1], 0.5), DataError, "fit"),
        (lambda x: tails.tail_mass(x, np.zeros((2, 3)), 0.1), DataError, "thresholds"),
        (lambda x: tails.tail_mass(x, np.zeros((2, 3, 2)), 0.1), DataError, r"\(2, 2, 2\)"),
        (lambda x: tails.tail_mass(x, np.array([[1.0, 1], [0, 0]]), 0.1), DataError, "lower"),
        (lambda x: tails.tail_mass(x, np.zeros((2, 2)), 5.0), SpecError, "percentage"),
    ],
)
def test_bad_arguments_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call(np.zeros((2, 10, 2)))


@pytest.mark.parametrize(("q", "least"), [(0.05, 39), (0.1, 19), (0.5, 3), (0.3, 6)])
def test_a_tail_takes_a_row_of_its_own(q, least):
    """(n + 1) q / 2 of at least 1."""
    rows = np.arange(float(least)).reshape(1, -1, 1)
    low, high = tails.tail_thresholds(rows, q)
    assert rows.min() <= low.min() < high.max() <= rows.max()
    with pytest.raises(DataError, match=f"got {least - 1} rows for a tail of {q}, expected at le"):
        tails.tail_thresholds(rows[:, 1:], q)
