"""What tilted errors leave of a tail, against a simulation and the dial of the curators."""

import numpy as np
import pytest

from genloss.core.curators.dial import tilted_rate
from genloss.errors import SpecError
from genloss.theory import filters


@pytest.mark.parametrize(("rate", "tilt"), [(0.2, 0.0), (0.0, 5.0), (0.1, 3.0), (0.4, 20.0)])
@pytest.mark.parametrize("d", [1, 4])
def test_tail_and_variance_agree_with_simulated_rows(rate, tilt, d):
    """Rarities of half a million rows by their ranks; 4 standard errors of a variance."""
    rng = np.random.default_rng(1)
    square = np.sort((rng.normal(size=(500_000, d)) ** 2).sum(axis=1))
    u = (np.arange(square.size) + 0.5) / square.size
    weight = 1 - tilted_rate(u, u, rate, tilt)
    assert filters.kept_tail(0.9, rate, tilt) == pytest.approx(
        weight[u > 0.9].sum() / weight.sum(), abs=1e-5
    )
    simulated = (weight * square).sum() / weight.sum() / d
    error = 4 * square.std() / np.sqrt(square.size) / d
    assert abs(filters.kept_variance(rate, tilt, d) - simulated) < error


def test_a_tilt_loses_the_tail_and_none_keeps_it():
    assert filters.kept_tail(0.95, 0.2, 0.0) == pytest.approx(0.05)
    assert filters.kept_tail(0.95, 0.2, 8.0) < 0.03
    assert filters.kept_variance(0.2, 0.0) == 1
    assert filters.kept_variance(0.2, 6.0) < 0.75


@pytest.mark.parametrize(("rate", "tilt"), [(1.0, 1.0), (-0.1, 1.0), (0.5, -1.0)])
def test_what_is_no_rate_is_refused(rate, tilt):
    with pytest.raises(SpecError, match="expected"):
        filters.kept_tail(0.5, rate, tilt)
