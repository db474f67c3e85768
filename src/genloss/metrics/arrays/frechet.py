"""The Fréchet distance between samples: Gaussian fits of their features, compared."""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite, reference
from genloss.metrics.arrays.moments import gaussian_w2_squared, sample_moments


def frechet_distance(x: Floats, y: Floats) -> Floats:
    """Squared Wasserstein-2 distance between Gaussians fitted to two samples; FID on features.

    |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x^1/2 S_y S_x^1/2)^1/2), covariances with divisor n - 1.

    Args:
        x: features (C, n, k).
        y: features of the reference (m, k), (1, m, k) or (C, m, k).

    Returns:
        (C,), squared units of the features, lower is closer, range [0, inf). Biased up: two samples
        of one law differ, the more so the fewer rows and the more features there are (about
        tr(S) (1/n + 1/m) from the means alone, and more from the covariances), so compare at equal
        n and m and with generation 0, which shows the floor. O(C (n + m) k^2 + C k^3).
        Source: Dowson and Landau 1982; Heusel et al. 2017.

    Raises:
        DataError: shapes that do not fit, or a single row.
    """
    x = finite(x, "x", "(C, n, k)")
    y = reference(y, x, "y", "(C, m, k)", fixed=2)
    if min(x.shape[1], y.shape[1]) < 2:
        raise DataError(
            f"x, y: got {x.shape[1]} and {y.shape[1]} rows, expected 2 or more of each; one row "
            "has no covariance"
        )
    return gaussian_w2_squared(*_unbiased(x), *_unbiased(y))


def _unbiased(x: Floats) -> tuple[Floats, Floats]:
    mean, cov = sample_moments(x)
    n = x.shape[1]
    return mean, np.asarray(cov * (n / (n - 1)))
