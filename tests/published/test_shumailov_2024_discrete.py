"""The numbers of the discrete case, against formulas written out by hand."""

import numpy as np
import pytest

from genloss.judge.expected import expected_value
from genloss.published.experiments import load_experiment
from genloss.theory import discrete, fixation


@pytest.fixture(scope="module")
def experiment():
    return load_experiment("shumailov-2024-discrete", "laptop")


@pytest.fixture(scope="module")
def targets(experiment):
    return {t.id: t for t in experiment.targets}


@pytest.mark.parametrize(("q", "shown"), [(0.0005, 0.606), (0.001, 0.368)])
def test_the_share_lost_in_one_sample_is_one_minus_q_to_the_m(targets, q, shown):
    assert targets[f"lost.q={q}"].published == shown
    np.testing.assert_allclose((1 - q) ** 1000, shown, atol=5e-4)
    # Not 1 - q, which is where the chain ends, not what one sample loses.
    assert abs(shown - (1 - q)) > 0.3


def test_diversity_falls_by_one_minus_one_over_n_a_step(experiment, targets):
    p = 1 / (np.arange(1, 51) + 2.7)
    p /= p.sum()
    for n, t in ((10, 10), (100, 100), (1000, 100)):
        target = targets[f"diversity.n={n},t={t}"]
        study = experiment.studies[target.at.run]
        law = expected_value(target.band.expected, study)
        np.testing.assert_allclose(law, (1 - 1 / n) ** t * (1 - (p**2).sum()), rtol=1e-12)


def test_the_chain_ends_where_it_began(targets):
    ends = [targets[f"end.state={i}"].published for i in range(4)]
    np.testing.assert_allclose(ends, [0.5, 0.3, 0.15, 0.05])
    np.testing.assert_allclose(sum(ends), 1.0)


def test_collapse_by_chance_of_two_states_in_one_step():
    # One sample of 3 from (0.6, 0.4) is all alike with probability 0.6^3 + 0.4^3.
    law = fixation.collapse_cdf(1, [0.6, 0.4], 3)
    np.testing.assert_allclose(law, 0.6**3 + 0.4**3)


@pytest.mark.parametrize("n", [10, 20, 100, 1000])
def test_ten_equal_states_collapse_within_two_n(n):
    p = np.full(10, 0.1)
    ratio = fixation.expected_collapse_time(p, n) / n
    assert 1.7 <= ratio <= 2.1
    assert ratio < discrete.collapse_time_diffusion(p, n) / n <= 2.0


def test_waiting_times_are_measured_at_every_generation(experiment, targets):
    for n in (20, 100):
        study = experiment.studies[targets[f"collapse-time.n={n}"].at.run]
        assert study.measure.every == 1
        assert study.chains * study.generations <= 2_000_000
