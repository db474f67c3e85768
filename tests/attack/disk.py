"""What a disk may hold after the power fails: writes recorded as they happen, and replayed in part.

What was synced is there. Of everything since, each change of a folder (a name made, renamed,
removed) and each piece of a write is there or not, whatever their order was: more than journals of
file systems allow. Names are durable once their folder is synced, contents once their file is.
"""

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest import mock

CALLS = ("open", "fdopen", "fsync", "ftruncate", "pwrite", "rename", "replace", "unlink", "remove")
CALLS += ("mkdir", "rmdir")


@dataclass(frozen=True)
class Named:
    """A name in a folder means another file from now on, or none (new is None).

    before: where it came from, if it was renamed.
    """

    folder: int
    name: str
    new: int | None
    before: str | None = None


@dataclass(frozen=True)
class Written:
    """Bytes at a place of a file."""

    node: int
    at: int
    content: bytes


@dataclass(frozen=True)
class Cut:
    """A file has another length."""

    node: int
    size: int


@dataclass(frozen=True)
class Synced:
    """A file's contents, or a folder's names, are durable."""

    node: int


Change = Named | Written | Cut | Synced


@dataclass
class Disk:
    """All changes below a folder, in order. Files and folders are numbered; the folder is 0.

    failing: called before every change with its number and the name of the call; may raise OSError.
    """

    root: Path
    failing: Callable[[int, str], None] = lambda n, call: None
    changes: list[Change] = field(default_factory=list)
    folders: set[int] = field(default_factory=lambda: {0})
    _numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    _made_so_far: int = 0
    _tried: int = 0

    def __post_init__(self) -> None:
        self._numbers[_key(self.root.stat())] = 0
        for path in sorted(self.root.rglob("*")):
            self._made(path.parent, path.name, path.stat(), path.is_dir())
            if path.is_file():
                self.changes.append(Written(self._number(path.stat()), 0, path.read_bytes()))
        self.changes += [Synced(n) for n in self._numbers.values()]

    def _number(self, about: os.stat_result) -> int | None:
        return self._numbers.get(_key(about))

    def _made(self, folder, name: str, about: os.stat_result, is_folder: bool) -> None:
        self._made_so_far += 1
        number = self._numbers[_key(about)] = self._made_so_far
        self.folders |= {number} if is_folder else set()
        self.changes.append(Named(self._number(os.stat(folder)), name, number))

    def tries(self, call: str) -> None:
        self._tried += 1
        self.failing(self._tried, call)

    def _place(self, path, dir_fd: int | None) -> tuple[int | None, str, object]:
        """Return the number of the folder that a path is in, its name there, and the folder."""
        if dir_fd is not None:
            return self._number(os.fstat(dir_fd)), os.fspath(path), dir_fd
        path = Path(path)
        try:
            return self._number(path.parent.stat()), path.name, path.parent
        except FileNotFoundError:
            return None, path.name, path.parent

    @contextmanager
    def recording(self) -> Iterator["Disk"]:
        """Record what this process does below the folder through `os`."""
        plain = {name: getattr(os, name) for name in CALLS}
        ours = {name: _wrapped(self, name, plain) for name in CALLS}
        with mock.patch.multiple(os, **ours):
            yield self

    def opened(self, plain, path, flags, mode=0o777, *, dir_fd=None):
        folder, name, there = self._place(path, dir_fd)
        if folder is None or not flags & os.O_CREAT:
            assert folder is None or not flags & os.O_TRUNC
            return plain(path, flags, mode, dir_fd=dir_fd)
        known = os.path.lexists(path)
        if not known:
            self.tries("open")
        handle = plain(path, flags, mode, dir_fd=dir_fd)
        if not known:
            self._made(there, name, os.fstat(handle), is_folder=False)
        return handle

    def file_of(self, plain, handle, mode="r", *more, **words):
        number = self._number(os.fstat(handle))
        if number is None or mode not in ("wb", "r+b"):
            return plain(handle, mode, *more, **words)
        raw = _Recorded(handle, mode)
        raw.disk, raw.node = self, number
        return (io.BufferedWriter if mode == "wb" else io.BufferedRandom)(raw)

    def synced(self, plain, handle):
        if (number := self._number(os.fstat(handle))) is not None:
            self.tries("fsync")
        plain(handle)
        if number is not None:
            self.changes.append(Synced(number))

    def cut(self, plain, handle, size):
        if (number := self._number(os.fstat(handle))) is not None:
            self.tries("ftruncate")
        plain(handle, size)
        if number is not None:
            self.changes.append(Cut(number, size))

    def written(self, plain, handle, content, at):
        if (number := self._number(os.fstat(handle))) is not None:
            self.tries("write")
        n = plain(handle, content, at)
        if number is not None:
            self.changes.append(Written(number, at, bytes(content[:n])))
        return n

    def renamed(self, plain, before, after, **words):
        folder, name, _ = self._place(after, words.get("dst_dir_fd"))
        old_folder, old, _ = self._place(before, words.get("src_dir_fd"))
        assert folder == old_folder, "a recorder of renames inside one folder"
        if folder is not None:
            self.tries("rename")
            number = self._number(os.stat(before))
        plain(before, after, **words)
        if folder is not None:
            self.changes.append(Named(folder, name, number, old))

    def gone(self, plain, path, **words):
        folder, name, _ = self._place(path, words.get("dir_fd"))
        if folder is not None:
            self.tries("unlink")
            about = os.stat(path, dir_fd=words.get("dir_fd"), follow_symlinks=False)
        plain(path, **words)
        if folder is not None:
            # The number of a removed file may come again for another one.
            del self._numbers[_key(about)]
            self.changes.append(Named(folder, name, None))

    def folder_made(self, plain, path, mode=0o777, **words):
        folder, name, there = self._place(path, words.get("dir_fd"))
        if folder is not None and not os.path.lexists(path):
            self.tries("mkdir")
        plain(path, mode, **words)
        if folder is not None:
            self._made(there, name, os.stat(path), is_folder=True)

    def durable(self, until: int) -> set[int]:
        """Return the places of changes before `until` that no loss of power can undo."""
        safe, out = set(), set()
        for i in range(until - 1, -1, -1):
            match self.changes[i]:
                case Synced(node):
                    safe.add(node)
                case Named(folder=node) | Written(node=node) | Cut(node=node):
                    out |= {i} if node in safe else set()
        return out

    def after(self, until: int, there: Callable[[int], object]) -> "Tree":
        """Return what is on the disk of the changes before `until`, where they are `there`.

        there: by the place of a change whether it is; of bytes written, perhaps a function from an
        offset in them; that of their end tells whether the file has its length.
        """
        tree = Tree(self.folders)
        for i, change in enumerate(self.changes[:until]):
            if kept := there(i):
                tree.apply(change, kept if callable(kept) else lambda at: True)
        return tree


def torn(disk: Disk, until: int, rng: Random, odds: float | None = None) -> "Tree":
    """Return one of the states that a loss of power before change `until` may leave.

    odds: that what was not synced is there. By default it is drawn; every other time, changes are
    there up to one of them, as with a journal.
    """
    safe, piece = disk.durable(until), rng.choice((1, 16, 512, 10**9))
    last = rng.randrange(until + 1) if odds is None and rng.random() < 0.5 else until
    share = rng.random() if odds is None else odds
    if last < until:
        share = 1.0

    def there(i: int) -> object:
        if i in safe:
            return True
        if not isinstance(change := disk.changes[i], Written) or i > last:
            return i <= last and rng.random() < share
        # A torn write is the last that a journal has; without one, any may be torn.
        cut = rng.random() if i == last else share
        kept = [rng.random() < cut for _ in range(len(change.content) // piece + 1)]
        return lambda at: kept[at // piece]

    return disk.after(until, there)


class Tree:
    """Names and contents while changes are applied."""

    def __init__(self, folders: set[int]) -> None:
        self.names: dict[int, dict[str, int]] = {folder: {} for folder in folders}
        self.contents: dict[int, bytearray] = {}

    def apply(self, change: Change, piece: Callable[[int], object]) -> None:
        match change:
            case Named(folder, name, new, before):
                here = self.names[folder]
                if before is not None and here.get(before) == new:
                    del here[before]
                here.pop(name, None)
                if new is not None:
                    here[name] = new
            case Written(node, at, content):
                file = self.contents.setdefault(node, bytearray())
                for i, byte in enumerate(content):
                    if piece(i):
                        file.extend(bytes(max(0, at + i + 1 - len(file))))
                        file[at + i] = byte
                if piece(len(content)):
                    file.extend(bytes(max(0, at + len(content) - len(file))))
            case Cut(node, size):
                file = self.contents.setdefault(node, bytearray())
                del file[size:]
                file.extend(bytes(size - len(file)))

    def files(self, node: int = 0, where: str = "") -> Iterator[tuple[str, bytes | None]]:
        """Yield paths and contents in order; None for folders."""
        for name, inner in sorted(self.names[node].items()):
            if inner in self.names:
                yield where + name, None
                yield from self.files(inner, f"{where}{name}/")
            else:
                yield where + name, bytes(self.contents.get(inner, b""))

    def lay(self, root: Path) -> Path:
        """Make the files in an empty folder, and return it."""
        for name, content in self.files():
            if content is None:
                (root / name).mkdir()
            else:
                (root / name).write_bytes(content)
        return root


class _Recorded(io.FileIO):
    disk: Disk
    node: int

    def write(self, content) -> int:
        self.disk.tries("write")
        n = super().write(content)
        end = os.lseek(self.fileno(), 0, os.SEEK_CUR)
        self.disk.changes.append(Written(self.node, end - n, bytes(content[:n])))
        return n

    def truncate(self, size=None) -> int:
        self.disk.tries("ftruncate")
        size = super().truncate(size)
        self.disk.changes.append(Cut(self.node, size))
        return size


def _wrapped(disk: Disk, name: str, plain):
    ours = {
        "open": disk.opened,
        "fdopen": disk.file_of,
        "fsync": disk.synced,
        "ftruncate": disk.cut,
        "pwrite": disk.written,
        "rename": disk.renamed,
        "replace": disk.renamed,
        "mkdir": disk.folder_made,
    }.get(name, disk.gone)
    return lambda *args, **words: ours(plain[name], *args, **words)


def _key(about: os.stat_result) -> tuple[int, int]:
    # A folder's number may be the same as that of a file that is gone: the kind tells them apart.
    return about.st_ino, stat.S_IFMT(about.st_mode)
