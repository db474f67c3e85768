"""Logistic regression to first order: the information by quadrature, and many rows."""

import numpy as np
import pytest
from scipy.integrate import quad

from genloss.core.samples import Samples
from genloss.errors import SpecError
from genloss.models.logistic import LogisticLearner, LogisticModel
from genloss.theory import logistic


def test_the_dose_by_quadrature():
    for norm in (0.0, 1.0, 3.0):

        def f(z, s=norm):
            return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / (4 * np.cosh(s * z / 2) ** 2)

        across = quad(f, -12, 12)[0]
        along = quad(lambda z, f=f: f(z) * z * z, -12, 12)[0]
        right = (3 / across + 1 / along) / 50
        np.testing.assert_allclose(logistic.dose(50, 4, norm=norm), right, rtol=1e-9)
    # Without a signal every label has variance 1/4.
    np.testing.assert_allclose(logistic.dose(100, 3, norm=0.0), 3 * 4 / 100)


@pytest.mark.slow
def test_a_fit_to_many_rows_errs_by_a_dose(within_band):
    n, w = 2000, np.array([1.0, -1.0])
    truth = LogisticModel(np.tile(w, (800, 1)))
    rows = Samples.of(truth.sample(n, np.random.default_rng(3)), 0)
    found = LogisticLearner().fit(rows, np.random.default_rng(0)).w
    error = ((found - w) ** 2).sum(axis=1)
    # First order: relative error O(d/n), 2 / 2000 with a factor of a few, well inside 4 errors.
    within_band(error, logistic.dose(n, 2, norm=2**0.5))


def test_doses_add_up():
    one = logistic.dose(500, 3, norm=1.0)
    np.testing.assert_allclose(logistic.replace_error([0, 1, 7], 500, 3, norm=1.0) / one, [0, 1, 7])
    far = logistic.accumulate_error([1, 2, 10**6], 500, 3, norm=1.0) / one
    np.testing.assert_allclose(far, [1, 1.25, np.pi**2 / 6], rtol=1e-5)
    with pytest.raises(SpecError, match="norm is -1"):
        logistic.dose(500, 3, norm=-1.0)
