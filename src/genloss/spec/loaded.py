"""The source that an imported module was made of: an edit of its file counts once it is reloaded.

Python keeps no trace of the source that it compiled. What a file holds is noted when its module is
first looked at, and stands for the module until it is imported again. Whether the file changed
between the import and that look shows in the compiled code that the import read or left behind;
where none is left behind, nobody can know.
"""

import os
import sys
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from genloss.errors import SpecError

MAIN = ("__main__", "__mp_main__")
"""What the module that was started is called, here and in worker processes."""

_noted: WeakKeyDictionary[ModuleType, tuple[Any, bytes]] = WeakKeyDictionary()


def source(name: str, path: Path) -> bytes:
    """Return the source that a module was imported from; of one that was not, what its file holds.

    Raises:
        SpecError: the file changed between the import and the first look at it.
    """
    module = _module(name, path)
    if module is None:
        return path.read_bytes()
    # A reload keeps the module and gives it another spec.
    spec: Any = module.__spec__
    known = _noted.get(module)
    if known is None or known[0] is not spec:
        content = path.read_bytes()
        if _compiled_from_another(spec, content):
            # Python takes a cache for current where time (in seconds) and size are the source's.
            raise SpecError(f"{edited(name, path)}; where that does not help, remove {spec.cached}")
        _noted[module] = known = spec, content
    return known[1]


def is_started(path: Path) -> bool:
    """Return whether a file is the script that was started, here or by whoever started this."""
    files = (getattr(sys.modules.get(name), "__file__", None) for name in MAIN)
    return any(file and Path(file).resolve() == path for file in files)


def note(module: ModuleType) -> None:
    """Note the source of a module that has just been imported."""
    file = getattr(module, "__file__", None)
    if file and (path := Path(file).resolve()).suffix == ".py" and path.is_file():
        source(module.__name__, path)


def edited(name: str, path: Path) -> str:
    """Return what to say of a module whose file is not what was imported."""
    return (
        f"{path} has changed since {name} was imported, and the old code would run; start Python "
        "again, or importlib.reload the module, import the class anew and build the study from it"
    )


def is_outdated(cls: type) -> bool:
    """Return whether the module of a class has another one under its name: it was reloaded."""
    here: Any = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        here = getattr(here, name, None)
    return isinstance(here, type) and here is not cls


def _module(name: str, path: Path) -> ModuleType | None:
    for known in (name, *MAIN):
        module = sys.modules.get(known)
        file = getattr(module, "__file__", None)
        if module is not None and file and Path(file).resolve() == path:
            return module
    return None


def _compiled_from_another(spec: Any, content: bytes) -> bool:
    """Return whether the cache of a module, which its import read or renewed, is of other code."""
    if type(getattr(spec, "loader", None)) is not SourceFileLoader or not spec.cached:
        return False
    cached = Path(spec.cached)
    # One that cannot be renewed may be older than the import.
    renewed = not sys.dont_write_bytecode and os.access(cached.parent, os.W_OK)
    if not renewed or not os.access(cached, os.R_OK):
        return False
    try:
        there = SourcelessFileLoader(spec.name, str(cached)).get_code(spec.name)
    except (ImportError, EOFError, ValueError, OSError):
        return False
    try:
        return bool(there != spec.loader.source_to_code(content, spec.origin))
    except (SyntaxError, ValueError):
        return True
