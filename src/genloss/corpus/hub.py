"""The Hugging Face hub: files of tokenisers, streamed data sets, and what to do offline."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from genloss.core.extras import optional
from genloss.core.places import offline_advice
from genloss.corpus.document import Document
from genloss.corpus.readers.fields import field_among
from genloss.corpus.readers.rows import document_of
from genloss.errors import DataError

GATED = "if it is gated, accept its terms on its page and log in with `hf auth login` or HF_TOKEN"


def _advice() -> str:
    return f"offline, {offline_advice()}; {GATED}"


def hub_folder(name: str, files: tuple[str, ...], revision: str = "") -> Path:
    """Return the local folder of these files of a model on the hub, fetched where they are not.

    Raises:
        DataError: it cannot be reached or may not be read, with what to do.
        MissingExtra: huggingface_hub is not installed.
    """
    hub = optional("huggingface_hub", "this text")
    try:
        return Path(hub.snapshot_download(name, allow_patterns=files, revision=revision or None))
    # An HTTP error is an OSError too; an impossible name is a ValueError.
    except (OSError, ValueError) as error:
        raise DataError(
            f"{name}: not to be had from the hub ({_brief(error)}); {_advice()}"
        ) from error


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
