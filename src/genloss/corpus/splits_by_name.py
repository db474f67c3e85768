"""The split that a file's name or folder says: train, validation or test."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Literal

from genloss.errors import DataError

SplitName = Literal["train", "validation", "test"]

KEYWORDS: Mapping[SplitName, str] = {
    "train": "train|training",
    "validation": "validation|valid|dev|val",
    "test": "test|testing|eval|evaluation",
}
"""What names of files and folders call a split, as the library datasets reads them."""

APART = r"[-._ 0-9]"
"""Stands around a keyword inside a name."""

WITHIN = {
    split: re.compile(rf"(?:^|{APART})(?:{words})(?:$|{APART})", re.IGNORECASE)
    for split, words in KEYWORDS.items()
}

ALONE = re.compile(
    rf"(?:{'|'.join(KEYWORDS.values())})(?:{APART}*|{APART}+of{APART}+)", re.IGNORECASE
)
"""A name that is a keyword and perhaps a number, which nobody calls a single document."""

SHARD = re.compile(r"(?P<before>.*-)(?P<part>\d{2,5})(?P<after>-of-(?P<of>\d{2,5})\..+)")
"""A part of a data set; parts count from 0."""

MOST_SHARDS = 10_000
"""Of more parts those that are not there are not listed."""


def splits_by_name(names: Sequence[PurePath]) -> list[SplitName]:
    """Return the split of each file, 'train' for all where names tell no splits.

    names: paths inside the corpus. A folder's name goes before that of the file in it. Names tell
    splits where every file has one and one of them is train. Where only some files have one, and it
    is no more than a part of their names ('driving-test.txt'), it is none.

    Raises:
        DataError: some files say clearly which split they are, others do not.
    """
    splits = [_split_of(name) for name in names]
    if all(splits) and "train" in splits:
        return [split for split in splits if split]
    clear = [n for n, split in zip(names, splits, strict=True) if split and _is_clear(n)]
    unnamed = [n for n, split in zip(names, splits, strict=True) if not split]
    if not (clear and unnamed):
        return ["train" for _ in names]
    raise DataError(
        f"{clear[0]} names a split and {unnamed[0]} does not ({len(names) - len(unnamed)} files "
        f"and {len(unnamed)}); name those to be read by reality.files, such as "
        f"reality.files=['*{clear[0].name}'], or take all as one text by "
        "reality.named_splits=ignore"
    )


def shards_not_among(files: Sequence[Path]) -> list[Path]:
    """Return the parts of data sets, such as train-00001-of-00002.parquet, that others imply."""
    there = {*files}
    families = {
        (file.parent, m["before"], int(m["of"]), len(m["part"]), m["after"])
        for file in files
        if (m := SHARD.fullmatch(file.name)) and int(m["of"]) <= MOST_SHARDS
    }
    return [
        part
        for folder, before, of, digits, after in sorted(families)
        for i in range(of)
        if (part := folder / f"{before}{i:0{digits}}{after}") not in there
    ]


def split_called(name: str) -> SplitName | None:
    """Return the split that goes by a name, if any."""
    for split, words in KEYWORDS.items():
        if re.fullmatch(words, name.strip(), re.IGNORECASE):
            return split
    return None


def _split_of(name: PurePath) -> SplitName | None:
    """Return the split that the outermost telling part of a path names, if it names just one."""
    for part in name.parts:
        splits = [split for split, pattern in WITHIN.items() if pattern.search(part)]
        if splits:
            return splits[0] if len(splits) == 1 else None
    return None


def _is_clear(name: PurePath) -> bool:
    stem = name.name.partition(".")[0]
    return any(ALONE.fullmatch(part) for part in (*name.parts[:-1], stem))
