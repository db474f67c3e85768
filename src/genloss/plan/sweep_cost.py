"""The plan of a sweep: cells, work, time, memory and disk, timed on one cell of each sort."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genloss.plan.cost import Cost, plan_of, seconds_of
from genloss.plan.extrapolation import Range
from genloss.plan.timing import BUDGET
from genloss.run.controls import all_controls
from genloss.run.disk import least_bytes
from genloss.run.tally import Work
from genloss.spec.build import kind_of
from genloss.study.study import Study
from genloss.study.sweep import Sweep

LEAST_BUDGET = 1.0
"""Seconds of timing of each sort of cell, at least."""


@dataclass(frozen=True)
class SweepCost:
    """What a sweep will do and take.

    rows: that all chains fit and draw. seconds: of one process, one cell after another. disk_bytes:
    tables, kept generations and folders. memory_bytes: that the rows of the largest block take at
    least. timed: the cell of each sort that was timed, and for how long. controls, with seconds and
    bytes: those of all cells, each once, apart from all that. shortfalls: of timed cells whose
    curator left chains short of rows, the largest share.
    """

    cells: int
    blocks: int
    chains: int
    generations: int
    rows: float
    seconds: Range
    disk_bytes: int
    memory_bytes: int
    largest: str
    timed: Mapping[str, float]
    controls: int
    controls_seconds: Range
    controls_disk_bytes: int
    shortfalls: Mapping[str, float]


def sweep_plan(sweep: Sweep, budget: float = BUDGET, *, controls: bool = True) -> SweepCost:
    """Return what a sweep will do and cost.

    Cells of one sort (learner, reality, regime, form, curator) take time by the rows they see, as
    the largest of them was timed; see `plan_of`.

    Raises:
        GenlossError: whatever the first generations of a timed cell refuse.
    """
    studies = [study for _, study in sweep.cells]
    sorts: dict[tuple[str, ...], list[Study]] = {}
    for study in studies:
        sorts.setdefault(_sort(study), []).append(study)
    each = max(budget / len(sorts), LEAST_BUDGET)
    total, disk, timed = Range(0.0, 0.0), 0.0, dict[str, float]()
    shortfalls = dict[str, float]()
    costs: dict[tuple[str, ...], Cost] = {}
    for sort, members in sorts.items():
        largest = max(members, key=_rows)
        cost = costs[sort] = plan_of(largest, each)
        timed[largest.name] = cost.timing.seconds
        if share := cost.timing.observed.shortfall:
            shortfalls[largest.name] = share
        for study in members:
            total += seconds_of(study, cost.timing)
            disk += _disk(study, cost)
    every = all_controls(studies, [Path()] * len(studies)) if controls else []
    beside = [(costs[_sort(one.of)], one.study) for one in every]
    most = max(studies, key=_rows)
    return SweepCost(
        cells=len(studies),
        blocks=sum(s.n_blocks for s in studies),
        chains=sum(s.chains for s in studies),
        generations=sum(s.generations * s.chains for s in studies),
        rows=sum(map(_rows, studies)),
        seconds=total,
        disk_bytes=round(disk),
        memory_bytes=max(map(_memory, studies)),
        largest=most.name,
        timed=timed,
        controls=len(beside),
        controls_seconds=sum(
            (seconds_of(study, cost.timing) for cost, study in beside), Range(0.0, 0.0)
        ),
        controls_disk_bytes=round(sum(_disk(study, cost) for cost, study in beside)),
        shortfalls=shortfalls,
    )


def _sort(study: Study) -> tuple[str, ...]:
    parts = (study.learner, study.reality, study.regime, study.form, study.curator)
    return tuple(kind_of(type(part)) for part in parts if part is not None)


def _rows(study: Study) -> float:
    """Return the rows of a cell, also of those that are never drawn one by one."""
    return float(Work.of(study, lambda _, rows: rows).rows[-1]) * study.chains


def _memory(study: Study) -> int:
    last = study.regime.sizes(study.generations, study.n_real, study.n_synthetic)
    return 8 * study.block_chains(0) * (last.train + last.synthetic)


def _disk(study: Study, timed: Cost) -> float:
    """Return the bytes of a cell; those of rows go with its chains."""
    measured = len(study.measure.times(study.generations) | {study.generations})
    kept = len(study.keep.times(study.generations))
    share = study.chains / timed.chains
    rows = timed.timing.row_bytes * timed.blocks * measured * share
    return max(rows + timed.timing.kept_bytes * kept * study.n_blocks, least_bytes(study))
