"""The fresh data loop: what its theory says of the settings that are run."""

import numpy as np
import pytest

from genloss.published.experiments import load_experiment
from genloss.theory import anchored, moments


@pytest.fixture(scope="module")
def studies():
    return load_experiment("alemohammad-2023-fresh", "paper").studies


def path(t, n_first, lam):
    return anchored.anchored(t, n_first, 100, 900, real_rows="fresh", ddof=1, lam=lam)


def test_the_sources_setting_is_run(studies):
    for n in (100, 1000):
        study = studies[f"fresh,n_ini={n},lam=1.0"]
        assert study.reality.d == 100
        assert (study.n_real, study.regime.n_real, study.n_synthetic) == (n, 100, 900)
        assert study.learner.ddof == 1
        sizes = study.regime.sizes(2, study.n_real, study.n_synthetic)
        assert (sizes.train, sizes.fresh) == (1000, 100)
    # Independent ensembles, so that the error of their difference is the root of two squares.
    assert studies["fresh,n_ini=100,lam=1.0"].seed != studies["fresh,n_ini=1000,lam=1.0"].seed


@pytest.mark.parametrize("lam", [1.0, 0.9, 0.7, 0.5])
def test_the_limit_forgets_where_the_loop_began(lam):
    limit = anchored.anchored_limit(100, 100, 900, real_rows="fresh", ddof=1, lam=lam)
    for n_first in (100, 1000):
        found = path(60, n_first, lam)
        np.testing.assert_allclose(found.spread, limit.spread, rtol=1e-4)
        np.testing.assert_allclose(found.mean_error, limit.mean_error, rtol=1e-3)
    # At the beginning they differ tenfold.
    assert float(path(1, 100, lam).mean_error) > 9 * float(path(1, 1000, lam).mean_error)


def test_the_fixed_point_by_hand():
    # w = 0.9, N = 1000: m = n_r/N^2 + w^2 (m + lam r/n_s); (N - 1) r = (1 - 1/N)(n_r + n_s lam r)
    # + (n_r n_s/N) m.
    for lam in (1.0, 0.7):
        m, r = (
            float(v)
            for v in anchored.anchored_limit(100, 100, 900, real_rows="fresh", ddof=1, lam=lam)
        )
        np.testing.assert_allclose(m, 1e-4 + 0.81 * (m + lam * r / 900), rtol=1e-12)
        np.testing.assert_allclose(999 * r, 0.999 * (100 + 900 * lam * r) + 90 * m, rtol=1e-12)


def test_unbiased_synthetic_rows_are_worth_having():
    assert anchored.effective_sample_size(100, 900, ddof=1) / 100 == pytest.approx(1.89, abs=0.01)


def test_biased_sampling_loses_spread_even_with_fresh_rows():
    spread = [
        float(anchored.anchored_limit(100, 100, 900, real_rows="fresh", ddof=1, lam=lam).spread)
        for lam in (1.0, 0.9, 0.7, 0.5)
    ]
    assert spread[0] > 1 > spread[1] > spread[2] > spread[3] > 0.1


def test_without_real_rows_biased_sampling_collapses_by_lambda_a_step():
    np.testing.assert_allclose(moments.replace(10, 500, ddof=1, lam=0.8).spread, 0.8**9)
