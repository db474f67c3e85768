import numpy as np
import pytest

from genloss.core.over_chains import MEAN
from genloss.core.view import Direction
from genloss.report.figures.axes import log_ticks, steps, turned, x_channel, y_axes, y_axis
from genloss.report.figures.bands import curve
from genloss.store.reader import Series
from genloss.store.theory_file import TheoryLine


def axis(values, direction=Direction.START):
    s = Series("x", "1", direction, np.arange(len(values)), np.asarray(values, dtype=float))
    return y_axis([curve("a", s, None)], direction)


def column(*values):
    return np.array(values)[:, None] * np.ones((1, 5))


def test_a_long_decay_gets_a_log_axis_with_reality_among_the_ticks():
    found = axis(column(*10.0 ** -np.arange(31.0)), Direction.ONE)
    assert found.log
    assert found.low < 1e-30
    assert found.high > 1.0
    assert 1.0 in found.ticks
    assert 3 <= len(found.ticks) <= 9
    assert found.floor is None


def test_values_within_two_decades_get_a_linear_axis():
    assert not axis(column(1.0, 0.5, 0.02)).log


def test_negative_values_get_a_linear_axis():
    found = axis(column(-5.0, 1e-6, 1e3))
    assert not found.log
    assert (found.low, found.high) == (-5.0, 1000.0)


def test_zeros_lie_on_a_floor_below_all_the_rest():
    found = axis(column(0.0, 1e-4, 1e-2, 1.0), Direction.LOWER)
    assert found.log
    assert found.low == found.floor < 1e-4
    label = found.channel("y")["axis"]["labelExpr"]
    assert "'0'" in label


def test_roundoff_at_generation_zero_is_a_zero():
    found = axis(column(3e-16, 0.5, 1.0), Direction.LOWER)
    assert not found.log
    assert found.low == 0.0
    assert axis(column(3e-16, 0.001, 1.0), Direction.LOWER).floor == pytest.approx(
        10 ** (-3 - 0.4), rel=1e-9
    )


def test_small_units_are_no_roundoff():
    """Squared errors of data with a standard deviation of 1e-4, from 0.2 on."""
    found = axis(column(2e-15, 5e-14, 1e-12), "lower is closer")
    assert found.log
    assert found.floor is None
    assert found.low < 2e-15


def test_a_constant_metric_still_has_an_axis():
    found = axis(column(0.5, 0.5))
    assert found.low < 0.5 < found.high


def test_a_share_that_stays_zero_has_no_negative_axis():
    found = axis(column(0.0, 0.0, 0.0))
    assert (found.log, found.low, found.high) == (False, 0.0, 1.0)


def test_infinite_values_do_not_stretch_the_axis():
    values = column(1.0, 2.0, 3.0)
    values[2] = np.inf
    found = axis(values)
    assert found.high == 2.0


def test_theory_and_reality_are_on_the_axis():
    s = Series("x", "1", Direction.ONE, np.arange(2), np.full((2, 4), 3.0))
    law = TheoryLine("law", MEAN, (0, 1), (3.0, 9.0))
    found = y_axis([curve("a", s, law)], Direction.ONE)
    assert found.high == 9.0
    assert found.low <= 1.0


def test_generation_zero_shows_on_a_log_axis():
    decaying = axis(column(*10.0 ** -np.arange(5.0)))
    growing = axis(column(0.0, 1e-4, 1.0), Direction.LOWER)
    assert x_channel(1000, growing, Direction.LOWER)["scale"]["type"] == "symlog"
    assert x_channel(1000, growing, Direction.LOWER)["axis"]["values"][:4] == [0, 1, 2, 5]
    # An exponential decay is a straight line over linear t and log y.
    assert x_channel(1000, decaying, Direction.ONE)["scale"]["type"] == "linear"
    assert x_channel(20, growing, Direction.LOWER)["scale"]["type"] == "linear"


def test_log_ticks_end_where_the_run_ends():
    assert log_ticks(2050) == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
    assert log_ticks(1) == [0, 1]


@pytest.mark.parametrize("last", [1, 2, 3, 7, 10, 11, 99, 200, 2050])
def test_ticks_are_whole_generations_each_said_once(last):
    ticks = x_channel(last, axis(column(1.0, 2.0)), Direction.ONE)["axis"]["values"]
    assert ticks == sorted(set(ticks))
    assert all(isinstance(tick, int) for tick in ticks)
    assert 2 <= len(ticks) <= 12
    assert ticks[0] == 0
    assert ticks[-1] <= last
    assert steps(2) == [0, 1, 2]


def test_small_values_close_together_have_ticks_of_their_own():
    found = axis(column(1.0001e-9, 1.0002e-9, 1.0004e-9))
    digits = int(found.channel("y")["axis"]["format"].strip(".~e"))
    ticks = np.linspace(found.low, found.high, 5)
    assert len({f"{tick:.{digits}e}" for tick in ticks}) == 5


def test_a_short_run_beside_a_long_one_is_seen():
    y = axis(column(1.0, 2.0))
    assert x_channel(150, y, Direction.ONE, 5)["scale"]["type"] == "symlog"
    assert x_channel(8, y, Direction.ONE, 5)["scale"]["type"] == "linear"


def one(*values):
    s = Series("x", "1", Direction.LOWER, np.arange(len(values)), column(*values))
    return [curve("a", s, None)]


def test_panels_are_all_log_or_all_linear():
    wide, narrow, signed = one(1.0, 1e-6), one(1.0, 0.5), one(1.0, -0.5)
    assert y_axis(wide, Direction.LOWER).log
    assert [a.log for a in y_axes([wide, narrow], Direction.LOWER)] == [True, True]
    assert [a.log for a in y_axes([wide, signed], Direction.LOWER)] == [False, False]


def test_all_panels_have_the_other_axis_or_none_has():
    wide, narrow, signed = one(1.0, 1e-8), one(1.0, 0.8), one(1.0, -1.0)
    linear = turned([wide, narrow], Direction.LOWER, y_axes([wide, narrow], Direction.LOWER))
    assert [a.log for a in linear] == [False, False]
    log = turned([narrow], Direction.LOWER, y_axes([narrow], Direction.LOWER))
    assert [a.log for a in log] == [True]
    axes = y_axes([narrow, signed], Direction.LOWER)
    assert turned([narrow, signed], Direction.LOWER, axes) == [None, None]
