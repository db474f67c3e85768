"""Memorisation: do generated rows lie nearer to the training rows than new real rows would?"""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.numbers import open_fraction
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite, reference
from genloss.metrics.arrays.pairwise import distances_to, row_blocks


def nearest_distances(x: Floats, y: Floats) -> Floats:
    """Euclidean distance from each row of x to the nearest row of y.

    Args:
        x: (C, n, d), units of the data.
        y: (m, d), (1, m, d) or (C, m, d).

    Returns:
        (C, n), units of the data, exactly 0 for a row that y holds. O(C n m d) in blocks, memory
        linear in n + m.

    Raises:
        DataError: shapes that do not fit.
    """
    x = finite(x, "x", "(C, n, d)")
    y = reference(y, x, "y", "(C, m, d)", fixed=2)
    # Centred rows have small norms, from which distances lose the fewest digits.
    centre = y.mean(axis=(0, 1))
    out = np.empty(x.shape[:2])
    for chain, rows in enumerate(x - centre):
        squared = distances_to(y[chain % len(y)] - centre)
        for part in row_blocks(len(rows), y.shape[1]):
            out[chain, part] = np.sqrt(squared(rows[part]).min(axis=1))
    return out


def nearest_ratio(generated: Floats, real: Floats) -> Floats:
    """Mean nearest distance of generated rows over that of new real rows.

    Args:
        generated: (C, n) distances from generated rows to the nearest row trained on.
        real: (m,), (1, m) or (C, m) distances from held-out real rows to the nearest of as many
            real rows, see `nearest_distances`.

    Returns:
        (C,), no unit, range [0, inf), 1 is reality: far below 1 rows are copies, or crowd where
        the training rows are dense; above 1 they lie off the data.

    Raises:
        DataError: shapes that do not fit, or real rows that all repeat one another.
    """
    generated = finite(generated, "generated", "(C, n)")
    mean = reference(real, generated, "real", "(C, m)", fixed=2).mean(axis=1)
    if not mean.min() > 0:
        raise DataError(
            "real: got distances of 0 only, expected real rows that differ; held-out rows that "
            "repeat training rows say nothing about copying"
        )
    ratio: Floats = generated.mean(axis=1) / mean
    return ratio


def copy_rate(generated: Floats, real: Floats, q: float = 0.01) -> Floats:
    """Share of generated rows nearer to a training row than all but q of new real rows are.

    P(generated <= Q_q(real)), Q_q the q quantile; an exact copy always counts.

    Args:
        generated: (C, n) nearest distances, as in `nearest_ratio`.
        real: (m,), (1, m) or (C, m).
        q: share of new real rows below the threshold, in (0, 1).

    Returns:
        (C,), no unit, in [0, 1], lower is closer; about q for new real rows, 1 for copies.

    Raises:
        DataError: shapes that do not fit.
        SpecError: q outside (0, 1).
    """
    generated = finite(generated, "generated", "(C, n)")
    real = reference(real, generated, "real", "(C, m)", fixed=2)
    threshold = np.quantile(real, open_fraction(q, "q"), axis=1)
    rate: Floats = (generated <= threshold[:, None]).mean(axis=1)
    return rate
