"""The fourth verdict on errors that are squares, as those of fitted Gaussians are."""

import numpy as np
import pytest

from genloss.judge.profile.scaling import SLOWER, Sized, scaling
from genloss.judge.profile.verdicts import Answer


@pytest.fixture
def rng(seed):
    return np.random.default_rng(seed)


FOUR, SIX = (30, 100, 300, 1000), (20, 50, 100, 200, 500, 1000)


def squared(rng, rows, shape):
    """Return squared W2 between N(0, 1) and Gaussians fitted to so many rows."""
    mean, scale = (
        rng.normal(size=shape) / rows**0.5,
        (rng.chisquare(rows - 1, shape) / (rows - 1)) ** 0.5,
    )
    return mean**2 + (scale - 1) ** 2


def answers(rng, sizes, chains, lost, times):
    """Return how often so much of the exponent lost is said to be lost, and is said not to be."""
    rows = [round(sizes[0] * (n / sizes[0]) ** (1 - lost)) for n in sizes]
    runs = [squared(rng, k, (times, chains)) for k in rows]
    controls = [squared(rng, n, (times, chains, 4)) for n in sizes]
    said = [
        scaling([Sized(n, r[i], c[i]) for n, r, c in zip(sizes, runs, controls, strict=True)])
        for i in range(times)
    ]
    return [np.mean([v.answer is a for v in said]) for a in (Answer.YES, Answer.NO)]


def test_forty_chains_tell_whether_a_law_of_squares_is_lost(rng):
    """At the six sizes of examples/sweep.toml; chance: 3 binomial errors of 200 are 6 points."""
    yes, no = answers(rng, SIX, 40, 0.0, 200)
    assert yes == 0
    assert no >= 0.95
    assert answers(rng, SIX, 40, 0.45, 200)[0] >= 0.85
    yes, no = answers(rng, SIX, 40, SLOWER, 200)
    assert max(yes, no) <= 0.1


@pytest.mark.slow
def test_of_four_chains_a_false_yes_is_rare(rng):
    """A yes in 3.3 % of 20,000; with weights from each size's own spread in 6.6 %."""
    assert answers(rng, FOUR, 4, SLOWER, 2500)[0] <= 0.05
    assert answers(rng, FOUR, 4, 0.0, 500)[0] <= 0.02


def test_eight_chains_are_told_how_many_would_tell(rng):
    """No estimator finds a loss of .45 in 80 % here: of one fit's log scale, information is .91."""
    told = []
    for _ in range(40):
        at = [Sized(n, squared(rng, n, 8), squared(rng, n, (8, 4))) for n in FOUR]
        if (found := scaling(at)).answer is Answer.UNKNOWN:
            assert "the interval holds" in found.why
            told.append(found.enough)
    assert len(told) > 10
    assert all("chains of run and control" in one or "threshold" in one for one in told)


def test_run_and_control_weigh_sizes_alike():
    """The same bent law is the same, though chains of the run agree best where it is steep."""
    bent = dict(zip(FOUR, (1.0, 0.5, 0.05, 0.04), strict=True))
    wobble = np.array([-1.0, -0.5, 0.5, 1.0])
    runs = {n: bent[n] * (1 + (0.01 if n < 300 else 0.1) * wobble) for n in FOUR}
    controls = {n: bent[n] * (1 + (0.1 if n < 300 else 0.01) * wobble)[:, None] for n in FOUR}
    found = scaling([Sized(n, runs[n], controls[n]) for n in FOUR]).found
    assert found.estimate == pytest.approx(0, abs=1e-12)


def test_chains_that_agree_to_the_bit_have_no_error():
    at = [Sized(n, np.full(4, n**-0.5), np.full((4, 2), n**-1.0)) for n in FOUR]
    found = scaling(at)
    assert found.answer is Answer.YES
    assert found.found == pytest.approx((0.5, 0.5, 0.5))
