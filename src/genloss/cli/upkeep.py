"""Commands on runs that are there or at work: watch, cancel, rm, gc, figure."""

from pathlib import Path
from typing import Annotated

import typer

from genloss.cli import console
from genloss.cli.options import RUNS, Json, Yes


def watch(
    folder: Annotated[Path, typer.Argument(help="The folder of a sweep or of a run.")],
    json: Json = False,
) -> None:
    """Show where a sweep or a run is that works in another terminal, until it ends."""
    from genloss.cli import watch as watching

    watching.watch(folder, json)


def cancel(
    folder: Annotated[Path, typer.Argument(help="The folder of a sweep or of a run.")],
    json: Json = False,
) -> None:
    """End the work of another terminal in order; the same command goes on later."""
    from genloss.cli import removal

    removal.cancel(folder, json)


def rm(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs and sweeps.")],
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Say what removing runs and sweeps would free; with --yes, remove them."""
    from genloss.cli import removal

    removal.remove(folders, yes, json)


def gc(
    root: Annotated[Path, typer.Argument(help="Folder that holds the runs.")] = RUNS,
    failed: Annotated[
        bool, typer.Option("--failed", help="Runs of cells that sweeps have given up.")
    ] = False,
    stale: Annotated[
        float | None, typer.Option(min=0, help="Unfinished runs untouched for so many days.")
    ] = None,
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Last checkpoints of finished runs.")
    ] = False,
    controls: Annotated[
        bool, typer.Option("--controls", help="Controls that no run beside them needs.")
    ] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Say what nobody needs any more; with --yes, remove it."""
    from genloss.cli import removal

    removal.collect(root, failed, stale, checkpoints, controls, yes, json)


def figure(
    runs: Annotated[Path, typer.Argument(help="A run, a sweep, or a folder that holds them.")],
    name: Annotated[str | None, typer.Argument(help="Of the chart; none: list them.")] = None,
    out: Annotated[Path, typer.Option(help="The file: .svg, .pdf or .png.")] = Path("figure.pdf"),
    width: Annotated[float, typer.Option(min=40, max=400, help="In mm: a journal's column.")] = 89,
    json: Json = False,
) -> None:
    """Write one chart of the report as a file, at the width of a journal's column."""
    from genloss.cli.waiting import at_work
    from genloss.report.chart_files import chart_names, save_figure

    with at_work("drawing"):
        names = chart_names([runs]) if name is None else []
        place = str(save_figure([runs], name, out, width)) if name is not None else ""
    if json:
        console.print_json({"figure": place} if place else {"figures": names})
    else:
        for line in names or [place]:
            console.print_line(line)
