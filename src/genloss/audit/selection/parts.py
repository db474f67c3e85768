"""The folder of parts beside an output, which a kill leaves to go on from; digests of inputs."""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path

from genloss.core.places import regular_file
from genloss.corpus.record.reading import Located
from genloss.errors import DataError, StoreError
from genloss.store.files import explained
from genloss.store.lock import LOCK, locked

PART = re.compile(r"\d{5,}|" + re.escape(LOCK))
"""Names in the folder of parts."""


@contextmanager
def working_in(parts: Path, keep: bool = False) -> Iterator[None]:
    """Hold a folder of parts, which goes once the work is done, or where the input is no good.

    keep: it stays once the work is done.

    Raises:
        StoreError: another process works there, or something else lies there.
    """
    _check_own(parts)
    with locked(parts):
        try:
            yield
        except DataError:
            shutil.rmtree(parts)
            raise
        if not keep:
            shutil.rmtree(parts)


def _check_own(parts: Path) -> None:
    # It is removed in the end.
    with explained("read", parts):
        names = [place.name for place in parts.iterdir()] if parts.exists() else []
    if foreign := [name for name in names if not PART.fullmatch(name)]:
        raise StoreError(
            f"{parts} holds {foreign[0]}, which is not of genloss; it is needed for work in "
            "between: move it, or choose another --out"
        )


def stem_of(out: Path) -> str:
    """Return the name of an output without .jsonl and what follows."""
    return out.name.partition(".jsonl")[0]


def inputs_of(places: Iterable[Located]) -> list[dict[str, str]]:
    """Return name and SHA-256 of every file, and of every run folder the one of its files."""
    return [{"file": p.file.name, "sha256": _digest(p.file)} for p in places]


def _digest(path: Path) -> str:
    if not path.is_dir():
        return digest_of_file(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    lines = (f"{digest_of_file(file)} {file.relative_to(path).as_posix()}\n" for file in files)
    return sha256("".join(lines).encode()).hexdigest()


def digest_of_file(file: Path) -> str:
    """Return the SHA-256 of a regular file in hex, read anew."""
    with regular_file(file).open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
