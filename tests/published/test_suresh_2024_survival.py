"""The survival formulas of the source, written out again and held against exact laws."""

import math

import numpy as np
import pytest

from genloss.published.experiments import load_experiment
from genloss.theory import fixation, gaussian, survival


@pytest.fixture(scope="module")
def experiment():
    return load_experiment("suresh-2024-survival", "paper")


def g(k):
    x = math.inf
    for _ in range(k):
        x = 1 - math.exp(-x)
    return x


def test_the_published_survivals_are_one_minus_exp_of_minus_c_g(experiment):
    targets = [t for t in experiment.targets if t.id.startswith("rare.")]
    assert len(targets) == 11
    for target in targets:
        study = experiment.studies[target.at.run]
        c = study.reality.p[0] * study.n_real
        expected = 1 - math.exp(-c * g(target.at.t))
        np.testing.assert_allclose(target.published, expected, atol=5.1e-5)
        law = survival.poisson_survival(target.at.t, c)
        np.testing.assert_allclose(law, expected, rtol=1e-12)


@pytest.mark.parametrize("t", [1, 2, 5, 10, 20])
def test_the_exact_law_lies_between_the_bounds(t):
    low, high = survival.bernoulli_survival_bounds(t, 0.01, 100)
    exact = float(fixation.survival_probability(t, 0.01, 100))
    assert float(low) < exact < float(high)


def test_the_first_generation_is_the_first_fit():
    # g_1 = 1: the chance that n draws show the symbol at all, (1 - p)^n up to 1 - exp(-n p).
    np.testing.assert_allclose(survival.poisson_survival(1, 1.0), 1 - math.exp(-1))
    np.testing.assert_allclose(fixation.survival_probability(1, 0.01, 100), 1 - 0.99**100)


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.7), (2.0, 5.0)])
def test_the_alphabet_bound_is_close_below_the_exact_number(a, b):
    p = (np.arange(1, 1001) + b) ** -a
    p /= p.sum()
    t = np.array([1, 5, 10])
    bound, exact = survival.survivors_lower(t, p, 1000), fixation.expected_survivors(t, p, 1000)
    assert (bound < exact).all()
    np.testing.assert_allclose(bound, exact, rtol=3e-3)


@pytest.mark.parametrize(("t", "epsilon"), [(500, 0.5), (1000, 0.5), (1500, 0.1), (2500, 0.1)])
def test_the_gaussian_bound_holds_with_room(t, epsilon):
    # ln sigma_t^2 is a sum of t logarithms of chi2_99/99.
    rng = np.random.default_rng(0)
    draws = 1000
    log_sigma = np.zeros(draws)
    for _ in range(t):
        log_sigma += 0.5 * np.log(rng.chisquare(99, draws) / 99)
    share = (np.exp(log_sigma) > epsilon).mean()
    bound = float(survival.gaussian_tail_bound(t, 100, epsilon))
    assert share + 4 * math.sqrt(share * (1 - share) / draws + 1e-6) < bound
    # Markov's inequality on the exact mean: the bound cannot lie below it.
    assert bound >= float(gaussian.expected_sigma(t, 100, ddof=1)) / epsilon


def test_the_sources_sizes_are_run(experiment):
    studies = experiment.studies
    assert (studies["rare,p=0.001,n=10000"].chains, studies["rare,p=0.01,n=100"].chains) == (
        5000,
        5000,
    )
    bernoulli = studies["bernoulli,p=0.2,n=100"]
    assert (bernoulli.chains, bernoulli.generations, bernoulli.n_real) == (25, 600, 100)
    for name in ("alphabet,a=1,b=2.7", "alphabet,a=2,b=5"):
        study = studies[name]
        assert (study.chains, study.generations, study.n_real, study.reality.k) == (
            200,
            10,
            1000,
            1000,
        )
    assert (studies["gaussian,n=100"].chains, studies["gaussian,n=100"].generations) == (25, 2500)
