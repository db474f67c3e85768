"""What `genloss ls` says of runs, and an index of it, so that ten thousand are listed in no time.

The index is a cache: it holds what headers and manifests said, with size and time of each file; a
file whose size or time differs is read again, and without the index everything is.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.store.files import read_sealed, write_sealed
from genloss.store.folder import BLOCKS, holds_run, is_control_path
from genloss.store.header import HEADER
from genloss.store.manifest import MANIFEST
from genloss.store.reader import Run, folders
from genloss.store.schema import expect
from genloss.store.table import TABLE

INDEX = ".index.json"

FEWEST = 200
"""Runs below which reading them all is as fast as an index."""

Stamps = dict[str, list[int]]
"""Size and time of the files that a summary was read from."""


@dataclass(frozen=True)
class Summary:
    """What a run is and how far it has come: t of every block that has begun; kinds as text."""

    generations: int
    chains: int
    blocks: int
    regime: str
    learner: str
    reality: str
    t: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every block has reached the last generation."""
        return len(self.t) == self.blocks and all(t >= self.generations for t in self.t)


SHAPE = {
    "generations": int,
    "chains": int,
    "blocks": int,
    "regime": str,
    "learner": str,
    "reality": str,
    "t": [int],
}


def summary_of(run: Run) -> Summary:
    """Read a run's header and manifests, and hold its tables to the lengths that they say.

    Raises:
        StoreError: something among them is damaged.
    """
    for block in run.blocks:
        block.check_sizes()
    spec = run.spec
    curator = spec.get("curator")
    regime = _kind(spec["regime"]) + (f" through {_kind(curator)}" if curator else "")
    return Summary(
        spec["generations"],
        spec["chains"],
        run.header.n_blocks,
        regime,
        _kind(spec["learner"]),
        _kind(spec["reality"]),
        tuple(run.progress()),
    )


def summaries(root: Path) -> Iterator[tuple[Path, Summary | StoreError]]:
    """Yield every run at or below root with its summary, or with what is wrong with it.

    Controls are left out, as by `find_runs`.

    Reads the index of root, and writes it again where runs are many and something changed.
    """
    before = _read_index(root)
    after: dict[str, Any] = {}
    changed = False
    for path, names in folders(root):
        if not holds_run(names) or is_control_path(path, root):
            continue
        place = os.path.relpath(path, root)
        stamps = _stamps(path)
        known = before.get(place)
        if known is not None and known["stamps"] == stamps:
            after[place] = known
            yield path, _from_table(known["summary"])
            continue
        try:
            summary = summary_of(Run(path))
        except (StoreError, OSError) as error:
            if path.exists():
                yield path, error if isinstance(error, StoreError) else StoreError(str(error))
            continue
        changed = True
        after[place] = {"stamps": stamps, "summary": asdict(summary)}
        yield path, summary
    if len(after) >= FEWEST and (changed or len(after) != len(before)):
        with suppress(StoreError):
            write_sealed(root / INDEX, {"runs": after})


def refresh(root: Path) -> None:
    """Write the index of root, where runs are many, so that they are listed at once."""
    for _ in summaries(root):
        pass


def _stamps(run: Path) -> Stamps:
    """Return size and time of header, manifests and tables; of a table only whether it shrank."""
    paths = [HEADER]
    with suppress(OSError):
        for block in sorted(os.listdir(run / BLOCKS)):
            paths += [f"{BLOCKS}/{block}/{MANIFEST}", f"{BLOCKS}/{block}/{TABLE}"]
    out: Stamps = {}
    for path in paths:
        try:
            about = os.stat(f"{run}/{path}")
        except OSError:
            out[path] = []
        else:
            out[path] = [about.st_size, about.st_mtime_ns]
    return out


def _read_index(root: Path) -> Mapping[str, Any]:
    path = root / INDEX
    if not path.is_file():
        return {}
    try:
        value = read_sealed(path)
        expect(value, {"runs": {str: {"stamps": {str: [int]}, "summary": SHAPE}}}, path)
        if any(one["summary"].keys() != SHAPE.keys() for one in value["runs"].values()):
            return {}
    except StoreError:
        # It is made again from what it was made of.
        return {}
    runs: Mapping[str, Any] = value["runs"]
    return runs


def _from_table(table: Mapping[str, Any]) -> Summary:
    return Summary(**{**table, "t": tuple(table["t"])})


def _kind(part: Any) -> str:
    return str(part["kind"]) if isinstance(part, Mapping) else str(part)
