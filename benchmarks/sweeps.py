"""What sweeps cost: overhead of a cell, `ls` of ten thousand runs, two workers, tables, pages.

    python benchmarks/sweeps.py [--cells 1000] [--runs 10000] [--turns 5] [--pages 1000]
                               [--only cells ls workers pages]

cells: wall time of a sweep of tiny cells (one chain, two generations of moments), which is all
overhead, by cell. ls: `genloss ls --json` as a whole process over copies of one run, without its
index and with it. workers: a sweep of mixtures by two workers and by one, each on one thread, in
turns, over 20 s of wall time each; the median of the ratios, and the seconds of processors that
all took: a second worker costs its start and nothing else. pages: `genloss table` (the last
generations, and all of them) and `genloss report` over a sweep of so many cells, as whole
processes. The load of the machine is printed: on a busy one only seconds of processors count.
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
from typing import Any

from genloss.run.executors.processes import Processes
from genloss.run.sweep import run_sweep
from genloss.store.summaries import INDEX
from genloss.study.sweep import sweep_from

TINY: dict[str, Any] = {
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
    "generations": 1300,
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
    ratios, busy = list[float](), list[float]()
    for turn in range(turns):
        seconds = []
        for count in (1, 2):
            begun, before = time.perf_counter(), processors()
            run_sweep(sweep, root / f"{turn}-{count}", executor=Processes(count))
            seconds.append(time.perf_counter() - begun)
            busy.append(processors() - before)
        ratios.append(seconds[0] / seconds[1])
        print(
            f"workers: one {seconds[0]:.1f} s, two {seconds[1]:.1f} s, {ratios[-1]:.2f} x; "
            f"processors {busy[-2]:.1f} and {busy[-1]:.1f} s"
        )
    print(f"workers: median {statistics.median(ratios):.2f} x")


def processors() -> float:
    """Return the seconds of processors that this process and those it waited for have taken."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


METRICS = ["sigma", "trace_ratio", "w2_squared"]
PAGES = {**TINY, "name": "pages", "generations": 20, "chains": 8, "metrics": METRICS}
SIZES = [10, 14, 20, 28, 40, 57, 80, 113, 160, 226]


def pages(root: Path, count: int) -> None:
    """Print what table and report take over ten sizes, two regimes and as many seeds as needed."""
    regimes, seeds = ["replace", "accumulate"], list(range(max(1, count // (2 * len(SIZES)))))
    grid = {"vary": {"n_real": SIZES, "regime": regimes, "seed": seeds}}
    folder = run_sweep(sweep_from(PAGES, grid), root, workers=2).folder
    files = sum(path.is_file() for path in folder.rglob("*"))
    print(f"pages: {count:,} cells, {files:,} files")
    for words in (
        ["table", "--at", "last", "--out", "first.csv"],
        ["table", "--at", "last", "--out", "last.csv"],
        ["table", "--out", "all.parquet"],
        ["report", "--out", "page.html"],
    ):
        out = root / words[-1]
        command = [sys.executable, "-m", "genloss", words[0], str(folder), *words[1:-1], str(out)]
        begun, before = time.perf_counter(), processors()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(
            f"pages: {' '.join(words)}: {time.perf_counter() - begun:.1f} s, processors "
            f"{processors() - before:.1f} s, {out.stat().st_size / 1e6:.1f} MB"
        )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--only", nargs="+", default=["cells", "ls", "workers", "pages"])
    told = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        if "cells" in told.only:
            cells(Path(name) / "cells", told.cells)
        if "ls" in told.only:
            ls(Path(name) / "ls", told.runs)
        if "workers" in told.only:
            workers(Path(name) / "workers", told.turns)
        if "pages" in told.only:
            pages(Path(name) / "pages", told.pages)


if __name__ == "__main__":
    main()
