import itertools
import math

import numpy as np
import pytest

from genloss.errors import SpecError
from genloss.theory import discrete, fixation, moments

LAW = np.array([0.5, 0.3, 0.2])


def multinomial_chain(n, k):
    """All count vectors of n draws over k states, and the exact matrix between them."""
    states = [c for c in itertools.product(range(n + 1), repeat=k) if sum(c) == n]
    index = np.array(states)
    ways = [math.factorial(n) / math.prod(map(math.factorial, c)) for c in states]

    def row(p):
        return np.array([w * np.prod(p**c) for w, c in zip(ways, index, strict=True)])

    return index, np.array([row(c / n) for c in index]), row


def test_collision_and_survivors_by_enumeration():
    n = 4
    counts, matrix, row = multinomial_chain(n, 3)
    law = row(LAW)
    for t in range(1, 6):
        p = counts / n
        collision = law @ (p**2).sum(axis=1)
        np.testing.assert_allclose(discrete.collision_probability(t, n, LAW), collision)
        variance = law @ (p - LAW) ** 2
        np.testing.assert_allclose(discrete.proportion_variance(t, n, LAW), variance)
        np.testing.assert_allclose(
            fixation.expected_survivors(t, LAW, n), law @ (counts > 0).sum(axis=1)
        )
        np.testing.assert_allclose(
            fixation.survival_probability(t, LAW, n), law @ (counts > 0), rtol=1e-12
        )
        np.testing.assert_allclose(
            fixation.collapse_cdf(t, LAW, n), law @ (counts.max(axis=1) == n), rtol=1e-12
        )
        law = law @ matrix


def test_collapse_time_and_end_by_absorbing_chain():
    # Fundamental matrix of the full three-state chain, not of its two-state reductions.
    n = 5
    counts, matrix, row = multinomial_chain(n, 3)
    alive = counts.max(axis=1) < n
    law = row(LAW)
    visits = np.linalg.solve((np.eye(alive.sum()) - matrix[np.ix_(alive, alive)]).T, law[alive])
    np.testing.assert_allclose(fixation.expected_collapse_time(LAW, n), 1 + visits.sum())
    ends = law[~alive] + visits @ matrix[np.ix_(alive, ~alive)]
    winner = counts[~alive].argmax(axis=1)
    np.testing.assert_allclose(ends[np.argsort(winner)], discrete.fixation_probability(LAW))


def test_collapse_time_is_the_sum_of_its_tail():
    t = np.arange(400)
    tail = 1 - fixation.collapse_cdf(t, LAW, 12)
    np.testing.assert_allclose(fixation.expected_collapse_time(LAW, 12), tail.sum(), rtol=1e-10)


def test_collapse_time_by_simulation(within_band):
    rng = np.random.default_rng(12)
    for k, n in ((10, 10), (3, 25)):
        p = np.full((4000, k), 1 / k)
        time = np.zeros(len(p))
        while np.any(alive := p.max(axis=1) < 1):
            p[alive] = rng.multinomial(n, p[alive]) / n
            time += alive
        within_band(time, fixation.expected_collapse_time(np.full(k, 1 / k), n))


def test_collapse_time_diffusion_limit():
    uniform = np.full(10, 0.1)
    # The diffusion is the limit n -> infinity: the gap to the exact time stays O(1), about 1.5-3.
    for n, tolerance in ((10, 0.09), (100, 0.012), (1000, 0.0016)):
        np.testing.assert_allclose(
            discrete.collapse_time_diffusion(uniform, n),
            fixation.expected_collapse_time(uniform, n),
            rtol=tolerance,
        )
    two = discrete.collapse_time_diffusion([0.5, 0.5], 100)
    np.testing.assert_allclose(two, 200 * math.log(2))
    assert discrete.collapse_time_diffusion([1.0, 0.0], 100) == 0
    assert fixation.expected_collapse_time([1.0, 0.0], 100) == 0
    np.testing.assert_allclose(
        discrete.collapse_time_diffusion(np.full(10**5, 1e-5), 50), 100, rtol=1e-4
    )


def test_published_collapse_times():
    # Kazdan et al. 2024, K = 10 uniform, read off a log-scale figure (to about 10 %).
    uniform = np.full(10, 0.1)
    for n, seen in ((10, 17), (100, 205), (1000, 1.8e3)):
        exact = fixation.expected_collapse_time(uniform, n)
        np.testing.assert_allclose(exact, seen, rtol=0.12)
        assert 1.7 <= exact / n <= 2.1
    for n, seen in ((10**4, 1.7e4), (10**5, 1.9e5)):
        np.testing.assert_allclose(discrete.collapse_time_diffusion(uniform, n), seen, rtol=0.12)


def test_loss_in_one_step():
    # Shumailov et al. 2024: q = 0.0005 among 1000 draws is lost with probability 0.606.
    np.testing.assert_allclose(discrete.absence_after_one(0.0005, 1000), 0.606, atol=5e-4)
    np.testing.assert_array_equal(discrete.absence_after_one([0.0, 1.0], 7), [1, 0])
    np.testing.assert_allclose(
        discrete.survivors_after_one(LAW, 4), fixation.expected_survivors(1, LAW, 4)
    )


def test_accumulated_diversity_by_simulation(within_band):
    n, chains = 5, 20_000
    rng = np.random.default_rng(13)
    pool = rng.multinomial(n, LAW, size=chains).astype(float)
    for t in range(1, 6):
        p = pool / (t * n)
        collision = discrete.accumulate_collision_probability(t, n, LAW)
        within_band((p**2).sum(axis=1), collision)
        pool += rng.multinomial(n, p)
    kept = (1 - discrete.accumulate_collision_probability(10**4, n, LAW)) / (1 - np.sum(LAW**2))
    np.testing.assert_allclose(kept, moments.accumulate_spread_limit(n, ddof=0), rtol=1e-4)


def test_seddik_formula_and_schedule():
    t = np.array([0, 1, 100])
    np.testing.assert_allclose(
        discrete.collision_probability(t, 50, LAW), 1 - 0.98**t * (1 - np.sum(LAW**2))
    )
    grown = discrete.collision_probability(2, [10, 20], LAW)
    np.testing.assert_allclose(grown, 1 - 0.9 * 0.95 * (1 - np.sum(LAW**2)))


def test_entropy_first_order(within_band):
    # Next Taylor term: (1/(12 n^2)) (1 - sum 1/p) per step, 2e-5 here; the band is about 1e-3,
    # the effect (K - 1)/(2 n) = 5e-3 per step.
    n, chains = 200, 10_000
    rng = np.random.default_rng(14)
    p = np.tile(LAW, (chains, 1))
    for t in range(1, 4):
        p = rng.multinomial(n, p) / n
        entropy = -(p * np.log(p)).sum(axis=1)
        within_band(entropy, discrete.entropy_first_order(t, n, LAW))
    start = discrete.entropy_first_order(0, n, [0.5, 0.5, 0.0])
    np.testing.assert_allclose(start, math.log(2))


def test_shapes():
    t = np.zeros((2, 3), dtype=int)
    assert discrete.proportion_variance(t, 5, LAW).shape == (2, 3, 3)
    assert fixation.survival_probability(t, LAW, 5).shape == (2, 3, 3)
    np.testing.assert_array_equal(fixation.survival_probability(0, [0.0, 0.4], 5), [0, 1])
    np.testing.assert_array_equal(fixation.collapse_cdf([0, 1], [0.0, 1.0], 5), [1, 1])


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: discrete.collision_probability(1, 5, [0.5, 0.6]), "sums to"),
        (lambda: discrete.collision_probability(1, 5, [1.5, -0.5]), "probabilities"),
        (lambda: discrete.collision_probability(1, 5, [np.nan]), "probabilities"),
        (lambda: discrete.absence_after_one(2.0, 5), "fraction"),
        (lambda: fixation.survival_probability(1, 0.1, 5000), "4096"),
        (lambda: fixation.expected_collapse_time(LAW, 2.5), "whole"),
        (lambda: fixation.collapse_cdf(1, LAW, np.nan), "whole"),
    ],
)
def test_bad_arguments(call, hint):
    with pytest.raises(SpecError, match=hint):
        call()
