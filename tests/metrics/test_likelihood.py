import numpy as np
import pytest
from scipy.stats import norm

from genloss.errors import DataError
from genloss.metrics.arrays import likelihood


def test_held_out_nll_is_entropy_plus_divergence():
    # Rows of N(0, 1) under N(1, 4): H + KL = ln(2 sqrt(2 pi)) + (1 + 1)/8 nats; 4 standard errors.
    y = np.random.default_rng(0).standard_normal((1, 50_000))
    log_prob = norm.logpdf(y, 1, 2)
    got = likelihood.held_out_nll(log_prob)[0]
    right = np.log(2 * np.sqrt(2 * np.pi)) + 0.25
    assert abs(got - right) < 4 * log_prob.std() / np.sqrt(50_000)


def test_bad_log_densities_are_refused():
    with pytest.raises(DataError, match=r"\+inf"):
        likelihood.held_out_nll(np.array([[0.0, np.inf]]))
