"""Words, bands and the shortest length that is judged."""

import numpy as np
import pytest

from genloss.audit.conformal.calibration import Calibration, Trial
from genloss.audit.conformal.lengths import Power, Shortest, band, cut, n_words, shortest


def test_words_by_hand():
    assert n_words("") == 0
    assert n_words("two  words\n") == 2
    assert n_words("人工智能 is") == 6
    assert cut("  one two\nthree four", 3) == "  one two\nthree"
    assert cut("one", 5) == "one"
    assert cut(" \n", 2) == ""


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (0, "1-49 words"),
        (49, "1-49 words"),
        (50, "50-99 words"),
        (799, "400-799 words"),
        (800, "800 words or more"),
    ],
)
def test_bands_by_hand(words, name):
    assert band(words) == name


def test_the_shortest_length_is_where_enough_is_caught_from_there_on(rng):
    """Power grows with length; at 25 and 50 words machine text scores as human text does."""
    human = {w: rng.normal(size=199) for w in (25, 50, 100, 200)}
    machine = {w: rng.normal(m, size=150) for w, m in ((25, 0), (50, 0), (100, 2), (200, 3))}
    found = shortest([(human, machine)], 0.01)
    assert (found.words, found.ground) == (100, "power")
    assert [row.words for row in found.table] == [25, 50, 100, 200]


def test_a_length_between_two_good_ones_that_fails_counts(rng):
    human = {w: rng.normal(size=199) for w in (25, 50, 100)}
    machine = {25: rng.normal(4, size=99), 50: rng.normal(size=99), 100: rng.normal(4, size=99)}
    assert shortest([(human, machine)], 0.01).words == 100


def test_a_scorer_without_power_is_told_so(rng):
    human, machine = {100: rng.normal(size=300)}, {100: rng.normal(size=300)}
    assert shortest([(human, machine)], 0.01).ground == "no power"


def test_lengths_with_too_few_human_texts_say_nothing(rng):
    found = shortest([({50: rng.normal(size=98)}, {50: np.full(50, 9.0)})], 0.01)
    assert (found.words, found.ground) == (0, "calibrated")


def test_every_group_has_a_threshold_of_its_own(rng):
    """People of one group score as machines of the other: one threshold for all sees nothing."""
    low, high = rng.normal(size=150), rng.normal(6, size=150)
    machine = rng.normal(4, size=150)
    assert shortest([({50: np.r_[low, high]}, {50: machine})], 0.01).ground == "no power"
    found = shortest([({50: low}, {50: machine}), ({50: high}, {50: machine + 6})], 0.01)
    assert (found.words, found.table[0].human, found.table[0].machine) == (50, 300, 300)
    # A group that is too small for a threshold counts nowhere.
    alone = shortest([({50: low}, {50: machine}), ({50: high[:9]}, {50: machine})], 0.01)
    assert (alone.table[0].human, alone.table[0].machine) == (150, 150)


def test_a_scorer_is_weak_where_neither_lengths_nor_whole_texts_show_power():
    """3 of 300 cut texts; of 100 whole ones 46, whose lower bound is .36, or 12, .064."""
    cuts = Shortest(0, "no power", (Power(100, 100, 300, 3, 0.0, 0.03),))

    def known(*tested, shortest=cuts):
        trials = tuple(Trial("m", 2022, 0.01, n, caught) for caught, n in tested)
        parts = ("", ("domain",), "id", (0.01,), 0.95, 0, shortest, {}, frozenset())
        return Calibration({"kind": "x"}, *parts, tested=trials)

    assert known().is_weak
    assert known((12, 100)).is_weak
    assert not known((46, 100)).is_weak
    assert not known(shortest=Shortest(0, "calibrated")).is_weak
