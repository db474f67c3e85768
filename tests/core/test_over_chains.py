"""Statistics over chains as files have them, and what they are of."""

import math

import pytest

from genloss.core.chain_quantiles import fewest_chains
from genloss.core.over_chains import KINDS, Statistic, statistic_from
from genloss.errors import SpecError

# In words: the statistic, its level, whether it counts chains, whether it is a value of the metric.
WORDS = {
    "mean": (Statistic("mean"), None, False, True),
    "median": (Statistic("median"), 0.5, False, True),
    "variance": (Statistic("variance"), None, False, False),
    "sd": (Statistic("sd"), None, False, False),
    "share_below:0.1": (Statistic("share_below", 0.1), None, True, False),
    "share_above:-3": (Statistic("share_above", -3.0), None, True, False),
    "quantile": (Statistic("quantile"), 0.5, False, True),
    "quantile:0.95": (Statistic("quantile", 0.95), 0.95, False, True),
}


@pytest.mark.parametrize("words", WORDS)
def test_every_statistic_by_its_words(words):
    statistic, level, is_share, is_location = WORDS[words]
    assert statistic_from(words) == statistic
    assert str(statistic) == words
    assert statistic.level == level
    assert statistic.is_share is is_share
    assert statistic.is_location is is_location
    assert statistic.is_mean is (words == "mean")


def test_there_is_no_other_statistic():
    assert {statistic.kind for statistic, *_ in WORDS.values()} == set(KINDS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (3, "statistic is 3; expected mean, median"),
        ("mode", "unknown statistic 'mode'"),
        ("quantile:half", "expected a number after the colon"),
        ("quantile:0", "level of the quantile is 0"),
        ("quantile:1", "level of the quantile is 1"),
        ("mean:2", "mean has no option; got 2"),
        ("share_below", "share_below is of None; expected share_below:X"),
        ("share_above:nan", "share_above is of nan"),
        ("share_above:inf", "share_above is of inf"),
    ],
)
def test_what_is_no_statistic(words, says):
    with pytest.raises(SpecError, match=says):
        statistic_from(words)


def test_the_fewest_chains_that_carry_a_level():
    """(C - 1)/(C + 1) reaches 0.9 at 19, 0.5 at 3, 0.98 at 99 and 0.95 at 39."""
    levels = (0.9, 0.5, 0.98, 0.95, 0.51, 1 / 3)
    assert [fewest_chains(level) for level in levels] == [19, 3, 99, 39, 4, 2]
    for bad in (0.0, 1.0, math.nan):
        with pytest.raises(SpecError, match="level"):
            fewest_chains(bad)
