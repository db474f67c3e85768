"""The files of a corpus: each read as what, into which split; or left out, and why."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from genloss.core.places import regular_file
from genloss.corpus.readers.bounded import read_text
from genloss.corpus.readers.byte_stream import endings, opened, printable
from genloss.corpus.readers.json_rows import reason_against
from genloss.corpus.readers.rows import PROSE, READERS
from genloss.corpus.splits_by_name import (
    KEYWORDS,
    SplitName,
    shards_not_among,
    splits_by_name,
)
from genloss.corpus.walk import RUN, Place, places_below, without_repeats
from genloss.errors import DataError

ABOUT = re.compile(
    r"((readme|licen[cs]e)([-_]\w{1,8})?|copying|notice|changelog|citation|contributing|authors|"
    r"code_of_conduct|dataset_card|datasheet|requirements|robots|cmakelists)(\.\w{1,5}){1,3}",
    re.IGNORECASE,
)
"""Names of prose about the files beside and below it, and of settings that look like it."""

SETTINGS = (
    "config.json",
    "dataset_dict.json",
    "dataset_info.json",
    "dataset_infos.json",
    "state.json",
)
"""Files that describe a data set, as the library datasets writes them."""

NO_TEXT = {
    **dict.fromkeys((".html", ".htm", ".xhtml", ".xml"), "markup, not text"),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar"), "an archive"),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".odt", ".epub", ".rtf"), "no plain text"),
}
"""Suffixes that would be read with their syntax; text must be taken out of them first."""

CONFIGURATION = re.compile(r"^[ -]*config_name: *['\"]?([^'\"\n]+?)['\"]? *$", re.MULTILINE)
"""A configuration in the head of a data set's card."""

HEAD = 1 << 16
"""Bytes of a card that are looked at."""

REASONS = 6
"""Reasons that are listed one by one, at most."""

SHOWN = 3
"""Names that are given as examples of a reason."""

OTHER = "another split"
"""Why a file is not read where one split of a folder is asked for."""

NOT_THERE = "not there, by the numbers in the names of the others"
"""Why a part of a data set is not read; whoever fetched one part of many may want it so."""

REMEDY = (
    "name their suffix to read them as plain text, such as reality.files=['*.py'], or convert them"
)
"""What to try where a folder holds nothing that is read."""

NamedSplits = Literal["use", "ignore"]


@dataclass(frozen=True)
class Entry:
    """One file (or a folder that is not entered): its name in the corpus, what becomes of it.

    split: the one that it is read into, or '' where it is left out for the reason `why`.
    """

    path: Path
    name: str
    split: SplitName | Literal[""]
    why: str = ""


@dataclass(frozen=True)
class Inventory:
    """What becomes of every file of a corpus, sorted by path."""

    entries: tuple[Entry, ...]

    @property
    def read(self) -> tuple[Entry, ...]:
        """The files that are read."""
        return tuple(entry for entry in self.entries if entry.split)

    def without(self, reasons: dict[Path, str]) -> "Inventory":
        """Return the inventory with these files left out, each for its reason."""
        entries = (
            replace(e, split="", why=reasons[e.path]) if e.path in reasons else e
            for e in self.entries
        )
        return Inventory(tuple(entries))

    def all_as(self, split: SplitName, of: SplitName) -> "Inventory":
        """Return the inventory of one split of these files, which becomes another; no other is.

        Where no file is of it, rows are, and any file may have some.
        """
        if all(e.split != of for e in self.entries):
            return Inventory(
                tuple(replace(e, split=split if e.split else "") for e in self.entries)
            )
        entries = (
            replace(e, split=split) if e.split == of else replace(e, split="", why=e.why or OTHER)
            for e in self.entries
        )
        return Inventory(tuple(entries))

    def summary(self) -> str:
        """Return in a few words what is read, split by split, and what is left out, and why."""
        kinds_of = {
            split: [_kind(entry.path) for entry in self.read if entry.split == split]
            for split in KEYWORDS
        }
        splits = [split for split, kinds in kinds_of.items() if kinds]
        parts = []
        for split in splits:
            kinds = kinds_of[split]
            named = [f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds)]
            parts.append(f"{split + ': ' if len(splits) > 1 else ''}{' and '.join(named)} read")
        reasons = list(dict.fromkeys(e.why for e in self.entries if not e.split))
        for why in reasons[:REASONS]:
            names = [e.name for e in self.entries if e.why == why and not e.split]
            more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
            parts.append(f"left out {', '.join(names[:SHOWN])}{more} ({why})")
        rest = sum(e.why in reasons[REASONS:] for e in self.entries if not e.split)
        parts += [f"left out {rest:,} more for other reasons"] if rest else []
        return "; ".join(parts)


def inventory_of(
    path: str | Path, text_field: str, files: Sequence[str] = (), named_splits: NamedSplits = "use"
) -> Inventory:
    """Return what becomes of the file, or of every file of the folder and of the folders in it.

    Of a folder are read: plain text and rows by their suffix, compressed or not; of a saved data
    set, what its state.json names. Left out are hidden files, what describes the data, caches, and
    what is neither. files: patterns of names in the folder, such as '*.jsonl' or 'data/*'; given,
    only those are read. named_splits: 'use' reads files into the splits that their names say (see
    `splits_by_name`), 'ignore' all as one text.

    Raises:
        DataError: nothing there that can be read, or names that allow two readings.
    """
    path = Path(path)
    if not path.is_dir():
        return Inventory((_named_file(path),))
    asked = frozenset(endings(Path(pattern))[0] for pattern in files) - NO_TEXT.keys() - {""}
    places = [
        p if p.why else Place(p.path, _why_not(p.path, path, asked)) for p in places_below(path)
    ]
    if files:
        places = [p if p.why else Place(p.path, _unwanted(p.path, path, files)) for p in places]
    else:
        _check_configurations(path)
        places = _without_descriptions(places)
    places = without_repeats([p if p.why else _looked_into(p, text_field) for p in places])
    wanted = [p.path.relative_to(path) for p in places if not p.why]
    if not wanted:
        raise _nothing(path, places, files)
    splits = dict(zip(wanted, splits_by_name(wanted), strict=True)) if named_splits == "use" else {}
    absent = () if files else shards_not_among([path.joinpath(p) for p in wanted])
    missing = (Entry(p, _relative(p, path), "", NOT_THERE) for p in absent)
    return Inventory((*(_entry(place, path, splits) for place in places), *missing))


def _entry(place: Place, folder: Path, splits: Mapping[Path, SplitName]) -> Entry:
    name = _relative(place.path, folder)
    split = splits.get(place.path.relative_to(folder), "train")
    return Entry(place.path, name, "" if place.why else split, place.why)


def _named_file(path: Path) -> Entry:
    """Return the entry of a file that was named itself: unknown suffixes are plain text."""
    suffix = endings(regular_file(path))[0]
    if suffix in NO_TEXT:
        raise DataError(
            f"{path}: {suffix} is {NO_TEXT[suffix]}; it would be read with its syntax; take the "
            "text out of it into .txt or .jsonl, or rename it to .txt to read it as it is"
        )
    return Entry(path, _relative(path, path.parent), "train")


def _why_not(path: Path, folder: Path, asked: frozenset[str]) -> str:
    """Return why a file of a folder is not read, by its name and place, or ''.

    asked: suffixes that were named, and so are plain text.
    """
    suffix = endings(path)[0]
    if path.name in SETTINGS:
        return "describes the data"
    if suffix in NO_TEXT:
        return NO_TEXT[suffix]
    if suffix not in (*PROSE, *READERS, *asked):
        return f"{suffix} is not read" if suffix else "no suffix"
    if suffix == ".arrow":
        saved = _saved_files(path.parent)
        if saved is not None and path.name not in saved:
            return "not among the files that state.json names"
        if path.name.startswith("cache-"):
            return "a cache"
    return ""


def _saved_files(folder: Path) -> frozenset[str] | None:
    """Return the files of a saved data set, or None where the folder is none.

    Raises:
        DataError: a state.json that cannot be read, or names files that are not there.
    """
    state = folder / "state.json"
    if not state.is_file():
        return None
    try:
        content = json.loads(read_text(state))
        names = frozenset(str(part["filename"]) for part in content["_data_files"])
    except (ValueError, KeyError, TypeError):
        return None
    missing = sorted(name for name in names if not (folder / name).is_file())
    if missing:
        raise DataError(f"{state}: names {missing[0]}, which is not there; copy the folder again")
    if content.get("_indices_data_files"):
        raise DataError(
            f"{state}: the data set was saved with a selection of its rows, by an old version of "
            "datasets; load it there, flatten_indices(), and save it again"
        )
    return names


def _check_configurations(folder: Path) -> None:
    """Refuse a cloned data set whose card names several configurations, which overlap as a rule.

    Raises:
        DataError: with their names.
    """
    card = folder / "README.md"
    if not card.is_file():
        return
    with opened(card) as stream:
        head = stream.read(HEAD).decode("utf-8", "replace").replace("\r\n", "\n")
    front, end, _ = head.removeprefix("---\n").partition("\n---")
    names = sorted(set(CONFIGURATION.findall(front))) if head.startswith("---\n") and end else []
    if len(names) > 1:
        raise DataError(
            f"{card}: names {len(names)} configurations ({', '.join(names[:SHOWN])}"
            f"{', ...' if len(names) > SHOWN else ''}); name the folder of one, or say which files "
            "are to be read by reality.files, such as reality.files=['data/*'], or ['*'] for all"
        )


def _unwanted(path: Path, folder: Path, files: Iterable[str]) -> str:
    name = path.relative_to(folder).as_posix()
    wanted = any(fnmatchcase(name, f) or fnmatchcase(path.name, f) for f in files)
    return "" if wanted else "not among reality.files"


def _without_descriptions(places: Sequence[Place]) -> list[Place]:
    """Leave out prose about the data: a README beside or above files that are read."""
    data = {
        folder for p in places if not p.why and not _is_about(p.path) for folder in p.path.parents
    }
    return [
        Place(p.path, "about the data")
        if not p.why and _is_about(p.path) and p.path.parent in data
        else p
        for p in places
    ]


def _is_about(path: Path) -> bool:
    return endings(path)[0] in PROSE and bool(ABOUT.fullmatch(path.name))


def _looked_into(place: Place, text_field: str) -> Place:
    """Leave out JSON that holds settings or names; its suffix alone cannot tell."""
    if endings(place.path)[0] != ".json":
        return place
    return Place(place.path, reason_against(place.path, text_field))


def _nothing(folder: Path, places: Sequence[Place], files: Sequence[str]) -> DataError:
    reasons = "; ".join(dict.fromkeys(f"{p.path.name}: {p.why}" for p in places[:SHOWN]))
    visible = sum(p.why != "hidden" for p in places)
    wanted = f" that matches {', '.join(files)}" if files else ""
    runs = any(p.why == RUN for p in places)
    remedy = "to resume a run, name its own folder (`genloss ls` lists them)" if runs else REMEDY
    return DataError(
        f"{folder}: holds none of {', '.join((*PROSE, *READERS))} (or .gz, .xz, .bz2, .zst of "
        f"them){wanted} among {visible} visible files{f' ({reasons})' if reasons else ''}; "
        f"{remedy}"
    )


def _kind(path: Path) -> str:
    suffix, packed = endings(path)
    return suffix + packed or "file"


def _relative(path: Path, folder: Path) -> str:
    return printable(path.relative_to(folder).as_posix())
