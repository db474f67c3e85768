"""What Ray adds to blocks of about ten seconds: the same blocks in this process and on a cluster.

    python benchmarks/ray_overhead.py [seconds=10] [blocks=3] [turns=3]

A run of several blocks, one block at a time on either side and pinned alike, in turns: here, on
Ray, here, on Ray ... The cluster is up before; what a command pays for its board is in it. Prints
the seconds that passed, their ratio a turn, the median, and the machine's load before and after.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from genloss.run.executors.here import Here
from genloss.run.executors.ray import Resources, on_ray
from genloss.run.runner import run_study
from genloss.study.study import study_from

SPEC = {
    "name": "b",
    "reality": {"kind": "two_blobs", "d": 1},
    "learner": {"kind": "mixture", "k": 2},
    "n_real": 2000,
    "chains_per_block": 10,
    "checkpoint_every": 50,
    "metrics": ["trace_ratio"],
}


def main(seconds: float = 10, blocks: int = 3, turns: int = 3) -> None:
    os.environ["NUMBA_NUM_THREADS"] = "1"
    one_at_a_time = Resources(cpus=os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder, on_ray(resources=one_at_a_time) as ray:
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")

        def timed(executor, generations: int, seed: int) -> float:
            sizes = {"generations": generations, "chains": 10 * blocks, "seed": seed}
            root = Path(folder) / f"{type(executor).__name__}-{generations}-{seed}"
            start = time.perf_counter()
            run_study(study_from({**SPEC, **sizes}), root, executor=executor)
            return time.perf_counter() - start

        timed(Here(), 5, 0), timed(ray, 5, 0)
        generations = max(5, int(20 * seconds * blocks / timed(Here(), 20, 1)))
        ratios = []
        for turn in range(turns):
            here, there = timed(Here(), generations, 2 + turn), timed(ray, generations, 2 + turn)
            ratios.append(there / here)
            print(
                f"{blocks} blocks of {here / blocks:.1f} s: here {here:6.2f} s   "
                f"on Ray {there:6.2f} s   {there / here - 1:+.1%}"
            )
        print(f"median: Ray adds {statistics.median(ratios) - 1:+.1%}")
        print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    options = dict(word.split("=") for word in sys.argv[1:])
    main(
        float(options.get("seconds", 10)),
        int(options.get("blocks", 3)),
        int(options.get("turns", 3)),
    )
