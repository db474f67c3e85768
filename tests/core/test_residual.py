"""The score by residuals: nearest to what a verifier expects, wherever its centre is."""

import numpy as np
import pytest

from genloss.core.curators.reference import Reference
from genloss.core.curators.responses import Residual
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import GaussianModel
from genloss.models.linear import LinearModel

P_0 = LinearModel(np.array([[1.0, 2.0], [0.0, -1.0]]), np.ones(2))
ROWS = Samples.of(np.array([[[1.0, 1.0, 3.5], [0.0, 1.0, 1.0]], [[2.0, 1.0, -1.0], [1, 0, 4]]]), 1)


def test_scores_by_hand():
    reference = Reference(P_0, Streams(0), 2)
    np.testing.assert_allclose(Residual().scores(ROWS, reference), [[-0.5, -1], [0, -4]])
    # With 0.5 more in each coefficient 4 and 2.5 are expected, then 0.5 and 0.5.
    np.testing.assert_allclose(Residual(0.5).scores(ROWS, reference), [[-0.5, -1.5], [-1.5, -3.5]])


def test_without_coefficients_it_names_what_fits():
    p_0 = GaussianModel(np.zeros((2, 3)), np.tile(np.eye(3), (2, 1, 1)))
    with pytest.raises(DataError, match="the score 'reference_distance'"):
        Residual().scores(ROWS, Reference(p_0, Streams(0), 2))
    with pytest.raises(SpecError, match="bias is nan"):
        Residual(float("nan"))
