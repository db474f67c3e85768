"""Plan: steps, sizes, time and disk, before anything runs."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genloss.core.streams import Streams
from genloss.store.reader import Run
from genloss.study.block_run import real_rows_needed, reserve
from genloss.study.runner import run_study
from genloss.study.study import Schedule, Study

PROBE = 3
"""Generations of one block that are run for the estimate, in a temporary folder."""


def plan_of(study: Study) -> dict[str, Any]:
    """Return what a study will do and cost, measured on its first generations.

    Time is for one process: training and sampling extrapolated by the rows of later generations,
    measuring by the number of measured generations. Disk counts the table and kept generations.

    Raises:
        GenlossError: whatever the first generations refuse, a finite reality too small among it.
    """
    streams = Streams(study.seed)
    reserve(study, study.reality.realise(1, streams.rng(0, "realise")), streams)
    sizes = [
        study.regime.sizes(t, study.n_real, study.n_synthetic)
        for t in range(1, study.generations + 1)
    ]
    probe = _probe(study)
    rows = [s.train + s.synthetic for s in sizes]
    growth = sum(rows) / sum(rows[:PROBE])
    measured = len(study.measure.times(study.generations) | {study.generations})
    kept = len(study.keep.times(study.generations))
    seconds = probe.learning * growth + probe.measuring * measured
    disk = probe.row_bytes * measured + probe.kept_bytes * kept
    return {
        "chains": study.chains,
        "blocks": study.n_blocks,
        "generations": study.generations,
        "rows of S_0": study.n_real,
        "rows of D_T": sizes[-1].train,
        "rows of S_T": sizes[-1].synthetic,
        "real rows per chain": real_rows_needed(study),
        "measured generations": measured,
        "kept generations": kept,
        "seconds, one process": round(seconds * study.n_blocks, 2),
        "megabytes on disk": round(disk * study.n_blocks / 1e6, 3),
    }


@dataclass(frozen=True)
class Probe:
    """Cost of one block: seconds of PROBE generations, of one measurement; bytes of each record."""

    learning: float
    measuring: float
    row_bytes: float
    kept_bytes: float


def _probe(study: Study) -> Probe:
    short = replace(
        study,
        generations=min(PROBE, study.generations),
        chains=study.block_chains(0),
        chains_per_block=study.block_chains(0),
        measure=Schedule(every=1),
        keep=replace(study.keep, every=0, at=(1,)),
    )
    with tempfile.TemporaryDirectory() as folder:
        # The first run of a kind pays for imports and compilation.
        _timed(short, Path(folder) / "warm")
        learning, _ = _timed(replace(short, metrics=()), Path(folder) / "learning")
        both, run = _timed(short, Path(folder) / "measured")
        records = short.generations + 1
        row_bytes = run.blocks[0].table_size() / records
        kept = sum(p.stat().st_size for p in run.blocks[0].generation(1).iterdir())
    return Probe(learning, max(both - learning, 0.0) / records, row_bytes, float(kept))


def _timed(study: Study, folder: Path) -> tuple[float, Run]:
    begun = time.perf_counter()
    run = run_study(study, folder, workers=1)
    return time.perf_counter() - begun, run
