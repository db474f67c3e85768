"""What is only of this machine: its paths and the command line, in a file of its own.

run.json can then be shared: of a path that is absolute, or begins at home or above, it has the last
part. Reports never read this file; a resume takes the paths from it.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from genloss.store.files import read_sealed, write_sealed
from genloss.store.schema import expect

MACHINE = "machine.json"

FOLDERS = re.compile(r"(?<![\w./:~-])(?:~\w*|\.\.)?/(?:[^\s/'\"]+/)*(?=[\w.])")
"""What stands before the last part of a path in a text."""


def portable(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec in which every path of this machine has become its last part."""
    out: dict[str, Any] = _mapped(spec, lambda path: PurePath(path).name)
    return out


def short_paths(spec: Any) -> dict[str, str]:
    """Return the paths of this machine in a spec, each with its last part.

    Where several end alike, all but the first are numbered: data.csv, data-2.csv.
    """
    out: dict[str, str] = {}
    for _, path in _places(spec, ""):
        place, n = PurePath(path), 1
        short = place.name
        while path not in out and short in out.values():
            n += 1
            short = f"{place.stem}-{n}{place.suffix}"
        out.setdefault(path, short)
    return out


def shortened(spec: Any, short: Mapping[str, str]) -> Any:
    """Return a spec with the short words of paths, see `short_paths`; others get the last part."""
    return _mapped(spec, lambda path: short.get(path, PurePath(path).name))


def without_folders(text: str, known: Iterable[str]) -> str:
    """Return a text in which every path has become its last part; known: paths with spaces too."""
    for path in sorted((path for path in known if path in text), key=len, reverse=True):
        text = text.replace(path, PurePath(path).name)
    return FOLDERS.sub("", text)


def paths_of(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths of this machine in a spec by their place, as "reality.path"."""
    return dict(_places(spec, ""))


def write_machine(run: Path, spec: Mapping[str, Any]) -> None:
    """Write the paths of a full spec, and how this process was started."""
    value = {"paths": paths_of(spec), "argv": sys.argv, "folder": str(Path.cwd())}
    write_sealed(run / MACHINE, value)


def local_spec(run: Path, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec of run.json with the paths of this machine, as far as they are known."""
    place = run / MACHINE
    if not place.exists():
        return dict(spec)
    value = read_sealed(place)
    expect(value, {"paths": {str: str}}, place)
    out: dict[str, Any] = _restored(spec, value["paths"], "")
    return out


def _is_path(value: Any) -> bool:
    """Return whether a value is a path that names folders of this machine: from /, ~ or above."""
    if not isinstance(value, str) or len(value) < 2 or not (path := PurePath(value)).name:
        return False
    return path.is_absolute() or value.startswith("~/") or ".." in path.parts[:-1]


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _mapped(v, change) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(v, change) for v in value]
    return change(value) if _is_path(value) else value


def _places(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _places(inner, f"{where}.{key}".removeprefix("."))
    elif isinstance(value, (list, tuple)):
        for i, inner in enumerate(value):
            yield from _places(inner, f"{where}.{i}")
    elif _is_path(value):
        yield where, value


def _restored(value: Any, paths: Mapping[str, str], where: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _restored(v, paths, f"{where}.{k}".removeprefix(".")) for k, v in value.items()}
    if isinstance(value, list):
        return [_restored(v, paths, f"{where}.{i}") for i, v in enumerate(value)]
    path = paths.get(where, "")
    # Another spec's paths, or one edited since, do not count.
    return path if path and PurePath(path).name == value else value
