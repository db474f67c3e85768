"""From a file or folder to documents, split by split, and an account of every file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from genloss.corpus.document import Document
from genloss.corpus.documents import Form, cut, without_empty
from genloss.corpus.inventory import Inventory, NamedSplits, inventory_of
from genloss.corpus.readers.fields import DEFAULT
from genloss.corpus.readers.rows import rows_of
from genloss.corpus.splits_by_name import SplitName
from genloss.corpus.twin_files import copies_among
from genloss.errors import DataError


@dataclass(frozen=True)
class Reading:
    """What was read: the documents of each split that the files' names say, or else the rows, the
    number of empty ones that were dropped, what became of every file, and how many rows say what.
    """

    documents: Mapping[str, list[Document]]
    empty: int
    inventory: Inventory
    by_rows: str = ""


def read_corpus(
    path: str | Path,
    form: Form = "whole",
    text_field: str = DEFAULT,
    files: Sequence[str] = (),
    named_splits: NamedSplits = "use",
    elsewhere: Sequence[str] = (),
) -> Reading:
    """Return the documents of a file or folder.

    Args:
        path: see `inventory_of`; files are read in the order of their paths.
        form: 'whole': each file of text, or each row, is a document. 'wikitext': the lines of each
            file, joined again, are cut at article headings. 'pieces': each text is cut at blank
            lines (at line ends where it has none) into pieces of 8,000 characters or a little more.
        text_field: the field or column of the text in rows, with dots into inner ones; see
            `field_among`.
        files: patterns of the names that are read. Without them, files that hold what those of
            another suffix hold are left out.
        named_splits: whether names of files and folders say splits, see `inventory_of`; or, where
            those say none, a field `split` that every row has.
        elsewhere: splits that are given by another path; files that say they are one of them are
            left out.

    Raises:
        DataError: files that cannot be read or that allow two readings, or no text at all.
        MissingExtra: Parquet, Arrow or Zstandard without pyarrow.
    """
    inventory = inventory_of(path, text_field, files, named_splits)
    inventory = inventory.without(
        {e.path: f"{e.split} is read elsewhere" for e in inventory.read if e.split in elsewhere}
    )
    read = {entry.path: list(rows_of(entry.path, text_field)) for entry in inventory.read}
    if not files:
        for split in {entry.split for entry in inventory.read}:
            beside = {e.path: read[e.path] for e in inventory.read if e.split == split}
            inventory = inventory.without(copies_among(beside))
    documents: dict[str, list[Document]] = {}
    dropped = 0
    for split in dict.fromkeys(entry.split for entry in inventory.read):
        assert split
        rows = (cut(read[e.path], form) for e in inventory.read if e.split == split)
        what = f"{path}{f', {split}' if split != 'train' else ''}"
        documents[split], empty = without_empty(chain.from_iterable(rows), what)
        dropped += empty
    if named_splits == "use" and set(documents) == {"train"}:
        documents, by_rows = _split_by_rows(documents["train"], elsewhere)
        return Reading(documents, dropped, inventory, by_rows)
    return Reading(documents, dropped, inventory)


def _split_by_rows(
    documents: list[Document], elsewhere: Sequence[str]
) -> tuple[dict[str, list[Document]], str]:
    """Return documents by the splits that their rows say, and how many; all as one if some do not.

    As with names of files, one of the splits must be train.
    """
    count = Counter(d.split for d in documents)
    if "" in count or "train" not in count or len(count) == 1:
        return {"train": documents}, ""
    told = [f"{count[s]:,} {s}{' (read elsewhere)' if s in elsewhere else ''}" for s in count]
    kept = [split for split in count if split not in elsewhere]
    parts = {split: [d for d in documents if d.split == split] for split in kept}
    return parts, f"by their field split: {', '.join(told)}"


def read_part(
    path: str | Path, part: SplitName, form: Form = "whole", text_field: str = DEFAULT
) -> tuple[list[Document], int, Inventory]:
    """Return the documents of one split, the number of empty ones, and what became of the files.

    All that path holds, unless its names say splits: then those of this one.

    Raises:
        DataError: see `read_corpus`; or its names say splits, and this is none of them.
    """
    reading = read_corpus(path, form, text_field)
    documents = reading.documents
    if part not in documents and set(documents) != {"train"}:
        raise DataError(
            f"{path}: holds {' and '.join(documents)} by the names of its files, and no {part}; "
            f"name the file or folder of {part}"
        )
    of = part if part in documents else "train"
    return documents[of], reading.empty, reading.inventory.all_as(part, of)
