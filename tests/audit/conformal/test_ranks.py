"""Human texts that rank too high among those calibrated on: a shift that flags miss."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from genloss.audit.conformal.guarantee import held, rank_p
from genloss.audit.conformal.thresholds import p_values, threshold


def test_ranks_are_those_of_mann_and_whitney(rng):
    own, new = rng.normal(size=150), rng.normal(0.2, 1, 60)
    expected = mannwhitneyu(new, own, alternative="greater", method="asymptotic").pvalue
    assert rank_p(p_values(new, own).sum(), 60, 150) == pytest.approx(expected, rel=1e-6)


def test_texts_like_those_calibrated_on_are_called_unlike_in_one_of_a_hundred(rng):
    """1,000 draws of two sizes: 1 % and 3 binomial errors at most."""
    for n, m in ((199, 100), (100, 30)):
        own, new = rng.normal(size=(1000, n)), rng.normal(size=(1000, m))
        p = [rank_p(p_values(b, a).sum(), m, n) for a, b in zip(own, new, strict=True)]
        assert np.mean(np.array(p) < 0.01) < 0.01 + 3 * np.sqrt(0.01 * 0.99 / 1000)


@pytest.mark.slow
def test_texts_a_little_like_machines_are_told_where_flags_tell_nothing(rng):
    """Half a deviation at level 1 %: power .94 by the normal law of U; flags tell far less."""
    broken, unlike = [], []
    for _ in range(200):
        own, new = rng.normal(size=199), rng.normal(0.5, 1, 100)
        bound = threshold(own, 0.01, "marginal")
        found = held(bound, int((new > bound.value).sum()), 100, p_values(new, own).sum())
        broken.append(found.verdict == "broken")
        unlike.append(found.is_unlike)
    assert np.mean(unlike) > 0.8
    assert np.mean(broken) < 0.5


def test_without_p_values_or_with_ties_alone_nothing_is_unlike():
    bound = threshold(np.arange(199.0), 0.01, "marginal")
    assert not held(bound, 0, 50).is_unlike
    same = np.zeros(199)
    assert not held(bound, 0, 50, p_values(np.zeros(50), same).sum()).is_unlike
