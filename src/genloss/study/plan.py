"""Plan: steps, sizes, time and disk, before anything runs."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.chain import Generation, generation_zero
from genloss.core.protocols import EpochLearner
from genloss.core.regimes import Sizes
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.text import bound
from genloss.store.reader import Run
from genloss.study.block_run import real_rows_needed, reserve
from genloss.study.keeping import kept_parts
from genloss.study.runner import run_study
from genloss.study.study import Schedule, Study

PROBE = 3
"""Generations of one block that are run for the estimate, in a temporary folder."""

GLIMPSE = 2000
"""Rows of one epoch that are run instead, where a whole generation takes many epochs."""

ROW_BYTES = 120.0
"""Bytes of one metric of one generation in the table, about."""


def plan_of(study: Study) -> dict[str, Any]:
    """Return what a study will do and cost, measured on its first generations.

    Time is for one process: training and sampling extrapolated by the rows of later generations,
    measuring by the number of measured generations; a learner of many epochs is watched for one
    epoch of one chain on at most GLIMPSE rows. Disk counts the table and kept generations.

    Raises:
        GenlossError: whatever the first generations refuse, a finite reality too small among it.
    """
    streams = Streams(study.seed)
    reserve(study, study.reality.realise(1, streams.rng(0, "realise")), streams)
    sizes = [
        study.regime.sizes(t, study.n_real, study.n_synthetic)
        for t in range(1, study.generations + 1)
    ]
    measured = len(study.measure.times(study.generations) | {study.generations})
    kept = len(study.keep.times(study.generations))
    probe = _glimpse if isinstance(study.learner, EpochLearner) else _probe
    found = probe(study, sizes)
    seconds = found.learning + found.measuring * measured
    disk = found.row_bytes * measured + found.kept_bytes * kept
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
class Cost:
    """Cost of one block: seconds of all learning, of one measurement; bytes of each record."""

    learning: float
    measuring: float
    row_bytes: float
    kept_bytes: float


def _probe(study: Study, sizes: list[Sizes]) -> Cost:
    """Run the first generations and extrapolate by rows."""
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
    rows = [s.train + s.synthetic for s in sizes]
    growth = sum(rows) / sum(rows[:PROBE])
    return Cost(learning * growth, max(both - learning, 0.0) / records, row_bytes, float(kept))


def _glimpse(study: Study, sizes: list[Sizes]) -> Cost:
    """Watch one epoch of one chain and one draw, on few rows, and extrapolate by both."""
    assert isinstance(study.learner, EpochLearner)
    once, epochs = study.learner.one_epoch()
    streams, n = Streams(study.seed), min(GLIMPSE, study.n_real)
    p_0 = study.reality.realise(1, streams.rng(0, "realise"))
    learner = bound(once, p_0)
    p_0, held_out = reserve(study, p_0, streams)
    zero = generation_zero(p_0, study.form, n, streams)
    valid = None if held_out is None else Samples.of(held_out, 0)
    prompts = zero.samples.x if isinstance(zero.samples, Samples) else None
    learner.fit(zero.samples.head(min(n, 64)), streams.rng(1, "fit"), valid=valid)
    fit, model = _seconds(lambda: learner.fit(zero.samples, streams.rng(1, "fit"), valid=valid))
    asked = study.sampler.ask(model, prompts)
    draw, samples = _seconds(lambda: study.form.draw(asked, n, streams.rng(1, "sample"), 1))
    one = Generation(1, zero.samples, model, samples, zero.history)
    parts = kept_parts(study, one, p_0, zero.samples, streams)
    kept = sum(np.asarray(v).nbytes for part in parts.values() for v in part.values())
    chains = study.block_chains(0)
    trained, drawn = (sum(getattr(s, name) for s in sizes) / n for name in ("train", "synthetic"))
    seconds = fit * epochs * trained + draw * drawn
    return Cost(seconds * chains, 0.0, ROW_BYTES * len(study.metrics), float(kept))


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def _timed(study: Study, folder: Path) -> tuple[float, Run]:
    seconds, run = _seconds(lambda: run_study(study, folder, workers=1))
    return seconds, run
