"""How long a detector's surface takes: 10 x 10 rates, 256 chains, 50 generations, two workers.

    python benchmarks/detector_surface.py [--cells 10] [--chains 256] [--generations 50]

Every cell is a fresh loop of 100 real and 100 generated rows behind a detector with tilt 4, on its
own rates: a Gaussian, and two blobs in the plane learned by a mixture of two (200 rows a fit, EM to
its usual tolerance). Wall and processor seconds of both, and the iterations of EM on a D_t of the
middle cell. The bar is 180 s each on two quiet cores; the load of the machine is printed.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from genloss.models.mixture import em
from genloss.models.mixture.kmeans_start import kmeans_labels
from genloss.run.setup import set_up
from genloss.run.sweep import run_sweep
from genloss.run.watch import Watch
from genloss.study.study import Study, study_from
from genloss.study.sweep import sweep_from

LOOP = {
    "n_real": 100,
    "regime": {"kind": "fresh", "n_real": 100},
    "curator": {"kind": "detector", "tpr": 0.5, "fpr": 0.2, "tilt": 4.0},
    "metrics": ["trace_ratio", "accepted_by_origin"],
    "measure": {"every": 10},
}
SYSTEMS: Mapping[str, dict[str, Any]] = {
    "gaussian": {"reality": "gaussian", "learner": {"kind": "gaussian", "ddof": 1}},
    "mixture": {
        "reality": {"kind": "two_blobs", "d": 2},
        "learner": {"kind": "mixture", "k": 2},
    },
}


def main() -> None:
    """Time both surfaces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10)
    parser.add_argument("--chains", type=int, default=256)
    parser.add_argument("--generations", type=int, default=50)
    options = parser.parse_args()
    sizes = {"generations": options.generations, "chains": options.chains}
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, system in SYSTEMS.items():
        spec = {"name": name, **LOOP, **system, **sizes}
        rates = np.linspace(0.0, 0.9, options.cells).round(3).tolist()
        sweep = sweep_from(spec, {"vary": {"curator.tpr": rates, "curator.fpr": rates}})
        with tempfile.TemporaryDirectory() as root:
            begun, used = time.perf_counter(), _processor()
            run_sweep(sweep, Path(root) / "runs", workers=2)
            wall, cpu = time.perf_counter() - begun, _processor() - used
        print(
            f"{name}: {options.cells} x {options.cells} cells, {wall:.0f} s on two workers, "
            f"{cpu:.0f} s of processor time"
        )
    print(iterations(study_from({"name": "mixture", **LOOP, **SYSTEMS["mixture"], **sizes})))


def _processor() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_CHILDREN, 0))


def iterations(study: Study) -> str:
    """Return how many iterations EM takes on D_10 of a study, in words."""
    setup = set_up(study, 0, Watch(lambda step: None))
    chain = setup.chain(setup.zero.history, setup.study.learner, setup.study.sampler)
    train: Any = next(islice(chain, 9, None)).train
    x, weight, rng = train.x, train.weight, np.random.default_rng(0)
    labels = kmeans_labels(x, 2, rng, weight=weight)
    start = em.start_from_labels(x, labels, 2, covariance="full", reg_covar=1e-6, weight=weight)
    n = em.fit_em(x, start, covariance="full", weight=weight).n_iter
    return f"EM on D_10 of {len(n)} chains: {n.mean():.0f} iterations, at most {n.max()}"


if __name__ == "__main__":
    main()
