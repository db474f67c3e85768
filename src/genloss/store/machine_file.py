"""What is only of this machine: absolute paths and the command line, in a file of its own.

run.json can then be shared: of an absolute path it has the last part. Reports never read this
file; a resume takes the paths from it.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from genloss.store.files import read_sealed, write_sealed
from genloss.store.schema import expect

MACHINE = "machine.json"


def portable(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec in which every absolute path has become its last part."""
    out: dict[str, Any] = _mapped(spec, lambda path: PurePath(path).name)
    return out


def paths_of(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the absolute paths of a spec by their place, as "reality.path"."""
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
    return isinstance(value, str) and len(value) > 1 and PurePath(value).is_absolute()


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
