"""Plan: steps, sizes, time and disk, before anything runs."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from genloss.core.arrays import Array
from genloss.core.chain import Generation, generation_zero
from genloss.core.roles import Learner, Model, Sizes
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.text import TextModel, bound
from genloss.run.block import Recorder, real_rows_needed, reserve
from genloss.run.keeping import kept_parts
from genloss.run.runner import run_study
from genloss.store.block import BlockStore, generation_path
from genloss.store.manifest import Machine
from genloss.store.reader import Run
from genloss.store.table import TABLE
from genloss.study.study import Schedule, Study, Telling


@runtime_checkable
class EpochLearner(Learner, Protocol):
    """A learner that goes over its rows many times, so that one time tells what all will cost."""

    def one_epoch(self) -> tuple[Learner, int]:
        """Return the learner that stops after one epoch, and the epochs that this one takes."""
        ...


PROBE = 3
"""Generations of one block that are run for the estimate, in a temporary folder."""

FEW, GLIMPSE, PATIENCE = 64, 2000, 10.0
"""Where a generation takes many epochs, one is run instead, on a few rows, and on as many as about
ten seconds allow, up to 2,000."""

ROW_BYTES = 120.0
"""Bytes of one metric of one generation in the table, about."""


def plan_of(study: Study) -> dict[str, Any]:
    """Return what a study will do and cost, measured on its first generations.

    Time is for one process: training and sampling extrapolated by the rows of later generations,
    measuring by the number of measured generations; a learner of many epochs is watched for one
    epoch of one chain, on few rows and on more. Disk counts the table and kept generations.

    Raises:
        GenlossError: whatever the first generations refuse, a finite reality too small among it.
    """
    streams = Streams(study.seed)
    p_0 = study.reality.realise(1, streams.rng(0, "realise"))
    reserve(study, p_0, streams)
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
        **_told(study, p_0),
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


def _told(study: Study, p_0: Model) -> dict[str, str]:
    if not isinstance(study.reality, Telling):
        return {}
    if not isinstance(p_0, TextModel):
        return {"data": study.reality.told()}
    blocks = f"{p_0.n_rows:,} training blocks of {p_0.test.shape[1]} tokens"
    return {"text": f"{study.reality.told()}; {blocks}"}


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
        block = run.blocks[0].path
        row_bytes = (block / TABLE).stat().st_size / records
        kept = sum(p.stat().st_size for p in generation_path(block, 1).iterdir())
    rows = [s.train + s.synthetic for s in sizes]
    growth = sum(rows) / sum(rows[:PROBE])
    return Cost(learning * growth, max(both - learning, 0.0) / records, row_bytes, float(kept))


def _glimpse(study: Study, sizes: list[Sizes]) -> Cost:
    """Watch one epoch, one draw and the measuring of one chain, on few rows, and extrapolate."""
    assert isinstance(study.learner, EpochLearner)
    once, epochs = study.learner.one_epoch()
    streams, few = Streams(study.seed), min(FEW, study.n_real)
    p_0 = study.reality.realise(1, streams.rng(0, "realise"))
    learner = bound(once, p_0)
    p_0, held_out = reserve(study, p_0, streams)
    valid = None if held_out is None else Samples.of(held_out, 0)

    def fitted(zero: Generation) -> Model:
        return learner.fit(zero.samples, streams.rng(1, "fit"), valid=valid)

    zero = generation_zero(p_0, study.form, few, streams)
    # The first fit of a kind pays for imports and compilation.
    fitted(zero)
    short, _ = _seconds(lambda: fitted(zero))
    n = max(few, min(GLIMPSE, study.n_real, int(few * PATIENCE / max(short, 1e-9))))
    zero = generation_zero(p_0, study.form, n, streams)
    fit, model = _seconds(lambda: fitted(zero))
    # What every fit costs, such as a look at held-out rows, does not grow with the rows.
    row = (fit - short) / (n - few) if n > few and fit > short else fit / n
    fixed = max(fit - n * row, 0.0)
    prompts = zero.samples.x if isinstance(zero.samples, Samples) else None
    asked = study.sampler.ask(model, prompts)
    draw, samples = _seconds(lambda: study.form.draw(asked, n, streams.rng(1, "sample"), 1))
    one = Generation(1, zero.samples, model, samples, zero.history)
    measuring = _measuring(study, one, p_0, held_out)
    parts = kept_parts(study, one, p_0, zero.samples, streams)
    kept = sum(np.asarray(v).nbytes for part in parts.values() for v in part.values())
    chains = study.block_chains(0)
    learning = epochs * sum(fixed + row * s.train for s in sizes)
    drawing = draw / n * sum(s.synthetic for s in sizes)
    row_bytes = ROW_BYTES * len(study.metrics)
    return Cost((learning + drawing) * chains, measuring * chains, row_bytes, float(kept))


def _measuring(study: Study, one: Generation, p_0: Model, held_out: Array | None) -> float:
    """Return the seconds that all metrics of one generation take, on its rows."""
    with tempfile.TemporaryDirectory() as folder:
        store = BlockStore(Path(folder), "", 0, Machine(1, "", {}))
        recorder = Recorder(study, store, Streams(study.seed), p_0, held_out)
        recorder.first = one.model if recorder.uses_first else None
        return _seconds(lambda: list(recorder.rows(one, {})))[0]


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def _timed(study: Study, folder: Path) -> tuple[float, Run]:
    seconds, run = _seconds(lambda: run_study(study, folder, workers=1))
    return seconds, run
