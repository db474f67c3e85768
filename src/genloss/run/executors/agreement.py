"""What machines that share a study must have in common: versions, our source, the user's code."""

import os
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from genloss.core.code import text_digest
from genloss.core.extras import EXTRAS, PACKAGES
from genloss.errors import SpecError, StoreError
from genloss.spec.code import code_of
from genloss.store.environment import versions_with
from genloss.store.files import own_folder, write_bytes
from genloss.study.study import Study

SOURCE = "genloss's source"
"""A version alone does not tell two checkouts apart."""

AT_THE_EDGE = frozenset({"ray", "report", "tensorboard"})
"""Extras that no number depends on; Ray compares its own version."""

OPTIONAL = tuple(
    sorted(PACKAGES.get(module, module) for module, of in EXTRAS.items() if of not in AT_THE_EDGE)
)
"""Packages that read, tokenise, fit or judge where they are installed."""


@lru_cache(maxsize=1)
def software() -> dict[str, str]:
    """Return versions of Python and packages here, and a digest of genloss's own modules.

    Of packages, those that numbers or tokens may depend on, as far as they are installed.
    """
    root = Path(__file__).parents[2]
    files = sorted(root.rglob("*.py"))
    text = "".join(f"{file.relative_to(root)}\n{file.read_text()}" for file in files)
    return {**versions_with(OPTIONAL), SOURCE: text_digest(text)}


def check_software(theirs: Mapping[str, str], ours: Mapping[str, str], node: str) -> None:
    """Raise SpecError where a node has other versions than the driver, with both."""
    odd = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
    if odd:
        rows = (
            f"  {name}: {theirs.get(name, 'none')} there, {ours.get(name, 'none')} here"
            for name in odd
        )
        raise SpecError(
            f"node {node} has other software than this one; install the same there:"
            f"{os.linesep}{os.linesep.join(rows)}"
        )


def check_code(study: Study, expected: Mapping[str, str]) -> None:
    """Raise SpecError where the user's classes have other code here than where they came from."""
    here = code_of(study).checked
    odd = [name for name in sorted({*here, *expected}) if here.get(name) != expected.get(name)]
    if odd:
        raise SpecError(
            f"this node has another {odd[0]}: {here.get(odd[0], 'none')}, expected "
            f"{expected.get(odd[0], 'none')}; remove it here, or install the same on every node"
        )


def reach(sources: Mapping[str, str]) -> None:
    """Make modules that arrived as text importable, before any of the same name on this node."""
    if not sources:
        return
    folder = scratch() / f"code-{text_digest(repr(sorted(sources.items())))}"
    for name, text in sources.items():
        file = folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(file, text.encode())
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def scratch() -> Path:
    """Return a folder on this machine's own disk that only this user can write to.

    Below TMPDIR, where that is set.

    Raises:
        StoreError: somebody else has made it.
    """
    path = Path(tempfile.gettempdir()) / f"genloss-{os.getuid()}"
    own_folder(path)
    about = path.stat()
    if about.st_uid != os.getuid():
        raise StoreError(f"{path} belongs to another user; set TMPDIR to a folder of your own")
    path.chmod(0o700)
    return path
