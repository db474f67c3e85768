"""The optional dependencies of text, loaded when a text needs them and not before."""

from importlib import import_module
from types import ModuleType

from genloss.errors import MissingExtra


def optional(module: str, extra: str = "text") -> ModuleType:
    """Import a module of an extra; raises MissingExtra where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"this text needs {module.split('.')[0]}, which is not installed; "
            f"pip install 'genloss[{extra}]'"
        ) from error
