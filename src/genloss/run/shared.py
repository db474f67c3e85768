"""Runs over a bucket: what a driver and its workers read and write there.

Below a prefix, keys are those of files below --root: NAME/run.json, NAME/blocks/0000/manifest.json.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from genloss.core.code import text_digest
from genloss.errors import SpecError, StoreError
from genloss.run.block import run_block
from genloss.run.events import Tell
from genloss.run.other_machine import OtherMachine, check_machine
from genloss.run.task import Task
from genloss.store.about import ABOUT
from genloss.store.bucket import Bucket
from genloss.store.files import make_folder, read_bytes, removed, write_bytes
from genloss.store.folder import BLOCKS, PROVENANCE, block_path
from genloss.store.header import HEADER
from genloss.store.lease import Lease
from genloss.store.lock import WAIT_SECONDS, locked
from genloss.store.manifest import MANIFEST
from genloss.store.published import (
    OBJECTS,
    PublishedBlock,
    published_block,
    pull_block,
    remove_unnamed,
)
from genloss.store.reader import Run
from genloss.store.sweep import FAILED, SPEC, SWEEP

RUN_FILES = (ABOUT, HEADER, PROVENANCE)
SWEEP_FILES = (SPEC, SWEEP, FAILED)


@dataclass(frozen=True)
class Claim:
    """The right to write one block of a bucket, as it travels to a worker."""

    url: str
    run: str
    owner: str
    epoch: tuple[int, int]


def run_shared(
    task: Task, claim: Claim, scratch: Path, tell: Tell, other_machine: OtherMachine
) -> None:
    """Run a block on scratch, from what its bucket holds to the end, and publish every checkpoint.

    What a worker that died here left on scratch is gone on with, where the bucket knows of it.

    Raises:
        StoreError: another attempt or driver has taken over, or the bucket cannot be written.
        GenlossError: see `run_block`.
    """
    bucket, key = Bucket(claim.url), f"{claim.run}/{BLOCKS}/{task.block:04d}"
    place = scratch / f"block-{text_digest(f'{claim.url} {key}')}"
    run = place / "run"
    with locked(place, WAIT_SECONDS):
        make_folder(run)
        for name in (ABOUT, HEADER):
            _pull_file(bucket, f"{claim.run}/{name}", run / name)
        block = PublishedBlock(bucket, key, claim.owner, claim.epoch)
        state, folder = block.claim(), block_path(run, task.block)
        mine = folder / MANIFEST
        if (read_bytes(mine).decode() if mine.exists() else "") != state.manifest:
            removed(folder)
        make_folder(folder)
        pull_block(bucket, key, folder)
        here = Task(task.study, run, task.block, task.threads, task.memory_parts)
        check_machine(Run(run), task.study, other_machine)
        run_block(here, tell, block.publish)
        removed(run)
    removed(place)


@dataclass
class Shared:
    """A driver's bucket: runs below `root` are published there, and blocks come back from it."""

    bucket: Bucket
    root: Path
    lease: Lease
    attempts: Counter[tuple[str, int]] = field(default_factory=Counter)
    written: dict[str, bytes] = field(default_factory=dict)
    runs: dict[Path, None] = field(default_factory=dict)

    def claim(self, task: Task) -> Claim | None:
        """Return the right to run a task; None where the bucket has it to its end already.

        What the folder here has and the bucket lacks is published first.
        """
        run = self._key(task.run)
        self.runs[task.run] = None
        self.mirror(task.run)
        folder, key = block_path(task.run, task.block), self._block(task)
        state = published_block(self.bucket, key)
        if state.t >= task.study.generations:
            remove_unnamed(self.bucket, key, state)
            pull_block(self.bucket, key, folder)
            return None
        here = {block.number: block.t for block in Run(task.run).blocks if block.manifest}
        if here.get(task.block, -1) > state.t:
            block = PublishedBlock(self.bucket, key, self.lease.owner, self._epoch(task))
            block.claim()
            block.publish(folder)
        return Claim(self.bucket.url, run, self.lease.owner, self._epoch(task))

    def fetch(self, task: Task) -> None:
        """Bring a block's folder here to what the bucket has."""
        pull_block(self.bucket, self._block(task), block_path(task.run, task.block))

    def mirror(self, run: Path) -> None:
        """Publish what the folders of a run and of its sweep say, where it has changed."""
        files = [*(run / name for name in RUN_FILES), *(run.parent / name for name in SWEEP_FILES)]
        for path in files:
            if path.is_file() and path.resolve().is_relative_to(self.root):
                content, key = read_bytes(path), self._key(path)
                if self.written.get(key) != content:
                    self.bucket.write(key, content)
                    self.written[key] = content

    def close(self) -> None:
        """Publish how all runs ended; one that bad input took back is gone there too."""
        for run in self.runs:
            if run.exists():
                self.mirror(run)
                continue
            for key in self.bucket.keys(self._key(run)):
                self.bucket.remove(key)

    def _epoch(self, task: Task) -> tuple[int, int]:
        attempt = self._key(task.run), task.block
        self.attempts[attempt] += 1
        return self.lease.epoch, self.attempts[attempt]

    def _block(self, task: Task) -> str:
        return f"{self._key(task.run)}/{BLOCKS}/{task.block:04d}"

    def _key(self, path: Path) -> str:
        try:
            return path.resolve().relative_to(self.root).as_posix()
        except ValueError:
            raise SpecError(
                f"{path} is not below {self.root}, whose runs the bucket has; pass the --root that "
                "it lies in"
            ) from None


def pull(url: str, root: Path) -> list[Path]:
    """Bring all runs and sweeps of a bucket below `root`, and return the folders of the runs.

    Blocks come up to their last checkpoint; what is here already and the same is not read again.

    Raises:
        StoreError: the bucket holds none, or what it holds is damaged.
    """
    bucket = Bucket(url)
    keys = bucket.keys()
    runs = [key.rpartition("/")[0] for key in keys if key.rpartition("/")[2] == HEADER]
    if not runs:
        raise StoreError(f"{url} holds no runs; check the prefix, or run with --store {url} first")
    for key in keys:
        folder, _, name = key.rpartition("/")
        if f"/{OBJECTS}/" in key or ".." in key.split("/"):
            continue
        if name == MANIFEST and folder.rpartition("/")[0].endswith(f"/{BLOCKS}"):
            make_folder_below(root, folder)
            pull_block(bucket, folder, root / folder)
        elif name in (*RUN_FILES, *SWEEP_FILES) and name != HEADER:
            make_folder_below(root, folder)
            _pull_file(bucket, key, root / key)
    for run in runs:
        make_folder_below(root, run)
        _pull_file(bucket, f"{run}/{HEADER}", root / run / HEADER)
    return [root / run for run in runs]


def make_folder_below(root: Path, key: str) -> None:
    """Create a folder and those above it."""
    (root / key).mkdir(parents=True, exist_ok=True)


def _pull_file(bucket: Bucket, key: str, path: Path) -> None:
    content = bucket.read(key)
    if content is None:
        raise StoreError(f"{bucket.place(key)} is gone; run the same command again")
    write_bytes(path, content)
