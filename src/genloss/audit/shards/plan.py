"""The plan of some work: the shards of a corpus, and where their files lie.

WORK/plan/00000.json     the pieces of a shard, the fields, the options and its key
WORK/cuts.json           where files of JSON lines were cut, and the digests of the pieces
WORK/read/KEY/           what reading it gave
"""

import json
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from genloss.core.parsing import parsing_reason
from genloss.corpus.hub import beside
from genloss.corpus.readers.bounded import Span
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.cuts import Cuts
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.pieces import Piece, shards_of
from genloss.corpus.record.reading import Located, located
from genloss.errors import StoreError
from genloss.store.files import (
    explained,
    make_folder,
    new_folder,
    plain_value,
    removed,
    sha256,
    write_bytes,
)
from genloss.store.lock import LOCK

FORMAT = 2

CUTS = "cuts.json"


@dataclass(frozen=True)
class Shard:
    """What a job on a shard is about; key: of all that its result depends on.

    options: of the work, as plain values.
    """

    key: str
    pieces: tuple[Piece, ...]
    fields: FieldMap
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """The folder of some work on a corpus."""

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
        row = read_json(file)
        pieces = tuple(_piece(*values) for values in row["pieces"])
        return Shard(row["key"], pieces, _field_map(row["fields"]), row["options"])

    def plan_shard(self, number: int, shard: Shard) -> None:
        """Write a shard into the plan."""
        write_bytes(self.folder / "plan" / f"{number:05d}.json", as_text(_described(shard)))


def places_of(
    paths: Iterable[Path], aside: Aside, outputs: Iterable[Path] = ()
) -> Iterator[Located]:
    """Yield the files of a corpus as other processes find them; see `located`."""
    return located([beside(Path.cwd(), path) for path in paths], aside, outputs)


def planned(
    places: Iterable[Located],
    fields: FieldMap,
    options: Mapping[str, Any],
    work: Work,
    *,
    size: int,
    digests: Mapping[Path, str] = MappingProxyType({}),
) -> list[str]:
    """Cut files into shards, write them into the plan, and return the shards' keys in order.

    options: all that reading a shard depends on, as plain values. size: bytes of a shard. digests:
    the SHA-256 of files, where it is known.
    """
    keys: list[str] = []
    file = work.folder / CUTS
    cuts = Cuts(read_json(file) if file.exists() else {}, digests)
    for pieces in shards_of(places, size, cuts):
        shard = shard_of(pieces, fields, options, digests)
        work.plan_shard(len(keys), shard)
        keys.append(shard.key)
    write_bytes(file, as_text(cuts.found))
    return keys


def shard_of(
    pieces: Sequence[Piece],
    fields: FieldMap,
    options: Mapping[str, Any],
    digests: Mapping[Path, str] = MappingProxyType({}),
) -> Shard:
    """Return the shard of some pieces.

    Its key is of the digest of each piece or its file, or where none is known of size and time of
    the file, of their paths, and of the version of genloss that reads them.
    """
    known_digests = [p.digest or digests.get(p.file, "") for p in pieces]
    stamps = [
        (*_of_piece(piece), *((digest,) if digest else stamp_of(piece.file)))
        for piece, digest in zip(pieces, known_digests, strict=True)
    ]
    folders = {(piece.file.parent, piece.root) for piece in pieces}
    cards = sorted({str(card) for folder in folders for card in _cards(*folder)})
    known = {
        "format": FORMAT,
        "genloss": version("genloss"),
        "unicode": unicodedata.unidata_version,
        "pieces": stamps,
        "cards": [(card, *stamp_of(Path(card))) for card in cards],
        "fields": plain_value(vars(fields)),
        "options": dict(options),
    }
    return Shard(sha256(as_text(known))[:32], tuple(pieces), fields, options)


def stamp_of(file: Path) -> tuple[int, int]:
    """Return the size of a file in bytes and its time in nanoseconds."""
    about = file.stat()
    return about.st_size, about.st_mtime_ns


def _cards(folder: Path, root: Path) -> list[Path]:
    inside = [folder, *folder.parents]
    folders = inside[: inside.index(root) + 1] if root in inside else []
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
        "fields": plain_value(vars(shard.fields)),
        "options": dict(shard.options),
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


def as_text(value: Any) -> bytes:
    """Return a value as JSON that is the same bytes each time."""
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def read_json(file: Path) -> Any:
    """Return what a file of JSON holds; raises StoreError where it is damaged."""
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
            foreign = [file.name for file in work.folder.iterdir() if file.name != LOCK]
        if foreign:
            raise StoreError(
                f"{work.folder} holds {foreign[0]}, which is not of genloss; it is needed for work "
                "in between: move it, or choose another --out"
            )
    for name in ("plan", "read"):
        make_folder(work.folder / name)


def tidied(work: Work, keep: Collection[str] | None) -> None:
    """Remove a work that is done; with `keep`, only what was read and has none of these names."""
    if keep is None:
        removed(work.folder)
        return
    with explained("read", work.folder):
        found = list((work.folder / "read").iterdir())
    for folder in found:
        if folder.name not in keep:
            removed(folder)
