"""Plan: steps, sizes, time and disk, before anything runs."""

from dataclasses import dataclass, replace

import numpy as np

from genloss.core.arrays import Floats
from genloss.core.roles import Model
from genloss.core.streams import Streams
from genloss.core.text import TextModel
from genloss.corpus.inventory import Entry
from genloss.plan.extrapolation import Range
from genloss.plan.timing import BUDGET, Timing, timed
from genloss.run.events import Phase
from genloss.run.setup import check_memory, real_rows_needed, reserve
from genloss.study.controls import Control, controls_for, layout_of
from genloss.study.study import DescribesData, ReadsFiles, Study

VERDICT_CHAINS = 8
"""Chains with which most verdicts of the profile can be told; under four none is given."""


@dataclass(frozen=True)
class MoreChains:
    """What the chains take that a study lacks for verdicts, with those of its controls."""

    chains: int
    seconds: Range
    disk_bytes: int


@dataclass(frozen=True)
class ControlCost:
    """What a control will do and take beside its study; rows: of D_t, over one chain and all t."""

    kind: str
    generations: int
    rows: int
    seconds: Range
    disk_bytes: int


@dataclass(frozen=True)
class Cost:
    """What a study will do and take.

    data: what was found in them, empty where nothing is told. files: what becomes of each
    that the reality reads. rows_of_d_last, rows_of_s_last: of D_T and S_T. seconds: of one process,
    on this machine at its load while it was timed. disk_bytes: table and kept generations of all
    blocks. controls: apart from all that; more_chains: apart from both, None where the chains are
    enough for verdicts, or there is no control to judge by. timing: what that was measured on.
    more_rounds: whether a curator draws again for the rows that it lacks, as often as its rounds
    say.
    """

    data: str
    files: tuple[Entry, ...]
    chains: int
    blocks: int
    generations: int
    rows_of_s_0: int
    rows_of_d_last: int
    rows_of_s_last: int
    real_rows_per_chain: int
    measured_generations: int
    kept_generations: int
    seconds: Range
    disk_bytes: int
    timing: Timing
    controls: tuple[ControlCost, ...] = ()
    more_rounds: bool = False
    more_chains: MoreChains | None = None


def plan_of(study: Study, budget: float = BUDGET, *, controls: bool = True) -> Cost:
    """Return what a study will do and cost, timed on its first generations for `budget` seconds.

    See `genloss.plan.timing` for what is run, and how it is extrapolated.

    Raises:
        GenlossError: whatever the first generations refuse, a finite reality too small among it.
    """
    check_memory(study)
    streams = Streams(study.seed)
    p_0 = study.reality.realise(1, streams.rng(0, "realise"))
    reserve(study, p_0, streams)
    last = study.regime.sizes(study.generations, study.n_real, study.n_synthetic)
    measured = len(study.measure.times(study.generations) | {study.generations})
    n_kept = len(study.keep.times(study.generations))
    timing = timed(study, budget)
    block_bytes = timing.row_bytes * measured + timing.kept_bytes * n_kept
    disk = round(block_bytes * study.n_blocks)
    beside = _control_costs(study, timing) if controls and study.controls else ()
    return Cost(
        data=_data_summary(study, p_0),
        files=study.reality.files_read() if isinstance(study.reality, ReadsFiles) else (),
        chains=study.chains,
        blocks=study.n_blocks,
        generations=study.generations,
        rows_of_s_0=study.n_real,
        rows_of_d_last=last.train,
        rows_of_s_last=last.synthetic,
        real_rows_per_chain=real_rows_needed(study),
        measured_generations=measured,
        kept_generations=n_kept,
        seconds=seconds_of(study, timing),
        disk_bytes=disk,
        timing=timing,
        controls=beside,
        more_rounds=study.curator is not None and study.curator.covers != "training",
        more_chains=_more_chains(study, timing, disk + sum(c.disk_bytes for c in beside))
        if beside
        else None,
    )


def _more_chains(study: Study, timing: Timing, disk_bytes: int) -> MoreChains | None:
    """Return what the chains that a study lacks take; disk_bytes: of those it has, with controls.

    The time of a generation may hardly grow with its chains, or as they do: see `extrapolated`.
    """
    lacks = VERDICT_CHAINS - study.chains
    if lacks <= 0:
        return None
    block = study.chains_per_block if study.n_blocks > 1 else VERDICT_CHAINS
    enough = replace(study, chains=VERDICT_CHAINS, chains_per_block=block)
    now, then = (_with_controls(s, timing) for s in (study, enough))
    unbounded = now.high is None or then.high is None
    high = None if unbounded else max((then.high or 0.0) - (now.high or 0.0), 0.0)
    seconds = Range(max(then.low - now.low, 0.0), high)
    return MoreChains(lacks, seconds, round(disk_bytes * lacks / study.chains))


def _with_controls(study: Study, timing: Timing) -> Range:
    every = [study, *(c.study(study) for c in controls_for(layout_of(study)))]
    return sum((seconds_of(one, timing) for one in every), Range(0.0, 0.0))


def _control_costs(study: Study, timing: Timing) -> tuple[ControlCost, ...]:
    return tuple(_control_cost(study, c, timing) for c in controls_for(layout_of(study)))


def _control_cost(study: Study, control: Control, timing: Timing) -> ControlCost:
    beside = control.study(study)
    sizes = [
        control.regime.sizes(t, study.n_real, study.n_synthetic)
        for t in range(1, control.generations + 1)
    ]
    measured = len(control.measure.times(control.generations) | {control.generations})
    return ControlCost(
        control.kind,
        control.generations,
        sum(s.train for s in sizes),
        seconds_of(beside, timing),
        round(timing.row_bytes * measured * study.n_blocks),
    )


def _data_summary(study: Study, p_0: Model) -> str:
    if not isinstance(study.reality, DescribesData):
        return ""
    if not isinstance(p_0, TextModel):
        return study.reality.data_summary()
    blocks = f"{p_0.n_rows:,} training blocks of {p_0.test.shape[1]} tokens"
    return f"{study.reality.data_summary()}; {blocks}"


def seconds_of(study: Study, timing: Timing) -> Range:
    """Add up all generations of all blocks of a study, or of one like that which was timed."""
    sizes = [
        study.regime.sizes(t, study.n_real, study.n_synthetic)
        for t in range(1, study.generations + 1)
    ]
    measured = len(study.measure.times(study.generations) | {study.generations})
    train: Floats = np.array([s.train for s in sizes], dtype=np.float64)
    synthetic: Floats = np.array([s.synthetic for s in sizes], dtype=np.float64)
    at = np.linspace(0, len(sizes) - 1, measured).astype(np.int64)
    rows = {Phase.FITTING: train, Phase.DRAWING: synthetic, Phase.MEASURING: synthetic[at]}
    return timing.of_block(study.block_chains(0), rows) * study.n_blocks
