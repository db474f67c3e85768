"""One block of chains on disk: metrics append, kept generations appear whole, a checkpoint resumes.

The order of writes makes every moment safe to die in: metric lines, kept generation, and only
then the checkpoint that vouches for both, naming the length of the table. A resume cuts the table
back to that length, drops newer generations and computes them again, to the same bytes.
"""

import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.arrays import Array, Floats
from genloss.errors import StoreError
from genloss.store.files import (
    TEMPORARY,
    explained,
    new_folder,
    pack_arrays,
    unpack_arrays,
    write_bytes,
)
from genloss.store.folder import FORMAT

TABLE = "metrics.jsonl"
CHECKPOINT = "checkpoint.safetensors"
NOTEBOOK = "notebook.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """All that a chain needs to go on after generation t."""

    t: int
    n_real_drawn: int
    arrays: Mapping[str, Array]


@dataclass(frozen=True)
class FileNotebook:
    """How far an unfinished fit is; losing it costs time, never a number."""

    path: Path

    def read(self) -> dict[str, Array] | None:
        """Return what was written last, or None where there is nothing readable."""
        try:
            return unpack_arrays(self.path)[0] if self.path.exists() else None
        except StoreError:
            return None

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Replace what was written, atomically."""
        write_bytes(self.path, pack_arrays(arrays, {"format": FORMAT}))


@dataclass(frozen=True)
class BlockStore:
    """The folder of one block; it has one writer."""

    path: Path

    def resume(self) -> Checkpoint | None:
        """Return the last checkpoint, with everything newer removed, or None for a fresh start.

        Raises:
            StoreError: a damaged checkpoint, or a table shorter than the checkpoint says.
        """
        with explained("create", self.path):
            (self.path / "generations").mkdir(parents=True, exist_ok=True)
        found = self.path / CHECKPOINT
        if not found.exists():
            self._cut_back(0, -1)
            return None
        arrays, about = unpack_arrays(found)
        if about.get("format") != FORMAT:
            raise StoreError(f"{found} has format {about.get('format')!r}; expected {FORMAT}")
        missing = [t for t in about["kept"] if not self.generation(t).is_dir()]
        size = self.table_size()
        if size < about["table_bytes"] or missing:
            what = f"generations {missing}" if missing else f"{about['table_bytes'] - size} bytes"
            raise StoreError(
                f"{self.path} is half-deleted: {what} of it are gone; delete the run folder and "
                "run again, or put the files back"
            )
        self._cut_back(about["table_bytes"], about["t"])
        return Checkpoint(about["t"], about["n_real_drawn"], arrays)

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append metric rows, one JSON line each."""
        text = "".join(
            json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n" for row in rows
        )
        with explained("write", self.path / TABLE), (self.path / TABLE).open("ab") as file:
            file.write(text.encode())

    def keep(
        self, t: int, parts: Mapping[str, Mapping[str, Array]], about: Mapping[str, Any]
    ) -> None:
        """Keep generation t: one array file per part (state, samples), all or nothing."""
        with new_folder(self.generation(t)) as folder:
            for name, arrays in parts.items():
                write_bytes(folder / f"{name}.safetensors", pack_arrays(arrays, {"t": t, **about}))

    def checkpoint(self, state: Checkpoint) -> None:
        """Vouch for everything written so far; afterwards a resume continues after t."""
        table = self.path / TABLE
        with explained("write", table), table.open("ab") as file:
            os.fsync(file.fileno())
        # Before the checkpoint: a finished folder never holds a note, whenever it was killed.
        for left in (NOTEBOOK, NOTEBOOK + TEMPORARY):
            with explained("remove", self.path / left):
                (self.path / left).unlink(missing_ok=True)
        about = {
            "format": FORMAT,
            "t": state.t,
            "n_real_drawn": state.n_real_drawn,
            "table_bytes": self.table_size(),
            "kept": self.kept(),
        }
        write_bytes(self.path / CHECKPOINT, pack_arrays(state.arrays, about))

    def notebook(self) -> FileNotebook:
        """Return the notebook of the fit that is under way."""
        return FileNotebook(self.path / NOTEBOOK)

    def generation(self, t: int) -> Path:
        """Return the folder of a kept generation; it exists iff it is complete."""
        return self.path / "generations" / f"{t:06d}"

    def kept(self) -> list[int]:
        """Return the kept generations."""
        folders = (self.path / "generations").glob("[0-9]*")
        return sorted(int(f.name) for f in folders if f.name.isdecimal())

    def table_size(self) -> int:
        """Return the bytes of the metrics table."""
        table = self.path / TABLE
        return table.stat().st_size if table.exists() else 0

    def _cut_back(self, size: int, t: int) -> None:
        table = self.path / TABLE
        with explained("repair", self.path):
            if table.exists():
                os.truncate(table, size)
            for folder in (self.path / "generations").iterdir():
                newer = folder.name.isdecimal() and int(folder.name) > t
                if newer or folder.name.endswith(TEMPORARY):
                    shutil.rmtree(folder)


def metric_row(t: int, name: str, values: Floats) -> dict[str, Any]:
    """Return one row of the table; infinities become text, NaN is refused.

    Raises:
        StoreError: a value is NaN; the message names the metric, generation and chain.
    """
    if np.isfinite(values).all():
        return {"t": t, "metric": name, "values": values.tolist()}
    bad = np.flatnonzero(np.isnan(values))
    if bad.size:
        raise StoreError(
            f"metric {name} is NaN at generation {t}, chain {bad[0]} of its block; what came "
            "before is kept; check the learner there, or drop the metric"
        )
    shown = [v if math.isfinite(v) else ("inf" if v > 0 else "-inf") for v in values.tolist()]
    return {"t": t, "metric": name, "values": shown}


def absent_row(t: int, name: str, why: str) -> dict[str, Any]:
    """Return the row of a metric that does not apply."""
    return {"t": t, "metric": name, "not_applicable": why}
