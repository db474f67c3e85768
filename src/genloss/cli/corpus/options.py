"""Options that the commands on a corpus share: what is read, and as which fields."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from genloss.corpus.record.aside import Aside
    from genloss.corpus.record.field_map import FieldMap
    from genloss.corpus.record.record import Record

Paths = Annotated[
    list[Path],
    typer.Argument(help="Files of any sort that is read, folders that hold them, or hub:ORG/NAME."),
]
Map = Annotated[
    Path | None, typer.Option("--map", help="A TOML file: which field of a row is which.")
]
Field = Annotated[
    list[str] | None, typer.Option(help="RECORD=ROW, such as claimed=published; '' for none.")
]
Fix = Annotated[
    list[str] | None, typer.Option(help="One value for all records, such as licence=CC0-1.0.")
]
Me = Annotated[
    list[str] | None, typer.Option(help="Your name or address in mail and chats; others' stay out.")
]
ThirdParty = Annotated[
    bool, typer.Option("--third-party", help="Also take what others wrote in mail and chats.")
]
AsideFile = Annotated[
    Path | None, typer.Option("--aside", help="Also list here what could not be read.")
]
Workers = Annotated[int, typer.Option("--workers", "-w", help="Processes; 0: one per core.", min=0)]
On = Annotated[str, typer.Option(help="ray, or HOST:PORT of a cluster of Ray.")]
KeepWork = Annotated[
    bool, typer.Option("--keep-work", help="Keep what shards gave: a later run reads what is new.")
]


def field_map(
    file: Path | None,
    named: Sequence[str] | None,
    fixed: Sequence[str] | None,
    me: Sequence[str] | None = None,
    third_party: bool = False,
) -> "FieldMap":
    """Return what --map, --field, --fix, --me and --third-party say."""
    from genloss.corpus.record.field_map import FieldMap, read_field_map, with_flags

    fields = read_field_map(file) if file else FieldMap()
    fields = replace(
        fields,
        me=fields.me | frozenset(name.lower() for name in me or ()),
        third_party=fields.third_party or third_party,
    )
    return with_flags(fields, named or (), fixed or ())


def named(*outputs: Path | None) -> tuple[Path, ...]:
    """Return the outputs of a command that were asked for."""
    return tuple(path for path in outputs if path is not None)


def given_as(
    origin: str,
    paths: Sequence[Path],
    fields: "FieldMap",
    aside: "Aside",
    outputs: Sequence[Path] = (),
) -> "Iterator[Record]":
    """Yield the records of texts that are given as those of one origin.

    An origin that is fixed for all records is not theirs; those that are declared to be of another
    one go aside. outputs: see `read_records`.
    """
    from genloss.corpus.record.reading import read_records

    fixed = {name: value for name, value in fields.fixed.items() if name != "origin"}
    for record in read_records(paths, replace(fields, fixed=fixed), aside, outputs):
        if record.origin in (origin, "unknown"):
            yield record
        else:
            reason = f"is declared {record.origin}, and given as {origin}"
            aside.put(record.source, 0, f"{record.origin}, given as {origin}", reason)


def with_text(records: "Iterable[Record]", aside: "Aside") -> "Iterator[Record]":
    """Yield the records that hold a text; those of images and the like go aside."""
    for record in records:
        if record.text:
            yield record
        else:
            aside.put(record.source or record.path, 0, "no text", "no text to be scored")
