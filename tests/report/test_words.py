import numpy as np
import pytest

from genloss.core.view import Direction
from genloss.report.figures.bands import curve
from genloss.report.words import axis_title, count, number, percent, reading
from genloss.store.reader import Series


def a(label, values, law=None):
    s = Series("x", "1", Direction.ONE, np.arange(len(values)), np.asarray(values, dtype=float))
    return curve(label, s, law)


def column(*values):
    return np.array(values)[:, None] * np.ones((1, 5))


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (0.0, "0"),
        (0.00629, "0.00629"),
        (0.5, "0.5"),
        (-0.25, "−0.25"),
        (999.6, "1,000"),
        (20000.0, "20,000"),
        (4.1e-30, "4.1×10⁻³⁰"),
        (2e-9, "2×10⁻⁹"),
        (1.5e12, "1.5×10¹²"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (0.99996, "1"),
    ],
)
def test_numbers_are_readable(x, said):
    assert number(x) == said


def test_shares_and_counts():
    assert percent(0.0613) == "6.13 %"
    assert percent(0.995) == "99.5 %"
    assert count(1, "run") == "1 run"
    assert count(1200, "run") == "1,200 runs"


def test_axis_titles_carry_unit_and_direction():
    assert axis_title("nats", Direction.LOWER) == "nats · ↓ lower is closer to reality"
    assert axis_title("1", Direction.ONE) == "ratio or share · 1 is reality"


def test_one_run_is_told_with_its_spread_and_its_law():
    law = {"label": "E", "t": [0, 1], "value": [1.0, 0.03]}
    text = reading([a("r", column(1.0, 0.03), law)], Direction.ONE)
    assert text.startswith("The median is down to 3 % of reality's after 1 generation")
    assert "Theory for the mean: 0.03; measured: 0.03." in text


def test_runs_are_ranked_by_their_distance_from_reality():
    curves = [a("half", column(1.0, 0.5)), a("gone", column(1.0, 1e-9)), a("ten", column(1.0, 1.1))]
    text = reading(curves, Direction.ONE)
    assert text.index("**ten** is closest") < text.index("**gone** farthest")
    assert "**half** is closest" in reading(curves[:2], Direction.HIGHER)
    assert "**gone** is closest" in reading(curves[:2], Direction.LOWER)
    assert "**ten** is closest" in reading(curves, Direction.START)


def test_where_all_began_is_said_unless_that_was_reality():
    def late(label, *values):
        at = np.arange(1, len(values) + 1)
        return curve(label, Series("x", "1", Direction.LOWER, at, column(*values)), None)

    text = reading([late("x", 252.0, 485.0), late("y", 250.0, 941.0)], Direction.LOWER)
    assert "**y** farthest (941; all began near 251 at generation 1)." in text
    apart = reading([late("x", 254.1, 485.0), late("y", 200.0, 941.0)], Direction.LOWER)
    assert "began" not in apart
    assert "began" not in reading([a("x", column(1.0, 0.5)), a("y", column(1.0, 0.1))], "1 is")


def test_an_unfinished_run_is_not_said_to_go_anywhere():
    text = reading([a("r", column(0.97))], Direction.HIGHER)
    assert text == "Only generation 0 has been measured: the median is 0.97."
    both = reading([a("x", column(0.5)), a("y", column(0.9))], Direction.HIGHER)
    assert both.startswith("At generation 0 **y** is closest")


def test_a_mean_that_few_chains_decide_is_said_to_be_one():
    values = np.full((2, 100), 1e-6)
    values[0] = 1.0
    values[1, 0] = 100.0
    law = {"label": "E", "t": [1], "value": [1.0]}
    assert "one chain in twenty" in reading([a("r", values, law)], Direction.ONE)


def test_runs_that_end_alike_and_infinite_ones():
    same = [a("x", column(1.0, 0.5)), a("y", column(1.0, 0.501))]
    assert "every run has a median near 0.5" in reading(same, Direction.ONE)
    infinite = [a("x", column(0.0, np.inf)), a("y", column(0.0, 2.0))]
    assert "**x** farthest (∞)" in reading(infinite, Direction.LOWER)
