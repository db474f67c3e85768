"""A run read back: its header, its long table over all blocks, its kept generations.

Everything is verified in the read that parses it; what a manifest does not vouch for yet is either
verified through the table's chain, or not shown.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from genloss.core.about import Entries
from genloss.core.arrays import Array, Floats
from genloss.core.places import Place
from genloss.errors import StoreError
from genloss.store.about import read_about
from genloss.store.arrays import read_arrays
from genloss.store.block import NOTEBOOK, part_path
from genloss.store.files import explained
from genloss.store.folder import BLOCKS, PROVENANCE, holds_run, is_control_path
from genloss.store.header import HEADER, Header, read_header
from genloss.store.machine_file import local_spec
from genloss.store.manifest import Manifest, Shortfall, read_manifest
from genloss.store.parts import (
    HISTOGRAMS,
    REFUSED,
    TEXTS,
    joined_histograms,
    judged_histograms,
    unpack_refused,
    unpack_texts,
)
from genloss.store.provenance import sessions
from genloss.store.series import Column, Series, columns, joined
from genloss.store.sweep import SWEEP, is_sweep, read_sweep
from genloss.store.table import TABLE, Absent, Table


@dataclass(frozen=True)
class Block:
    """The folder of one block, read only."""

    path: Path
    number: int
    header: Header

    @cached_property
    def manifest(self) -> Manifest | None:
        """Return the manifest; None before the first checkpoint."""
        return read_manifest(self.path, self.header.accepted, self.number)

    @property
    def table(self) -> Table:
        """Return the table; the manifest, read before it, says how far it is vouched for."""
        mark = None if self.manifest is None else self.manifest.table
        return Table(self.path / TABLE, self.header.origin, self.number, mark)

    @cached_property
    def times(self) -> tuple[dict[str, list[int]], dict[str, str]]:
        """Return the generations with values by metric, and why others have none."""
        return self.table.times()

    @property
    def t(self) -> int:
        """Return the last generation that the manifest vouches for."""
        return 0 if self.manifest is None else self.manifest.t

    def kept(self) -> list[int]:
        """Return the kept generations that the manifest vouches for."""
        return [] if self.manifest is None else sorted(self.manifest.kept)

    def has(self, t: int, part: str) -> bool:
        """Return whether a part of a generation was kept."""
        return self.manifest is not None and part in self.manifest.kept.get(t, ())

    def arrays(self, t: int, part: str) -> dict[str, Array]:
        """Return the arrays of a part that the manifest vouches for."""
        assert self.manifest is not None
        path = part_path(self.path, t, part)
        return read_arrays(path, self.manifest.kept[t][part])[0]

    def check_shape(self, metric: str, about: Mapping[str, Any], values: Floats) -> None:
        """Raise StoreError where values are not one number per chain, or per chain and label."""
        spec = self.header.spec
        first = self.number * spec["chains_per_block"]
        chains = min(spec["chains_per_block"], spec["chains"] - first)
        labels = about.get("labels", ())
        expected = (chains, len(labels)) if labels else (chains,)
        if values.shape != expected:
            raise StoreError(
                f"{self.path / TABLE}: metric {metric} has values of shape {values.shape}; "
                f"expected {expected}; it is foreign; run the study again"
            )

    def check_sizes(self) -> None:
        """Raise StoreError where the table is shorter than the manifest says; reads no table."""
        mark = None if self.manifest is None else self.manifest.table
        if mark is None or not mark.bytes:
            return
        path = self.path / TABLE
        size = path.stat().st_size if path.exists() else 0
        if size < mark.bytes:
            raise StoreError(
                f"{path} is half-deleted: {mark.bytes - size} bytes of it are gone; delete the "
                "run folder and run again, or put the file back"
            )


@dataclass(frozen=True, init=False)
class Run:
    """A run folder, read only."""

    path: Path

    def __init__(self, path: Place) -> None:
        object.__setattr__(self, "path", Path(path))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the numbers so far."""
        from genloss.store.notebook_html import run_html

        state = "complete" if self.is_complete else "unfinished"
        return run_html(str(self.path), state, self.series, self.not_applicable)

    @cached_property
    def header(self) -> Header:
        """Return the header; raises StoreError where the folder is not a run of this version."""
        return read_header(self.path)

    @property
    def spec(self) -> Mapping[str, Any]:
        """Return the description of the study; of absolute paths, the last part."""
        return self.header.spec

    @property
    def local_spec(self) -> Mapping[str, Any]:
        """Return the description with the paths of the machine that began the run."""
        return local_spec(self.path, self.header.spec)

    @cached_property
    def about(self) -> Entries:
        """Return what the parts of the run said of themselves when it was made."""
        return read_about(self.path, self.header.accepted)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Return the blocks that have begun, in order.

        Raises:
            StoreError: something among them is not a block of this run, or no folder.
        """
        folder, n = self.path / BLOCKS, self.header.n_blocks
        with explained("read", folder):
            names = sorted(os.listdir(folder)) if folder.is_dir() else []
        expected = {f"{i:04d}": i for i in range(n)}
        # The marks of file systems and viewers begin with a dot.
        if odd := [name for name in names if name not in expected and name[:1] != "."]:
            raise StoreError(
                f"{folder / odd[0]} is not a block of this run; expected 0000 to {n - 1:04d}; it "
                "was copied there or is foreign; remove it"
            )
        begun = [(folder / name, i) for name, i in expected.items() if name in names]
        if files := [path for path, _ in begun if not path.is_dir()]:
            raise StoreError(f"{files[0]} is a file; expected the folder of a block; remove it")
        return tuple(Block(path, i, self.header) for path, i in begun)

    @property
    def missing(self) -> list[int]:
        """Return the blocks that have not begun, or are gone."""
        begun = {block.number for block in self.blocks}
        return [i for i in range(self.header.n_blocks) if i not in begun]

    def progress(self) -> list[int]:
        """Return the last checkpointed generation of each block that has begun."""
        return [block.t for block in self.blocks]

    @property
    def is_complete(self) -> bool:
        """Whether every block has reached the last generation."""
        done = [t >= self.spec["generations"] for t in self.progress()]
        return not self.missing and all(done)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is stored but generation 0, and no note of an unfinished fit."""
        noted = any((block.path / NOTEBOOK).exists() for block in self.blocks)
        measured = any(t for b in self.blocks for ts in b.times[0].values() for t in ts)
        stored = any(t for block in self.blocks for t in block.kept())
        return not (noted or measured or stored or any(self.progress()))

    @property
    def unvouched(self) -> int | None:
        """Return the last generation that every manifest vouches for, where the tables go on."""
        last = min(self.progress(), default=0)
        ahead = any(ts[-1] > b.t for b in self.blocks for ts in b.times[0].values())
        return last if ahead else None

    @property
    def shortfall(self) -> Shortfall | None:
        """Return what a curator has cost the chain that lacked most; None where none lacked any."""
        manifests = [block.manifest for block in self.blocks]
        found = [m.shortfall for m in manifests if m is not None and m.shortfall is not None]
        return Shortfall(min(s.t for s in found), max(s.share for s in found)) if found else None

    @property
    def vocabulary(self) -> int | None:
        """Return the entries of the text's tokeniser; None of other data, and not yet known."""
        manifests = [block.manifest for block in self.blocks]
        sizes = (m.vocabulary for m in manifests if m is not None and m.vocabulary is not None)
        return next(sizes, None)

    @property
    def columns(self) -> dict[str, Column]:
        """Return the series of one number per chain each; see `genloss.store.series.columns`."""
        return columns(self.series)

    @cached_property
    def series(self) -> dict[str, Series]:
        """Return every metric that applied, by name, at the generations all blocks have."""
        return self.select({name: self.times(name) for name in self.measured()})

    def measured(self) -> list[str]:
        """Return the metrics with values in every block, in the order of the header."""
        names = [about["name"] for about in self.header.metrics]
        return [n for n in names if self.blocks and all(n in b.times[0] for b in self.blocks)]

    def times(self, metric: str) -> list[int]:
        """Return the generations at which every block has a metric."""
        return sorted(set.intersection(*(set(b.times[0].get(metric, ())) for b in self.blocks)))

    def select(self, wanted: Mapping[str, Collection[int]]) -> dict[str, Series]:
        """Return metrics at the generations wanted, which all blocks have; one pass per block."""
        about = {a["name"]: a for a in self.header.metrics}
        rows: dict[str, list[dict[int, Any]]] = {m: [{} for _ in self.blocks] for m in wanted}
        sets = {metric: set(times) for metric, times in wanted.items()}
        for i, block in enumerate(self.blocks):
            for t, metric, value in block.table.rows(sets):
                if not isinstance(value, Absent):
                    rows[metric][i][t] = value
                    block.check_shape(metric, about[metric], value)
        out = {}
        for metric, blocks in rows.items():
            # A resume may have cut a table back since its generations were listed.
            times = [t for t in sorted(wanted[metric]) if all(t in block for block in blocks)]
            if times:
                out[metric] = joined(about[metric], times, blocks)
        return out

    @cached_property
    def not_applicable(self) -> dict[str, str]:
        """Return why a metric has no values: {name: reason}."""
        reasons = self.blocks[0].times[1] if self.blocks else {}
        measured = self.measured()
        return {name: why for name, why in reasons.items() if name not in measured}

    def kept(self) -> list[int]:
        """Return the generations kept by every block."""
        sets = [set(block.kept()) for block in self.blocks]
        return sorted(set.intersection(*sets)) if sets else []

    def has(self, t: int, part: str) -> bool:
        """Return whether the first block kept a part of a generation."""
        return any(block.has(t, part) for block in self.blocks[:1])

    def arrays(self, t: int, part: str, block: int = 0) -> dict[str, Array]:
        """Return the arrays of one part ('state' or 'samples') of a kept generation.

        Raises:
            StoreError: the generation was not kept; the message lists those that were.
        """
        for one in self.blocks:
            if one.number == block and one.has(t, part):
                return one.arrays(t, part)
        raise StoreError(f"{self.path} keeps no {part} of generation {t}; kept: {self.kept()}")

    def texts(self, t: int) -> list[tuple[str, str]] | None:
        """Return (prompt, text) of the texts kept of generation t; None where none were kept."""
        if not self.has(t, TEXTS):
            return None
        path = part_path(self.blocks[0].path, t, TEXTS)
        return unpack_texts(self.blocks[0].arrays(t, TEXTS), path)

    def refused(self, t: int) -> tuple[Array, Array, list[str]] | None:
        """Return rows that a curator refused at generation t, as far as they were kept.

        Rows (C, m, ...), the place of each one's reason (C, m), -1 for no row, and the reasons;
        None where none were kept.
        """
        if not self.has(t, REFUSED):
            return None
        path = part_path(self.blocks[0].path, t, REFUSED)
        return unpack_refused(self.blocks[0].arrays(t, REFUSED), path)

    def histograms(self, t: int, judge: str) -> dict[str, Array] | None:
        """Return what metrics counted per bin, over the chains of all blocks.

        None where not every block has it of generation t. judge: 'first' or 'base'.
        """
        parts = [b.arrays(t, HISTOGRAMS) for b in self.blocks if b.has(t, HISTOGRAMS)]
        mine = [judged_histograms(part, judge) for part in parts]
        complete = mine and len(mine) == len(self.blocks) and all(mine)
        return joined_histograms(mine) if complete else None

    def provenance(self) -> list[dict[str, Any]]:
        """Return the sessions that worked on this run."""
        return sessions(self.path / PROVENANCE, self.header.origin)


def is_run(folder: Path) -> bool:
    """Return whether a folder is a run, whole or damaged."""
    return folder.is_dir() and holds_run(os.listdir(folder))


def find_runs(root: Place) -> list[Run]:
    """Return all runs at or below root, and the cells of sweeps there, by path; see `folders`.

    Controls belong to the runs that they stand beside, and are runs of their own where root is one
    of them, or the folder that they lie in.
    """
    paths: dict[Path, None] = {}
    for path, names in folders(Path(root)):
        if holds_run(names):
            if not is_control_path(path, Path(root)):
                paths[path] = None
        elif SWEEP in names:
            # A cell that another folder had already lies there.
            paths |= dict.fromkeys(path / cell.run for cell in read_sweep(path).cells)
    inside = {path.resolve(): path for path in paths if path.is_dir()}
    return [Run(path) for path in sorted(inside.values())]


def find_controls(root: Place) -> list[Run]:
    """Return the controls below root, by path; see `find_runs`."""
    below = folders(Path(root))
    return [Run(p) for p, names in below if holds_run(names) and is_control_path(p, Path(root))]


def runs_below(paths: Sequence[Place]) -> list[Run]:
    """Return all runs at or below some paths, each once.

    Raises:
        StoreError: a path without any.
    """
    runs: dict[Path, Run] = {}
    for path in paths:
        below = find_runs(path)
        if not below:
            if is_sweep(Path(path)):
                raise StoreError(
                    f"{path} is a sweep of which no cell has a run; failed.json and logs/ there "
                    "say what failed, if it has begun"
                )
            raise StoreError(
                f"{path} holds no runs (no {HEADER} at or below it); see `genloss ls` for what "
                "there is, or run a study first"
            )
        runs |= {run.path.resolve(): run for run in below}
    return list(runs.values())


def folders(root: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield the folders at and below root with the names in them, in order, runs included.

    Runs are not descended into, links are not followed, and what vanishes meanwhile is left out.
    """
    try:
        entries = sorted(os.scandir(root), key=lambda e: e.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StoreError(
            f"cannot read {root}: {error.strerror}; check path and permissions"
        ) from error
    names = [entry.name for entry in entries]
    yield root, names
    if not holds_run(names):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from folders(root / entry.name)
