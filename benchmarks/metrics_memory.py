"""Time and peak memory of every metric as n grows, beside the plain way where SciPy has it.

    python benchmarks/metrics_memory.py [LARGEST_N]

Each metric compares one chain of n rows with n real rows, in 2 dimensions unless its name says
otherwise. A plain way whose table of pairs would pass 2 GB is left out. Peak memory is what NumPy
and Python allocate above the data (tracemalloc); ratios are theirs / ours, so above 1 we win.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.linalg import eigvalsh
from scipy.spatial.distance import cdist

from genloss.metrics.arrays import (
    distances,
    diversity,
    manifold,
    modes,
    moments,
    tails,
)

SIZES = (2_000, 8_000, 32_000)
TABLE_LIMIT = 2 * 2**30
CENTRES = np.random.default_rng(0).standard_normal((25, 2))
LINES = distances.random_directions(2, 128, np.random.default_rng(1))
prdc = manifold.precision_recall_density_coverage


class Entry(NamedTuple):
    """A metric, its plain counterpart, and the n x n tables of floats the latter holds at once."""

    name: str
    d: int
    ours: Callable
    theirs: Callable | None = None
    tables: int = 0


def plain_energy(x, y):
    return 2 * cdist(x[0], y).mean() - cdist(x[0], x[0]).mean() - cdist(y, y).mean()


def plain_mmd(x, y):
    def kernel(a, b):
        return np.exp(-cdist(a, b, "sqeuclidean") / 2)

    return kernel(x[0], x[0]).mean() + kernel(y, y).mean() - 2 * kernel(x[0], y).mean()


def plain_prdc(x, y, k=5):
    real = np.partition(cdist(y, y), k, axis=1)[:, k]
    fake = np.partition(cdist(x[0], x[0]), k, axis=1)[:, k]
    gap = cdist(y, x[0])
    inside = gap <= real[:, None]
    recall = (gap <= fake).any(axis=1).mean()
    return inside.any(axis=0).mean(), recall, inside.sum() / (k * len(y)), inside.any(axis=1).mean()


def plain_vendi(x, y):
    unit = x[0] / np.linalg.norm(x[0], axis=1, keepdims=True)
    return stats.entropy(np.maximum(eigvalsh(unit @ unit.T / len(unit)), 0))


ENTRIES = [
    Entry("sample_moments", 2, lambda x, y: moments.sample_moments(x)),
    Entry("sliced_wasserstein, d = 1", 1,
          lambda x, y: distances.sliced_wasserstein(x, y, np.ones((1, 1)), p=1),
          lambda x, y: stats.wasserstein_distance(x[0, :, 0], y[:, 0])),
    Entry("sliced_wasserstein, 128", 2, lambda x, y: distances.sliced_wasserstein(x, y, LINES)),
    Entry("energy_distance, d = 1", 1, distances.energy_distance,
          lambda x, y: stats.energy_distance(x[0, :, 0], y[:, 0])),
    Entry("energy_distance", 2, distances.energy_distance, plain_energy, 1),
    Entry("energy_distance, d = 64", 64, distances.energy_distance, plain_energy, 1),
    Entry("mmd_squared", 2, lambda x, y: distances.mmd_squared(x, y, 1.0), plain_mmd, 2),
    Entry("precision ... coverage", 2, lambda x, y: prdc(y, x), plain_prdc, 2),
    Entry("precision ... coverage, d = 64", 64, lambda x, y: prdc(y, x), plain_prdc, 2),
    Entry("tail_mass", 2, lambda x, y: tails.tail_mass(x, tails.tail_thresholds(y, 0.05), 0.05)),
    Entry("quantile_coverage", 2, lambda x, y: tails.quantile_coverage(x, y, 0.05)),
    Entry("average_modal_variance", 2,
          lambda x, y: modes.average_modal_variance(x, CENTRES, 1.0)),
    Entry("vendi_score", 2, lambda x, y: diversity.vendi_score(x), plain_vendi, 12),
    Entry("vendi_score rbf", 2, lambda x, y: diversity.vendi_score(x, "rbf", bandwidth=1.0)),
    Entry("duplicate_rate", 2, lambda x, y: diversity.duplicate_rate(x),
          lambda x, y: np.unique(x[0], axis=0)),
]  # fmt: skip


def measure(function, x, y) -> tuple[float, float]:
    """Seconds and peak MB, each from its own call: tracing slows Python objects down."""
    start = time.perf_counter()
    function(x, y)
    seconds = time.perf_counter() - start
    tracemalloc.start()
    function(x, y)
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, top / 2**20


def main(largest: int) -> None:
    head = f"{'metric':32}{'n':>8}{'seconds':>11}{'peak MB':>10}"
    print(f"{head}{'plain s':>11}{'plain MB':>10}{'time x':>9}{'memory x':>10}")
    for entry in ENTRIES:
        for n in (n for n in SIZES if n <= largest):
            rng = np.random.default_rng(n)
            x, y = rng.standard_normal((1, n, entry.d)), rng.standard_normal((n, entry.d))
            seconds, top = measure(entry.ours, x, y)
            line = f"{entry.name:32}{n:8d}{seconds:11.4f}{top:10.2f}"
            if entry.theirs and 8 * n**2 * entry.tables <= TABLE_LIMIT:
                other, other_top = measure(entry.theirs, x, y)
                line += (
                    f"{other:11.4f}{other_top:10.1f}{other / seconds:9.1f}{other_top / top:10.1f}"
                )
            print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1])
