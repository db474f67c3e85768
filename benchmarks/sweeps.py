"""What sweeps cost: overhead of a cell, listing ten thousand runs, two workers against one.

    python benchmarks/sweeps.py [--cells 1000] [--runs 10000] [--turns 5] [--only cells ls workers]

cells: wall time of a sweep of tiny cells (one chain, two generations of moments), which is all
overhead, by cell. ls: `genloss ls --json` as a whole process over copies of one run, without its
index and with it. workers: a sweep of mixtures by two workers and by one, each on one thread, in
turns; the median of the ratios. The load of the machine is printed: on a busy one nothing counts.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genloss.run.executors.processes import Processes
from genloss.run.sweep import run_sweep
from genloss.store.summaries import INDEX
from genloss.study.sweep import sweep_from

TINY = {
    "name": "tiny",
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 10,
    "generations": 2,
    "metrics": ["sigma"],
}

MIXTURES = {
    "name": "mixtures",
    "reality": {"kind": "two_blobs"},
    "learner": {"kind": "mixture", "k": 2},
    "n_real": 1000,
    "generations": 500,
    "chains": 40,
    "metrics": ["trace_ratio"],
}


def cells(root: Path, count: int) -> None:
    """Print the wall time of a tiny cell."""
    sweep = sweep_from(TINY, {"vary": {"seed": list(range(count))}})
    begun = time.perf_counter()
    run_sweep(sweep, root, workers=2)
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    run_sweep(sweep, root, workers=2)
    again = time.perf_counter() - begun
    print(
        f"cells: {count:,} on two workers, {1000 * first / count:.1f} ms each; asked for again "
        f"when all are complete, {1000 * again / count:.2f} ms each"
    )


def ls(root: Path, count: int) -> None:
    """Print the wall time of `genloss ls`."""
    [run] = run_sweep(sweep_from(TINY, {"vary": {"n_real": [10]}}), root / "one", workers=1).runs
    many = root / "many"
    for i in range(count):
        shutil.copytree(run.path, many / f"r{i:05d}")
    command = [sys.executable, "-m", "genloss", "ls", str(many), "--json"]
    for how in ("first, without an index", "again", "again"):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"ls: {count:,} runs, {how}: {time.perf_counter() - begun:.2f} s")
    print(f"ls: the index takes {(many / INDEX).stat().st_size / 1e6:.1f} MB")


def workers(root: Path, turns: int) -> None:
    """Print how many times faster two workers are than one."""
    sweep = sweep_from(MIXTURES, {"vary": {"seed": list(range(8))}})
    ratios = []
    for turn in range(turns):
        seconds = []
        for count in (1, 2):
            begun = time.perf_counter()
            run_sweep(sweep, root / f"{turn}-{count}", executor=Processes(count))
            seconds.append(time.perf_counter() - begun)
        ratios.append(seconds[0] / seconds[1])
        print(f"workers: one {seconds[0]:.1f} s, two {seconds[1]:.1f} s, {ratios[-1]:.2f} x")
    print(f"workers: median {statistics.median(ratios):.2f} x")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=["cells", "ls", "workers"])
    told = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        if "cells" in told.only:
            cells(Path(name) / "cells", told.cells)
        if "ls" in told.only:
            ls(Path(name) / "ls", told.runs)
        if "workers" in told.only:
            workers(Path(name) / "workers", told.turns)


if __name__ == "__main__":
    main()
