"""Precision, recall, density and coverage on nearest-neighbour manifolds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from genloss.core.arrays import Floats
from genloss.errors import DataError
from genloss.metrics.arrays.checks import finite, reference
from genloss.metrics.arrays.neighbours import cover, squared_radii


class ManifoldScores(NamedTuple):
    """Four values per chain, each of shape (C,); see `precision_recall_density_coverage`."""

    precision: Floats
    recall: Floats
    density: Floats
    coverage: Floats


def precision_recall_density_coverage(real: Floats, fake: Floats, k: int = 5) -> ManifoldScores:
    """How faithful and how diverse fake rows are on k-nearest-neighbour manifolds.

    B_k(x) is the closed ball round x reaching its k-th nearest other row of the same set.
    precision = share of fake rows in any real ball; recall = share of real rows in any fake ball;
    density = (number of pairs with fake_j in B_k(real_i)) / (k n_fake);
    coverage = share of real balls that hold a fake row.

    Args:
        real: (m, d), (1, m, d) or (C, m, d), units of the data: held-out real rows.
        fake: (C, n, d).
        k: neighbours, at least 1, fewer than n and m. Published choices: 3 (Kynkaanniemi), 5.

    Returns:
        Four (C,) arrays without unit. precision, recall, coverage in [0, 1], higher is closer;
        density in [0, m/k], 1 is closest and more than 1 means fakes crowd where reality is dense.
        Equal laws do not give 1: coverage has expectation
        1 - prod_{i<k} (m - 1 - i)/(m + n - 1 - i), which tends to 1 - 2^-k at m = n, density 1.
        All depend on k, n and m: compare at equal sizes.
        Collapse: copies of one row make fake balls of radius 0, so recall is 0 unless that row
        is real, while precision may stay 1. Ties: see `neighbours`.
        O((n + m) log) up to 8 dimensions; else O((n + m)^2 d) in blocks, memory O(n + m).
        Source: Kynkaanniemi et al. 2019; Naeem et al. 2020.

    Raises:
        DataError: shapes that do not fit, or too few rows for k.
    """
    fake = finite(fake, "fake", "(C, n, d)")
    real = reference(real, fake, "real", "(C, m, d)", fixed=2)
    if not 1 <= k < min(real.shape[1], fake.shape[1]):
        raise DataError(
            f"k: got {k} for {real.shape[1]} real and {fake.shape[1]} fake rows, expected "
            "1 <= k < both; use fewer neighbours or more rows"
        )
    centre = real.mean(axis=(0, 1))
    real, fake = real - centre, fake - centre
    radii = [squared_radii(rows, k) for rows in real]
    score = np.empty((4, len(fake)))
    for chain, rows in enumerate(fake):
        other = chain % len(real)
        in_real, held = cover(real[other], radii[other], rows)
        in_fake, _ = cover(rows, squared_radii(rows, k), real[other])
        score[:, chain] = (
            in_real.mean(),
            in_fake.mean(),
            held.sum() / (k * len(rows)),
            (held > 0).mean(),
        )
    return ManifoldScores(*score)
