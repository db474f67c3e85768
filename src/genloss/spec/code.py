"""Whose code a study runs, and which version of it: digests of other people's modules.

A run of a learner of your own is identified by the learner's path and fields; what its code does
may change under them. The digest of a module covers its syntax (`genloss.spec.syntax`); modules are
those of the same top-level package, or folder, that import statements reach. A distribution that is
installed and not editable counts by its version.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from genloss.core.code import Code
from genloss.errors import SpecError
from genloss.spec.imports import imported, unseen
from genloss.spec.loaded import MAIN, edited, is_outdated, is_started, source
from genloss.spec.syntax import Source, digest, words_read

EXTENSIONS = (".so", ".pyd")


def code_of(study: Any) -> Code:
    """Return the code of every class in the fields of a study that is not genloss's own.

    Of a module that was imported: what was imported, whatever its file holds now.

    Raises:
        SpecError: see `genloss.spec.loaded.source`.
    """
    sources: dict[str, Source] = {}
    packages: dict[str, str] = {}
    unchecked: dict[str, None] = {}
    for cls in dict.fromkeys(_classes(study)):
        file = _file_of(cls)
        if file is None:
            unchecked[f"{cls.__qualname__}: no source file (a notebook, a prompt, an archive)"] = (
                None
            )
        elif installed := _distribution(cls.__module__, file):
            packages[installed[0]] = installed[1]
        else:
            name = _name_of(cls.__module__, file)
            reached, opaque = _reached(name, file)
            sources |= {m: Source(source(m, path), is_started(path)) for m, path in reached.items()}
            unchecked |= dict.fromkeys(f"{module}: compiled code" for module in opaque)
            for module, path in reached.items():
                if calls := unseen(source(module, path)):
                    unchecked[f"{module}: what it gets by {', '.join(calls)}"] = None
    read = words_read([one.content for one in sources.values()])
    modules = {m: digest(one, read) for m, one in sorted(sources.items())}
    return Code(modules, packages, tuple(unchecked))


def sources_of(study: Any) -> dict[str, str]:
    """Return the modules of every class in the fields of a study that are not installed packages'.

    By file name, relative to where imports look: what another machine needs to import the classes.
    Compiled code is not among them.
    """
    sources: dict[str, str] = {}
    for cls in dict.fromkeys(_classes(study)):
        file = _file_of(cls)
        if file is None or _distribution(cls.__module__, file):
            continue
        for module, path in _reached(_name_of(cls.__module__, file), file)[0].items():
            ending = "/__init__.py" if path.stem == "__init__" else ".py"
            sources[module.replace(".", "/") + ending] = source(module, path).decode()
    return sources


def check_loaded(study: Any) -> None:
    """Check that what would run is what the files of its classes hold.

    Raises:
        SpecError: a file was edited since its module was imported, or a class is older than a
            reload of its module.
    """
    for cls in dict.fromkeys(_classes(study)):
        file = _file_of(cls)
        if file is None or _distribution(cls.__module__, file):
            continue
        if is_outdated(cls):
            raise SpecError(
                f"{cls.__module__} was imported again after this {cls.__qualname__} was made, and "
                "its old code would run; import the class anew and build the study from it"
            )
        for module, path in _reached(_name_of(cls.__module__, file), file)[0].items():
            loaded, there = source(module, path), path.read_bytes()
            read, started = words_read([loaded]), is_started(path)
            if digest(Source(loaded, started), read) != digest(Source(there, started), read):
                raise SpecError(edited(module, path))


def _classes(value: Any) -> Iterator[type]:
    if isinstance(value, (list, tuple)):
        for inner in value:
            yield from _classes(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        if type(value).__module__.partition(".")[0] != "genloss":
            yield type(value)
        for f in fields(value):
            yield from _classes(getattr(value, f.name))


def _file_of(cls: type) -> Path | None:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    path = Path(file).resolve() if file else None
    return path if path and path.suffix in (".py", *EXTENSIONS) and path.is_file() else None


def _name_of(module: str, file: Path) -> str:
    """Return a module's name, also of the one that was started: `python -m a.b`, `python b.py`."""
    if module not in MAIN:
        return module
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec is not None else file.stem


def _distribution(module: str, file: Path) -> tuple[str, str] | None:
    """Return name and version of the distribution that installed this file, or None."""
    from importlib import metadata

    for name in dict.fromkeys(_distributions().get(module.partition(".")[0], ())):
        distribution = metadata.distribution(name)
        # An editable one installs a pointer to its files, not the files.
        installed = [p for p in distribution.files or () if p.name == file.name]
        if any(Path(str(p.locate())).resolve() == file for p in installed):
            return distribution.metadata["Name"], distribution.version
    return None


@cache
def _distributions() -> Mapping[str, list[str]]:
    from importlib import metadata

    return metadata.packages_distributions()


def _reached(name: str, file: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the modules that import statements reach from this one, and those without source."""
    inside = file.parent.name if file.stem == "__init__" else file.stem
    depth = name.count(".") + (file.stem == "__init__") if name.rpartition(".")[2] == inside else 0
    root = file.parents[depth]
    files: dict[str, Path] = {}
    opaque: dict[str, None] = {}
    waiting = [name]
    places = {name: file}
    shared = any(root.glob("*.dist-info"))
    while waiting:
        module = waiting.pop()
        if module in files or module in opaque or module.partition(".")[0] == "genloss":
            continue
        if shared and module.partition(".")[0] != name.partition(".")[0]:
            continue
        path = places.get(module) or _place(root, module)
        if path is None:
            continue
        if path.suffix != ".py":
            opaque[module] = None
            continue
        files[module] = path
        waiting += _parents(module)
        waiting += imported(source(module, path), path.stem == "__init__", module)
    return files, list(opaque)


def _place(root: Path, module: str) -> Path | None:
    stem = root.joinpath(*module.split("."))
    for path in (stem / "__init__.py", stem.with_name(stem.name + ".py")):
        if path.is_file():
            return path
    compiled = sorted(stem.parent.glob(f"{stem.name}.*")) if stem.parent.is_dir() else []
    return next((path for path in compiled if path.suffix in EXTENSIONS), None)


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]
