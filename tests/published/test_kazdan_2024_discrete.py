"""Collapse times and entropies of the dice, recomputed from the two-state chain."""

import math

import numpy as np
import pytest

from genloss.published.experiments import load_experiment
from genloss.theory import discrete, fixation

READ = {10: 17, 100: 205, 1000: 1800, 10_000: 17_000, 100_000: 190_000}
SEEDS = 100


@pytest.fixture(scope="module")
def targets():
    return {t.id: t for t in load_experiment("kazdan-2024-discrete", "paper").targets}


@pytest.mark.parametrize(("n", "read"), READ.items())
def test_the_times_read_off_lie_within_their_noise_of_the_law(targets, n, read):
    assert targets[f"collapse.n={n}"].published == read
    p = np.full(10, 0.1)
    exact = n <= 1000
    expected = (
        fixation.expected_collapse_time(p, n) if exact else discrete.collapse_time_diffusion(p, n)
    )
    # The last two states alone give the waiting time an sd of about 1.1 n.
    assert abs(read - expected) < 0.05 * read + 4 * 1.1 * n / math.sqrt(SEEDS)


def test_the_sd_of_the_collapse_time_is_about_n():
    n = 100
    cdf = fixation.collapse_cdf(np.arange(3000), np.full(10, 0.1), n)
    mean = (1 - cdf).sum()
    second = ((2 * np.arange(3000) + 1) * (1 - cdf)).sum()
    np.testing.assert_allclose(mean, fixation.expected_collapse_time(np.full(10, 0.1), n))
    assert 0.9 * n < math.sqrt(second - mean**2) < 1.2 * n


def entropy_ratio(k, n, t):
    """E[entropy of p_t] / ln k from the chain of one face against the rest."""
    share = np.arange(n + 1) / n
    value = -share * np.log(np.where(share > 0, share, 1.0))
    chain = fixation.transition(share, n)
    for _ in range(t - 1):
        value = chain @ value
    return k * float(fixation.transition([1 / k], n)[0] @ value) / math.log(k)


@pytest.mark.slow
def test_the_expected_entropies_are_those_of_the_exact_chain(targets):
    found = [t for t in targets.values() if t.id.startswith("entropy.") and "n=10000" not in t.id]
    assert len(found) >= 9
    for target in found:
        k, n, t = (int(part.partition("=")[2]) for part in target.id[8:].split(","))
        np.testing.assert_allclose(target.band.expected, entropy_ratio(k, n, t), rtol=1e-7)


def test_one_fit_by_hand():
    # Two faces, two rolls: alike with probability 1/2 (entropy 0), else 1/2 each (entropy ln 2).
    np.testing.assert_allclose(entropy_ratio(2, 2, 1), 0.5)


def test_every_chain_has_time_to_collapse_and_tables_stay_small():
    for scale in ("smoke", "laptop", "paper"):
        studies = load_experiment("kazdan-2024-discrete", scale).studies
        for name, study in studies.items():
            if name.startswith("collapse"):
                # P(not collapsed by t) is about 2.7 exp(-t/n): fewer than one chain in 100 runs.
                left = study.chains * 2.7 * math.exp(-study.generations / study.n_real)
                assert left < 0.01, name
                measured = len(study.measure.times(study.generations))
                assert measured * study.chains <= 2_000_000
                # The grid of waiting times is finer than a fiftieth of their mean.
                assert study.measure.every <= max(1, 1.8 * study.n_real / 40)
