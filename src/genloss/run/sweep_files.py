"""Verify the files of a sweep that are no runs, against their digests and against one another."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.run.progress_file import PROGRESS, read_progress
from genloss.store.files import read_bytes
from genloss.store.machine_file import MACHINE
from genloss.store.sweep import (
    FAILED,
    GRID,
    SPEC,
    SWEEP,
    SweepFile,
    local_sweep_spec,
    read_failures,
    read_sweep,
)
from genloss.store.verify import Checked, checked

TOML_REMEDY = "run the folder again (genloss sweep FOLDER): it is written anew"


def verify_sweep(folder: Path) -> Iterator[Checked]:
    """Yield every file of a sweep's own that is there or should be; logs vouch for nothing."""
    whole = checked(folder / SWEEP, lambda: read_sweep(folder))
    yield whole
    if whole.problem:
        return
    file = read_sweep(folder)
    yield checked(folder / SPEC, lambda: _check_toml(folder / SPEC, file))
    for name, read in (
        (FAILED, lambda: read_failures(folder)),
        (PROGRESS, lambda: read_progress(folder)),
        (MACHINE, lambda: local_sweep_spec(folder, file)),
    ):
        if (folder / name).exists():
            yield checked(folder / name, read)


def _check_toml(path: Path, file: SweepFile) -> None:
    """Raise StoreError where sweep.toml, which carries no digest, is not what sweep.json says."""
    try:
        there = tomllib.loads(read_bytes(path).decode())
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} is no TOML ({error}); {TOML_REMEDY}") from error
    if there != _without_none({**file.spec, GRID: file.grid}):
        raise StoreError(f"{path} says something else than {SWEEP} beside it; {TOML_REMEDY}")


def _without_none(value: Any) -> Any:
    """Return a value as TOML has it, which knows no null: keys without one are left out."""
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return [_without_none(v) for v in value] if isinstance(value, list) else value
