"""What `genloss ls` lists: runs, and a sweep as one line."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from genloss.cli import console
from genloss.errors import StoreError
from genloss.store.folder import itself
from genloss.store.header import HEADER
from genloss.store.lock import is_held
from genloss.store.reader import Run
from genloss.store.summaries import Summary, summaries, summary_of
from genloss.store.sweep import SWEEP, SweepFile, is_sweep, read_failures, read_sweep

VARIES = "varies"

Found = dict[Path, Summary | StoreError]


def listing(root: Path, json: bool) -> None:
    """List runs and sweeps with their progress; a damaged one is one row with the reason."""
    found = dict(summaries(root))
    sweeps = set(_sweeps(root, found))
    alone = {**found, **(_elsewhere(root) if is_sweep(root) else {})}.items()
    rows = [_run_row(p, what, root) for p, what in alone if not sweeps or p.parent not in sweeps]
    rows += [_sweep_row(folder, found, root) for folder in sweeps]
    rows.sort(key=lambda row: str(row["run"]))
    if json:
        console.print_rows(rows)
        return
    if not rows:
        empty = f"no runs below {root}; start with: genloss demo"
        if is_sweep(root):
            empty = f"{root} is a sweep of which no cell has a run; run its spec again"
        console.print_line(empty)
        return
    columns = [k for k in rows[0] if k in SHOWN and (k != "problem" or any(r[k] for r in rows))]
    if console.narrow_width():
        columns = [key for key in columns if key not in ("regime", "learner", "reality")]
    shown = [[_word(row, key) for key in columns] for row in rows]
    # A path can be cut in two and still be read; "comple/te" cannot.
    console.print_table(columns, shown, folds=("run", "problem"))


def _elsewhere(sweep: Path) -> Found:
    """Return the cells of a sweep that lie in other folders; a damaged sweep.json stands alone."""
    try:
        cells = read_sweep(sweep).cells
    except StoreError as error:
        return {sweep: error}
    folder = itself(sweep)
    places = (Path(os.path.normpath(folder / cell.run)) for cell in cells)
    return {
        place: _known(place) for place in places if place.parent != folder and os.path.isdir(place)
    }


def _known(run: Path) -> Summary | StoreError:
    try:
        return summary_of(Run(run))
    except StoreError as error:
        return error


def _sweeps(root: Path, runs: Found) -> Iterator[Path]:
    """Yield the sweeps below a folder, those too whose cells lie elsewhere or have not begun."""
    for place, inner, files in os.walk(root):
        folder = Path(place)
        # Most are runs, and a header says so at once.
        below = (name for name in inner if not os.path.exists(f"{place}/{name}/{HEADER}"))
        inner[:] = [name for name in below if folder / name not in runs]
        if SWEEP in files and folder != root:
            yield folder


SHOWN = ("run", "generations", "chains", "regime", "learner", "reality", "complete", "problem")


COMMON = SHOWN[1:6]
"""What is said of runs, and of a sweep as far as all of its runs have it."""


def _word(row: Mapping[str, Any], key: str) -> str:
    if key == "complete" and "cells" in row:
        more = [f"{row['failed']} failed"] if row["failed"] else []
        more += ["at work"] if row["at_work"] else []
        return "; ".join([f"{row['done']} of {row['cells']} cells", *more])
    return {"True": "yes", "False": "no"}.get(str(row[key]), str(row[key]))


def _run_row(path: Path, what: Summary | StoreError, root: Path) -> dict[str, Any]:
    row = {"run": _place(path, root)}
    if isinstance(what, StoreError):
        blank = dict.fromkeys(COMMON, "")
        return {**row, **blank, "complete": False, "problem": str(what)}
    common = {key: getattr(what, key) for key in COMMON}
    return {**row, **common, "complete": what.is_complete, "problem": ""}


def _place(path: Path, root: Path) -> str:
    """Return where a folder lies below root, which is itself for root."""
    below, above = str(path), f"{root}/"
    if below.startswith(above):
        return below[len(above) :]
    return below if path == root else os.path.relpath(path, root)


def _sweep_row(folder: Path, found: Found, root: Path) -> dict[str, Any]:
    row = {"run": _place(folder, root)}
    try:
        file = read_sweep(folder)
        failed = read_failures(folder)
    except StoreError as error:
        return _run_row(folder, error, root)
    known = _cells(folder, file, found)
    whole = [what for what in known if isinstance(what, Summary)]
    damaged = [str(what) for what in known if isinstance(what, StoreError)]
    done = sum(what.is_complete for what in whole)
    return {
        **row,
        **_described(whole),
        "complete": done == len(file.cells),
        "problem": damaged[0] if damaged else "",
        "cells": len(file.cells),
        "done": done,
        "failed": sum(cell.fingerprint in failed for cell in file.cells),
        "at_work": is_held(folder),
    }


def _cells(folder: Path, file: SweepFile, found: Found) -> list[Summary | StoreError]:
    """Return what is known of the cells that have begun; some may lie elsewhere."""
    out: list[Summary | StoreError] = []
    for cell in file.cells:
        path = folder / cell.run
        flat = Path(os.path.normpath(path))
        if flat in found:
            out.append(found[flat])
        elif os.path.isdir(path):
            out.append(_known(path))
    return out


def _described(what: Iterable[Summary]) -> dict[str, Any]:
    """Return what runs have in common, and where they vary."""
    rows = list(what)
    out: dict[str, Any] = {}
    for key in COMMON:
        values = {getattr(row, key) for row in rows}
        out[key] = values.pop() if len(values) == 1 else VARIES if values else ""
    return out
