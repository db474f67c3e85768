"""The published means over 100 seeds are what exact laws allow, with our reading of iteration."""

import math

import numpy as np
import pytest

from genloss.published.experiments import load_experiment
from genloss.theory import moments, scatter, spread_law

SEEDS = 100
LAWS = {
    "replace": (moments.replace, scatter.replace),
    "accumulate": (moments.accumulate, scatter.accumulate),
}
ROUNDING = 5e-4


@pytest.fixture(scope="module")
def published():
    targets = load_experiment("kazdan-2024-gaussian", "laptop").targets
    return {t.id: t.published for t in targets}


@pytest.mark.parametrize("t", [1, 10, 50, 100])
@pytest.mark.parametrize("n", [10, 32, 100])
@pytest.mark.parametrize("setting", ["replace", "accumulate"])
def test_the_published_traces_lie_within_their_noise_of_the_law(published, setting, n, t):
    # Iteration 1 is the first fit to real rows, expectation 1 - 1/n; bias = True in their code.
    law, noise = LAWS[setting]
    expected = float(law(t, n, ddof=0).spread)
    error = math.sqrt(float(noise(t, n, ddof=0).spread) / SEEDS)
    assert abs(published[f"{setting}.trace.n={n},t={t}"] - expected) < 4 * error + ROUNDING


@pytest.mark.parametrize("n", [10, 32, 100])
@pytest.mark.parametrize("setting", ["replace", "accumulate"])
def test_the_published_mean_errors_lie_within_their_noise_of_the_law(published, setting, n):
    law, noise = LAWS[setting]
    expected = float(law(100, n, ddof=0).mean_error)
    error = math.sqrt(float(noise(100, n, ddof=0).mean_error) / SEEDS)
    assert abs(published[f"{setting}.mean.n={n}"] - expected) < 4 * error + ROUNDING


def test_the_published_median_tells_the_estimator():
    # ln of the ratio has sd sqrt(2) at t = n = 100; a median of 100 errs by 1.25 sd/10.
    error = 1.2533 * math.sqrt(float(spread_law.log_det(100, 100, ddof=0)[1])) / 10
    distance = {
        ddof: abs(math.log(0.141 / float(spread_law.sigma_quantile(100, 100, ddof=ddof)) ** 2))
        for ddof in (0, 1)
    }
    assert distance[0] < 4 * error < distance[1]


def test_seeds_shared_by_all_settings_explain_high_values_at_iteration_one(published):
    # Both settings fit the same first rows, so their deviations agree; none exceeds 2 errors.
    for n in (10, 32, 100):
        error = math.sqrt(2 * (n - 1) / n**2 / SEEDS)
        deviations = [
            (published[f"{s}.trace.n={n},t=1"] - (1 - 1 / n)) / error
            for s in ("replace", "accumulate")
        ]
        assert abs(deviations[0] - deviations[1]) < 0.5
        assert max(deviations) < 2


@pytest.mark.parametrize("setting", ["replace", "accumulate", "subsample"])
def test_the_figure_in_ten_dimensions_agrees_with_the_law(published, setting):
    laws = {**{k: v[0] for k, v in LAWS.items()}, "subsample": moments.accumulate_subsample}
    for n in (10, 32, 100, 316, 1000):
        shown = published[f"{setting}.d=10.n={n}"]
        expected = float(laws[setting](100, n, ddof=0).spread)
        # Replacement scatters most: the law knows by how much, d = 10 and 100 seeds.
        noise = math.sqrt(float(scatter.replace(100, n, d=10, ddof=0).spread) / SEEDS)
        assert abs(shown - expected) < 0.02 + 4 * noise, n


def test_the_whole_sweep_is_run_at_paper_scale():
    studies = load_experiment("kazdan-2024-gaussian", "paper").studies
    wanted = {
        f"{setting},d={d},n={n}"
        for setting in ("replace", "accumulate", "subsample")
        for d in (1, 3, 10, 31, 100)
        for n in (10, 32, 100, 316, 1000)
    }
    assert set(studies) == wanted
    assert {s.chains for s in studies.values()} == {SEEDS}
    assert {s.generations for s in studies.values()} == {100}
    assert {s.learner.ddof for s in studies.values()} == {0}
    np.testing.assert_array_equal([s.n_synthetic for s in studies.values() if s.n_real == 32], 32)
