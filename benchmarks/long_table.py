"""How fast the table of a run is verified, parsed and written as one long table.

    python benchmarks/long_table.py [--millions 10] [--out parquet]

Writes run folders of random numbers (200 chains in one block; then one chain in 1,000 generations a
line each) through the store itself, then times in a process of its own: verifying the chain,
parsing, and `genloss table`. Prints seconds and the peak of resident memory of that process.
Wanted: 10 million values in 20 s and 1 GB.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from genloss.report.long_table import LongTable
from genloss.report.table_files import write_table
from genloss.store.block import BlockStore, Checkpoint
from genloss.store.folder import block_path, create_or_match, run_path
from genloss.store.header import Header
from genloss.store.manifest import Machine
from genloss.store.reader import Run
from genloss.store.table import metric_row
from genloss.store.theory_file import write_theory

METRICS = [f"metric_{i}" for i in range(20)]


def written(root: Path, chains: int, generations: int) -> Path:
    """Write a run of random numbers; return its folder."""
    spec = {"generations": generations, "chains": chains, "chains_per_block": chains, "seed": 0}
    head = [{"name": m, "unit": "1", "direction": "start"} for m in METRICS]
    header = Header("bench", spec, spec, tuple(head))
    run = run_path(root, header)
    create_or_match(run, header)
    write_theory(run, header, {})
    (run / "blocks").mkdir()
    store = BlockStore(block_path(run, 0), header.fingerprint, 0, Machine(1, "", {}))
    store.resume()
    rng = np.random.default_rng(0)
    for t in range(generations + 1):
        store.append(metric_row(t, m, rng.standard_normal(chains)) for m in METRICS)
    store.checkpoint(Checkpoint(generations, 0, {}))
    return run


def timed(folder: str, kind: str) -> dict[str, float]:
    """Time reading in this process."""
    run, out = Run(Path(folder)), Path(folder).parent / f"out.{kind}"
    begun = time.process_time()
    lines = sum(1 for block in run.blocks for _ in block.table.lines())
    verified = time.process_time()
    values = sum(np.size(v) for block in run.blocks for _, _, v in block.table.rows())
    parsed, wall = time.process_time(), time.perf_counter()
    rows = write_table(LongTable([Run(Path(folder))]), out)
    done, ended = time.process_time(), time.perf_counter()
    assert rows == values
    return {
        "lines": lines,
        "values": values,
        "table MB": round(sum(f.stat().st_size for f in run.path.rglob("metrics.jsonl")) / 1e6, 1),
        "verify, CPU s": round(verified - begun, 2),
        "verify and parse, CPU s": round(parsed - verified, 2),
        f"genloss table .{kind}, CPU s": round(done - parsed, 2),
        f"genloss table .{kind}, wall s": round(ended - wall, 2),
        f".{kind} MB": round(out.stat().st_size / 1e6, 1),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, 0),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=1.0)
    parser.add_argument("--out", default="parquet")
    parser.add_argument("--read", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        print(json.dumps(timed(given.read, given.out)))
        return
    for chains in (200, 1):
        generations = int(given.millions * 1e6 / len(METRICS) / chains) - 1
        with tempfile.TemporaryDirectory() as folder:
            run = written(Path(folder), chains, generations)
            command = [sys.executable, __file__, "--read", str(run), "--out", given.out]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(json.dumps({"chains": chains, "generations": generations, **json.loads(done.stdout)}))


if __name__ == "__main__":
    main()
