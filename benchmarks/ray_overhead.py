"""What Ray adds to blocks of about ten seconds: the same blocks in this process and on a cluster.

    python benchmarks/ray_overhead.py [seconds=10] [blocks=3]

One block at a time, pinned alike, in turns: here, on Ray, here, on Ray ... Prints the seconds that
passed and those of processors, of this process and all below it, which are Ray's; the medians, what
Ray adds to both, and the load of the machine before and after. On a busy machine only seconds of
processors tell; Ray's own processes take some of them whatever is at work.
"""

import os
import statistics
import sys
import tempfile
import time
from contextlib import suppress
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

        def timed(executor, generations: int, seed: int) -> tuple[float, float]:
            study = study_from({**SPEC, "name": "b", "generations": generations, "seed": seed})
            root = Path(folder) / f"{type(executor).__name__}-{generations}-{seed}"
            start, busy = time.perf_counter(), processors()
            run_study(study, root, executor=executor)
            return time.perf_counter() - start, processors() - busy

        timed(Here(), 5, 0), timed(ray, 5, 0)
        generations = max(5, int(20 * seconds / timed(Here(), 20, 1)[1]))
        pairs = [
            (timed(Here(), generations, 2 + i), timed(ray, generations, 2 + i))
            for i in range(blocks)
        ]
        for i, what in enumerate(("passed", "of processors")):
            for here, there in ((a[i], b[i]) for a, b in pairs):
                print(
                    f"here {here:6.2f} s   on Ray {there:6.2f} s   {there / here - 1:+.1%}  {what}"
                )
            ratio = statistics.median(b[i] / a[i] for a, b in pairs)
            print(f"median of the pairs: Ray adds {ratio - 1:+.1%} to the seconds {what}")
        print(f"load {os.getloadavg()[0]:.1f}")


def processors() -> float:
    """Return the seconds of processors of this process and those below it, ended ones included."""
    parents, seconds = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
            seconds[int(stat.parent.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    mine = {os.getpid()}
    for _ in parents:
        more = {pid for pid, parent in parents.items() if parent in mine} - mine
        if not more:
            break
        mine |= more
    return sum(seconds[pid] for pid in mine if pid in seconds)


if __name__ == "__main__":
    options = dict(word.split("=") for word in sys.argv[1:])
    main(float(options.get("seconds", 10)), int(options.get("blocks", 3)))
