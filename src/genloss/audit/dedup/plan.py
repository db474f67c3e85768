"""The plan of a deduplication: shards, options, and where their files lie.

WORK/plan/00000.json     the pieces of a shard, the fields, the options and its key
WORK/read/KEY/           what reading it gave: records, ids, band keys, account
WORK/KEY OF ALL/         what depends on all shards: groups, verdicts, outputs
"""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from genloss.audit.dedup.options import DedupOptions
from genloss.core.parsing import parsing_reason
from genloss.corpus.hub import beside
from genloss.corpus.readers.bounded import Span
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.pieces import Piece, shards_of
from genloss.errors import StoreError
from genloss.store.files import explained, make_folder, new_folder, sha256, write_bytes

FORMAT = 1


@dataclass(frozen=True)
class Shard:
    """What a job on a shard is about; key: of all that its result depends on."""

    key: str
    pieces: tuple[Piece, ...]
    fields: FieldMap
    options: DedupOptions


@dataclass(frozen=True)
class Work:
    """The folder of a deduplication at work."""

    folder: Path

    def read(self, key: str) -> Path:
        """Where the result of reading a shard lies."""
        return self.folder / "read" / key

    def shard(self, number: int) -> Shard:
        """Return a planned shard.

        Raises:
            StoreError: no such plan here.
        """
        file = self.folder / "plan" / f"{number:05d}.json"
        if not file.exists():
            raise StoreError(f"{file} is not there; --out must be a folder that all workers share")
        row = _json(file)
        pieces = tuple(_piece(*values) for values in row["pieces"])
        return Shard(row["key"], pieces, _field_map(row["fields"]), DedupOptions(**row["options"]))

    def plan_shard(self, number: int, shard: Shard) -> None:
        """Write a shard into the plan."""
        write_bytes(self.folder / "plan" / f"{number:05d}.json", _text(_described(shard)))

    @cached_property
    def whole(self) -> "Whole":
        """Return what is known once all shards are read."""
        row = _json(self.folder / "whole.json")
        return Whole(row["key"], tuple(row["keys"]), tuple(row["sizes"]), row["bands"])

    def write_whole(self, whole: "Whole") -> None:
        """Keep it for the jobs."""
        write_bytes(self.folder / "whole.json", _text(asdict(whole)))

    def of_all(self, *names: str) -> Path:
        """Where a result lies that depends on all shards."""
        return self.folder.joinpath(self.whole.key, *names)


@dataclass(frozen=True)
class Whole:
    """All shards in order: their keys and numbers of records; bands: 0 for exact ones alone."""

    key: str
    keys: tuple[str, ...]
    sizes: tuple[int, ...]
    bands: int

    @property
    def total(self) -> int:
        """The number of records."""
        return sum(self.sizes)


def planned(
    paths: Sequence[Path], fields: FieldMap, options: DedupOptions, work: Work, aside: Aside
) -> list[str]:
    """Cut a corpus into shards, write them into the plan, and return their keys in order."""
    keys: list[str] = []
    for pieces in shards_of([beside(Path.cwd(), p) for p in paths], options.shard, aside):
        shard = shard_of(pieces, fields, options)
        work.plan_shard(len(keys), shard)
        keys.append(shard.key)
    return keys


def shard_of(pieces: Sequence[Piece], fields: FieldMap, options: DedupOptions) -> Shard:
    """Return the shard of some pieces.

    Its key is of paths, sizes and times of the files, not of their bytes, which would have to be
    read, and of the version of genloss that reads them.
    """
    stamps = [(*_of_piece(piece), *stamp_of(piece.file)) for piece in pieces]
    cards = sorted({str(c) for p in pieces for c in _cards(p)})
    known = {
        "format": FORMAT,
        "genloss": version("genloss"),
        "unicode": unicodedata.unidata_version,
        "pieces": stamps,
        "cards": [(card, *stamp_of(Path(card))) for card in cards],
        "fields": plain(vars(fields)),
        "options": asdict(options),
    }
    return Shard(sha256(_text(known))[:32], tuple(pieces), fields, options)


def stamp_of(file: Path) -> tuple[int, int]:
    """Return the size of a file in bytes and its time in nanoseconds."""
    about = file.stat()
    return about.st_size, about.st_mtime_ns


def whole_of(shards: Sequence[str], sizes: Sequence[int], options: DedupOptions) -> Whole:
    """Return what is known of all shards, by their keys."""
    key = sha256(_text({"format": FORMAT, "shards": list(shards)}))[:32]
    return Whole(key, tuple(shards), tuple(sizes), options.bands if options.near else 0)


def plain(value: Any) -> Any:
    """Return mappings, sets and dates as JSON has them."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(vars(value))
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _cards(piece: Piece) -> list[Path]:
    inside = [piece.file.parent, *piece.file.parent.parents]
    folders = inside[: inside.index(piece.root) + 1] if piece.root in inside else []
    return [folder / "README.md" for folder in folders if (folder / "README.md").is_file()]


def _of_piece(piece: Piece) -> tuple[Any, ...]:
    span = piece.span
    return str(piece.file), str(piece.root), span and (span.start, span.stop, span.before)


def _piece(file: str, root: str, span: Sequence[int] | None) -> Piece:
    return Piece(Path(file), Path(root), 0, Span(*span) if span else None)


def _described(shard: Shard) -> dict[str, Any]:
    return {
        "key": shard.key,
        "pieces": [_of_piece(piece) for piece in shard.pieces],
        "fields": plain(vars(shard.fields)),
        "options": asdict(shard.options),
    }


def _field_map(row: Mapping[str, Any]) -> FieldMap:
    attributes = row["attributes"]
    return FieldMap(
        **{
            **row,
            "fields": MappingProxyType(row["fields"]),
            "fixed": MappingProxyType(row["fixed"]),
            "attributes": None if attributes is None else tuple(attributes),
            "me": frozenset(row["me"]),
        }
    )


def _text(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def _json(file: Path) -> Any:
    with explained("read", file):
        content = file.read_bytes()
    try:
        return json.loads(content)
    except ValueError as error:
        raise StoreError(f"{file}: damaged ({parsing_reason(error)}); delete its folder") from error


def leave(place: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder, which has its name once it is whole; nothing to do where it has."""
    if place.exists():
        return
    with new_folder(place) as folder, explained("write", place):
        fill(folder)


def is_work(folder: Path) -> bool:
    """Return whether a folder is one of `prepared`, at work or ended."""
    return (folder / "plan").is_dir()


def prepared(work: Work) -> None:
    """Make the folders of a work.

    Raises:
        StoreError: something else lies there.
    """
    if work.folder.exists() and not is_work(work.folder):
        with explained("read", work.folder):
            foreign = [file.name for file in work.folder.iterdir()]
        if foreign:
            raise StoreError(
                f"{work.folder} holds {foreign[0]}, which is not of genloss; it is needed for work "
                "in between: move it, or choose another --out"
            )
    for name in ("plan", "read"):
        make_folder(work.folder / name)
