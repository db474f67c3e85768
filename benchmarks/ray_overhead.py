"""What Ray adds to blocks of about ten seconds: the same blocks in this process and on a cluster.

    python benchmarks/ray_overhead.py [seconds=10] [blocks=3]

One block at a time, pinned alike, in turns: here, on Ray, here, on Ray ... Prints the seconds of
every one, the medians, what Ray adds, and the load of the machine before and after.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from genloss.run.executors.here import Here
from genloss.run.executors.ray import on_ray
from genloss.run.runner import run_study
from genloss.study.study import study_from

SPEC = {
    "reality": {"kind": "two_blobs", "d": 1},
    "learner": {"kind": "mixture", "k": 2},
    "n_real": 2000,
    "chains": 10,
    "checkpoint_every": 50,
    "metrics": ["trace_ratio"],
}


def main(seconds: float = 10, blocks: int = 3) -> None:
    os.environ["NUMBA_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder, on_ray() as ray:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")

        def timed(executor, generations: int, seed: int) -> float:
            study = study_from({**SPEC, "name": "b", "generations": generations, "seed": seed})
            root = Path(folder) / f"{type(executor).__name__}-{generations}-{seed}"
            start = time.perf_counter()
            run_study(study, root, executor=executor)
            return time.perf_counter() - start

        timed(Here(), 5, 0), timed(ray, 5, 0)
        generations = max(5, int(20 * seconds / timed(Here(), 20, 1)))
        pairs = [
            (timed(Here(), generations, 2 + i), timed(ray, generations, 2 + i))
            for i in range(blocks)
        ]
        for here, there in pairs:
            print(f"here {here:6.2f} s   on Ray {there:6.2f} s   {there / here - 1:+.1%}")
        here, there = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"medians {here:.2f} and {there:.2f} s: Ray adds {there / here - 1:+.1%}")
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    options = dict(word.split("=") for word in sys.argv[1:])
    main(float(options.get("seconds", 10)), int(options.get("blocks", 3)))
