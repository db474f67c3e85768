"""Compiled start of expectation-maximisation: parameters from labels."""

import numpy as np

from genloss.compiled import REORDERED, compiled
from genloss.core.arrays import Floats, Ints

BARELY = 10 * 2.220446049250313e-16
"""scikit-learn adds this to every component's count, so that an empty one divides by no zero."""


@compiled(fastmath=REORDERED)
def estimate(
    x: Floats,
    labels: Ints,
    weight: Floats,
    reg_covar: Floats,
    full: bool,
    means: Floats,
    covs: Floats,
) -> Floats:
    """Counts (k,) of columns x (d, n); fills means (k, d), and covs (k, d, d), which come as zeros.

    labels (n,); weight (n,), or (0,) where rows count 1; reg_covar (d,) is added to the variances.
    Two passes: the means about the first row, then the covariances about the means.
    """
    (k, d), n = means.shape, x.shape[1]
    counts, r, term = np.empty(k), np.empty(n), np.empty(n)
    for h in range(k):
        count = 0.0
        for j in range(n):
            r[j] = 1.0 if labels[j] == h else 0.0
        for j in range(weight.size):
            r[j] *= weight[j]
        for j in range(n):
            count += r[j]
        counts[h] = count + BARELY
        for i in range(d):
            first, total = x[i, 0], 0.0
            for j in range(n):
                total += r[j] * (x[i, j] - first)
            # BARELY counts as weight at the origin: decides where an empty component lies.
            means[h, i] = (total + count * first) / counts[h]
        for i in range(d):
            mean = means[h, i]
            for j in range(n):
                term[j] = r[j] * (x[i, j] - mean)
            for l in range(0 if full else i, i + 1):
                mean, total = means[h, l], 0.0
                for j in range(n):
                    total += term[j] * (x[l, j] - mean)
                covs[h, i, l] = total / counts[h]
                covs[h, l, i] = total / counts[h]
            covs[h, i, i] += reg_covar[i]
    return counts
