"""Peak memory of every metric is linear in the number of rows, in their number alone.

Doubling n may double the peak. 2.6 leaves room for what does not scale; a full n x n table would
give 4 at these sizes, which lie above one block of pairs (2^20 floats, n = 1024).
"""

import tracemalloc

import numpy as np
import pytest

from genloss.metrics.arrays import (
    categorical,
    distances,
    diversity,
    likelihood,
    manifold,
    modes,
    moments,
    support,
    tails,
)

SMALL = 1200
CENTRES = np.random.default_rng(0).standard_normal((25, 2))
PRDC = manifold.precision_recall_density_coverage
LINES = np.eye(2)


METRICS = {
    "sample_moments": lambda x, y: moments.sample_moments(x),
    "sliced_wasserstein": lambda x, y: distances.sliced_wasserstein(x, y[:-7], LINES),
    "energy_distance 1-D": lambda x, y: distances.energy_distance(x[..., :1], y[:, :1]),
    "energy_distance": distances.energy_distance,
    "mmd_squared": lambda x, y: distances.mmd_squared(x, y, 1.0),
    "manifold tree": lambda x, y: PRDC(y, x),
    "manifold blocks": lambda x, y: PRDC(np.tile(y, 5), np.tile(x, 5)),
    "manifold product": lambda x, y: PRDC(np.tile(y, 20), np.tile(x, 20)),
    "tail_coverage": lambda x, y: tails.tail_coverage(x, tails.tail_thresholds(y, 0.05), 0.05),
    "tail_mass": lambda x, y: tails.tail_mass(x, tails.tail_thresholds(y, 0.05), 0.05),
    "quantile_coverage": lambda x, y: tails.quantile_coverage(x, y, 0.05),
    "average_modal_variance": lambda x, y: modes.average_modal_variance(x, CENTRES, 1.0),
    "vendi_score": lambda x, y: diversity.vendi_score(x),
    "vendi_score rbf": lambda x, y: diversity.vendi_score(x, "rbf", bandwidth=1.0),
    "duplicate_rate": lambda x, y: diversity.duplicate_rate(x),
    "held_out_nll": lambda x, y: likelihood.held_out_nll(x[..., 0]),
    # Discrete laws have no rows: their size is the alphabet, K = n.
    "kl": lambda x, y: categorical.kl(alphabet(x), alphabet(y[None]), 1e-3),
    "entropy": lambda x, y: categorical.entropy(alphabet(x)),
    "collision_probability": lambda x, y: categorical.collision_probability(alphabet(x)),
    "tail_mass_ratio": lambda x, y: support.tail_mass_ratio(alphabet(x), alphabet(y[None])),
    "support_loss": lambda x, y: support.support_loss(alphabet(x), alphabet(y[None])),
    "surviving_fraction": lambda x, y: support.surviving_fraction(alphabet(x), alphabet(y[None])),
}


def alphabet(x):
    mass = np.abs(x[..., 0])
    return mass / mass.sum(axis=1, keepdims=True)


def peak(metric, n):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((2, n, 2)), rng.standard_normal((n, 2))
    tracemalloc.start()
    metric(x, y)
    _, top = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return top


@pytest.mark.parametrize("name", METRICS)
def test_peak_memory_is_linear_in_the_number_of_rows(name):
    metric = METRICS[name]
    peak(metric, 64)  # imports and caches
    assert peak(metric, 2 * SMALL) <= 2.6 * peak(metric, SMALL)


def test_a_full_table_of_pairs_would_fail():
    def table(x, y):
        return np.subtract.outer(x[0, :, 0], y[:, 0])

    assert peak(table, 2 * SMALL) > 3.5 * peak(table, SMALL)
