"""Logistic regression: scikit-learn's coefficients, the maximum itself, and what is refused."""

import numpy as np
import pytest

from genloss.core.samplers import Relabelling
from genloss.core.samples import Samples
from genloss.errors import DataError, FitError, SpecError
from genloss.models.logistic import LogisticLearner, LogisticModel
from genloss.realities.regression import Logistic

W = np.array([[1.0, -0.5, 0.0], [0.3, 0.8, -1.2]])
ROWS = LogisticModel(W).sample(80, np.random.default_rng(1))


def fit(x, **options):
    return LogisticLearner(**options).fit(Samples.of(x, 0), np.random.default_rng(0))


@pytest.mark.parametrize("ridge", [1e-6, 0.5, 3.0])
def test_coefficients_are_those_of_scikit_learn(ridge):
    linear_model = pytest.importorskip("sklearn.linear_model")
    found = fit(ROWS, ridge=ridge).w
    for chain, rows in enumerate(ROWS):
        other = linear_model.LogisticRegression(
            C=1 / ridge, fit_intercept=False, tol=1e-12, max_iter=10_000
        ).fit(rows[:, :3], rows[:, 3])
        np.testing.assert_allclose(found[chain], other.coef_[0], rtol=1e-4, atol=1e-5)


def test_at_the_maximum_the_residuals_are_orthogonal_to_the_features():
    w = fit(ROWS).w
    p = 1 / (1 + np.exp(-(ROWS[:, :, :3] @ w[:, :, None])[:, :, 0]))
    np.testing.assert_allclose(((ROWS[:, :, 3] - p)[:, None] @ ROWS[:, :, :3]), 0, atol=1e-8)


def test_labels_are_written_with_their_probability():
    model = LogisticModel(np.array([[2.0], [0.0]]))
    rows = np.ones((2, 1, 2))
    y = Relabelling().ask(model, rows).sample(40_000, np.random.default_rng(2))[:, :, 1]
    assert set(np.unique(y)) == {0.0, 1.0}
    right = np.array([1 / (1 + np.exp(-2)), 0.5])
    # 4 standard errors of a share of 40,000.
    assert (np.abs(y.mean(axis=1) - right) < 4 * np.sqrt(right * (1 - right) / 40_000)).all()


def test_what_cannot_be_fitted_says_why():
    apart = ROWS.copy()
    apart[:, :, 3] = apart[:, :, 0] > 0
    with pytest.raises(FitError, match=r"told apart by a plane.*set learner.ridge above 0"):
        fit(apart)
    # A prior bounds them.
    assert np.isfinite(fit(apart, ridge=0.1).w).all()
    with pytest.raises(FitError, match="within 1 steps; raise"):
        fit(ROWS, max_iter=1)
    same = ROWS.copy()
    same[:, :, 1] = same[:, :, 0]
    with pytest.raises(FitError, match=r"depend on one another|told apart|did not arrive"):
        fit(same)
    with pytest.raises(DataError, match=r"labels 0 and 1 in the last column; got -1 to 1"):
        fit(np.where(np.arange(4) == 3, 2 * ROWS - 1, ROWS))
    with pytest.raises(DataError, match="rows of features and a label"):
        fit(ROWS[:, :, 3:])
    with pytest.raises(SpecError, match="ridge is -1"):
        LogisticLearner(-1)
    with pytest.raises(SpecError, match=r"logistic: w is \(1\.0,\)"):
        Logistic(d=2, w=(1.0,))
