"""Optional packages: which one is missing, for what, and the command that adds it."""

from importlib.util import find_spec
from typing import Protocol, runtime_checkable

from genloss.errors import MissingExtra

PACKAGES = {"sklearn": "scikit-learn", "vl_convert": "vl-convert"}
"""Modules that are called otherwise than their packages."""


@runtime_checkable
class NeedsExtras(Protocol):
    """A part of a study that cannot work without optional packages."""

    def check_extras(self) -> None:
        """Raise MissingExtra where one is not installed, before anything is read or computed."""
        ...


def check_installed(module: str, what: str, extra: str) -> None:
    """Raise MissingExtra where a module is not installed, without importing it."""
    if find_spec(module) is None:
        raise missing(module, what, extra)


def missing(module: str, what: str, extra: str) -> MissingExtra:
    """Return the error that says what needs a module, and how to add it."""
    package = PACKAGES.get(module, module)
    return MissingExtra(
        f"{what} needs {package}, which is not installed; pip install 'genloss[{extra}]'"
    )
