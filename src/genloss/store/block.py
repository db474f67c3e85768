"""Writing one block of chains: its table grows, kept generations appear whole, a manifest vouches.

The order of writes makes every moment safe to die in: table lines, kept generation, the state to
go on from, and only then the manifest that vouches for all three. A resume goes back to what the
manifest says, removes everything newer and computes it again, to the same bytes.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from genloss.core.arrays import Array
from genloss.errors import StoreError
from genloss.store.arrays import pack_arrays, read_arrays, unpack_arrays
from genloss.store.digest_chain import Mark, chained
from genloss.store.files import (
    explained,
    new_folder,
    own_file,
    own_folder,
    read_bytes,
    remove_temporary,
    removed,
    sha256,
    sync_folder,
    write_bytes,
)
from genloss.store.manifest import (
    Digest,
    Machine,
    Manifest,
    Shortfall,
    read_manifest,
    write_manifest,
)
from genloss.store.table import TABLE, Table, table_link

CHECKPOINT = "checkpoint-{t:06d}.safetensors"
CHECKPOINTS = "checkpoint-*.safetensors"
GENERATIONS = "generations"
NOTEBOOK = "notebook"


@dataclass(frozen=True)
class Checkpoint:
    """All that a chain needs to go on after generation t; no arrays where nothing goes on.

    shortfall: what its curator has cost it so far. vocabulary: of the text, see `Manifest`.
    """

    t: int
    n_real_drawn: int
    arrays: Mapping[str, Array]
    shortfall: Shortfall | None = None
    vocabulary: int | None = None


@dataclass(frozen=True)
class FileNotebook:
    """How far an unfinished fit is; losing it costs time, never a number.

    The first line of the file is the digest of owner and rest, which are arrays: a note of another
    block, or one that was damaged, is as good as none. writes: False in a process of a team in
    which another one writes.
    """

    path: Path
    owner: str = ""
    writes: bool = True

    def read(self) -> dict[str, Array] | None:
        """Return what was written last, or None where there is nothing to trust."""
        if not self.path.exists():
            return None
        try:
            digest, _, content = read_bytes(self.path).partition(b"\n")
            if digest.decode(errors="replace") == self._digest(content):
                return unpack_arrays(content, self.path)[0]
        except StoreError:
            pass
        return None

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Replace what was written, atomically."""
        if self.writes:
            content = pack_arrays(arrays, {})
            write_bytes(self.path, self._digest(content).encode(), b"\n", content)

    def _digest(self, content: bytes) -> str:
        return sha256(self.owner.encode(), b"\n", content)


class BlockStore:
    """The folder of one block, open for its only writer; `resume` comes before all else.

    origin, block: what the table's first line is chained to. machine: what a new block is made on;
    a resume takes the threads that the manifest says, and notes there what else differs. runs:
    fingerprints that a manifest may name, `origin` alone if none are given; a new one names the
    first. vouched: hears of the folder after every new manifest.
    """

    def __init__(
        self,
        path: Path,
        origin: str,
        block: int,
        machine: Machine,
        runs: tuple[str, ...] = (),
        vouched: Callable[[Path], None] = lambda path: None,
    ) -> None:
        self.path, self.origin, self.block, self.machine = path, origin, block, machine
        self.runs, self.vouched = runs or (origin,), vouched
        self._mark = Mark(0, 0, table_link(origin, block).decode())
        self._kept: dict[int, dict[str, str]] = {}

    def resume(self, last: int | None = None) -> Checkpoint | None:
        """Return the state to go on from, with everything newer removed; None for a fresh start.

        last: a generation after which nothing goes on; at it, the checkpoint is not read.

        Raises:
            StoreError: what the manifest vouches for is damaged or gone; then nothing is removed.
        """
        own_folder(self.path)
        own_folder(self.path / GENERATIONS)
        manifest = read_manifest(self.path, self.runs, self.block)
        arrays: Mapping[str, Array] = {}
        if manifest is not None:
            self._verify(manifest)
            if last is None or manifest.t < last:
                arrays = self._arrays(manifest)
            self.machine = manifest.machine.moved_to(self.machine, manifest.t)
            self._mark = manifest.table
            self._kept = {t: dict(parts) for t, parts in manifest.kept.items()}
        self._cut_back(manifest)
        if manifest is None:
            return None
        return Checkpoint(manifest.t, manifest.real_rows_drawn, arrays, manifest.shortfall)

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows, one line each; nothing is written where one of them is refused."""
        link, lines = self._mark.chain.encode(), []
        for row in rows:
            line, link = chained(row, link)
            lines.append(line)
        content = b"".join(lines)
        with explained("write", self.path / TABLE), self._table() as file:
            file.write(content)
        before = self._mark
        self._mark = Mark(before.bytes + len(content), before.lines + len(lines), link.decode())

    def keep(
        self, t: int, parts: Mapping[str, Mapping[str, Array]], about: Mapping[str, Any]
    ) -> None:
        """Keep generation t: one array file per part (state, samples), all or nothing."""
        digests = {}
        with new_folder(generation_path(self.path, t)) as folder:
            for name, arrays in parts.items():
                content = pack_arrays(arrays, {"t": t, **about})
                write_bytes(folder / f"{name}.safetensors", content)
                digests[name] = sha256(content)
        self._kept[t] = digests

    def checkpoint(self, state: Checkpoint) -> None:
        """Vouch for everything written so far; afterwards a resume continues after t."""
        with explained("write", self.path / TABLE), self._table() as file:
            os.fsync(file.fileno())
        # Before the manifest: a finished folder never holds a note, whenever it was killed.
        removed(self.path / NOTEBOOK)
        digest = None
        if state.arrays:
            content = pack_arrays(state.arrays, {"t": state.t})
            write_bytes(checkpoint_path(self.path, state.t), content)
            digest = Digest(len(content), sha256(content))
        manifest = Manifest(
            self.runs[0],
            self.block,
            state.t,
            state.n_real_drawn,
            self._mark,
            digest,
            self._kept,
            self.machine,
            state.shortfall,
            state.vocabulary,
        )
        if self._kept:
            sync_folder(self.path / GENERATIONS)
        # What it vouches for is there before it is, whatever order a file system has.
        sync_folder(self.path)
        write_manifest(self.path, manifest)
        sync_folder(self.path)
        self._remove_checkpoints(state.t)
        self.vouched(self.path)

    def notebook(self) -> FileNotebook:
        """Return the notebook of the fit that is under way."""
        return FileNotebook(self.path / NOTEBOOK, f"{self.origin}/{self.block:04d}")

    def _table(self) -> IO[bytes]:
        return own_file(self.path / TABLE, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def _verify(self, manifest: Manifest) -> None:
        """Read the table against the manifest, and see that every kept part is there."""
        table = Table(self.path / TABLE, self.origin, self.block, manifest.table)
        for _ in table.vouched():
            pass
        for t, parts in manifest.kept.items():
            for name in parts:
                path = part_path(self.path, t, name)
                if not path.is_file():
                    raise StoreError(
                        f"{path} is half-deleted: the manifest of its block names it, and it is "
                        "gone; delete the run folder and run again, or put the file back"
                    )

    def _arrays(self, manifest: Manifest) -> Mapping[str, Array]:
        """Read the checkpoint that the manifest vouches for."""
        if manifest.checkpoint is None:
            return {}
        return read_arrays(checkpoint_path(self.path, manifest.t), manifest.checkpoint.sha256)[0]

    def _cut_back(self, manifest: Manifest | None) -> None:
        t = -1 if manifest is None else manifest.t
        remove_temporary(self.path)
        remove_temporary(self.path / GENERATIONS)
        self._remove_checkpoints(t)
        for path in (self.path / GENERATIONS).iterdir():
            if path.name.isdecimal() and int(path.name) not in self._kept:
                removed(path)
        if (self.path / TABLE).exists() or (self.path / TABLE).is_symlink():
            with explained("repair", self.path / TABLE), self._table() as file:
                file.truncate(self._mark.bytes)

    def _remove_checkpoints(self, t: int) -> None:
        with explained("repair", self.path):
            for path in self.path.glob(CHECKPOINTS):
                if path != checkpoint_path(self.path, t):
                    removed(path)


def checkpoint_path(block: Path, t: int) -> Path:
    """Return the file that a block goes on from after generation t."""
    return block / CHECKPOINT.format(t=t)


def generation_path(block: Path, t: int) -> Path:
    """Return the folder of a kept generation; it exists iff it is complete."""
    return block / GENERATIONS / f"{t:06d}"


def part_path(block: Path, t: int, part: str) -> Path:
    """Return the file of one part of a kept generation."""
    return generation_path(block, t) / f"{part}.safetensors"
