"""Whose code a study runs, and which version of it: digests of other people's modules.

A run of a learner of your own is identified by the learner's path and fields; what its code does
may change under them. The digest of a module covers its syntax tree without docstrings, comments,
what a class says of itself (`About`) and the block under `if __name__ == "__main__"`; modules are
those of the same top-level package, or folder, that import statements reach. A distribution that is
installed and not editable counts by its version.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from genloss.core.code import Code, text_digest
from genloss.errors import SpecError
from genloss.spec.loaded import MAIN, edited, is_outdated, source

WORDS_ONLY = ("about", "about_options", "trains_on")
"""What a class says of itself; no number depends on it."""

EXTENSIONS = (".so", ".pyd")


def code_of(study: Any) -> Code:
    """Return the code of every class in the fields of a study that is not genloss's own.

    Of a module that was imported: what was imported, whatever its file holds now.

    Raises:
        SpecError: see `genloss.spec.loaded.source`.
    """
    modules: dict[str, str] = {}
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
            modules |= {m: _digest(source(m, path)) for m, path in reached.items()}
            unchecked |= dict.fromkeys(f"{module}: compiled code" for module in opaque)
    return Code(dict(sorted(modules.items())), packages, tuple(unchecked))


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
            if _digest(source(module, path)) != _digest(path.read_bytes()):
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
        waiting += _imports(source(module, path), path.stem == "__init__", module)
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


def _imports(content: bytes, is_package: bool, module: str) -> Iterator[str]:
    """Yield every name that import statements of a source may mean as a module."""
    tree = _tree(content)
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*above, *filter(None, [node.module])])
            yield from [start] if start else []
            yield from (f"{start}.{a.name}".strip(".") for a in node.names)


def _tree(content: bytes) -> ast.Module | None:
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError):
        return None


def _digest(content: bytes) -> str:
    tree = _tree(content)
    return text_digest("".join(_written(tree)) if tree else content.hex())


def _written(node: Any) -> Iterator[str]:
    """Yield a syntax tree as text that is the same under every version of Python."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            # Newer versions add empty fields; contexts and comments of types say nothing.
            if name in ("ctx", "kind", "type_comment") or value is None or value == []:
                continue
            yield f" {name}="
            yield from _written(_without_words(node, value) if name == "body" else value)
        yield ")"
    elif isinstance(node, list):
        for inner in node:
            yield from _written(inner)
            yield ","
    else:
        yield f"{type(node).__name__}:{node!r}"


def _without_words(node: ast.AST, body: Any) -> Any:
    if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return body
    return [inner for inner in body if not _is_words(node, inner)]


def _is_words(node: ast.AST, inner: ast.stmt) -> bool:
    match inner:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.ImportFrom(module="genloss.core.about"):
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return isinstance(node, ast.Module)
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return isinstance(node, ast.ClassDef) and name in WORDS_ONLY
        case ast.FunctionDef(name=name):
            return isinstance(node, ast.ClassDef) and name in WORDS_ONLY
    return False
