import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays import modes

GRID = np.array([[i, j] for i in range(5) for j in range(5)], dtype=float)


def by_loop(x, centres, radius, min_share):
    """Shares, survivors and average modal variance, row by row."""
    members = [[] for _ in centres]
    for row in x:
        gaps = np.sqrt(((row - centres) ** 2).sum(axis=1))
        if gaps.min() <= radius:
            members[gaps.argmin()].append(row)
    shares = np.array([len(m) / len(x) for m in members])
    alive = [m for m in members if m and len(m) / len(x) >= min_share]
    traces = [np.var(np.array(m), axis=0).sum() for m in alive]
    return shares, len(alive), np.mean(traces)


@pytest.mark.parametrize("min_share", [0.0, 0.04])
def test_modes_equal_a_loop_over_rows(min_share):
    rng = np.random.default_rng(0)
    x = GRID[rng.choice(25, (3, 400))] + 0.3 * rng.standard_normal((3, 400, 2))
    x[1] = GRID[rng.choice(4, 400)] + 0.01 * rng.standard_normal((400, 2))
    shares, counts, variances = zip(*[by_loop(one, GRID, 0.5, min_share) for one in x], strict=True)
    np.testing.assert_allclose(modes.mode_shares(x, GRID, 0.5), shares)
    np.testing.assert_array_equal(modes.surviving_modes(x, GRID, 0.5, min_share), counts)
    got = modes.average_modal_variance(x, GRID, 0.5, min_share)
    np.testing.assert_allclose(got, variances, rtol=1e-10)


def test_modal_variance_keeps_its_digits_in_a_late_collapse():
    # Width 1e-9 at 0.1 from its centre: E[x^2] - E[x]^2 would leave rounding of order 1e-18.
    x = 0.1 + 1e-9 * np.random.default_rng(1).standard_normal((1, 500, 2))
    got = modes.average_modal_variance(x, np.zeros((1, 2)), 1.0)
    np.testing.assert_allclose(got, [x[0].var(axis=0).sum()], rtol=1e-6)


def test_min_share_counts_rows_of_no_mode_in_the_total():
    x = np.array([[[0.0], [0.1], [50.0], [60.0]]])
    centres = np.array([[0.0], [10.0]])
    np.testing.assert_allclose(modes.mode_shares(x, centres, 1.0), [[0.5, 0.0]])
    np.testing.assert_array_equal(modes.surviving_modes(x, centres, 1.0, 0.5), [1])
    np.testing.assert_array_equal(modes.surviving_modes(x, centres, 1.0, 0.51), [0])


def test_bad_arguments_are_refused():
    x = np.zeros((1, 3, 2))
    with pytest.raises(DataError, match="centres"):
        modes.mode_shares(x, np.zeros((4, 3)), 1.0)
    with pytest.raises(SpecError, match="radius"):
        modes.mode_shares(x, GRID, 0.0)
    with pytest.raises(SpecError, match="min_share"):
        modes.surviving_modes(x, GRID, 1.0, 2.0)
