"""The verifier's threshold, and the accuracy of a fit to rows that it kept."""

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.errors import SpecError
from genloss.models.halfspace import HalfspaceModel
from genloss.models.linear import LeastSquaresLearner
from genloss.theory import verification


def test_the_threshold_is_where_half_of_what_is_kept_is_wrong():
    for phi, psi in ((1.0, 0.5), (0.8, 0.2), (0.3, 0.3)):
        p = float(verification.threshold(phi, psi))
        np.testing.assert_allclose(p, 1 / (1 + psi / phi))
        np.testing.assert_allclose(verification.kept_error(p, phi, psi), 0.5)
        np.testing.assert_allclose(
            verification.accuracy(p, 500, 5, phi=phi, psi=psi), 0.5, atol=1e-3
        )
    assert verification.accuracy(0.66, 10**7, 10, phi=1.0, psi=0.5) > 0.95
    assert verification.accuracy(0.67, 10**7, 10, phi=1.0, psi=0.5) < 0.05


@pytest.mark.parametrize("wrong", [0.1, 0.45, 0.55])
def test_accuracy_against_fits_to_rows(wrong, within_band):
    c, n, d = 1000, 600, 4
    model = HalfspaceModel(np.tile([1.0, 0, -1, 2], (c, 1)), np.full(c, wrong))
    rows = Samples.of(model.sample(n, np.random.default_rng(4)), 0)
    w = LeastSquaresLearner().fit(rows, np.random.default_rng(0)).w
    cosine = (w @ model.w[0]) / np.sqrt((w**2).sum(axis=1) * 6)
    # The law is of large n: its error of O(d/n), below 1 %, lies inside 4 standard errors.
    within_band(1 - np.arccos(cosine) / np.pi, verification.accuracy(wrong, n, d))


def test_labels_are_wrong_as_often_as_asked_and_the_law_knows_which():
    model = HalfspaceModel(np.array([[1.0, -1.0], [2.0, 0.5]]), np.array([0.3, 0.0]))
    rows = model.sample(20_000, np.random.default_rng(5))
    right = model.correct(rows, None).mean(axis=1)
    assert right[1] == 1.0
    # 4 standard errors of a share of 20,000.
    assert abs(right[0] - 0.7) < 4 * np.sqrt(0.21 / 20_000)
    assert set(np.unique(rows[:, :, 2])) == {-1.0, 1.0}


def test_bad_arguments():
    with pytest.raises(SpecError, match="p is 60"):
        verification.accuracy(60, 100, 3)
    with pytest.raises(SpecError, match="d is 1"):
        verification.accuracy(0.1, 100, 1)
