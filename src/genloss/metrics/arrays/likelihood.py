"""How well a model predicts held-out real rows."""

from __future__ import annotations

from genloss.core.arrays import Floats
from genloss.metrics.arrays.checks import log_values


def held_out_nll(log_prob: Floats) -> Floats:
    """Mean negative log-likelihood of held-out real rows, -(1/n) sum_i ln p_t(y_i).

    Args:
        log_prob: (C, n), nats per row; -inf where the model gives no density.

    Returns:
        (C,), nats per row, lower is closer: its expectation is H(p_0) + KL(p_0 || p_t). Range
        (-inf, inf], +inf as soon as one row has density 0. Unbiased in
        the rows. For densities it depends on the units of the data.

    Raises:
        DataError: wrong shape, NaN or +inf.
    """
    nll: Floats = -log_values(log_prob, "log_prob").mean(axis=1)
    return nll
