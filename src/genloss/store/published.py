"""A block in a bucket: immutable objects named by their digests, and a manifest replaced whole.

KEY/manifest.json      sealed: owner and epoch of whoever may write, the block's own manifest, its
                       files by digest, the segments of its table
KEY/objects/SHA256     a checkpoint, a part of a kept generation, a segment of the table

A writer claims the block with an epoch above all before it; a writer of an older epoch is refused
from then on. Segments of the table double in size, like a binary counter: T checkpoints leave
log T of them, and every byte is sent log T times at most.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genloss.errors import StoreError
from genloss.store.block import CHECKPOINTS, GENERATIONS, checkpoint_path, part_path
from genloss.store.bucket import MOST_TRIES, Bucket, Content, Overtaken
from genloss.store.files import (
    make_folder,
    new_folder,
    read_bytes,
    read_sealed,
    removed,
    sealed,
    sha256,
    unsealed,
    write_bytes,
)
from genloss.store.manifest import MANIFEST, SHAPE, Digest
from genloss.store.schema import expect
from genloss.store.table import TABLE

OBJECTS = "objects"
FILE = re.compile(r"checkpoint-\d{6,8}\.safetensors|generations/\d{6,8}/[a-z_]+\.safetensors")
HEX = re.compile(r"[0-9a-f]{64}")

PUBLISHED = {
    "owner": str,
    "epoch": [int],
    "manifest": str,
    "files": {str: str},
    "segments": [{"bytes": int, "sha256": str}],
}

Epoch = tuple[int, int]
"""That of the driver, and the attempt that it made at the block."""


@dataclass(frozen=True)
class Published:
    """What a bucket holds of a block; manifest: the text of its manifest.json, empty before one."""

    owner: str = ""
    epoch: Epoch = (0, 0)
    manifest: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Digest, ...] = ()

    @property
    def t(self) -> int:
        """Return the last generation that it vouches for; -1 without a manifest."""
        return int(unsealed(self.manifest.encode(), MANIFEST)["t"]) if self.manifest else -1

    @property
    def named(self) -> set[str]:
        """Return the digests of the objects that it names."""
        return {*self.files.values(), *(segment.sha256 for segment in self.segments)}


class PublishedBlock:
    """A block in a bucket, and who writes it: an owner with an epoch."""

    def __init__(self, bucket: Bucket, key: str, owner: str, epoch: Epoch) -> None:
        self.bucket, self.key, self.owner, self.epoch = bucket, key, owner, epoch

    def claim(self) -> Published:
        """Make this the only writer, and return what there is.

        Raises:
            StoreError: somebody with this epoch or a later one has claimed it.
        """
        for _ in range(MOST_TRIES):
            found, now = self._read()
            if now.epoch >= self.epoch:
                raise self._stale(now)
            mine = replace(now, owner=self.owner, epoch=self.epoch)
            try:
                self.bucket.swap(self._manifest, _text(mine), found)
            except Overtaken:
                continue
            remove_unnamed(self.bucket, self.key, now)
            return mine
        raise StoreError(f"{self.bucket.place(self._manifest)} changes all the time; try again")

    def publish(self, folder: Path) -> None:
        """Publish all that the manifest in a block's folder vouches for.

        Objects go first, then the manifest that names them; what it no longer names goes last.

        Raises:
            StoreError: another writer has taken over; nothing that it sees has changed.
        """
        found, before = self._read()
        if (before.owner, before.epoch) != (self.owner, self.epoch):
            raise self._stale(before)
        value = read_sealed(folder / MANIFEST)
        files = {name: digest for name, digest in _files(value).items() if name}
        for name, digest in files.items():
            if digest not in before.named:
                self.bucket.write(self._object(digest), read_bytes(folder / name))
        segments = self._with_table(before.segments, folder / TABLE, value["table"]["bytes"])
        text = read_bytes(folder / MANIFEST).decode()
        now = Published(self.owner, self.epoch, text, files, segments)
        try:
            self.bucket.swap(self._manifest, _text(now), found)
        except Overtaken:
            found, there = self._read()
            # A put that was sent twice is refused the second time although the first arrived.
            if there != now:
                raise self._stale(there) from None
        for digest in before.named - now.named:
            self.bucket.remove(self._object(digest))

    def _with_table(self, segments: Sequence[Digest], path: Path, end: int) -> tuple[Digest, ...]:
        """Return segments up to byte `end` of a table, with the new one uploaded."""
        left, start = list(segments), sum(segment.bytes for segment in segments)
        if start == end:
            return tuple(left)
        while left and left[-1].bytes <= end - start:
            start -= left.pop().bytes
        content = read_bytes(path)[start:end]
        digest = sha256(content)
        self.bucket.write(self._object(digest), content)
        return (*left, Digest(len(content), digest))

    @property
    def _manifest(self) -> str:
        return f"{self.key}/{MANIFEST}"

    def _object(self, digest: str) -> str:
        return f"{self.key}/{OBJECTS}/{digest}"

    def _read(self) -> tuple[Content | None, Published]:
        found = self.bucket.read_version(self._manifest)
        return found, _published(found, self.bucket.place(self._manifest))

    def _stale(self, now: Published) -> StoreError:
        return StoreError(
            f"{self.bucket.place(self._manifest)} is written by {now.owner or 'nobody'} with epoch "
            f"{now.epoch}; ours is {self.epoch}: another driver or a later attempt has taken over, "
            "and this one leaves"
        )


def published_block(bucket: Bucket, key: str) -> Published:
    """Return what a bucket holds of a block."""
    found = bucket.read_version(f"{key}/{MANIFEST}")
    return _published(found, bucket.place(f"{key}/{MANIFEST}"))


def remove_unnamed(bucket: Bucket, key: str, state: Published) -> None:
    """Remove what a killed writer left: objects of a block that its manifest does not name."""
    for place in bucket.keys(f"{key}/{OBJECTS}"):
        if place.rpartition("/")[2] not in state.named:
            bucket.remove(place)


def pull_block(bucket: Bucket, key: str, folder: Path) -> Published:
    """Bring a block's folder to what the bucket vouches for, and return that.

    What is there is replaced in the order of writes of a block, its manifest last.

    Raises:
        StoreError: an object is gone, or is not what its name says.
    """
    for _ in range(MOST_TRIES):
        state = published_block(bucket, key)
        if not state.manifest or _has(folder, state):
            return state
        try:
            _pull(bucket, key, state, folder)
        except FileNotFoundError as error:
            # Whoever writes it has gone on since the manifest was read.
            if published_block(bucket, key) == state:
                raise StoreError(
                    f"{bucket.place(key)} is half-deleted: {error}, which its manifest names, is "
                    "gone; put it back, or remove the run there and run again"
                ) from None
            continue
        return state
    raise StoreError(f"{bucket.place(key)} changes all the time; try again")


def _has(folder: Path, state: Published) -> bool:
    path = folder / MANIFEST
    return path.is_file() and read_bytes(path) == state.manifest.encode()


def _pull(bucket: Bucket, key: str, state: Published, folder: Path) -> None:
    def get(digest: str) -> bytes:
        content = bucket.read(f"{key}/{OBJECTS}/{digest}")
        if content is None:
            raise FileNotFoundError(digest)
        if sha256(content) != digest:
            raise StoreError(
                f"{bucket.place(key)}/{OBJECTS}/{digest} is damaged: it does not have the digest "
                "that it is named by; remove the run there and run again"
            )
        return content

    make_folder(folder / GENERATIONS)
    write_bytes(folder / TABLE, b"".join(get(segment.sha256) for segment in state.segments))
    kept: dict[Path, dict[str, str]] = {}
    for name, digest in state.files.items():
        path = folder / name
        if path.parent == folder:
            write_bytes(path, get(digest))
        else:
            kept.setdefault(path.parent, {})[path.name] = digest
    for generation, parts in kept.items():
        if not all((generation / name).is_file() for name in parts):
            with new_folder(generation) as new:
                for name, digest in parts.items():
                    write_bytes(new / name, get(digest))
    write_bytes(folder / MANIFEST, state.manifest.encode())
    for path in folder.glob(CHECKPOINTS):
        if path.name not in state.files:
            removed(path)


def _files(value: Mapping[str, Any]) -> dict[str, str]:
    """Return the immutable files that a block's manifest names, by their digests."""
    block, files = Path(), {}
    if value["checkpoint"] is not None:
        files[str(checkpoint_path(block, value["t"]))] = value["checkpoint"]["sha256"]
    for t, parts in value["kept"].items():
        files |= {str(part_path(block, int(t), name)): digest for name, digest in parts.items()}
    return files


def _text(state: Published) -> bytes:
    return sealed(
        {
            "owner": state.owner,
            "epoch": list(state.epoch),
            "manifest": state.manifest,
            "files": dict(state.files),
            "segments": [vars(segment) for segment in state.segments],
        }
    )


def _published(found: Content | None, place: str) -> Published:
    if found is None:
        return Published()
    value = unsealed(found.bytes, place)
    expect(value, PUBLISHED, Path(place))
    if value["manifest"]:
        expect(unsealed(value["manifest"].encode(), place), SHAPE, Path(place))
    digests = [*value["files"].values(), *(s["sha256"] for s in value["segments"])]
    if (
        len(value["epoch"]) != 2
        or not all(map(FILE.fullmatch, value["files"]))
        or not all(map(HEX.fullmatch, digests))
    ):
        raise StoreError(f"{place} names files that no block has; it is foreign; remove it")
    return Published(
        value["owner"],
        (value["epoch"][0], value["epoch"][1]),
        value["manifest"],
        value["files"],
        tuple(Digest(s["bytes"], s["sha256"]) for s in value["segments"]),
    )
