"""How commands load sweeps and show what became of them."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from genloss.cli import console
from genloss.errors import SpecError
from genloss.run.sweep import SweepRuns
from genloss.store.sweep import SWEEP, local_sweep_spec, read_sweep
from genloss.study.sweep import Sweep, load_sweep, sweep_from

SHOWN = 10
"""Cells that failed are listed up to here; all of them with --json and in failed.json."""


def loaded(
    spec: Path, overrides: Sequence[str], vary: Sequence[str], model: str, root: Path
) -> tuple[Sweep, Path]:
    """Return a sweep and the folder in which its own lies; a sweep's folder goes on as it was."""
    if not (spec / SWEEP).exists():
        return load_sweep(spec, overrides, vary, model), root
    if overrides or vary or model:
        raise SpecError(
            f"{spec} is the folder of a sweep, which has one spec; got "
            f"{[*overrides, *vary, *([model] if model else [])]}; to add values, edit a copy of "
            f"{spec / 'sweep.toml'} and pass that with the same name"
        )
    file = read_sweep(spec)
    return sweep_from(local_sweep_spec(spec, file), file.grid, str(spec)), spec.parent


def show(done: SweepRuns, json: bool) -> None:
    """Say where the runs lie, how many are complete, and which cells failed, with their errors."""
    complete = sum(run.is_complete for run in done.runs if run.path.exists())
    if json:
        console.print_json(
            {
                "sweep": str(done.folder),
                "cells": len(done.runs),
                "complete": complete,
                "failed": dict(done.failed),
            }
        )
        return
    console.print_line(f"{done.folder}: {complete} of {len(done.runs)} cells complete")
    for name, why in list(done.failed.items())[:SHOWN]:
        console.print_line(f"failed: {name}: {why}")
    if len(done.failed) > SHOWN:
        console.print_line(
            f"... and {len(done.failed) - SHOWN} more: {done.folder / 'failed.json'}"
        )
    if done.failed:
        console.print_hint(f"their logs: {done.folder / 'logs'}; run the same command to try again")
    console.print_hint(f"next: genloss report {shlex.quote(str(done.folder))}")
