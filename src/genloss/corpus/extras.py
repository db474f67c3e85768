"""The optional dependencies of text, loaded when a text needs them and not before."""

from importlib import import_module
from types import ModuleType

from genloss.errors import MissingExtra


def optional(module: str) -> ModuleType:
    """Import a module of the extra `text`; raises MissingExtra where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"this text needs {module.split('.')[0]}, which is not installed; "
            "pip install 'genloss[text]'"
        ) from error
