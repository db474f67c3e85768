"""A run read back: its header, its long table over all blocks, its kept generations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.about import Entries
from genloss.core.arrays import Array, Floats, Ints
from genloss.errors import StoreError
from genloss.store.about import read_about
from genloss.store.block import CHECKPOINT, NOTEBOOK, TABLE, BlockStore
from genloss.store.files import explained, unpack_arrays
from genloss.store.folder import HEADER, Header, read_header


@dataclass(frozen=True, eq=False)
class Series:
    """One metric over generations: t (T,), values (T, C) over the chains of all blocks."""

    name: str
    unit: str
    direction: str
    t: Ints
    values: Floats


@dataclass(frozen=True)
class Run:
    """A run folder, read only."""

    path: Path

    @cached_property
    def header(self) -> Header:
        """Return the header; raises StoreError where the folder is no run of this version."""
        return read_header(self.path)

    @cached_property
    def about(self) -> Entries:
        """Return what the parts of the run said of themselves when it was made."""
        return read_about(self.path)

    @property
    def spec(self) -> Mapping[str, Any]:
        """Return the description of the study."""
        return self.header.spec

    @cached_property
    def blocks(self) -> tuple[BlockStore, ...]:
        """Return the blocks that have begun, in order."""
        folder = self.path / "blocks"
        found = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
        return tuple(BlockStore(p) for p in found)

    def progress(self) -> list[int]:
        """Return the last checkpointed generation of each block."""
        return [
            unpack_arrays(b.path / CHECKPOINT)[1]["t"] if (b.path / CHECKPOINT).exists() else 0
            for b in self.blocks
        ]

    @property
    def is_complete(self) -> bool:
        """Whether every block has reached the last generation."""
        spec = self.spec
        done = [t >= spec["generations"] for t in self.progress()]
        return len(done) == -(-spec["chains"] // spec["chains_per_block"]) and all(done)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is stored but generation 0, and no note of an unfinished fit."""
        noted = any((block.path / NOTEBOOK).exists() for block in self.blocks)
        measured = any(row["t"] for block in self.blocks for row in _rows(block.path / TABLE))
        kept = any(t for block in self.blocks for t in block.kept())
        return not (noted or measured or kept or any(self.progress()))

    @cached_property
    def series(self) -> dict[str, Series]:
        """Return every metric that applied, by name, at the generations all blocks have."""
        tables = [_read_table(block.path / TABLE) for block in self.blocks]
        out = {}
        for about in self.header.metrics:
            parts = [table.get(about["name"], {}) for table in tables]
            if not parts or not all(parts):
                continue
            times = sorted(set.intersection(*(set(p) for p in parts)))
            values = np.array([np.concatenate([p[t] for p in parts]) for t in times])
            out[about["name"]] = Series(
                about["name"], about["unit"], about["direction"], np.array(times), values
            )
        return out

    @cached_property
    def not_applicable(self) -> dict[str, str]:
        """Return why a metric has no values: {name: reason}."""
        out: dict[str, str] = {}
        for block in self.blocks[:1]:
            for row in _rows(block.path / TABLE):
                if "not_applicable" in row:
                    out[row["metric"]] = row["not_applicable"]
        return {name: why for name, why in out.items() if name not in self.series}

    def kept(self) -> list[int]:
        """Return the generations kept by every block."""
        sets = [set(block.kept()) for block in self.blocks]
        return sorted(set.intersection(*sets)) if sets else []

    def arrays(self, t: int, part: str, block: int = 0) -> dict[str, Array]:
        """Return the arrays of one part ('state' or 'samples') of a kept generation.

        Raises:
            StoreError: the generation was not kept; the message lists those that were.
        """
        begun = self.blocks[block : block + 1]
        paths = [b.generation(t) / f"{part}.safetensors" for b in begun]
        if not any(path.exists() for path in paths):
            raise StoreError(f"{self.path} keeps no {part} of generation {t}; kept: {self.kept()}")
        return unpack_arrays(paths[0])[0]

    def texts(self, t: int, block: int = 0) -> list[tuple[str, str]] | None:
        """Return (prompt, text) of the texts kept of generation t; None where none were kept.

        The prompt is empty where none was kept. Bytes that are no UTF-8 become U+FFFD.
        """
        begun = self.blocks[block : block + 1]
        paths = [b.generation(t) / "texts.safetensors" for b in begun]
        if not any(path.exists() for path in paths):
            return None
        arrays = unpack_arrays(paths[0])[0]
        told = _unpacked(arrays["utf8"], arrays["ends"])
        if "prompts_ends" not in arrays:
            return [("", text) for text in told]
        prompts = _unpacked(arrays["prompts_utf8"], arrays["prompts_ends"])
        return list(zip(prompts, told, strict=False))

    def provenance(self) -> list[dict[str, Any]]:
        """Return the sessions that worked on this run."""
        return list(_rows(self.path / "provenance.jsonl"))


def find_runs(root: Path) -> list[Run]:
    """Return all runs at or below root, sorted by path."""
    with explained("read", root):
        return [Run(p.parent) for p in sorted(root.rglob(HEADER))] if root.is_dir() else []


def _unpacked(utf8: Array, ends: Array) -> list[str]:
    parts = np.split(utf8, ends[:-1]) if ends.size else []
    return [part.tobytes().decode(errors="replace") for part in parts]


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with explained("read", path):
        lines = path.read_bytes().splitlines(keepends=True)
    try:
        # A last line without its end is one being written, or cut off by a kill.
        return [json.loads(line) for line in lines if line.endswith(b"\n") and line.strip()]
    except ValueError as error:
        raise StoreError(f"{path} holds a broken line ({error}); delete the run folder") from error


def _read_table(path: Path) -> dict[str, dict[int, Floats]]:
    out: dict[str, dict[int, Floats]] = {}
    for row in _rows(path):
        if "values" in row:
            values = np.array([float(v) for v in row["values"]])
            out.setdefault(row["metric"], {})[row["t"]] = values
    return out
