"""The machine share: coverage on laws in closed form, corrections, design effects, refusals."""

import numpy as np
import pytest

from genloss.audit.share.corrected import rogan_gladen
from genloss.audit.share.groups import shares_by
from genloss.audit.share.pair import design_effect, machine_share, shares
from genloss.audit.share.unified import critical
from genloss.errors import DataError, SpecError

D = {0.7: 0.742, 0.9: 1.812, 0.99: 3.290}
"""Distance of two normals of deviation 1 by AUROC: sqrt(2) Phi^-1(AUROC)."""


def drawn(rng, share, distance, n, draws=1):
    human = rng.normal(size=(draws, n))
    machine = rng.normal(distance, 1, (draws, n))
    corpus = rng.normal(size=(draws, n)) + distance * (rng.random((draws, n)) < share)
    return human, machine, corpus


@pytest.mark.slow
@pytest.mark.parametrize("auroc", D)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_intervals_cover(auroc, share):
    """Of 600 draws .95 +- 4 binomial errors (.9 %) are inside; at an end more may be."""
    low, _, high = shares(*drawn(np.random.default_rng(5), share, D[auroc], 300, 600))
    covered = ((low <= share) & (share <= high)).mean()
    assert 0.95 - 0.036 <= covered <= (1.0 if share in (0, 1) else 0.95 + 0.036)


@pytest.mark.slow
def test_an_interval_without_calibration_error_would_be_too_narrow():
    """100 calibration texts under 3,000 of a corpus: the width is that of the calibration."""
    rng = np.random.default_rng(1)
    _, _, corpus = drawn(rng, 0.5, D[0.9], 3000, 200)
    human, machine, _ = drawn(rng, 0.5, D[0.9], 100, 200)
    low, _, high = shares(human, machine, corpus)
    assert ((low <= 0.5) & (high >= 0.5)).mean() >= 0.90
    many = shares(*drawn(rng, 0.5, D[0.9], 3000, 50))
    assert (high - low).mean() > 2 * (many.high - many.low).mean()


def test_the_critical_value_is_one_sided_at_an_end_and_two_sided_inside():
    cut = critical(np.array([0.0, 50.0]), np.array([50.0, 50.0]), 0.95)
    assert np.sqrt(cut) == pytest.approx([1.645, 1.960], abs=1e-3)


def test_a_counted_rate_is_corrected_for_known_errors():
    assert rogan_gladen(0.5, 0.042, 0.006) == pytest.approx(0.481, abs=5e-4)
    assert rogan_gladen(0.01, 0.042, 0.006) == 0.0
    with pytest.raises(SpecError, match="better than chance"):
        rogan_gladen(0.5, 0.6, 0.5)
    with pytest.raises(SpecError, match="expected 0 to 1"):
        rogan_gladen(1.5, 0.1, 0.1)


def test_generators_left_out_state_their_bias():
    """A generator half as far away reads as about half its share when it was not known."""
    rng = np.random.default_rng(2)
    machine = {"near": rng.normal(1.0, 1, 2000), "far": rng.normal(3.0, 1, 2000)}
    corpus = np.concatenate([rng.normal(size=1500), rng.normal(1.0, 1, 500)])
    found = machine_share(rng.normal(size=2000), machine, corpus)
    by_name = {left.generator: left for left in found.left_out}
    assert by_name["near"].factor < 0.6 < 1.2 < by_name["far"].factor
    assert by_name["near"].bias == pytest.approx(
        (by_name["near"].factor - 1) * found.share.estimate
    )
    assert (found.human, found.machine, found.texts) == (2000, 4000, 2000)


@pytest.mark.slow
def test_texts_of_one_source_count_as_often_as_they_differ():
    """Ten copies of each value: the variance of the mean is ten times that of so many texts."""
    values = np.repeat(np.random.default_rng(3).normal(size=200), 10)
    assert design_effect(values, np.repeat(np.arange(200), 10)) == pytest.approx(10, rel=1e-9)
    assert design_effect(values, np.arange(2000)) == 1.0
    human, machine, corpus = (s[0] for s in drawn(np.random.default_rng(4), 0.3, 1.8, 300))
    copies = [str(i // 5) for i in range(1500)]
    own = [str(i) for i in range(300)]
    narrow = machine_share(human, {"m": machine}, np.repeat(corpus, 5)).share
    wide = machine_share(human, {"m": machine}, np.repeat(corpus, 5), units=(own, own, copies))
    assert wide.share.high - wide.share.low > 1.25 * (narrow.high - narrow.low)


def test_groups_hold_together_and_small_ones_are_refused():
    human, machine, corpus = (s[0] for s in drawn(np.random.default_rng(6), 0.5, 1.8, 1000))
    groups = ["a"] * 500 + ["b"] * 480 + ["c"] * 20
    found = shares_by(human, {"m": machine}, corpus, groups)
    assert found.refused == {"c": 20}
    assert set(found.shares) == {"a", "b"}
    assert found.shares["a"].share.level == pytest.approx(0.975)


@pytest.mark.slow
def test_one_group_that_is_the_whole_corpus_has_the_interval_of_the_whole():
    """Six texts an author, alike: a group knows of authors, too."""
    human, machine, corpus = (s[0] for s in drawn(np.random.default_rng(8), 0.3, 1.8, 100))
    sets = [np.repeat(s, 6) for s in (human, machine, corpus)]
    authors = [str(i // 6) for i in range(600)]
    units = (authors, authors, authors)
    whole = machine_share(sets[0], {"m": sets[1]}, sets[2], units=units)
    found = shares_by(sets[0], {"m": sets[1]}, sets[2], ["a"] * 600, units=units)
    assert found.shares["a"] == whole
    assert shares_by(sets[0], {"m": sets[1]}, sets[2], ["a"] * 600).shares["a"] != whole
    half = shares_by(sets[0], {"m": sets[1]}, sets[2], ["a"] * 300 + ["b"] * 300, units=units)
    own = machine_share(sets[0], {"m": sets[1]}, sets[2][300:], 0.975, (*units[:2], authors[300:]))
    assert half.shares["b"] == own


def test_calibration_texts_of_one_unit_are_refused():
    human, machine, corpus = (s[0] for s in drawn(np.random.default_rng(9), 0.5, 1.8, 100))
    own, one = [str(i) for i in range(100)], ["a"] * 100
    with pytest.raises(DataError, match="all machine texts with a score are of one unit"):
        machine_share(human, {"m": machine}, corpus, units=(own, one, own))
    assert machine_share(human, {"m": machine}, corpus, units=(own, own, one)).texts == 100


def test_unscored_texts_are_left_out_and_too_few_are_refused():
    human, machine, corpus = (s[0] for s in drawn(np.random.default_rng(7), 0.5, 1.8, 100))
    corpus[:40] = np.nan
    assert machine_share(human, {"m": machine}, corpus).texts == 60
    corpus[:60] = np.nan
    with pytest.raises(DataError, match="got 40 corpus texts"):
        machine_share(human, {"m": machine}, corpus)
