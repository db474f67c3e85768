"""Copies of the source of two checkouts, and processes that see one of them.

Shared by same.py and house.py; on its own it does nothing.
"""

import hashlib
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Side:
    """One checkout: a copy of its source, and the id of its src in git where that is committed."""

    name: str
    source: Path
    tree: str

    def environment(self, source: Path | None = None) -> dict[str, str]:
        """Return the environment of a process that imports this side's genloss."""
        ours = {"PYTHONPATH": str(source or self.source), "HF_HUB_OFFLINE": "1"}
        ours |= {"GENLOSS_CACHE": str(self.source.parent / "cache"), "GENLOSS_MNIST": ""}
        return {**os.environ, **ours, **dict.fromkeys(THREADS, "1")}

    def experiments(self) -> list[str]:
        """Return the names of the published experiments, which their specs mark."""
        return sorted(path.parent.name for path in self.source.rglob("spec.toml"))


def side(name: str, work: Path) -> Side:
    """Copy src of a checkout or a revision below work, so that nobody edits it meanwhile."""
    work.mkdir(parents=True)
    folder = Path(name)
    if (folder / "src" / "genloss").is_dir():
        before = committed(folder)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder / "src", work / "src", ignore=skip)
        return Side(name, work / "src", before if committed(folder) == before else "")
    try:
        tree = git(REPOSITORY, "rev-parse", "--verify", f"{name}^{{commit}}:src")
    except subprocess.CalledProcessError:
        sys.exit(f"{name!r} is neither a folder with src/genloss nor a revision of {REPOSITORY}")
    archive = ["git", "-C", str(REPOSITORY), "archive", "--format=tar", name, "src"]
    packed = subprocess.run(archive, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(work, filter="data")
    return Side(name, work / "src", tree)


def committed(folder: Path) -> str:
    """Return the id of src in git, or "" where it has changes or is in no repository."""
    try:
        changed = git(folder, "status", "--porcelain", "--", "src")
        return "" if changed else git(folder, "rev-parse", "HEAD:src")
    except subprocess.CalledProcessError:
        return ""


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def machine() -> str:
    """Return the processor's name and a digest of its flags, this Python and its packages."""
    text = Path("/proc/cpuinfo").read_text()
    name, flags = (
        next(iter(re.findall(rf"^{what}\s*: (.*)$", text, re.MULTILINE)), "unknown")
        for what in ("model name", "flags")
    )
    packages = sorted(f"{d.name}={d.version}" for d in importlib.metadata.distributions())
    packages = [p for p in packages if not p.startswith("genloss=")]
    digest = hashlib.sha256(repr((name, flags, sys.version, packages)).encode()).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}-{digest[:8]}"
