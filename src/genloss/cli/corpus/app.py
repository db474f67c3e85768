"""The commands of `genloss corpus`."""

from pathlib import Path
from typing import Annotated

import typer

from genloss.cli import exits
from genloss.cli.corpus.options import AsideFile, Field, Fix, Map, Paths, field_map
from genloss.cli.options import Json

app = typer.Typer(
    name="corpus",
    help="Where texts come from, who wrote them, and what may be trained on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog="Example: genloss corpus read texts --fix licence=CC0-1.0 --out records.jsonl")
def read(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="Records: .jsonl, .jsonl.gz or .jsonl.zst.")],
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Write files of any sort as records, with digests that `verify` holds them to."""
    from genloss.cli.corpus.read import gathered

    gathered(paths, out, field_map(map, field, fix), aside, json)


@app.command(epilog="Example: genloss corpus verify corpus/records.jsonl")
def verify(
    paths: Annotated[
        list[Path], typer.Argument(help="Files of records, or folders that hold them.")
    ],
    json: Json = False,
) -> None:
    """Hold every record to its id and its digest; name the tampered, missing and malformed."""
    from genloss.cli.corpus.verify import verified

    if not verified(paths, json):
        raise typer.Exit(exits.FAILED)


@app.callback()
def corpus() -> None:
    """Where texts come from, who wrote them, and what may be trained on."""
