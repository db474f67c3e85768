"""What a process runs on: versions, commit, instruction set; found once per process."""

import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

PACKAGES = ("genloss", "numpy", "scipy", "numba", "scikit-learn", "torch")


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the packages that numbers may depend on."""
    found = dict(_versions(PACKAGES))
    return MappingProxyType({"python": platform.python_version(), **found})


def versions_with(packages: Sequence[str]) -> Mapping[str, str]:
    """Return those and the versions of more packages, as far as they are installed."""
    return {**versions(), **dict(_versions(packages))}


@lru_cache(maxsize=1)
def instructions() -> str:
    """Return the processor's kind and the instruction sets that numpy found, in one line."""
    config: Any = np.show_config(mode="dicts")
    sets = config.get("SIMD Extensions", {})
    return " ".join([platform.machine(), *sets.get("baseline", []), *sets.get("found", [])])


@lru_cache(maxsize=1)
def commit() -> str | None:
    """Return the commit of this package's own repository; None where it lies in no such one.

    An installed package may lie inside another project, whose commit says nothing about it.
    """
    here = str(Path(__file__).parent)
    tracked = _git(here, "ls-files", "--error-unmatch", Path(__file__).name)
    return _git(here, "rev-parse", "HEAD") if tracked else None


def _git(folder: str, *command: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *command], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _versions(packages: Sequence[str]) -> Iterator[tuple[str, str]]:
    for package in packages:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
