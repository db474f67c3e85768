"""Every file below a folder, links followed: each folder entered once, so that loops end."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from genloss.core.places import regular_file
from genloss.errors import DataError
from genloss.store.folder import BLOCKS, PROVENANCE
from genloss.store.header import HEADER
from genloss.store.manifest import MANIFEST
from genloss.store.table import TABLE

SYSTEM = ("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "lost+found")
"""Folders that systems make for themselves."""


RUN = "a run of genloss"
"""Why a run folder is not read: what was measured is no text."""

OF_RUNS = (HEADER, PROVENANCE, BLOCKS)
"""Names in a run folder."""

BLOCK_FILES = frozenset((MANIFEST, TABLE))
"""Names in the folder of a block."""

Stamp = tuple[str, int, int]
"""Path, size and time of a file."""


@dataclass(frozen=True)
class Place:
    """A file, or what stands in the place of files: path, and why it is not read, or ''.

    plain: known to be a regular file and no link, so that nobody has to look.
    """

    path: Path
    why: str = ""
    plain: bool = False


def places_below(folder: Path) -> list[Place]:
    """Return every file below a folder, sorted by path; hidden and system folders as one place.

    Links to folders are entered unless what they lead to was entered already. One file under
    several names counts by the first that is not a link.

    Raises:
        DataError: a folder that may not be listed.
    """
    entered = {_key(folder.stat())}
    found = list(walked(folder, entered))
    places = [place for place in found if not _is_link_to_folder(place)]
    links = sorted(place.path for place in found if _is_link_to_folder(place))
    while links:
        link = links.pop(0)
        if _key(link.stat()) in entered:
            places.append(Place(link, "links to a folder that is read already"))
            continue
        entered.add(_key(link.stat()))
        beyond = list(walked(link, entered))
        places += [place for place in beyond if not _is_link_to_folder(place)]
        links = sorted([*links, *(p.path for p in beyond if _is_link_to_folder(p))])
    return sorted(places, key=lambda place: place.path)


def stamps_of(path: Path) -> tuple[Stamp, ...]:
    """Return path, size and time of every file: they change where the content may have changed."""
    files = [p.path for p in places_below(path) if not p.why] if path.is_dir() else [path]
    return tuple((str(file), *_size_and_time(regular_file(file))) for file in files)


def without_repeats(places: list[Place]) -> list[Place]:
    """Return the places with a reason for each name of a file that has another one."""
    names: dict[tuple[int, int], list[Path]] = {}
    for place in places:
        if not place.why:
            names.setdefault(_key(place.path.stat()), []).append(place.path)
    first = {key: min(paths, key=lambda p: (p.is_symlink(), p)) for key, paths in names.items()}
    first_paths = set(first.values())
    return [
        place
        if place.why or place.path in first_paths
        else Place(place.path, f"the same file as {first[_key(place.path.stat())].name}")
        for place in places
    ]


def walked(folder: Path, entered: set[tuple[int, int]] | None = None) -> Iterator[Place]:
    """Yield the places of a folder and of the folders in it; links to folders are not entered.

    entered: takes the folders that were. Memory: the names in one folder.
    """
    try:
        with os.scandir(folder) as entries:
            names, folders, odd = _sorted(entries)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be listed ({error.strerror}); allow it, or name the files"
        ) from error
    # What is left of a run, too. One such name alone may be somebody's own.
    if sum(name in names for name in OF_RUNS) > 1 or BLOCK_FILES.issubset(names):
        yield Place(folder, RUN)
        return
    for name in names:
        path = folder / name
        if name.startswith("."):
            yield Place(path, "hidden")
        elif name in SYSTEM:
            yield Place(path, "made by the system")
        elif name in folders:
            if entered is not None:
                entered.add(_key(path.stat()))
            yield from walked(path, entered)
        elif name in odd:
            yield Place(path, _reason_against(path))
        else:
            yield Place(path, plain=True)


def _sorted(entries: Iterable[os.DirEntry[str]]) -> tuple[list[str], set[str], set[str]]:
    """Return the names in a folder, sorted; those of folders; and of what is no regular file."""
    names, folders, odd = [], set(), set()
    for entry in entries:
        names.append(entry.name)
        # What the folder tells costs no look at the file.
        if entry.is_dir(follow_symlinks=False):
            folders.add(entry.name)
        elif not entry.is_file(follow_symlinks=False):
            odd.add(entry.name)
    return sorted(names), folders, odd


def _reason_against(path: Path) -> str:
    """Return why a path that is not a folder of its own cannot be read, or ''."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return "a link to nothing" if path.is_symlink() else str(error.strerror)
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "a pipe, device or socket"


def _is_link_to_folder(place: Place) -> bool:
    return not (place.why or place.plain) and place.path.is_dir()


def _size_and_time(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def _key(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
