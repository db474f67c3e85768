"""How commands load sweeps and show what became of them."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console, display
from genloss.cli.durations import duration, size
from genloss.errors import SpecError
from genloss.plan.sweep_cost import sweep_plan
from genloss.report.formatting import count, percent
from genloss.run.sweep import SweepRuns
from genloss.spec.consent import consent
from genloss.spec.toml import overridden, read_spec
from genloss.store.sweep import FAILED, GROWING, LOGS, is_sweep, local_sweep_spec, read_sweep
from genloss.study.sweep import TABLE, Sweep, load_sweep, sweep_from, undone, with_chains

FILES = 10
"""Of a cell of one block, with those of its folder."""

SECONDS = {"ls": 0.2e-3, "table": 3e-3, "report": 9e-3}
"""A cell, of a thousand values."""

MANY_CELLS = 10_000

SHOWN = 10
"""Cells that failed are listed up to here; all of them with --json and in failed.json."""


def loaded(
    spec: Path,
    overrides: Sequence[str],
    vary: Sequence[str],
    model: str,
    root: Path,
    *,
    trust: bool,
) -> tuple[Sweep, Path]:
    """Return a sweep and the folder in which its own lies; a sweep's folder goes on as it was.

    trust: whether a sweep's folder may name classes of its own, whose code then runs.
    """
    if not is_sweep(spec):
        what = load_sweep(spec, overrides, vary, model)
        for lost in undone(what, overrides):
            console.print_hint(
                f"{lost.override} holds in {len(what.cells) - lost.cells} of "
                f"{count(len(what.cells), 'cell')}; the others set {lost.key} themselves"
            )
        return what, root
    odd = [text for text in overrides if text.partition("=")[0] not in GROWING]
    if odd or vary or model:
        raise SpecError(
            f"{spec} is the folder of a sweep, which has one spec; got "
            f"{[*odd, *vary, *([model] if model else [])]}; only {' and '.join(GROWING)} may be "
            f"raised; to add values, edit a copy of {spec / 'sweep.toml'} and pass that"
        )
    file = read_sweep(spec)
    there = local_sweep_spec(spec, file)
    # Chains of a grid are called seeds, which would win.
    grid = with_chains(there.pop(TABLE), overrides)
    shared = overridden(there, overrides)
    with consent(spec, (shared, grid), trust=trust, command="sweep"):
        what = sweep_from(shared, grid, str(spec))
    if lost_here := list(undone(what, overrides)):
        raise SpecError(
            f"override {lost_here[0].override}: {lost_here[0].key} varies in {spec}, which undoes "
            f"it; edit a copy of {spec / 'sweep.toml'} and pass that"
        )
    return what, spec.parent


def is_sweep_spec(spec: Path) -> bool:
    """Return whether a path is the folder of a sweep, or a spec with a table of what varies."""
    return is_sweep(spec) or (
        spec.suffix == ".toml" and spec.is_file() and TABLE in read_spec(spec)
    )


def plan(sweep: Sweep, json: bool, controls: bool) -> None:
    """Show what a sweep will do and take."""
    cost = sweep_plan(sweep, controls=controls)
    if json:
        console.print_json(asdict(cost))
        return
    rows = {
        "cells": console.number(cost.cells),
        "blocks": console.number(cost.blocks),
        "chains": console.number(cost.chains),
        "generations of chains": console.number(cost.generations),
        "rows fitted and drawn": console.number(cost.rows),
        "largest cell": cost.largest,
        "memory of its rows": f"at least {size(cost.memory_bytes)}",
        "disk": size(cost.disk_bytes),
        "time, one process": display.span(cost.seconds),
    }
    if cost.controls:
        took = f"{display.span(cost.controls_seconds)}, {size(cost.controls_disk_bytes)}"
        rows["beside them: controls"] = f"{console.number(cost.controls)}; {took}"
    console.print_table(["plan", ""], [[k, v] for k, v in rows.items()])
    console.print_prose(
        f"Timed on {count(len(cost.timed), 'cell')}, the largest of each sort, for "
        f"{duration(sum(cost.timed.values()))} on this machine at its present load; the others are "
        "taken by the rows they see."
    )
    for name, share in cost.shortfalls.items():
        console.print_prose(
            f"{name}: the curator leaves a chain up to {percent(share)} short of its rows in what "
            "was timed: it trains on fewer."
        )
    if more := beyond_measured(cost.cells, cost.controls):
        console.print_prose(more)


def beyond_measured(cells: int, controls: int) -> str:
    """Return what more cells than were measured will take by formula; '' for fewer.

    Seconds of a processor are those of 10,000 cells in docs/sweeps.md, in proportion.
    """
    if cells <= MANY_CELLS:
        return ""
    took = (f"`{name}` {duration(each * cells)}" for name, each in SECONDS.items())
    return (
        f"More than {MANY_CELLS:,} cells were not measured. In proportion: "
        f"{FILES * (cells + controls):,} files or more, and of a processor {', '.join(took)}; a "
        "page draws 600 cells at most (docs/sweeps.md)."
    )


def show(done: SweepRuns, json: bool) -> None:
    """Say where the runs lie, how many are complete, and which cells failed, with their errors."""
    there = [run for run in done.runs if run.path.exists()]
    complete = sum(run.is_complete for run in there)
    short = {run.header.name: run.shortfall.share for run in there if run.shortfall is not None}
    if json:
        console.print_json(
            {
                "sweep": str(done.folder),
                "cells": len(done.runs),
                "complete": complete,
                "failed": dict(done.failed),
                "shortfall": short,
            }
        )
        return
    console.print_prose(f"{done.folder}: {complete} of {len(done.runs)} cells complete")
    if short:
        console.print_prose(
            f"In {count(len(short), 'cell')} the curator left chains up to "
            f"{percent(max(short.values()))} short of their rows: they train on fewer."
        )
    for name, why in list(done.failed.items())[:SHOWN]:
        console.print_lines(f"failed: {name}: {why}")
    if len(done.failed) > SHOWN:
        console.print_line(f"... and {len(done.failed) - SHOWN} more: {done.folder / FAILED}")
    if done.failed:
        console.print_hint(f"their logs: {done.folder / LOGS}; run the same command to try again")
    console.print_hint(f"next: genloss report {shlex.quote(str(done.folder))}")
