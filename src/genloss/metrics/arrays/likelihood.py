"""How well a model predicts held-out real rows."""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import SpecError
from genloss.metrics.arrays.checks import log_values


def held_out_nll(log_prob: Floats) -> Floats:
    """Mean negative log-likelihood of held-out real rows, -(1/n) sum_i ln p_t(y_i).

    Args:
        log_prob: (C, n), nats per row; -inf where the model gives no density.

    Returns:
        (C,), nats per row, lower is closer: its expectation is H(p_0) + KL(p_0 || p_t). Range
        (-inf, inf], +inf as soon as one row has density 0 (see `zero_density_share`). Unbiased in
        the rows. For densities it depends on the units of the data.

    Raises:
        DataError: wrong shape, NaN or +inf.
    """
    nll: Floats = -log_values(log_prob, "log_prob").mean(axis=1)
    return nll


def zero_density_share(log_prob: Floats) -> Floats:
    """Share of held-out real rows to which the model gives density 0.

    Args:
        log_prob: (C, n), nats per row.

    Returns:
        (C,), no unit, lower is closer, range [0, 1]. Report it beside an infinite `held_out_nll`.

    Raises:
        DataError: wrong shape, NaN or +inf.
    """
    share: Floats = np.isneginf(log_values(log_prob, "log_prob")).mean(axis=1)
    return share


def bits_per_dimension(log_prob: Floats, d: int) -> Floats:
    """Negative log-likelihood per dimension in bits, `held_out_nll` / (d ln 2).

    Args:
        log_prob: (C, n), nats per row.
        d: dimensions (pixels times channels, tokens) of one row.

    Returns:
        (C,), bits per dimension, lower is closer, range (-inf, inf].

    Raises:
        DataError: wrong shape, NaN or +inf.
        SpecError: d below 1.
    """
    if d < 1:
        raise SpecError(f"d: got {d}, expected at least 1 dimension")
    bits: Floats = held_out_nll(log_prob) / (d * np.log(2))
    return bits
