"""From small timings to a range, against laws of time that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloss.plan.extrapolation import Point, Range, extrapolated

positive = st.floats(0.01, 100.0)


@pytest.mark.slow
@given(fixed=positive, row=positive, rows=st.lists(st.integers(40, 1000), min_size=1, max_size=6))
def test_affine_time_is_found_from_two_points(fixed, row, rows):
    """The line through both is right; the one through the origin is the other end."""
    points = [Point(n, fixed + row * n) for n in (10, 20)]
    right = sum(fixed + row * n for n in rows)
    found = extrapolated(points, np.array(rows, dtype=float))
    assert found.low == pytest.approx(right, rel=1e-6)
    assert found.high == pytest.approx((fixed + row * 20) / 20 * sum(rows), rel=1e-6)


def test_one_point_bounds_fixed_and_proportional_time():
    """2 s for 10 rows, asked for twice 50: 4 s if fixed, 20 s if proportional."""
    assert extrapolated([Point(10, 2.0)], np.array([50.0, 50.0])) == Range(4.0, 20.0)


def test_several_points_of_full_size_give_their_spread():
    points = [Point(50, 1.0), Point(50, 3.0), Point(50, 2.0)]
    assert extrapolated(points, np.full(4, 50.0)) == Range(4.0, 12.0)


def test_what_was_cut_off_counts_in_proportion():
    """A quarter took 2 s of 10 rows; cut off at nothing, only a lower bound is left."""
    assert extrapolated([Point(10, 2.0, 0.25)], np.array([10.0])) == Range(8.0, 8.0)
    assert extrapolated([Point(10, 2.0, 0.0)], np.array([10.0, 10.0])) == Range(4.0, None)
    assert extrapolated([], np.array([10.0])) == Range(0.0, None)
    told = extrapolated([Point(10, 2.0), Point(20, 9.0, 0.0)], np.array([10.0]))
    assert told == Range(2.0, 2.0)


def test_ranges_add_and_scale():
    assert Range(1.0, 2.0) + Range(3.0, 5.0) == Range(4.0, 7.0)
    assert Range(1.0, 2.0) + Range(3.0, None) == Range(4.0, None)
    assert Range(1.0, 2.0) * 3.0 == Range(3.0, 6.0)
