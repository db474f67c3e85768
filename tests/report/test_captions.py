"""Sentences rank what differs, and nothing else."""

import numpy as np
import pytest

from genloss.core.over_chains import MEAN, MEDIAN, Statistic
from genloss.core.view import Direction
from genloss.report import captions
from genloss.report.figures.bands import curve
from genloss.store.reader import Series
from genloss.store.theory_file import TheoryLine


def reading(curves, direction):
    return captions.reading(curves, direction).whole


def a(label, values, law=None):
    s = Series("x", "1", Direction.ONE, np.arange(len(values)), np.asarray(values, dtype=float))
    return curve(label, s, law)


def column(*values):
    return np.array(values)[:, None] * np.ones((1, 5))


def test_one_run_is_told_with_its_spread_and_its_law():
    law = TheoryLine("E", MEAN, (0, 1), (1.0, 0.03))
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
    assert "**y** highest (941; all began near 251 at generation 1)." in text
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
    law = TheoryLine("E", MEAN, (1,), (1.0,))
    assert "one chain in twenty" in reading([a("r", values, law)], Direction.ONE)


def test_runs_that_end_alike_and_infinite_ones():
    same = [a("x", column(1.0, 0.5)), a("y", column(1.0, 0.501))]
    assert "every run has a median near 0.5" in reading(same, Direction.ONE)
    infinite = [a("x", column(0.0, np.inf)), a("y", column(0.0, 2.0))]
    assert "**x** farthest (∞)" in reading(infinite, Direction.LOWER)


def noisy(label, centre, chains, sd=1.0, seed=0):
    values = centre + sd * np.random.default_rng(seed).standard_normal((3, chains))
    return curve(label, Series("x", "1", Direction.LOWER, np.arange(3), values), None)


@pytest.mark.slow
@pytest.mark.parametrize("chains", [2, 3, 8, 18, 19, 200])
def test_noise_has_no_closest_and_no_farthest(chains):
    """Five runs of one law are ranked at most once in twenty times."""
    ranked = 0
    for seed in range(40):
        curves = [noisy(f"r{i}", 10.0, chains, seed=100 * seed + i) for i in range(5)]
        ranked += "closest" in reading(curves, Direction.LOWER)
    assert ranked <= 3


@pytest.mark.parametrize("chains", [3, 4, 18, 19, 200])
def test_what_differs_beyond_its_spread_is_ranked(chains):
    curves = [noisy("near", 10.0, chains, seed=1), noisy("far", 60.0, chains, seed=2)]
    text = reading(curves, Direction.LOWER)
    assert "**near** is closest to reality" in text
    assert "**far** farthest" in text


def test_ties_are_named_together():
    curves = [a("one", column(1.0, 0.0)), a("two", column(1.0, 0.0)), a("all", column(1.0, 1.0))]
    text = reading(curves, Direction.HIGHER)
    assert "**all** is closest to reality (median 1)" in text
    assert "**one** and **two** farthest (0)" in text


def test_single_chains_are_not_ranked():
    def single(label, end):
        return curve(
            label, Series("x", "1", Direction.LOWER, np.arange(2), np.array([[1.0], [end]])), None
        )

    text = reading([single("x", 2.0), single("y", 9.0)], Direction.LOWER)
    assert "between **x** (2) and **y** (9)" in text
    assert "closest" not in text


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        (Direction.START, "**x** is lowest (median 2) and **y** highest (7"),
        (Direction.LOWER, "**x** is lowest (median 2) and **y** highest (7"),
        (Direction.HIGHER, "**y** is highest (median 7) and **x** lowest (2"),
        (Direction.ONE, "**x** is closest to 1 (median 2) and **y** farthest (7"),
        (Direction.ZERO, "**x** is closest to 0 (median 2) and **y** farthest (7"),
    ],
)
def test_without_a_value_at_0_nothing_is_close_to_reality(direction, said):
    def late(label, *values):
        at = np.arange(1, len(values) + 1)
        return curve(label, Series("x", "nats", direction, at, column(*values)), None)

    text = reading([late("x", 2.0, 2.0), late("y", 2.0, 7.0)], direction)
    assert "reality" not in text
    assert said in text


def test_runs_of_unlike_length_are_compared_where_all_have_a_value():
    curves = [a("long", column(1.0, 0.9, 0.1)), a("short", column(1.0, 0.5))]
    text = reading(curves, Direction.ONE)
    assert text.startswith("At generation 1, the last that all runs have, **long** is closest")


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (MEAN, "Theory for the mean: 0.5; measured: 1.5."),
        (MEDIAN, "Theory for the median: 0.5; measured: 0.5."),
        (Statistic("quantile", 0.9), "Theory for the 90 % quantile: 0.5; measured: 5.5."),
    ],
)
def test_theory_is_held_against_the_statistic_that_it_predicts(statistic, expected):
    values = np.tile([[0.5, 0.5, 0.5, 0.5, 5.5]], (2, 1))
    line = TheoryLine("a median, by its name", statistic, (1,), (0.5,))
    said = captions.reading([a("r", values, line)], Direction.ONE)
    assert said.theory == expected
    assert "Theory" not in said.shown
