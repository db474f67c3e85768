"""The Hugging Face hub: files of tokenisers, data sets by name, and what to do offline."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from genloss.core.extras import optional
from genloss.core.places import offline_advice
from genloss.corpus.document import Document
from genloss.corpus.readers.byte_stream import COMPRESSED
from genloss.corpus.readers.fields import field_among
from genloss.corpus.readers.rows import PROSE, READERS, document_of
from genloss.corpus.readers.special import BY_SUFFIX
from genloss.errors import DataError

GATED = "if it is gated, accept its terms on its page and log in with `hf auth login` or HF_TOKEN"

ON_HUB = re.compile(
    r"hub:(?P<name>[^/@]+/[^/@]+)"
    r"(@(?P<revision>refs/(?:convert|pr)/[^/]+|[^/]+))?(/(?P<inside>.+))?"
)
"""A data set of the hub in the place of a path; only branches of the hub's own have slashes."""


def _advice() -> str:
    return f"offline, {offline_advice()}; {GATED}"


def hub_folder(name: str, files: tuple[str, ...], revision: str = "", kind: str = "model") -> Path:
    """Return the local folder of these files of a model (or 'dataset'), fetched where they are not.

    Raises:
        DataError: it cannot be reached or may not be read, with what to do.
        MissingExtra: huggingface_hub is not installed.
    """
    hub = optional("huggingface_hub", "this text")
    try:
        return Path(
            hub.snapshot_download(
                name, allow_patterns=files, revision=revision or None, repo_type=kind
            )
        )
    # An HTTP error is an OSError too; an impossible name is a ValueError.
    except (OSError, ValueError) as error:
        raise DataError(
            f"{name}: not to be had from the hub ({_brief(error)}); {_advice()}"
        ) from error


def is_on_hub(path: Path) -> bool:
    """Return whether a path names a data set of the hub: hub:ORG/NAME[@REVISION][/FOLDER]."""
    return str(path).startswith("hub:") and not path.exists()


def beside(folder: Path, path: Path) -> Path:
    """Return a path that counts from a folder; the name of a data set of the hub as it is."""
    return path if is_on_hub(path) else folder / path


def with_revision(path: Path) -> str:
    """Return a path as text; of a data set of the hub, with the revision that is read."""
    if not is_on_hub(path):
        return str(path)
    root, _ = hub_corpus(path)
    return f"{path} (revision {root.name})"


@lru_cache(maxsize=64)
def hub_corpus(path: Path) -> tuple[Path, Path]:
    """Return the local folder of a data set, and what was named in it; one revision a process.

    Only files of the sorts that are read are fetched, and its card. Where the hub cannot be
    reached, that is what the cache holds of it.

    Raises:
        DataError: no such name, it cannot be had, or holds no such file.
        MissingExtra: huggingface_hub is not installed.
    """
    asked = ON_HUB.fullmatch(path.as_posix())
    if asked is None:
        raise DataError(
            f"{path}: no name of a data set; expected hub:ORG/NAME, or with a revision and a "
            "folder or file in it hub:ORG/NAME@REVISION/FOLDER"
        )
    inside = asked["inside"] or ""
    within = f"{inside}/" if inside else ""
    sorts = [*PROSE, *READERS, *BY_SUFFIX]
    files = [f"{within}*{sort}{packed}" for sort in sorts for packed in ("", *COMPRESSED)]
    files += ["README.md", *([inside] if inside else [])]
    root = hub_folder(asked["name"], tuple(files), asked["revision"] or "", "dataset")
    below = root / inside
    if not below.exists() or not any(f.name != "README.md" for f in _files(below)):
        raise DataError(
            f"{path}: the hub, or the cache, holds no file of it that is read; its branch "
            "refs/convert/parquet may hold it as Parquet (hub:ORG/NAME@refs/convert/parquet)"
        )
    return root, below


def _files(path: Path) -> Iterator[Path]:
    return (f for f in path.rglob("*") if f.is_file()) if path.is_dir() else iter((path,))


def hub_rows(
    name: str, config: str, split: str, revision: str, text_field: str, limit: int
) -> Iterator[Document]:
    """Yield the text of the rows of one split of a data set, streamed; limit 0 takes all.

    Raises:
        DataError: no such data set, split or column, or it cannot be reached, with what to do.
        MissingExtra: datasets is not installed.
    """
    datasets = optional("datasets", "this text")
    where = f"{name}{f' ({config})' if config else ''}, split {split}"
    try:
        options = {"split": split, "streaming": True, "revision": revision or None}
        if (Path(name) / "state.json").is_file():
            # What save_to_disk wrote is one split, without a name.
            rows = iter(datasets.load_from_disk(name))
        else:
            rows = iter(datasets.load_dataset(name, config or None, **options))
        field = ""
        for number, row in enumerate(islice(rows, limit or None), start=1):
            source = f"{where}, row {number}"
            field = field or field_among(row, text_field, source)
            yield document_of(row, field, source)
    except DataError:
        raise
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise DataError(f"{where}: cannot be read ({_brief(error)}); {_advice()}") from error


def _brief(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
