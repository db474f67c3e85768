"""Alarms, the lower bound, three origins and words: what holds, what must be seen."""

from bisect import bisect_left

import numpy as np
import pytest
from scipy.stats import betabinom

from genloss.audit.share.bound import UPPER, bounds_by_set, lower_bound
from genloss.audit.share.shift import alarms, mixture_p
from genloss.audit.share.ternary import ternary_share
from genloss.audit.share.words import (
    likeliest,
    occurrences,
    vocabulary,
    word_share,
    words_of,
)
from genloss.errors import DataError

D = 1.812


def mixed(rng, share, n, draws):
    return rng.normal(size=(draws, n)) + D * (rng.random((draws, n)) < share)


def calibration(rng, n, draws):
    return rng.normal(size=(draws, n)), rng.normal(D, 1, (draws, n))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_prevalence_raises_no_alarm(share):
    """400 draws: 5 % and 3 binomial errors at most."""
    rng = np.random.default_rng(1)
    p = mixture_p(*calibration(rng, 500, 400), mixed(rng, share, 500, 400))
    assert (p < 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_edited_and_shifted_texts_raise_it():
    """Two texts of five edited to the middle, or all scores moved by half a deviation: 80 %."""
    rng = np.random.default_rng(2)
    corpus = mixed(rng, 0.1, 1000, 100)
    middle = rng.normal(D / 2, 0.4, corpus.shape)
    edited = np.where(rng.random(corpus.shape) < 0.4, middle, corpus)
    sets = calibration(rng, 1000, 100)
    assert (mixture_p(*sets, edited) < 0.05).mean() >= 0.8
    assert (mixture_p(*sets, corpus + 0.5) < 0.05).mean() >= 0.8


def test_features_share_the_level_and_name_what_they_saw():
    rng = np.random.default_rng(3)
    human, machine = (s[0] for s in calibration(rng, 1000, 1))
    lengths = tuple(rng.normal(m, 1, 1000) for m in (0, 0, 1))
    found = alarms(human, machine, mixed(rng, 0.3, 1000, 1)[0], {"length": lengths})
    assert [a.about for a in found if a.raised] == ["length"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_a_lower_bound_stays_below_the_truth(share):
    rng = np.random.default_rng(4)
    human = rng.normal(size=(400, 500))
    found = bounds_by_set(human, mixed(rng, share, 500, 400)).max(axis=0)
    assert (found <= share).mean() >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 400)
    if share == 0.5:
        assert found.mean() > 0.3


@pytest.mark.slow
@pytest.mark.parametrize(("n0", "n"), [(200, 200), (200, 2000), (1000, 1000)])
def test_each_part_of_the_lower_bound_keeps_its_level_exactly(n0, n):
    """1.25 % for each of four sets: the tail of a beta-binomial law, at most half as much again.

    Of a normal approximation the narrowest set took 2.4 to 2.6 %.
    """
    human = np.arange(n0, dtype=float)[None]
    for i, share in enumerate(UPPER):
        at = np.quantile(human, 1 - share, method="higher")
        above = int((human > at).sum()) + 1

        def shows(count, i=i):
            corpus = np.r_[np.full(count, 2.0 * n0), np.full(n - count, -1.0)]
            return bounds_by_set(human, corpus[None])[i, 0] > 1e-6

        least = bisect_left(range(n), True, key=shows)
        assert betabinom.sf(least - 1, n, above, n0 + 1 - above) < 0.0185


def test_a_bound_needs_texts():
    with pytest.raises(DataError, match="200 or more"):
        lower_bound(np.zeros(100), np.zeros(500))


def test_edited_texts_are_told_where_their_law_is_their_own():
    rng = np.random.default_rng(5)
    human, machine = (s[0] for s in calibration(rng, 2000, 1))
    edited = rng.normal(D / 2, 0.3, 2000)
    corpus = np.concatenate(
        [rng.normal(size=1000), rng.normal(D / 2, 0.3, 400), rng.normal(D, 1, 600)]
    )
    found = ternary_share(human, edited, machine, corpus)
    assert found.edited_identified
    assert found.fits
    for part, truth in ((found.human, 0.5), (found.edited, 0.2), (found.machine, 0.3)):
        assert part.low <= truth <= part.high
        assert part.high - part.low < 0.3


def test_edited_texts_that_score_like_a_mixture_are_not_identified():
    rng = np.random.default_rng(6)
    human, machine = (s[0] for s in calibration(rng, 1000, 1))
    found = ternary_share(human, mixed(rng, 0.5, 1000, 1)[0], machine, mixed(rng, 0.5, 1000, 1)[0])
    assert not found.edited_identified
    assert found.edited.low == 0.0
    assert found.edited.high > 0.5


def texts(rng, p, n):
    words = np.array([chr(97 + i // 20) + chr(97 + i % 20) for i in range(len(p))])
    return [" ".join(rng.choice(words, 30, p=p)) for _ in range(n)]


@pytest.mark.slow
def test_words_find_a_planted_share():
    rng = np.random.default_rng(7)
    p = 1 / np.arange(1, 201)
    p /= p.sum()
    q = p * np.exp(0.5 * rng.normal(size=200))
    q /= q.sum()
    human, machine = texts(rng, p, 600), texts(rng, q, 600)
    known = vocabulary(human, machine)
    sets = (human, machine, texts(rng, p, 420) + texts(rng, q, 180))
    found = word_share(*(occurrences(s, known) for s in sets), rng, draws=50)
    assert found.low <= 0.3 <= found.high
    assert found.high - found.low < 0.25


def test_words_draw_authors_again_whole():
    """Each text three times: by author, the interval is that of each text once."""
    rng = np.random.default_rng(8)
    p = 1 / np.arange(1, 31)
    q = p[np.r_[1, 0, 2:30]]
    human, machine = texts(rng, p / p.sum(), 80), texts(rng, q / q.sum(), 80)
    known = vocabulary(human, machine)
    once = [occurrences(s, known) for s in (human, machine, human[:40] + machine[:40])]
    thrice = [x[np.repeat(np.arange(80), 3)] for x in once]
    authors = [f"{i // 3:02d}" for i in range(240)]

    def width(sets, units=None):
        found = word_share(*sets, np.random.default_rng(9), draws=100, units=units)
        return found.high - found.low

    assert width(thrice, (authors,) * 3) == pytest.approx(width(once), abs=0.03)
    assert width(thrice) < 0.75 * width(once)


def test_words_and_their_likelihood_by_hand():
    assert words_of("Don't stop, STOP 42!") == {"don't", "stop"}
    known = vocabulary(["a b"] * 5, ["b"])
    assert known.words == ("b", "a")
    assert occurrences(["b c", "a"], known).toarray().tolist() == [[1, 0], [0, 1]]
    # Ratios 3 and 1/3 once each: the likelihood is symmetric about 1/2.
    assert likeliest(np.log([[3.0, 1 / 3]]), np.ones((1, 2)))[0] == pytest.approx(0.5, abs=1e-6)
