"""Options that the commands on a corpus share: what is read, and as which fields."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from genloss.corpus.record.field_map import FieldMap

Paths = Annotated[
    list[Path], typer.Argument(help="Files of any sort that is read, or folders that hold them.")
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
AsideFile = Annotated[
    Path | None, typer.Option("--aside", help="Also list here what could not be read.")
]


def field_map(
    file: Path | None, named: Sequence[str] | None, fixed: Sequence[str] | None
) -> "FieldMap":
    """Return what --map, --field and --fix say."""
    from genloss.corpus.record.field_map import FieldMap, read_field_map, with_flags

    return with_flags(read_field_map(file) if file else FieldMap(), named or (), fixed or ())
